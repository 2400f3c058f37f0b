"""A chunk of the file in sending order: ticks in file order, with the data row of each.

`--start-from` counts rows, so a replay can stop after any complete row and resume there without losing or repeating a
tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Indices, Ints
from orderflow.market.ticks import TickBatch
from orderflow.replay.csv_body import csv_body


@dataclass(frozen=True, slots=True)
class Chunk:
    """n sendable pieces in file order; a piece is the ticks of one data row (nearly always one).

    batches: the ticks, one batch a symbol. order: the indices that put the concatenated batches into file order, None
    for one batch. row: int64[n], each piece's data row, counted from the file's first. start: int64[n + 1], the first
    tick (in file order) of each piece. time: int64[n] ns, each piece's time. next_row: the data row after the chunk.
    """

    batches: tuple[TickBatch, ...]
    order: Indices | None
    row: Ints
    start: Ints
    time: Ints
    next_row: int

    def __len__(self) -> int:
        return len(self.row)

    def resume_row(self, done: int) -> int:
        """The data row to resume from when the first `done` pieces have been sent."""
        return int(self.row[done]) if done < len(self.row) else self.next_row

    def before_row(self, row: int) -> int:
        """Number of pieces from rows before `row`."""
        return int(np.searchsorted(self.row, row))

    def ticks(self, part: slice) -> int:
        """Number of ticks in the pieces of `part`."""
        return int(self.start[part.stop] - self.start[part.start])

    def pieces(self, ticks: int, at: int = 0) -> int:
        """The end of the longest run of pieces from `at` with at most `ticks` ticks."""
        return int(np.searchsorted(self.start, self.start[at] + ticks, side="right")) - 1

    def body(self, part: slice) -> tuple[bytes, str | None]:
        """The pieces as CSV text, and their symbol if all have the same one, otherwise None."""
        first, last = int(self.start[part.start]), int(self.start[part.stop])
        if self.order is None:
            batch = self.batches[0].take(slice(first, last))
            return csv_body(batch), batch.symbol
        chosen = self.order[first:last]
        ends = np.cumsum([len(b) for b in self.batches])
        taken, where = [], np.empty(len(chosen), np.intp)
        filled = 0
        for batch, end in zip(self.batches, ends, strict=True):
            mine = (chosen >= end - len(batch)) & (chosen < end)
            count = int(np.count_nonzero(mine))
            if count:
                taken.append(batch.take(chosen[mine] - (end - len(batch))))
                where[mine] = np.arange(filled, filled + count)
                filled += count
        return csv_body(taken, where), taken[0].symbol if len(taken) == 1 else None


def make_chunk(batches: Sequence[TickBatch], rows: Sequence[Ints], next_row: int) -> Chunk:
    """Arrange the batches of a chunk in file order.

    rows: for each batch, int64[len(batch)], the data row of each tick, ascending. next_row: the row after the chunk.
    """
    filled = [(b, r) for b, r in zip(batches, rows, strict=True) if len(b)]
    if not filled:
        none = np.zeros(0, np.int64)
        return Chunk((), None, none, np.zeros(1, np.int64), none, next_row)
    row = np.concatenate([r for _, r in filled])
    time = np.concatenate([b.time for b, _ in filled])
    order = None
    if len(filled) > 1:
        order = np.argsort(row, kind="stable")
        row, time = row[order], time[order]
    begins = np.flatnonzero(np.diff(row, prepend=row[0] - 1))
    start = np.append(begins, len(row)).astype(np.int64)
    return Chunk(tuple(b for b, _ in filled), order, row[begins], start, time[begins], next_row)
