"""The report of a file of ticks: how it was understood and what it holds, or why it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orderflow.errors import BadInput
from orderflow.formats.checks.plausible import in_common, is_too_bad, too_bad
from orderflow.formats.options import FILE_OPTIONS, MAX_BAD, ReadOptions
from orderflow.formats.reader import TickReader, open_ticks, without_trades
from orderflow.formats.summary.columns import ColumnReport, column_reports, columns_of_refused
from orderflow.formats.summary.counts import FileCounts, FirstTick, Gap, SymbolCounts, count
from orderflow.formats.summary.id_gaps import lines as missing_lines
from orderflow.market.decimals import unit_text
from orderflow.market.ticks import SideRule

CHUNK_ROWS = 25_000
"""Rows read at a time, one batch of full size. Larger chunks are hardly faster and use more memory."""

RULES = {
    SideRule.FLAG: "flagged by the venue",
    SideRule.VOLUMES: "from bid and ask volumes",
    SideRule.QUOTE: "from the quote",
    SideRule.TICK: "from the tick rule",
    SideRule.NONE: "unknown",
}
_NAMED = re.compile(r"--([a-z][a-z-]*)|\boption ([a-z_]+)")
_NO_FORMAT = re.compile(r"no known format fits|does not fit format|no delimiter found")


@dataclass(frozen=True, slots=True)
class SideShare:
    """How many ticks have their side by one rule. words: the rule in words."""

    rule: str
    words: str
    ticks: int


@dataclass(frozen=True, slots=True)
class SymbolReport:
    """One symbol of a file. first, last: ns since 1970 UTC. late: ticks that are older than one before them. repeated,
    conflicts: ids, among `compared` ticks. missing: trade ids that are not there; missing_lines says where."""

    name: str
    ticks: int
    ids: int
    repeated: int
    conflicts: int
    compared: int
    first: int
    last: int
    late: int
    low: str
    high: str
    price_decimals: int
    size_decimals: int
    sides: tuple[SideShare, ...]
    gap_count: int
    gaps: tuple[Gap, ...]
    missing: int
    missing_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What the file leaves open, and the options that answer it."""

    text: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileReport:
    """One or several files that are read one after the other.

    parts: names of the files, or of those in an archive. recognised: how the format was found. options: the command
    line that says what was found out. counts: rows that are not bad, by what was done with them. no_trades: rows that
    are skipped, by what they are. errors: the first bad rows. common: what the bad rows have in common. bad: why the
    rows cannot be loaded, as too many are bad or none is a trade, "" if they can. refused: why nothing could be read,
    "" if it could; then only `parts`, `columns`, `refused_rows` and `questions` are given.
    """

    parts: tuple[str, ...]
    columns: tuple[ColumnReport, ...] = ()
    format: str = ""
    recognised: str = ""
    note: str = ""
    header: tuple[str, ...] = ()
    options: str = ""
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    first: tuple[FirstTick, ...] = ()
    rows: int = 0
    bad_rows: int = 0
    named_rows: int = 0
    ticks: int = 0
    no_trades: Mapping[str, int] = field(default_factory=dict)
    symbols: tuple[SymbolReport, ...] = ()
    errors: tuple[str, ...] = ()
    common: tuple[str, ...] = ()
    bad: str = ""
    refused: str = ""
    refused_rows: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def loadable(self) -> bool:
        """Whether the ticks can be loaded as the file is understood."""
        return bool(self.ticks) and not self.refused and not self.bad


def report(
    paths: Sequence[Path], options: Mapping[str, Any], watch: Callable[[float], object] = lambda share: None
) -> FileReport:
    """The report of whole files. options: those of `open_ticks` by name, as texts.

    watch: called now and then with the share of the bytes that is read; what it raises ends the reading. A file that
    cannot be read raises nothing: the report says why. Raises BadInput for an option that is not understood.
    """
    given = {name: value for name, value in options.items() if value not in (None, "") and name != "max_bad"}
    most = ReadOptions.of(max_bad=options.get("max_bad")).max_bad
    ReadOptions.of(**{name: value for name, value in given.items() if name in FILE_OPTIONS[5:]})
    try:
        with open_ticks(list(paths), chunk_rows=CHUNK_ROWS, **given) as reader:
            return report_of(reader, most_bad=most, watch=watch)
    except BadInput as error:
        return _refusal(paths, error, given)


def report_of(
    reader: TickReader,
    max_ticks: int | None = None,
    *,
    most_bad: float | None = None,
    watch: Callable[[float], object] = lambda share: None,
) -> FileReport:
    """Read all that is left of open files, or until `max_ticks` ticks are read, and report it. most_bad: the largest
    share of bad rows, None for the usual one. Raises BadInput for a damaged file."""
    found = count(reader, max_ticks, ids_count=reader.ids_count, watch=lambda: watch(reader.progress))
    most = MAX_BAD if most_bad is None else most_bad
    bad = too_bad(found.rows, found.bad_rows, found.reasons) if is_too_bad(found.rows, found.bad_rows, most) else ""
    if not bad and not found.ticks:
        bad = without_trades(found.no_trades) if found.no_trades else "there is no trade in the file"
    return FileReport(
        parts=reader.parts,
        columns=column_reports(reader.sample, reader.layout),
        format=reader.format,
        recognised=reader.recognised,
        note=reader.note,
        header=reader.header,
        options=reader.options,
        assumed=tuple(reader.assumed),
        warnings=tuple(reader.warnings),
        counts=dict(reader.counts),
        first=tuple(found.first),
        rows=found.rows,
        bad_rows=found.bad_rows,
        named_rows=len({error.row for error in found.errors}),
        ticks=found.ticks,
        no_trades=dict(found.no_trades),
        symbols=tuple(_symbol(symbol, found) for symbol in found.symbols.values()),
        errors=tuple(map(str, found.errors)),
        common=in_common(found.reasons),
        bad=bad,
        questions=_questions([*([bad] if bad else []), *reader.warnings]),
    )


def _symbol(symbol: SymbolCounts, found: FileCounts) -> SymbolReport:
    assert symbol.low is not None
    assert symbol.high is not None
    repeated, conflicts, compared = symbol.shared_ids()
    missing = symbol.id_gaps.run.missing(documented=found.ids_count)
    return SymbolReport(
        name=symbol.name,
        ticks=symbol.ticks,
        ids=symbol.ids,
        repeated=repeated,
        conflicts=conflicts,
        compared=compared,
        first=symbol.first,
        last=symbol.last,
        late=symbol.late,
        low=unit_text(*symbol.low),
        high=unit_text(*symbol.high),
        price_decimals=symbol.price_decimals,
        size_decimals=symbol.size_decimals,
        sides=tuple(
            SideShare(rule.name.lower(), words, symbol.rules[rule])
            for rule, words in RULES.items()
            if symbol.rules[rule]
        ),
        gap_count=symbol.gap_count,
        gaps=tuple(symbol.gaps),
        missing=missing,
        missing_lines=tuple(missing_lines(symbol.id_gaps, documented=found.ids_count)),
    )


def _refusal(paths: Sequence[Path], error: BadInput, options: Mapping[str, Any]) -> FileReport:
    return FileReport(
        parts=tuple(path.name for path in paths),
        columns=columns_of_refused(paths[0], options) if paths else (),
        refused=str(error),
        refused_rows=tuple(map(str, error.errors)),
        questions=_questions([str(error)]),
    )


def _questions(texts: Sequence[str]) -> tuple[Question, ...]:
    """The texts that name options. A file of no known format is answered by its columns or by its format."""
    found = []
    for text in texts:
        named = [flag.replace("-", "_") or word for flag, word in _NAMED.findall(text)]
        if _NO_FORMAT.search(text):
            named += ["columns", "format"]
        if known := tuple(dict.fromkeys(name for name in named if name in FILE_OPTIONS)):
            found.append(Question(text, known))
    return tuple(found)
