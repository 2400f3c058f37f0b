"""Read tick files: detect their format, then stream them in chunks of ticks with exact row and line numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from orderflow.errors import BadInput
from orderflow.formats.amendments import read_ahead
from orderflow.formats.chosen import option_line, recognised
from orderflow.formats.files.sources import OpenFile, Source
from orderflow.formats.instrument import instrument
from orderflow.formats.options import ReadOptions
from orderflow.formats.own import Own, named_options
from orderflow.formats.parsing.context import ParseContext, every_symbol, infer_sides
from orderflow.formats.parsing.numbers import Snaps
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.words import safe_symbol
from orderflow.formats.parsing.words import symbol as checked_symbol
from orderflow.formats.parsing.zones import Zone
from orderflow.formats.part import Part, Plan, named

CHUNK_ROWS = 50_000


def open_ticks(
    path: str | Path | Sequence[str | Path],
    *,
    format: str | None = None,
    tz: str = "UTC",
    symbol: str | None = None,
    member: str | None = None,
    side: str = "auto",
    chunk_rows: int = CHUNK_ROWS,
    skip_rows: int = 0,
    formats: Own | None = None,
    most: int | None = None,
    **options: Any,
) -> TickReader:
    """Open tick files. Returns a context manager that yields `ParsedTicks` of at most `chunk_rows` rows each.

    path: a file or several, which are read in the given order: text or JSON, perhaps compressed (gzip, bzip2, xz,
    zstandard), Parquet, Feather, DBN, .scid, or a zip or tar archive, whose files are read in the order of their names
    (or only the one named by `member`); the type is detected from the content. format: one of `names()`, or None to
    detect it. tz: the IANA zone of times without a zone. symbol: the symbol of all rows; None uses the file's symbol
    column, or else the instrument in the file's name. side: "auto" infers missing sides
    from volumes and quotes (the tick rule is left to the engine), "flag" infers none. skip_rows: number of data rows to
    skip at the start; they still count for row numbers. formats: more formats by name, as `[formats.NAME]` tables of
    orderflow.toml give them. most: bytes of text that may come out of a file, unpacked; None: any number. options:
    those of `ReadOptions`, which say what is otherwise found out: columns, no_header, skip_lines, time_format,
    time_unit, date_order, price_scale, side_words, side_of, negative_prices, snap_floats, max_bad.

    Raises BadInput (file not found, damaged, not ticks, invalid option, or its first 10,000 rows cannot be what they
    seem: then the message names the option that answers), UnknownFormat (no format matches, or the given one does not)
    and TooLarge (more than `most`). Iterating raises TooLarge too, and BadInput if the file turns out to be damaged.
    Bad rows do not raise: they are listed in `errors`, unless `max_bad` is given and exceeded. A file that runs newest
    first is turned round; its rows then count
    from its end.
    """
    if chunk_rows < 1:
        raise BadInput("chunk_rows must be at least 1")
    if skip_rows < 0:
        raise BadInput("skip_rows must not be negative")
    try:
        given = None if symbol is None else checked_symbol(symbol)
    except ParseError as error:
        raise BadInput(f"symbol: {error}") from error
    format, said = named_options(format, ReadOptions.of(**options), formats or {})
    context = ParseContext(Zone(tz), infer_sides(side), given or "", only=given is not None, below=every_symbol)
    context.snaps = None if said.snap_floats is False else Snaps()
    files: list[OpenFile] = []
    try:
        for one in [path] if isinstance(path, str | Path) else path:
            if files:
                files[-1].close()
            files.append(OpenFile(Path(one), member, most))
        if not files:
            raise BadInput("name at least one file of ticks")
        return TickReader(files, Plan(format, said, chunk_rows, skip_rows), context)
    except BaseException:
        for file in files:
            file.close()
        raise


class TickReader:
    """Open tick files, made by `open_ticks`. They are read one after the other; it can be iterated once.

    format: the format's name; several, joined by commas, if the parts differ. note: a remark on how this format is
    read, or "". symbol: the symbol of rows without one. header: column names, () if the file has none. delimiter: None
    for tables that are no text. decimal: "." or ",", None if all numbers in the sample are whole. layout: the role of
    each column. sample: the first rows as text. These are the first part's. rows: data rows read so far, including
    skipped ones, of all parts. parts: the names of the parts. ids_count: the venue documents that its ids number the
    trades one by one. options: what the command line says to read the first part as it is read now.
    """

    def __init__(self, files: Sequence[OpenFile], plan: Plan, context: ParseContext) -> None:
        self._files = files
        self._plan = plan
        self._context = context
        self._noted: list[Part] = []
        self._done, self._closed = 0.0, False
        self._places = [(file, member) for file in files for member in file.members]
        self.parts = tuple(_part_name(file, member) for file, member in self._places)
        layouts = [self._open(at, 0).layout for at in range(1, len(self._places))]
        self._at, self._part = 0, self._open(0, 0)
        self._noted = [self._part]
        try:
            self._part.begin()
        except BaseException:
            self._part.close()
            raise
        first = self._part
        self.layout = first.layout
        self.format = ", ".join(dict.fromkeys(layout.format for layout in [first.layout, *layouts]))
        self.ids_count = all(layout.ids_count for layout in [first.layout, *layouts])
        self.note = first.layout.remark
        self.symbol = self._symbol(0)
        self.header = first.header
        self.delimiter = first.delimiter
        self.decimal = first.decimal
        self.sample = first.sample

    @property
    def recognised(self) -> str:
        """How the format of the first part was found, in words."""
        return recognised(self.sample, self.layout, self._plan.name, self._plan.options)

    @property
    def rows(self) -> int:
        return self._part.row

    @property
    def assumed(self) -> list[str]:
        """What was found out of the parts read so far, in sentences."""
        return list(dict.fromkeys(text for part in self._noted for text in part.notes.assumed))

    @property
    def warnings(self) -> list[str]:
        """What may be wrong with the parts read so far, and the options that say it."""
        return list(dict.fromkeys(text for part in self._noted for text in part.notes.warnings))

    @property
    def counts(self) -> Mapping[str, int]:
        """What happened to rows read so far that are not bad: how many prices were missing, below zero and outside the
        quote, and how many numbers had the noise of binary floats."""
        totals = self._plan.totals
        found = {
            "without a new trade, as the running total stays": totals.unchanged,
            "that only begin the count of a running total": totals.begun,
            "with a running total below that of the rows before": totals.late,
            "of size 0": 0 if self.layout.total else sum(part.counts.empty for part in self._noted),
            "without a price": sum(part.prices.missing for part in self._noted),
            "at a price of 0 or below": sum(sum(part.prices.below.values()) for part in self._noted),
            "outside the quote of their row": sum(part.counts.outside for part in self._noted),
            "with the noise of binary floats, which was taken off": self._context.snaps.count
            if self._context.snaps
            else 0,
        }
        return {words: count for words, count in found.items() if count}

    @property
    def below_zero(self) -> set[str]:
        """The symbols with trades at 0 or below so far."""
        return {symbol for part in self._noted for symbol in part.prices.below}

    @property
    def options(self) -> str:
        negative = self._plan.options.negative_prices is True
        return option_line(self.layout, self.sample, self._context.zone.name, negative)

    @property
    def progress(self) -> float:
        """The fraction of the files' bytes that has been read, 0 to 1."""
        if self._closed:
            return self._done
        here = self._places[self._at][0]
        if len(self._files) == 1:
            return self._part.progress
        before = sum(file.size for file in self._files[: self._files.index(here)])
        whole = sum(file.size for file in self._files)
        return min(1.0, (before + self._part.progress * here.size) / whole) if whole else 1.0

    def __enter__(self) -> TickReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files. They cannot be read afterwards."""
        if not self._closed:
            self._done, self._closed = self.progress, True
            for part in self._noted:
                part.close()
            for file in self._files:
                file.close()

    def __iter__(self) -> Iterator[ParsedTicks]:
        if len(self.parts) == 1:
            yield from self._part.chunks()
        else:
            yield from self._all_chunks()
        self._refuse_without_trades()

    def _refuse_without_trades(self) -> None:
        """Refuse files with records of which none is a trade, where bad rows would be an error too."""
        counts = [part.counts for part in self._noted]
        skipped = sum((one.skipped for one in counts), Counter[str]())
        if self._plan.options.max_bad is None or any(one.ticks for one in counts) or not skipped:
            return
        raise BadInput(without_trades(skipped))

    def _all_chunks(self) -> Iterator[ParsedTicks]:
        for at, name in enumerate(self.parts):
            if at:
                self._at, self._part = at, self._open(at, self.rows)
                self._noted.append(self._part)
            for parsed in self._part.chunks():
                yield named(parsed, name)

    def _open(self, at: int, first_row: int) -> Part:
        file, member = self._places[at]
        context = replace(self._context, symbol=self._symbol(at))
        for other in self._files:
            if other is not file and not other.closed:
                other.close()

        def part() -> Part:
            return Part(file.source(member), self._plan, context, lambda: _opened(file, member), first_row)

        found = part()
        if found.layout.kind is None or not found.layout.kind.amends:
            return found
        context = replace(context, ahead=read_ahead(part))
        return part()

    def _symbol(self, at: int) -> str:
        """The symbol of a part's rows without one: the given one, or the instrument in its name."""
        file, member = self._places[at]
        return self._context.symbol or safe_symbol(instrument((member or file.name).rpartition("/")[2]))


def without_trades(skipped: Mapping[str, int]) -> str:
    """What is said of a file whose rows are all no trades; skipped: their numbers, by what they are."""
    return f"there is no trade in the file: its rows are {', '.join(f'{n:,} {label}' for label, n in skipped.items())}"


@contextmanager
def _opened(file: OpenFile, member: str | None) -> Iterator[Source]:
    """One source of a file, opened a second time."""
    other = OpenFile(file.path, member, file.most)
    try:
        yield other.source(member)
    finally:
        other.close()


def _part_name(file: OpenFile, member: str | None) -> str:
    return file.name if member is None else f"{member} in {file.name}"
