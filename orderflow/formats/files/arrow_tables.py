"""Read Parquet, Feather and Arrow files as tables.

pandas writes an index without a name as `__index_level_0__`; where it holds times, it is the time column.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.files.sources import Kind, Source
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.sniff import SAMPLE_ROWS, Sample
from orderflow.formats.tables import plain_type, sample_of_batch

_WORDS = (Role.SIDE, Role.MAKER, Role.ACTION)
_INSTRUMENT = "instrument_id"
_LONG = 16
_FIXED = {pa.binary(8): pa.decimal128(38, 9), pa.binary(_LONG): pa.decimal128(38, 16)}
_INDEX = "__index_level_"
_TIME = "timestamp"
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)
"""Arrow's errors for files that are damaged or not supported: BadInput says so to the user, as for any other file."""


class ArrowTable:
    """An open Parquet, Feather or Arrow file. Raises BadInput if it is damaged, UnknownFormat without columns."""

    def __init__(self, source: Source) -> None:
        self._names = source.names
        self._kind = source.kind
        self.rows: int | None = None
        self._first: pa.RecordBatch | None = None
        try:
            self._schema = self._open(source)
            if not self._schema.names:
                raise UnknownFormat(f"{source.names[0]} has no columns")
            self._instrument = _instrument(self._schema)
            self.header = _header(self._schema) + ((_INSTRUMENT,) if self._instrument else ())
        except _DAMAGE as error:
            raise self._damaged(error) from error

    def sample(self) -> Sample:
        try:
            if self._kind is Kind.PARQUET:
                first = next(self._parquet.iter_batches(batch_size=SAMPLE_ROWS), None)
            else:
                self._first = first = next(self._pieces, None)
            if first is not None:
                first = first.slice(0, SAMPLE_ROWS)
                first.validate(full=True)
                columns = [self._column(first, name) for name in self.header_names]
                first = pa.RecordBatch.from_arrays(columns, list(self.header))
            return sample_of_batch(first, self.header, self._names)
        except _DAMAGE as error:
            raise self._damaged(error) from error

    @property
    def header_names(self) -> list[str]:
        """The names of the columns as the file has them."""
        return [*self._schema.names, *([_INSTRUMENT] if self._instrument else [])]

    def _column(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        if name == _INSTRUMENT and self._instrument:
            return pa.array([self._instrument] * batch.num_rows, pa.string())
        return fixed_point(plain_type(batch.column(name)))

    def batches(self, layout: Layout, rows: int) -> Iterator[tuple[dict[Role, pa.Array], int]]:
        wanted = {role: self.header_names[column.index] for role, column in layout.columns.items()}
        used = [name for name in dict.fromkeys(wanted.values()) if name in self._schema.names]
        try:
            for batch in self._batches(used, rows):
                columns = {role: self._column(batch, name) for role, name in wanted.items()}
                yield {role: _words(role, array) for role, array in columns.items()}, batch.num_rows
        except _DAMAGE as error:
            raise self._damaged(error) from error

    def _open(self, source: Source) -> pa.Schema:
        if self._kind is Kind.PARQUET:
            self._parquet = pq.ParquetFile(source.stream)
            self.rows = self._parquet.metadata.num_rows
            return self._parquet.schema_arrow
        if self._kind is Kind.ARROW:
            file = pa.ipc.open_file(pa.PythonFile(source.stream, "r"))
            self._pieces = (file.get_batch(k) for k in range(file.num_record_batches))
            return file.schema
        stream = pa.ipc.open_stream(pa.PythonFile(source.stream, "r"))
        self._pieces = (batch for batch in stream)
        return stream.schema

    def _batches(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        if self._kind is Kind.PARQUET:
            yield from self._parquet.iter_batches(batch_size=rows, columns=columns)
            return
        first, self._first = self._first, None
        for whole in [first] if first is not None else []:
            yield from _sliced(whole, columns, rows)
        for whole in self._pieces:
            yield from _sliced(whole, columns, rows)

    def _damaged(self, error: Exception) -> BadInput:
        kind = self._kind.value.removeprefix("a ").removeprefix("an ")
        return BadInput(f"{self._names[0]} is a damaged {kind}: {error}")


def _sliced(batch: pa.RecordBatch, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    """The columns of a batch in slices, checked: a wrong offset in an Arrow file could end the process."""
    chosen = batch.select(columns)
    chosen.validate(full=True)
    for start in range(0, chosen.num_rows, rows):
        yield chosen.slice(start, rows)


def _words(role: Role, array: pa.Array) -> pa.Array:
    """Numbers that stand for words, such as 1 and 2 for sides, as texts."""
    return array.cast(pa.string()) if role in _WORDS and pa.types.is_integer(array.type) else array


def fixed_point(array: pa.Array) -> pa.Array:
    """NautilusTrader's integers of 8 or 16 bytes in units of 1e-9 or 1e-16 as decimals; others as they are."""
    if array.type not in _FIXED:
        return array
    if array.type.byte_width == _LONG:
        return pa.Array.from_buffers(_FIXED[array.type], len(array), array.buffers(), offset=array.offset)
    low = np.frombuffer(array.buffers()[1], "<i8")[array.offset : array.offset + len(array)]
    both = np.ascontiguousarray(np.stack([low, low >> 63], axis=1))
    return pa.Array.from_buffers(_FIXED[array.type], len(array), [None, pa.py_buffer(both.tobytes())])


def _instrument(schema: pa.Schema) -> str:
    """The instrument in the metadata of a NautilusTrader catalog, which the file name does not have; or nothing."""
    known = (schema.metadata or {}).get(_INSTRUMENT.encode(), b"").decode("utf-8", "replace")
    return "" if _INSTRUMENT in schema.names else known


def _header(schema: pa.Schema) -> tuple[str, ...]:
    names = list(schema.names)
    for index, field in enumerate(schema):
        if field.name.startswith(_INDEX) and pa.types.is_timestamp(field.type) and _TIME not in names:
            names[index] = _TIME
    return tuple(names)
