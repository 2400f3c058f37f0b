"""Parse tables with typed columns: Parquet, Feather, and binary records. Formats are detected by column names.

A column keeps its type if the type is exact: integers, float64 (as its shortest decimal), decimals, timestamps. All
others are converted to text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.errors import BadInput
from orderflow.formats.parsing.assemble import Chunk, assemble
from orderflow.formats.parsing.context import Cell, ParseContext
from orderflow.formats.parsing.kinds import read_trades
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.numbers import NULL_WORDS, DecimalMark
from orderflow.formats.parsing.parse_errors import NotVectorizable
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.rows import RowReader
from orderflow.formats.sniff import SAMPLE_ROWS, Sample, sample_of

_FEW_ROWS = 256
_PARTS = 8
_TEXTS = frozenset({Role.ID, Role.SYMBOL, Role.SUFFIX, Role.ACTION, Role.SIDE, Role.MAKER})
_NULLS = pa.array(sorted(NULL_WORDS), pa.string())


class Table(Protocol):
    """The rows of a source that is no delimited text, as columns.

    rows: their number, None if it is not known before the end.
    """

    rows: int | None

    def sample(self) -> Sample:
        """The first rows, to match formats against. Does not consume them."""
        ...

    def batches(self, layout: Layout, rows: int) -> Iterator[tuple[dict[Role, pa.Array], int]]:
        """Yield (columns by role, number of rows), at most `rows` rows each. Raises BadInput for damage."""
        ...


def sample_of_batch(batch: pa.RecordBatch | None, header: tuple[str, ...], names: tuple[str, ...]) -> Sample:
    """The first rows of a batch as a sample."""
    columns = [texts(plain_type(column)) for column in batch.slice(0, SAMPLE_ROWS).columns] if batch is not None else []
    rows = [tuple("" if cell is None else cell for cell in row) for row in zip(*columns, strict=True)]
    return sample_of(header, rows, None, names=names)


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """Parses typed columns on the fast path, and on the row path where that is not possible."""

    layout: Layout
    context: ParseContext

    def parse(self, first_row: int, columns: dict[Role, pa.Array], rows: int, *, fast: bool = True) -> ParsedTicks:
        """Parse the ticks of `rows` consecutive rows."""
        before = self.context.mark()
        infer = self.context.infer
        if fast:
            try:
                return assemble(self._chunks(first_row, columns, rows), infer=infer, first_row=first_row)
            except NotVectorizable:
                self.context.reset(before)
        return assemble([self._by_rows(first_row, columns)], infer=infer, first_row=first_row)

    def _chunks(self, first_row: int, columns: dict[Role, pa.Array], rows: int) -> list[Chunk]:
        try:
            marked = {role: (_without_null_words(role, array), DecimalMark.DOT) for role, array in columns.items()}
            return [read_trades(marked, rows, first_row, self.layout, self.context)]
        except NotVectorizable:
            if rows <= _FEW_ROWS:
                return [self._by_rows(first_row, columns)]
        step = -(-rows // _PARTS)
        chunks = []
        for start in range(0, rows, step):
            part = {role: array.slice(start, step) for role, array in columns.items()}
            chunks += self._chunks(first_row + start, part, min(step, rows - start))
        return chunks

    def _by_rows(self, first_row: int, columns: dict[Role, pa.Array]) -> Chunk:
        reader = RowReader(self.layout, self.context)
        named = [(role, self.layout.columns[role].name) for role in columns]
        cells_of = [texts(array) for array in columns.values()]
        for row, values in enumerate(zip(*cells_of, strict=True), first_row):
            cells = {
                role: Cell(name, value, DecimalMark.DOT)
                for (role, name), value in zip(named, values, strict=True)
                if value is not None and value not in NULL_WORDS
            }
            reader.add(row, None, cells)
        return reader.chunk()


def _without_null_words(role: Role, array: pa.Array) -> pa.Array:
    """A column of texts with nulls for the words that mean a missing value."""
    if role not in _TEXTS or not pa.types.is_string(array.type):
        return array
    missing = pc.is_in(array, value_set=_NULLS)
    return pc.if_else(missing, pa.scalar(None, pa.string()), array) if pc.any(missing).as_py() else array


def plain_type(array: pa.Array) -> pa.Array:
    """Decode dictionary columns, and convert large and binary strings to plain strings."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type) or pa.types.is_binary(array.type):
        try:
            array = array.cast(pa.string())
        except pa.ArrowInvalid as error:
            raise BadInput("a text column of the file is not UTF-8") from error
    return array


def texts(array: pa.Array) -> list[str | None]:
    """The values of a column as the texts that the row path reads."""
    if pa.types.is_timestamp(array.type):
        stamps = np.asarray(array.cast(pa.timestamp(array.type.unit)).fill_null(0))
        zone = "Z" if array.type.tz else ""
        texts = np.datetime_as_string(stamps, unit="ns")
        valid = array.is_valid().to_pylist()
        return [f"{text}{zone}" if good else None for text, good in zip(texts.tolist(), valid, strict=True)]
    try:
        values: list[str | None] = array.cast(pa.string()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # types that Arrow cannot cast to text, such as lists
        values = [None if value is None else str(value) for value in array.to_pylist()]
    return values
