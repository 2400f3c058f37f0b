"""Blocks of lines to ticks: the fast path first, the plain one for what it gives back.

When a block holds something odd it is cut in pieces and each is tried again, so one bad row costs a few hundred plain
rows and not fifty thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from orderflow.formats.parsing.fast import read_columns
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.lines import Block, cells
from orderflow.formats.parsing.numbers import NULL_WORDS, Mark
from orderflow.formats.parsing.pieces import Chunk, assemble
from orderflow.formats.parsing.problems import Odd
from orderflow.formats.parsing.reading import Cell, Reading
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.rows import RowReader

_FEW_LINES = 256
_PARTS = 8
_NULLS = sorted(NULL_WORDS)
_NULL_SET = pa.array(_NULLS)
_KEPT_EMPTY = frozenset({Role.TIME, Role.DAY, Role.PRICE, Role.SIZE})


@dataclass(frozen=True, slots=True)
class TextTable:
    """How the lines of one text are cut into cells and what they mean; `spaced` when cells have white space around them
    (where they have it nevertheless, the fast path gives them to the plain one)."""

    layout: Layout
    delimiter: str
    mark: Mark
    reading: Reading
    spaced: bool = False

    def parse(self, block: Block, *, fast: bool = True) -> ParsedTicks:
        """The ticks of a block. With `fast` False only the plain path is used: same result, for small bodies."""
        before = self.reading.zone.mark()
        if fast:
            try:
                return self._assembled(self._chunks(block), block)
            except Odd:
                self.reading.zone.reset(before)
        try:
            return self._assembled([self._plain(block)], block)
        except Odd as odd:
            raise AssertionError("the plain path gave numbers without a common grid") from odd

    def _assembled(self, chunks: list[Chunk], block: Block) -> ParsedTicks:
        return assemble(chunks, infer=self.reading.infer, first_row=block.row)

    def _chunks(self, block: Block) -> list[Chunk]:
        try:
            return [self._fast(block)]
        except Odd:
            if block.lines <= _FEW_LINES:
                return [self._plain(block)]
        return [chunk for part in block.parts(_PARTS) for chunk in self._chunks(part)]

    def _fast(self, block: Block) -> Chunk:
        layout = self.layout
        if b"\r" in block.data and block.data.count(b"\r") != block.data.count(b"\r\n"):
            raise Odd  # a carriage return alone: Arrow would take it for the end of a line
        names = [f"c{index}" for index in range(layout.width)]
        wanted = {role: names[column.index] for role, column in layout.columns.items()}
        used = list(dict.fromkeys(wanted.values()))
        try:
            table = pv.read_csv(
                pa.BufferReader(block.data),
                read_options=pv.ReadOptions(use_threads=False, block_size=len(block.data) + 1, column_names=names),
                parse_options=pv.ParseOptions(delimiter=self.delimiter, newlines_in_values=False),
                convert_options=pv.ConvertOptions(
                    include_columns=used,
                    column_types=dict.fromkeys(used, pa.string()),
                    null_values=_NULLS,
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            raise Odd from error
        rows: int = table.num_rows
        if rows != block.lines and rows != block.rows():
            raise Odd
        columns = {}
        for role, name in wanted.items():
            array = table.column(name).combine_chunks()
            columns[role] = (_trimmed(array) if self.spaced else array, self.mark)
        return read_columns(columns, rows, block.row, layout, self.reading)

    def _plain(self, block: Block) -> Chunk:
        layout = self.layout
        reader = RowReader(layout, self.reading)
        wanted = [(role, column.index, column.name) for role, column in layout.columns.items()]
        row = block.row
        for number, raw in enumerate(block.data.split(b"\n"), block.line):
            if not raw.strip(b" \t\r"):
                continue
            fields = cells(raw.rstrip(b"\r").decode("utf-8", "replace"), self.delimiter)
            if len(fields) < layout.least or any(fields[layout.width :]):
                reader.refuse(row, number, f"has {len(fields)} fields, {layout.width} are needed")
            else:
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
            row += 1
        return reader.chunk()


def _trimmed(array: pa.Array) -> pa.Array:
    """A text column without spaces and tabs around its cells, and null where that leaves a word for nothing."""
    array = pc.utf8_trim(array, characters=" \t")
    return pc.if_else(pc.is_in(array, value_set=_NULL_SET), pa.scalar(None, pa.string()), array)
