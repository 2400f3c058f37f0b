"""One source of ticks, a file or a member of an archive: detect its format and read it in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from orderflow.formats.files.sources import Kind, Source
from orderflow.formats.files.text_lines import Lines
from orderflow.formats.parsing.blocks import TextTable
from orderflow.formats.parsing.context import ParseContext
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.lines import Block
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.registry import find_layout, open_table
from orderflow.formats.sniff import SAMPLE_ROWS, decimal_mark, take_sample
from orderflow.formats.tables import ColumnTable, Table, texts

_TEXT_ROWS = 50_000


class Part:
    """A source whose format is known. Raises BadInput and UnknownFormat.

    layout: the role of each column. header: column names, () if there are none. delimiter: None for tables that are no
    text. decimal: "." or ",", None if all numbers in the sample are whole. row: the row that is read next, counted over
    all parts of a series; `first_row` is the part's first.
    """

    def __init__(self, source: Source, name: str | None, context: ParseContext, first_row: int = 0) -> None:
        self._source = source
        self._context = context
        self._lines: Lines | None = None
        self._table: Table | None = None
        if source.kind is Kind.TEXT:
            self._lines = Lines(source.stream)
            sample = take_sample(self._lines.head(SAMPLE_ROWS + 2), source.names)
        else:
            self._table = open_table(source)
            sample = self._table.sample()
        self.layout: Layout = find_layout(sample, name)
        self._mark = decimal_mark(sample, self.layout)
        self._data_line, self._spaced = sample.data_line, sample.spaced
        self.header = sample.header
        self.delimiter = sample.delimiter
        self.decimal = None if self._mark is DecimalMark.EITHER else self._mark.value
        self.first_row = self.row = first_row

    @property
    def progress(self) -> float:
        """The fraction of the source that has been read, 0 to 1; of an archive, the fraction of the archive."""
        if self._table is not None and self._table.rows is not None:
            return min(1.0, (self.row - self.first_row) / self._table.rows) if self._table.rows else 1.0
        return min(1.0, self._source.raw.tell() / self._source.size) if self._source.size else 1.0

    def chunks(self, rows: int, skip: int) -> Iterator[ParsedTicks]:
        """All ticks in chunks of at most `rows` rows, without the rows numbered below `skip`."""
        return self._from_lines(rows, skip) if self._table is None else self._from_table(self._table, rows, skip)

    def texts(self, roles: Sequence[Role]) -> Iterator[tuple[int, dict[Role, pa.Array]]]:
        """The cells of some roles as texts, in blocks: (first row, columns). Instead of `chunks`, once."""
        row = self.first_row
        if self._table is not None:
            for columns, rows in self._table.batches(self.layout, _TEXT_ROWS):
                yield row, {role: pa.array(texts(columns[role]), pa.string()) for role in roles}
                row += rows
            return
        assert self._lines is not None
        table = TextTable(self.layout, self.delimiter or ",", self._mark, self._context, self._spaced)
        for data, lines in self._lines.blocks(self._data_line, _TEXT_ROWS):
            found = table.texts(Block(data, 1, row, lines), roles)
            yield row, found
            row += len(found[roles[0]])

    def _from_lines(self, rows: int, skip: int) -> Iterator[ParsedTicks]:
        assert self._lines is not None
        assert self.delimiter is not None
        table = TextTable(self.layout, self.delimiter, self._mark, self._context, self._spaced)
        line = self._data_line
        for data, lines in self._lines.blocks(line, rows):
            block = Block(data, line, self.row, lines)
            line += lines
            if self.row < skip:
                found = block.rows()
                if self.row + found <= skip:
                    self.row += found
                    continue
                block = _after(block, skip)
            parsed = table.parse(block)
            self.row = block.row + parsed.rows
            yield parsed

    def _from_table(self, columns_of: Table, most: int, skip: int) -> Iterator[ParsedTicks]:
        table = ColumnTable(self.layout, self._context)
        for columns, rows in columns_of.batches(self.layout, most):
            first, self.row = self.row, self.row + rows
            if self.row <= skip:
                continue
            cut = max(0, skip - first)
            columns = {role: array.slice(cut) for role, array in columns.items()}
            yield table.parse(first + cut, columns, rows - cut)


def named(parsed: ParsedTicks, name: str) -> ParsedTicks:
    """The same ticks, with the part's name in every error."""
    if not parsed.errors:
        return parsed
    return replace(parsed, errors=[replace(error, reason=f"{error.reason} (in {name})") for error in parsed.errors])


def _after(block: Block, skip: int) -> Block:
    """The block without the data rows numbered below `skip`."""
    lines = block.data.split(b"\n")
    row = block.row
    for index, line in enumerate(lines):
        if row == skip:
            return Block(b"\n".join(lines[index:]), block.line + index, row, block.lines - index)
        row += bool(line.strip(b" \t\r"))
    return block
