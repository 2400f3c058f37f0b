"""Ticks of one symbol in order of arrival, from memory and from the log, and what was before a late one.

A tick's index is its place among all ticks of the symbol that arrived since the start or the last reset, those that the
log gave at the start included. It does not change, whatever arrives later.
"""

from __future__ import annotations

import time as _time
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Indices, Ints
from orderflow.errors import StorageFailed
from orderflow.market.buffer import Columns, join
from orderflow.market.evicted import READ_RETRIES
from orderflow.market.grid import Grid
from orderflow.market.history import LOOKBACK
from orderflow.market.symbol import SymbolState

OVERLAP = 64
"""Ticks by which memory and the log are compared, to see that the log ends with the ticks in memory."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """n ticks in order of arrival.

    first: index of the first one among all ticks of the symbol. total: number of ticks that arrived in `series`. A tick
    keeps its index for the whole series; ticks that arrive later, late ones too, have higher indices. epoch: see
    `MarketReader.epoch_of`. series: identifier of the ticks, new after a reset. opened: index of the
    epoch's first tick.
    """

    first: int
    total: int
    epoch: str
    series: str
    grid: Grid
    ticks: Columns
    opened: int = 0

    def __len__(self) -> int:
        return len(self.ticks)


@dataclass(frozen=True, slots=True)
class Past:
    """n ticks. index: int64[n], -1 where it is not known, of ticks that are not in memory."""

    index: Indices | Ints
    grid: Grid
    ticks: Columns

    def __len__(self) -> int:
        return len(self.ticks)


def in_memory(state: SymbolState, since: int, limit: int, *, sides: bool = True) -> Arrivals:
    """See `MarketReader.arrivals`."""
    tape, buffer = state.tape, state.tape.buffer
    with tape.lock:
        total = buffer.n
        if sides:
            tape.refresh()
        first = min(max(since, buffer.first), total)
        ticks = buffer.slice(first, min(total, first + limit))
        return Arrivals(first, total, state.epoch, state.series, tape.grid, ticks, state.opened)


def in_log(state: SymbolState, since: int, limit: int) -> Arrivals:
    """See `MarketReader.arrivals_of_log`."""
    for _ in range(READ_RETRIES):
        with state.tape.lock:
            held = in_memory(state, 0, OVERLAP, sides=False)
        end = min(since + limit, held.first)
        if end <= since or not state.log.durable:
            return _part(held, held.first, Columns.empty())
        if _aligned(state, held):
            ticks = _tail(state, held.total - end, end - since)
            if _aligned(state, held):
                first = end - len(ticks) if len(ticks) else held.first
                return _part(held, first, ticks)
        _time.sleep(0.002)  # a batch is written, but not published yet
    raise StorageFailed(f"the log of {state.tape.symbol} does not end with the ticks in memory")


def at(state: SymbolState, time: int) -> Past:
    """See `MarketReader.arrivals_at`."""
    with state.tape.lock:
        index, ticks = state.tape.buffer.between(time, time + 1)
        if time <= state.tape.buffer.evicted_until and (evicted := state.tape.evicted(time, time + 1)) is not None:
            index, ticks = np.concatenate([np.full(len(evicted), -1), index]), join([evicted, ticks])
        return Past(index, state.tape.grid, ticks)


def first_from(state: SymbolState, time: int, since: int) -> int | None:
    """See `MarketReader.first_from`."""
    buffer = state.tape.buffer
    with state.tape.lock:
        if since < buffer.first and time <= buffer.evicted_until:
            return buffer.first
        return buffer.first_from(time, since)


def past(state: SymbolState, start: int, end: int, until: int, since: int) -> Past:
    """See `MarketReader.past`."""
    tape = state.tape
    with tape.lock:
        tape.refresh()
        parts = [_between(state, start, end, until, since)]
        before, most = start, LOOKBACK
        while (begin := tape.minute_before(before, most)) is not None:
            found = _between(state, begin, before, until, since)
            if len(found):
                parts.insert(0, found.take(slice(len(found) - 1, len(found))))
                break
            before, most = begin, 2 * most
        ticks = join(parts)
        return Past(np.full(len(ticks), -1), tape.grid, ticks)


def _between(state: SymbolState, start: int, end: int, until: int, since: int) -> Columns:
    buffer = state.tape.buffer
    _, ticks = buffer.between(start, end, until, since)
    gone = since < buffer.first and start <= buffer.evicted_until
    if gone and (evicted := state.tape.evicted(start, end)) is not None:
        ticks = join([evicted, ticks])
    return ticks.take(np.argsort(ticks.time, kind="stable"))


def _part(held: Arrivals, first: int, ticks: Columns) -> Arrivals:
    return Arrivals(first, held.total, held.epoch, held.series, held.grid, ticks, held.opened)


def _tail(state: SymbolState, skip: int, count: int) -> Columns:
    batch = state.log.tail(state.tape.symbol, skip, count)
    return Columns.empty() if batch is None else state.on_grid(batch)


def _aligned(state: SymbolState, held: Arrivals) -> bool:
    """Whether the oldest ticks in memory are at their places in the log."""
    ticks = _tail(state, held.total - held.first - len(held), len(held))
    return np.array_equal(ticks.time, held.ticks.time)
