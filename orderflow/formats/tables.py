"""Read Parquet files: formats are detected by column names, and columns are read with their types.

A column keeps its type if the type is exact: integers, float64 (as its shortest decimal), decimals, timestamps. All
others are converted to text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.parsing.assemble import Chunk, assemble
from orderflow.formats.parsing.context import Cell, ParseContext
from orderflow.formats.parsing.fast import read_columns
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.numbers import NULL_WORDS, DecimalMark
from orderflow.formats.parsing.parse_errors import NotVectorizable
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.rows import RowReader
from orderflow.formats.sniff import SAMPLE_ROWS, Sample, sample_of

_FEW_ROWS = 256
_PARTS = 8


class ParquetTable:
    """An open Parquet file. Raises BadInput if it is damaged, UnknownFormat if it has no columns."""

    def __init__(self, stream: BinaryIO, names: tuple[str, ...]) -> None:
        try:
            self._file = pq.ParquetFile(stream)
        except (pa.ArrowInvalid, OSError) as error:
            raise BadInput(f"{names[0]} is a damaged Parquet file: {error}") from error
        self._names = names
        self.header = tuple(self._file.schema_arrow.names)
        self.rows: int = self._file.metadata.num_rows
        if not self.header:
            raise UnknownFormat("the Parquet file has no columns")

    def sample(self) -> Sample:
        """The first rows, to match formats against."""
        batch = next(self._file.iter_batches(batch_size=SAMPLE_ROWS), None)
        columns = [_texts(_plain_type(column)) for column in batch.columns] if batch is not None else []
        rows = [tuple("" if cell is None else cell for cell in row) for row in zip(*columns, strict=True)]
        return sample_of(self.header, rows, None, names=self._names)

    def batches(self, layout: Layout, rows: int) -> Iterator[tuple[int, dict[Role, pa.Array], int]]:
        """Yield (first row, columns by role, number of rows), at most `rows` rows each. Raises BadInput for damage."""
        wanted = {role: self.header[column.index] for role, column in layout.columns.items()}
        used = list(dict.fromkeys(wanted.values()))
        first = 0
        try:
            for batch in self._file.iter_batches(batch_size=rows, columns=used):
                columns = {role: _plain_type(batch.column(name)) for role, name in wanted.items()}
                yield first, columns, batch.num_rows
                first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise BadInput(f"{self._names[0]} is a damaged Parquet file: {error}") from error


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
            marked = {role: (array, DecimalMark.DOT) for role, array in columns.items()}
            return [read_columns(marked, rows, first_row, self.layout, self.context)]
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
        texts = [_texts(array) for array in columns.values()]
        for row, values in enumerate(zip(*texts, strict=True), first_row):
            cells = {
                role: Cell(name, value, DecimalMark.DOT)
                for (role, name), value in zip(named, values, strict=True)
                if value is not None and value not in NULL_WORDS
            }
            reader.add(row, None, cells)
        return reader.chunk()


def _plain_type(array: pa.Array) -> pa.Array:
    """Decode dictionary columns, and convert large and binary strings to plain strings."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type) or pa.types.is_binary(array.type):
        try:
            array = array.cast(pa.string())
        except pa.ArrowInvalid as error:
            raise BadInput("a text column of the Parquet file is not UTF-8") from error
    return array


def _texts(array: pa.Array) -> list[str | None]:
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
