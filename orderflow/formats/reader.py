"""Read a tick file: detect its format, then stream it in chunks of ticks with exact row and line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from orderflow.errors import BadInput
from orderflow.formats.parsing.blocks import TextTable
from orderflow.formats.parsing.context import ParseContext, infer_sides
from orderflow.formats.parsing.layout import Layout
from orderflow.formats.parsing.lines import Block
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.words import safe_symbol
from orderflow.formats.parsing.words import symbol as checked_symbol
from orderflow.formats.parsing.zones import Zone
from orderflow.formats.registry import find_layout
from orderflow.formats.sniff import SAMPLE_ROWS, decimal_mark, take_sample
from orderflow.formats.sources import Lines, Source, open_source
from orderflow.formats.tables import ColumnTable, ParquetTable

CHUNK_ROWS = 50_000
_SUFFIXES = (".gz", ".zip", ".zst", ".csv", ".txt", ".tsv", ".dat", ".parquet", ".pq")


def open_ticks(
    path: str | Path,
    *,
    format: str | None = None,
    tz: str = "UTC",
    symbol: str | None = None,
    member: str | None = None,
    side: str = "auto",
    chunk_rows: int = CHUNK_ROWS,
    skip_rows: int = 0,
) -> TickReader:
    """Open a tick file. Returns a context manager that yields `ParsedTicks` of at most `chunk_rows` rows each.

    path: .csv, .csv.gz, .zip (with one file, or the one named by `member`) or .parquet; the type is detected from the
    content. format: one of `names()`, or None to detect it. tz: the IANA zone of times without a zone. symbol: the
    symbol of all rows; None uses the file's symbol column, or else the file's stem. side: "auto" infers missing sides
    from volumes and quotes (the tick rule is left to the engine), "flag" infers none. skip_rows: number of data rows to
    skip at the start; they still count for row numbers.

    Raises BadInput (file not found, damaged, several files in a zip, invalid option) and UnknownFormat (no format
    matches, or the given one does not). Iterating raises BadInput if the file turns out to be damaged. Bad rows do not
    raise: they are listed in `errors`.
    """
    if chunk_rows < 1:
        raise BadInput("chunk_rows must be at least 1")
    if skip_rows < 0:
        raise BadInput("skip_rows must not be negative")
    try:
        given = None if symbol is None else checked_symbol(symbol)
    except ParseError as error:
        raise BadInput(f"symbol: {error}") from error
    zone, infer = Zone(tz), infer_sides(side)
    source = open_source(Path(path), member)
    try:
        context = ParseContext(zone, infer, given or safe_symbol(_stem(source.names[0])), only=given is not None)
        return TickReader(source, format, context, chunk_rows, skip_rows)
    except BaseException:
        source.close()
        raise


class TickReader:
    """An open tick file, made by `open_ticks`. It can be iterated once.

    format: the format's name. note: a remark on how this format is read, or "". symbol: the symbol of rows without one.
    header: column names, () if the file has none. delimiter: None for Parquet. decimal: "." or ",", None if all numbers
    in the sample are whole. rows: data rows read so far, including skipped ones. progress: the fraction of the file
    that has been read, 0 to 1.
    """

    def __init__(
        self, source: Source, name: str | None, context: ParseContext, chunk_rows: int, skip_rows: int
    ) -> None:
        self._source = source
        self._context = context
        self._chunk_rows = chunk_rows
        self._skip = skip_rows
        self._done, self._closed = 0.0, False
        self.rows = 0
        self._lines: Lines | None = None
        self._table: ParquetTable | None = None
        if source.parquet:
            self._table = ParquetTable(source.raw, source.names)
            sample = self._table.sample()
        else:
            self._lines = Lines(source.stream)
            sample = take_sample(self._lines.head(SAMPLE_ROWS + 2), source.names)
        self._layout = find_layout(sample, name)
        self._mark = decimal_mark(sample, self._layout)
        self._data_line, self._spaced = sample.data_line, sample.spaced
        self.format = self._layout.format
        self.note = self._layout.note
        self.symbol = context.symbol
        self.header = sample.header
        self.delimiter = sample.delimiter
        self.decimal = None if self._mark is DecimalMark.EITHER else self._mark.value

    @property
    def layout(self) -> Layout:
        """The role of each column."""
        return self._layout

    @property
    def progress(self) -> float:
        """The fraction of the file that has been read, 0 to 1."""
        if self._closed:
            return self._done
        if self._table is not None:
            return min(1.0, self.rows / self._table.rows) if self._table.rows else 1.0
        return min(1.0, self._source.raw.tell() / self._source.size) if self._source.size else 1.0

    def __enter__(self) -> TickReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. It cannot be read afterwards."""
        if not self._closed:
            self._done, self._closed = self.progress, True
            self._source.close()

    def __iter__(self) -> Iterator[ParsedTicks]:
        return self._from_table(self._table) if self._table is not None else self._from_lines()

    def _from_lines(self) -> Iterator[ParsedTicks]:
        assert self._lines is not None
        assert self.delimiter is not None
        table = TextTable(self._layout, self.delimiter, self._mark, self._context, self._spaced)
        line = self._data_line
        for data, lines in self._lines.blocks(line, self._chunk_rows):
            block = Block(data, line, self.rows, lines)
            line += lines
            if self.rows < self._skip:
                rows = block.rows()
                if self.rows + rows <= self._skip:
                    self.rows += rows
                    continue
                block = _after(block, self._skip)
            parsed = table.parse(block)
            self.rows = block.row + parsed.rows
            yield parsed

    def _from_table(self, parquet: ParquetTable) -> Iterator[ParsedTicks]:
        table = ColumnTable(self._layout, self._context)
        for first, columns, rows in parquet.batches(self._layout, self._chunk_rows):
            self.rows = first + rows
            if self.rows <= self._skip:
                continue
            cut = max(0, self._skip - first)
            columns = {role: array.slice(cut) for role, array in columns.items()}
            yield table.parse(first + cut, columns, rows - cut)


def _after(block: Block, skip: int) -> Block:
    """The block without the data rows numbered below `skip`."""
    lines = block.data.split(b"\n")
    row = block.row
    for index, line in enumerate(lines):
        if row == skip:
            return Block(b"\n".join(lines[index:]), block.line + index, row, block.lines - index)
        row += bool(line.strip(b" \t\r"))
    return block


def _stem(name: str) -> str:
    """The file's name without suffixes such as .csv.gz."""
    lower = name.lower()
    for _ in range(2):
        for suffix in _SUFFIXES:
            if lower.endswith(suffix) and len(lower) > len(suffix):
                lower, name = lower[: -len(suffix)], name[: -len(suffix)]
                break
    return name
