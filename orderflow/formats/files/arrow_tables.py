"""Read Parquet, Feather and Arrow files as tables.

pandas writes an index without a name as `__index_level_0__`; where it holds times, it is the time column.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.files.sources import Kind, Source
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.sniff import SAMPLE_ROWS, Sample
from orderflow.formats.tables import plain_type, sample_of_batch

_INDEX = "__index_level_"
_TIME = "timestamp"
_DAMAGE = (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError, OSError)


class ArrowTable:
    """An open Parquet, Feather or Arrow file. Raises BadInput if it is damaged, UnknownFormat without columns."""

    def __init__(self, source: Source) -> None:
        self._names = source.names
        self._kind = source.kind
        self.rows: int | None = None
        self._first: pa.RecordBatch | None = None
        try:
            self._schema = self._open(source)
        except _DAMAGE as error:
            raise self._damaged(error) from error
        if not self._schema.names:
            raise UnknownFormat(f"{source.names[0]} has no columns")
        self.header = _header(self._schema)

    def sample(self) -> Sample:
        try:
            if self._kind is Kind.PARQUET:
                first = next(self._parquet.iter_batches(batch_size=SAMPLE_ROWS), None)
            else:
                self._first = first = next(self._pieces, None)
        except _DAMAGE as error:
            raise self._damaged(error) from error
        return sample_of_batch(first, self.header, self._names)

    def batches(self, layout: Layout, rows: int) -> Iterator[tuple[dict[Role, pa.Array], int]]:
        wanted = {role: self._schema.names[column.index] for role, column in layout.columns.items()}
        try:
            for batch in self._batches(list(dict.fromkeys(wanted.values())), rows):
                yield {role: plain_type(batch.column(name)) for role, name in wanted.items()}, batch.num_rows
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


def _header(schema: pa.Schema) -> tuple[str, ...]:
    names = list(schema.names)
    for index, field in enumerate(schema):
        if field.name.startswith(_INDEX) and pa.types.is_timestamp(field.type) and _TIME not in names:
            names[index] = _TIME
    return tuple(names)
