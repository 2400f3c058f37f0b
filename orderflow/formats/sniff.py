"""Sniff the first rows of a table: delimiter, header and decimal mark.

The meaning of the columns is left to the formats. Works on text cells only, so the first rows of a Parquet file can be
matched in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from orderflow.errors import UnknownFormat
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.lines import MAX_LINE, cells
from orderflow.formats.parsing.numbers import DecimalMark

SAMPLE_ROWS = 100
MAX_COLUMNS = 1000
MAX_NAME = 100
"""Characters of a column's name; longer ones are cut."""
_SHOWN_COLUMNS = 40
_EVEN_ROWS = 20
_PREAMBLE = 10
_LEAST_BY_SPACES = 3
DELIMITERS = (";", "\t", "|", ",")

_NUMERIC = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_TIME_LIKE = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ].*)?|[0-9]{1,2}:[0-9]{2}.*|[0-9]{8}[T ][0-9]{6}.*", re.ASCII
)
_HINT = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+", re.ASCII)
_DOT_NUMBER = re.compile(r"[+-]?[0-9]*\.[0-9]+", re.ASCII)
_NORMAL = re.compile(r"[^a-z0-9]")
_MEASURES = (Role.PRICE, Role.SIZE, Role.BID, Role.ASK, Role.BID_VOLUME, Role.ASK_VOLUME)


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a table as text cells.

    header: column names as written, or () if the first row is data. rows: up to SAMPLE_ROWS data rows, cells stripped.
    width: the most frequent number of fields in a data row. data_line: the 1-based line of the first data row. names:
    the name of the zip member, if any, and of the file; some formats read the date from it. spaced: whether there are
    spaces or tabs around delimiters. normal: header names reduced to lower-case letters and digits (names without any
    are whole), with their positions. skipped: lines before the table that are no part of it.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str | None
    width: int
    data_line: int = 1
    names: tuple[str, ...] = ()
    spaced: bool = False
    normal: dict[str, int] = field(default_factory=dict)
    skipped: int = 0

    def column(self, index: int) -> list[str]:
        """The cells of one column, without rows that are too short."""
        return [row[index] for row in self.rows if index < len(row)]

    def describe(self) -> str:
        """Describe the table, for error messages."""
        delimiter = {"\t": "tab", None: "none"}.get(self.delimiter, f"'{self.delimiter}'")
        if self.header:
            more = f", … ({len(self.header):,} in all)" if len(self.header) > _SHOWN_COLUMNS else ""
            return f"columns {', '.join(self.header[:_SHOWN_COLUMNS])}{more} (delimiter {delimiter})"
        first = ", ".join(self.rows[0][:_SHOWN_COLUMNS]) if self.rows else "nothing"
        return f"no header line, and a first row {first[:120]} (delimiter {delimiter})"


def normal(name: str) -> str:
    """Reduce a column name to lower-case ASCII letters and digits, without accents; 'trade_id/撮合id' is cut at the
    slash."""
    plain = name if name.isascii() else unicodedata.normalize("NFKD", name)
    return _NORMAL.sub("", plain.lower().partition("/")[0])


def take_sample(
    lines: Iterable[tuple[int, str]],
    names: tuple[str, ...] = (),
    *,
    skip_lines: int | None = None,
    no_header: bool = False,
) -> Sample:
    """Make a sample from the first non-blank lines, given as pairs of (1-based line number, text).

    skip_lines: lines before the header; None skips up to ten lines that are no part of the table. no_header: the first
    line is data. Raises UnknownFormat if there are no lines or they do not look like a table. Of a later line that is
    too long or has too many columns only the beginning counts.
    """
    found = [line for line in lines if line[0] > (skip_lines or 0)]
    delimiter, skipped = None, skip_lines or 0
    if found and (hint := _HINT.fullmatch(found[0][1])):
        delimiter, found = hint[1], found[1:]
    if not found:
        raise UnknownFormat("the text is empty: no header and no rows")
    texts = [text for _, text in found]
    if texts[0].lstrip()[:1] in ("{", "["):
        raise UnknownFormat("this is JSON, not CSV: post it to the server, or convert it to CSV")
    if skip_lines is None and delimiter is None and not no_header:
        begin = _preamble(texts)
        skipped, found = found[begin][0] - 1 if begin else 0, found[begin:]
        texts = [text for _, text in found]
    if not _is_bounded(texts[0]):
        raise UnknownFormat(f"the first line has more than {MAX_LINE:,} characters or {MAX_COLUMNS:,} columns")
    texts = [text if _is_bounded(text) else text[:MAX_COLUMNS] for text in texts]
    delimiter = delimiter or _delimiter(texts)
    if delimiter is None:
        raise UnknownFormat(
            f"no delimiter found (one of comma, semicolon, tab, bar) in the first line: {texts[0][:80]!r}; if the "
            "table begins further down, give --skip-lines"
        )
    rows = [tuple(cells(text, delimiter)) for text in texts]
    if not no_header and _is_header(rows[0]):
        line = found[1][0] if len(found) > 1 else found[0][0] + 1
        sample = sample_of(tuple(name[:MAX_NAME] for name in rows[0]), rows[1:], delimiter, line, names)
    else:
        sample = sample_of((), rows, delimiter, found[0][0], names)
    blanks = [delimiter + blank for blank in " \t"] + [blank + delimiter for blank in " \t"]
    spaced = any(blank in text for text in texts for blank in blanks)
    return replace(sample, spaced=spaced, skipped=skipped)


def sample_of(
    header: tuple[str, ...],
    rows: list[tuple[str, ...]],
    delimiter: str | None,
    data_line: int = 1,
    names: tuple[str, ...] = (),
) -> Sample:
    """Make a sample from rows that are already split into cells."""
    width = Counter(len(row) for row in rows).most_common(1)[0][0] if rows else len(header)
    reduced: dict[str, int] = {}
    for index, name in enumerate(header):
        if key := normal(name) or name.strip():
            reduced.setdefault(key, index)
    return Sample(header, tuple(rows[:SAMPLE_ROWS]), delimiter, width, data_line, names, False, reduced)


def decimal_mark(sample: Sample, layout: Layout) -> DecimalMark:
    """The decimal mark of the sample's prices, or else of its other numbers; EITHER if all are whole."""
    for role in _MEASURES:
        if role not in layout.columns:
            continue
        column = sample.column(layout.columns[role].index)
        commas = sum(bool(_COMMA_NUMBER.fullmatch(cell)) for cell in column)
        dots = sum(bool(_DOT_NUMBER.fullmatch(cell)) for cell in column)
        if commas or dots:
            return DecimalMark.COMMA if commas > dots else DecimalMark.DOT
    return DecimalMark.DOT if sample.delimiter in (",", None) else DecimalMark.EITHER


def is_number(cell: str) -> bool:
    """Whether a cell is a number with either decimal mark."""
    return bool(_NUMERIC.fullmatch(cell))


def _preamble(texts: list[str]) -> int:
    """How many of the first lines are no part of the table: those before a header that the lines after it fit.

    Only where the first line has another number of fields, or none: a table that begins at once is not searched.
    """
    for skip in range(min(_PREAMBLE, len(texts) - 2) + 1):
        rest = texts[skip : skip + _EVEN_ROWS]
        delimiter = _delimiter(rest) if _is_bounded(rest[0]) else None
        if delimiter is None:
            continue
        header, *rows = (cells(text, delimiter) for text in rest)
        if not skip and (not rest[0].startswith("#") or len(header) == len(rows[0])):
            return 0
        if _is_header(tuple(header)) and all(len(row) == len(header) for row in rows):
            return skip
    return 0


def _delimiter(texts: list[str]) -> str | None:
    """The delimiter that splits the most lines into equally many fields; if tied, into the most fields."""
    best: tuple[float, int] | None = None
    chosen = None
    for delimiter in DELIMITERS:
        if delimiter not in texts[0]:
            continue
        counts = [len(cells(text, delimiter)) for text in texts[:_EVEN_ROWS]]
        if counts[0] < 2:
            continue
        score = (round(sum(count == counts[0] for count in counts) / len(counts), 1), counts[0])
        if best is None or score > best:
            best, chosen = score, delimiter
    return chosen or _spaces(texts)


def _spaces(texts: list[str]) -> str | None:
    """A space, if it parts the first line into numbers only."""
    fields = texts[0].split(" ")
    return " " if len(fields) >= _LEAST_BY_SPACES and all(map(is_number, fields)) else None


def _is_bounded(text: str) -> bool:
    if len(text) < MAX_COLUMNS:
        return True
    return len(text) <= MAX_LINE and all(text.count(mark) < MAX_COLUMNS for mark in DELIMITERS)


def _is_header(row: tuple[str, ...]) -> bool:
    named = [cell for cell in row if cell]
    return bool(named) and not any(is_number(cell) or _TIME_LIKE.fullmatch(cell) for cell in named)
