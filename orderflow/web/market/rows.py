"""Rows of an answer, written in slices: the answer holds bars or ticks as integers, and the text of one slice.

Each format is an iterator of bytes, whose pieces are made one at a time, in a worker thread, as the client reads them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from pyarrow import ipc, parquet

from orderflow.market.bars.footprint import BarTable
from orderflow.market.columns import bar_columns, footprint_columns, tick_columns
from orderflow.market.symbol import TickTable
from orderflow.web.market.tables import UNITS, Table, Unit, finest

PIECE = 8_000
"""Rows of a slice, about: 0.7 MB of ticks and 2.5 MB of bars as JSON."""


@dataclass(frozen=True)
class Rows:
    """n rows of a table. make(unit): its slices, at least one, with times in that unit. unit: exact for all rows."""

    n: int
    unit: Unit
    make: Callable[[Unit], Iterator[Table]]

    def in_unit(self, unit: Unit) -> Rows:
        """The rows with times in the finer of two units."""
        return replace(self, unit=min(self.unit, unit, key=lambda name: UNITS[name]))

    def head(self) -> bytes:
        """The first line of CSV, with the names of the columns."""
        return (",".join(next(self.make(self.unit)).columns) + "\n").encode()

    def csv(self, header: bool = True) -> Iterator[bytes]:
        """CSV text as chunks of whole lines."""
        for table in self.make(self.unit):
            yield from table.csv(header)
            header = False

    def json(self) -> Iterator[bytes]:
        """A JSON array of objects, with null for missing values."""
        mark = b"["
        for table in self.make(self.unit):
            if rows := table.json()[1:-1]:
                yield mark + rows
                mark = b","
        yield b"]" if mark == b"," else b"[]"

    def arrow(self) -> Iterator[bytes]:
        """An Arrow IPC stream."""
        sink = _Sink()
        writer = None
        for table in self.make(self.unit):
            made = table.arrow_table()
            writer = writer or ipc.new_stream(sink, made.schema)
            writer.write_table(made)
            yield sink.taken()
        if writer is not None:
            writer.close()
        yield sink.taken()

    def parquet(self) -> Iterator[bytes]:
        """A Parquet file."""
        sink = _Sink()
        writer = None
        for table in self.make(self.unit):
            made = table.arrow_table()
            writer = writer or parquet.ParquetWriter(sink, made.schema, compression="zstd")
            writer.write_table(made)
            if piece := sink.taken():
                yield piece
        if writer is not None:
            writer.close()
        yield sink.taken()


def chained(parts: Iterator[Rows], empty: Rows, unit: Unit) -> Rows:
    """The parts one after another, to be written once; `n` is not known. empty: rows with the columns, for no parts.

    Times have the digits of `unit`, or more from the part on that needs them.
    """

    def make(unit: Unit) -> Iterator[Table]:
        first = next(parts, empty)
        for part in chain((first,), parts):
            part = part.in_unit(unit)
            unit = part.unit
            yield from part.make(unit)

    return Rows(-1, unit, make)


def tick_rows(table: TickTable) -> Rows:
    """The rows of ticks."""

    def make(unit: Unit) -> Iterator[Table]:
        for begin in range(0, len(table.ticks) or 1, PIECE):
            part = TickTable(table.symbol, table.grid, table.ticks.take(slice(begin, begin + PIECE)))
            yield Table(tick_columns(part), unit)

    return Rows(len(table.ticks), finest([table.ticks.time]), make)


def bar_rows(table: BarTable) -> Rows:
    """The rows of bars."""

    def make(unit: Unit) -> Iterator[Table]:
        for begin in range(0, len(table) or 1, PIECE):
            yield Table(bar_columns(table.take(begin, min(begin + PIECE, len(table)))), unit)

    return Rows(len(table), finest([table.time]), make)


def footprint_rows(table: BarTable) -> Rows:
    """The price levels of bars, a slice being whole bars."""

    def make(unit: Unit) -> Iterator[Table]:
        begin = 0
        while True:
            end = int(np.searchsorted(table.offsets, table.offsets[begin] + PIECE, "right")) - 1
            end = min(max(end, begin + 1), len(table))
            yield Table(footprint_columns(table.take(begin, end)), unit)
            begin = end
            if begin >= len(table):
                return

    return Rows(len(table.level), finest([table.time]), make)


class _Sink(io.RawIOBase):
    """A file whose content is taken away as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._at += len(self._parts[-1])
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since the last call."""
        data, self._parts = b"".join(self._parts), []
        return data
