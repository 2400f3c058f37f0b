"""Which ticks repeat a trade that is known already.

A repetition has the venue id, the time, the price and the size of an earlier tick. An id alone identifies nothing: ids
restart every day, are unique per venue only, or are placeholders. So the same id with other content is another trade,
which is kept and counted as an id conflict. A tick without an id never repeats another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Flags, Indices, Ints
from orderflow.errors import BadInput
from orderflow.market.decimals import largest
from orderflow.market.ticks import NO_ID, TickBatch

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class NewTicks:
    """The part of a batch that is no repetition.

    batch: the ticks to take, in their order. duplicates: number of repetitions left out. id_conflicts: number of ticks
    in `batch` whose id belongs to another trade too. rows: int64[n], their rows in the whole batch; None if nothing was
    left out.
    """

    batch: TickBatch
    duplicates: int = 0
    id_conflicts: int = 0
    rows: Indices | None = None

    def in_whole(self, error: BadInput) -> BadInput:
        """An error that names rows of `batch`, with the rows of the whole batch."""
        if self.rows is None or not error.errors:
            return error
        rows = self.rows
        named = [replace(each, row=None if each.row is None else int(rows[each.row])) for each in error.errors]
        return BadInput(f"row {named[0].row}: {named[0].reason}", named)


def new_ticks(batch: TickBatch, seen: Flags | None = None, repeated: Flags | None = None) -> NewTicks:
    """Leave out the ticks that repeat an earlier one of the batch, and count.

    seen: bool[n], whose id is known from earlier batches. repeated: bool[n], which of them repeat a tick of those.
    """
    if len(batch) == 1 or largest(batch.id) == NO_ID:
        again = within = np.zeros(len(batch), np.bool_)
    else:
        again, within = compare(batch.id, batch.time, batch.price, batch.size)
    if seen is not None:
        again = again | seen
    if not again.any():
        return NewTicks(batch)
    left_out = within if repeated is None else within | repeated
    duplicates = int(np.count_nonzero(left_out))
    conflicts = int(np.count_nonzero(again & ~left_out))
    if not duplicates:
        return NewTicks(batch, 0, conflicts)
    rows = np.flatnonzero(~left_out)
    return NewTicks(batch.take(rows), duplicates, conflicts, rows)


def compare(ids: Ints, time: Ints, price: Column, size: Column) -> tuple[Flags, Flags]:
    """Compare n ticks with one another; `NO_ID` equals nothing.

    Returns (bool[n]: an earlier tick has the same id, bool[n]: an earlier tick has the same id, time, price and size).
    """
    again, repeated = np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
    if (ids[1:] > ids[:-1]).all():
        return again, repeated
    order = np.argsort(ids, kind="stable")
    ranked = ids[order]
    twice = (ranked[1:] == ranked[:-1]) & (ranked[1:] != NO_ID)
    if twice.any():
        again[order[1:][twice]] = True
        shared = again.copy()
        shared[order[:-1][twice]] = True
        where = np.flatnonzero(shared)
        if not (time[where[1:]] > time[where[:-1]]).all():
            repeated[where] = repeats(time[where], ids[where], price[where], size[where])
    return again, repeated


def repeats(*columns: Column) -> Flags:
    """bool[n]: which rows are equal to an earlier row. columns: at least two, of n values each."""
    order = np.lexsort(columns[1::-1])
    same = _equal_neighbours(columns[:2], order)
    if (same[1:] & same[:-1]).any():  # three rows that agree so far: only the full order brings equal ones together
        order = np.lexsort(columns[::-1])
    same = _equal_neighbours(columns, order)
    found = np.zeros(len(order), np.bool_)
    found[order[1:][same]] = True
    return found


def _equal_neighbours(columns: tuple[Column, ...], order: Ints) -> Flags:
    same = np.ones(max(0, len(order) - 1), np.bool_)
    for column in columns:
        ranked = column[order]
        same &= ranked[1:] == ranked[:-1]
    return same
