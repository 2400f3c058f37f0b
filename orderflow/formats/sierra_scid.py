"""Sierra Chart intraday data files (.scid) of tick records.

Layout: sierrachart.com, "Intraday Data File Format": a header of 56 bytes (SCID, its size, the record's size), then
records of 40 bytes: SCDateTimeMS (microseconds since 1899-12-30 UTC; in old files a double of days), Open, High, Low,
Close as floats, NumTrades, TotalVolume, BidVolume, AskVolume. In a record of one trade Open is 0, High the ask, Low the
bid; large negative values of Open mark the parts of an unbundled trade. BidVolume and AskVolume give the side. Times of
one millisecond are told apart by a counter in the last three digits, which stays. A file of bars is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from orderflow.errors import BadInput
from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.files.sources import Source
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.sniff import SAMPLE_ROWS, Sample
from orderflow.formats.tables import sample_of_batch

_RECORD = np.dtype(
    [
        ("SCDateTime", "<i8"),
        ("Open", "<f4"),
        ("High", "<f4"),
        ("Low", "<f4"),
        ("Close", "<f4"),
        ("NumTrades", "<u4"),
        ("TotalVolume", "<u4"),
        ("BidVolume", "<u4"),
        ("AskVolume", "<u4"),
    ]
)
_NAMES = tuple(_RECORD.names or ())
_LEAST_HEADER, _MOST_HEADER = 56, 1 << 16
_EPOCH_US = 25_569 * 86_400 * 10**6
"""Microseconds from 1899-12-30 to 1970-01-01."""
_DOUBLES = 10**17
"""As an integer, a double of days is far above any count of microseconds."""


class ScidTable:
    """A .scid file as a table. Raises BadInput for another record size, and for damage."""

    def __init__(self, source: Source) -> None:
        self.rows: int | None = None
        self._stream = source.stream
        self._names = source.names
        head = self._stream.read(_LEAST_HEADER)
        header, record = np.frombuffer(head[4:12].ljust(8, b"\0"), "<u4").tolist()
        if not _LEAST_HEADER <= header <= _MOST_HEADER or record != _RECORD.itemsize:
            raise BadInput(f"{source.names[0]} is a .scid file with records of {record} bytes; 40 are known")
        self._stream.read(header - len(head))
        self._first = self._read(SAMPLE_ROWS)

    def sample(self) -> Sample:
        return sample_of_batch(self._first, _NAMES, self._names)

    def batches(self, layout: Layout, rows: int) -> Iterator[tuple[dict[Role, pa.Array], int]]:
        wanted = {role: column.index for role, column in layout.columns.items()}
        batch = self._first
        while batch.num_rows:
            yield {role: batch.column(index) for role, index in wanted.items()}, batch.num_rows
            batch = self._read(rows)

    def _read(self, rows: int) -> pa.RecordBatch:
        """The next records."""
        data = self._stream.read(rows * _RECORD.itemsize)
        if len(data) % _RECORD.itemsize:
            raise BadInput(f"{self._names[0]} is cut off within its last record")
        records = np.frombuffer(data, _RECORD)
        times = np.ascontiguousarray(records["SCDateTime"])
        if len(times) and int(times[0]) > _DOUBLES:
            times = np.rint(times.view("<f8") * 86_400_000).astype(np.int64) * 1_000
        arrays = [pa.array((times - _EPOCH_US).astype("datetime64[us]"), pa.timestamp("us", "UTC"))]
        arrays += [pa.array(np.ascontiguousarray(records[name])) for name in _NAMES[1:]]
        return pa.RecordBatch.from_arrays(arrays, list(_NAMES))


def _fit(sample: Sample, layout: Layout) -> Layout:
    opens = sample.column(_NAMES.index("Open"))
    if any(cell.strip("0.") and not cell.startswith("-") for cell in opens):
        raise FormatMismatch("its records must be single trades, but these are bars (store one-tick data)")
    quotes = {Role.BID: Column(_NAMES.index("Low"), "Low"), Role.ASK: Column(_NAMES.index("High"), "High")}
    return replace(layout, columns={**layout.columns, **quotes})


FORMAT = Format(
    name="sierra-scid",
    title="Sierra Chart intraday data file",
    needs=("scdatetime", "open", "high", "low", "close", "numtrades", "totalvolume", "bidvolume", "askvolume"),
    roles={
        Role.TIME: ("scdatetime",),
        Role.PRICE: ("close",),
        Role.SIZE: ("totalvolume",),
        Role.BID_VOLUME: ("bidvolume",),
        Role.ASK_VOLUME: ("askvolume",),
    },
    fit=_fit,
)
