"""Parse blocks of lines: on the fast path first, on the row path where that is not possible.

Of a block with unusual rows only those are read one by one, as far as they can be told from their form (`suspects`).
Else it is split and each part is tried again, so one bad row costs a few hundred rows on the row path, not fifty
thousand. Where all rows are unusual, trying is given up soon: it costs as much as the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from orderflow.formats.parsing.assemble import Chunk, assemble
from orderflow.formats.parsing.context import Cell, ParseContext
from orderflow.formats.parsing.fast import Columns, read_rows
from orderflow.formats.parsing.kinds import read_trades
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.lines import MAX_LINE, Block, LineTable, NumberedLine, cells, ends_in_quotes, for_arrow
from orderflow.formats.parsing.numbers import NULL_WORDS, DecimalMark
from orderflow.formats.parsing.parse_errors import NotVectorizable, TakesLong
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.rows import RowReader
from orderflow.formats.parsing.suspects import odd_rows, way

_FEW_LINES = 256
_PARTS = 8
_MOST_LINES = 1 << 17
"""Lines of a block in which odd ones are looked for: that takes a few hundred bytes for each."""
_VAIN, _MANY_LINES = 2, 4096
"""After so many parts in a row without a line for the fast path, it is not tried on further parts of so many lines."""
_NULLS = sorted(NULL_WORDS)
_NULL_SET = pa.array(_NULLS)
_KEPT_EMPTY = frozenset({Role.TIME, Role.DAY, Role.PRICE, Role.SIZE})


@dataclass(frozen=True, slots=True)
class TextTable:
    """How the lines of one text are split into cells, and what they mean.

    spaced: whether cells have spaces around them. If it is False and there are spaces, the row path is used.
    """

    layout: Layout
    delimiter: str
    mark: DecimalMark
    context: ParseContext
    spaced: bool = False

    def parse(self, block: Block, *, fast: bool = True) -> ParsedTicks:
        """Parse the ticks of a block. With `fast` False only the row path is used: same result, quicker for small
        bodies.
        """
        before = self.context.mark()
        if fast:
            try:
                return self._assemble(self._chunks(block), block)
            except NotVectorizable:
                self.context.reset(before)
        try:
            return self._assemble([self._by_rows(block)], block)
        except NotVectorizable as error:
            raise AssertionError("the row path returned numbers without a common grid") from error

    def _assemble(self, chunks: list[Chunk], block: Block) -> ParsedTicks:
        return assemble(chunks, infer=self.context.infer, first_row=block.row)

    def _chunks(self, block: Block) -> list[Chunk]:
        try:
            return [self._by_columns(block)]
        except NotVectorizable:
            if block.lines <= _FEW_LINES:
                return [self._by_rows(block)]
        if block.lines <= _MOST_LINES and (found := self._around_odd_lines(block)) is not None:
            return found
        chunks: list[Chunk] = []
        vain = 0
        for part in block.parts(min(_PARTS, -(-block.lines // _FEW_LINES))):
            if vain >= _VAIN and part.lines <= _MANY_LINES:
                chunks.append(self._by_rows(part))
                continue
            parts = self._chunks(part)
            vain = vain + 1 if all(chunk.by_rows for chunk in parts) else 0
            chunks += parts
        return chunks

    def _by_columns(self, block: Block) -> Chunk:
        columns, rows = self.columns(block, self.layout.columns)
        return read_trades(columns, rows, block.row, self.layout, self.context)

    def _around_odd_lines(self, block: Block) -> list[Chunk] | None:
        """Parse a block, odd lines on the row path and the others on the fast path; None if that fails."""
        if self.context.quick:
            raise TakesLong
        if not self.context.zone.is_utc or self.layout.kind is not None:
            return None  # a time can depend on those before it, and so can what a row means
        before = self.context.mark()
        lines = LineTable.of(block, self.delimiter, self.layout.width)
        try:
            columns, rows = self._read(lines.data(lines.plain), self.layout.columns)
            if rows != np.count_nonzero(lines.plain):
                return None
            good = ~odd_rows(columns, rows, self.layout)
            plain = lines.plain.copy()
            plain[plain] = good
            all_odd = way(int(np.count_nonzero(~plain)), len(plain))
            if all_odd is not False:
                return [self._by_rows(block)] if all_odd else None
            columns = {role: (array.filter(pa.array(good)), mark) for role, (array, mark) in columns.items()}
            found = read_rows(columns, np.flatnonzero(plain) + block.row, self.layout, self.context)
        except NotVectorizable:
            self.context.reset(before)
            return None
        return [found, self._by_lines(lines.lines(~plain))]

    def columns(self, block: Block, roles: Iterable[Role]) -> tuple[Columns, int]:
        """The text columns of some roles, and the number of rows. Raises NotVectorizable for an unusual block."""
        if b"\r" in block.data and block.data.count(b"\r") != block.data.count(b"\r\n"):
            raise NotVectorizable  # Arrow would read a lone carriage return as the end of a line
        if ends_in_quotes(block.data, self.delimiter):
            raise NotVectorizable  # Arrow would take the end of the line into the field
        columns, rows = self._read(block.data, roles)
        if rows != block.lines and rows != block.rows():
            raise NotVectorizable
        return columns, rows

    def _read(self, data: bytes, roles: Iterable[Role]) -> tuple[Columns, int]:
        """The columns of some roles of lines, and the number of rows. Raises NotVectorizable."""
        layout = self.layout
        names = [f"c{index}" for index in range(layout.width)]
        wanted = {role: names[layout.columns[role].index] for role in roles}
        used = list(dict.fromkeys(wanted.values()))
        data = for_arrow(data)
        try:
            table = pv.read_csv(
                pa.BufferReader(data),
                read_options=pv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
                parse_options=pv.ParseOptions(delimiter=self.delimiter, newlines_in_values=False),
                convert_options=pv.ConvertOptions(
                    include_columns=used,
                    column_types=dict.fromkeys(used, pa.string()),
                    null_values=_NULLS,
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            raise NotVectorizable from error
        columns = {}
        for role, name in wanted.items():
            array = table.column(name).combine_chunks()
            columns[role] = (_trim(array) if self.spaced else array, self.mark)
        return columns, table.num_rows

    def texts(self, block: Block, roles: Sequence[Role]) -> dict[Role, pa.Array]:
        """The cells of some roles as texts, null where a row has none; one for each data row."""
        try:
            return {role: array for role, (array, _) in self.columns(block, roles)[0].items()}
        except NotVectorizable:
            lines = [raw.rstrip(b"\r\n").decode("utf-8", "replace") for raw in block.texts() if raw.strip(b" \t\r\n")]
            rows = [cells(line, self.delimiter) for line in lines]
            places = {role: self.layout.columns[role].index for role in roles}
            return {
                role: pa.array([row[at] if at < len(row) else None for row in rows], pa.string())
                for role, at in places.items()
            }

    def _by_rows(self, block: Block) -> Chunk:
        return self._by_lines(block.numbered())

    def _by_lines(self, lines: Iterable[NumberedLine]) -> Chunk:
        layout = self.layout
        reader = RowReader(layout, self.context)
        wanted = [(role, column.index, column.name) for role, column in layout.columns.items()]
        for row, number, raw in lines:
            if len(raw) > MAX_LINE:
                reader.refuse(row, number, f"is longer than {MAX_LINE:,} bytes")
                continue
            fields = cells(raw.rstrip(b"\r\n").decode("utf-8", "replace"), self.delimiter)
            if len(fields) < layout.least or any(fields[layout.width :]):
                reader.refuse(row, number, f"has {len(fields)} fields, but {layout.width} are needed")
                continue
            fields += [""] * (layout.width - len(fields))
            reader.add(
                row,
                number,
                {
                    role: Cell(name, fields[index], self.mark)
                    for role, index, name in wanted
                    if role in _KEPT_EMPTY or fields[index] not in NULL_WORDS
                },
            )
        return reader.chunk()


def _trim(array: pa.Array) -> pa.Array:
    """Strip spaces and tabs around the cells of a text column; words for missing values become null."""
    array = pc.utf8_trim(array, characters=" \t")
    return pc.if_else(pc.is_in(array, value_set=_NULL_SET), pa.scalar(None, pa.string()), array)
