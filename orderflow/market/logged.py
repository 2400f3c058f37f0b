"""The ticks that only the log has and that a batch may repeat: those at its times.

A repetition has the time of the first tick, so only the log's ticks of those times are read, and none for a batch that
is later than all ticks that left memory, or whose ids are all higher than any before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Indices, Ints
from orderflow.market.decimals import largest
from orderflow.market.frames import MINUTE
from orderflow.market.symbol import SymbolState
from orderflow.market.ticks import NO_ID, TickBatch

AHEAD = 50_000
"""Ticks that are read at once, about: a file that is sent again asks for what follows, too."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What the log has at the times of a batch. first: index of the first tick in memory at that moment; the ticks
    before it are only in the log. where: int64[k], the ticks of the batch that may repeat one of `runs`."""

    state: SymbolState | None
    first: int
    where: Indices
    runs: tuple[TickBatch, ...] = ()

    def holds(self, state: SymbolState | None) -> bool:
        """Whether no tick has left memory since, and the symbol is the same."""
        return state is self.state and (state is None or state.tape.buffer.first == self.first)


@dataclass(frozen=True, slots=True)
class _Read:
    """Ticks of the log with start <= time < end (ns UTC), ascending; of a state with `first` as in `Logged`."""

    state: SymbolState
    first: int
    start: int
    end: int
    ticks: TickBatch | None

    def has(self, state: SymbolState, first: int, start: int, end: int) -> bool:
        return self.state is state and self.first == first and self.start <= start and end <= self.end

    def at(self, times: Ints) -> TickBatch | None:
        """The ticks that have one of `times` (ascending, distinct)."""
        if self.ticks is None:
            return None
        first = self.ticks.time.searchsorted(times)
        alike = self.ticks.time.searchsorted(times, side="right") - first
        where = np.repeat(first - np.cumsum(alike) + alike, alike) + np.arange(int(alike.sum()))
        return self.ticks.take(where) if len(where) else None


NOWHERE: Indices = np.empty(0, np.intp)


class LoggedTicks:
    """Reads of the log for the batches of one market. The last read is kept."""

    def __init__(self) -> None:
        self._last: _Read | None = None

    def of(self, batch: TickBatch, state: SymbolState | None) -> Logged:
        """What the log has at the times of a batch. state: of its symbol. Call it without a lock.

        Raises StorageFailed if the log cannot be read.
        """
        first = 0 if state is None else state.tape.buffer.first
        if state is None or not first or not state.log.durable or not len(batch):
            return Logged(state, first, NOWHERE)
        evicted = state.tape.buffer.evicted_until
        if largest(batch.id) == NO_ID or state.is_later(batch.id) or int(batch.time.min()) > evicted:
            return Logged(state, first, NOWHERE)
        where = np.flatnonzero((batch.time <= evicted) & (batch.id != NO_ID))
        times = np.unique(batch.time[where])
        found = [self._read(state, first, a, b).at(times) for a, b in _spans(state, times)]
        return Logged(state, first, where, tuple(run for run in found if run is not None))

    def _read(self, state: SymbolState, first: int, start: int, end: int) -> _Read:
        last = self._last
        if last is None or not last.has(state, first, start, end):
            with state.tape.lock:
                end = max(end, state.tape.traded.minute_after(start, AHEAD))
            ticks = state.log.read(state.tape.symbol, start, end)
            if ticks is not None:
                ticks = ticks.take(ticks.time.argsort(kind="stable"))
            last = self._last = _Read(state, first, start, end, ticks)
        return last


def _spans(state: SymbolState, times: Ints) -> Iterator[tuple[int, int]]:
    """Spans (ns UTC, whole minutes) with the minutes of `times` in which there were trades; near ones as one."""
    minute = np.unique(times // MINUTE * MINUTE)
    with state.tape.lock:
        traded = state.tape.traded
        at = traded.start.searchsorted(minute)
        minute = minute[traded.start[np.minimum(at, len(traded) - 1)] == minute]
        before = traded.ticks_before(minute) if len(minute) else minute
    if not len(minute):
        return
    new = np.flatnonzero(np.concatenate(([True], np.diff(before) > AHEAD)))
    for a, b in zip(new.tolist(), [*new[1:].tolist(), len(minute)], strict=True):
        yield int(minute[a]), int(minute[b - 1]) + MINUTE
