"""How a base_bars takes in new ticks: appended in order at the end, or, where a tick is late, one row recomputed.

Here too the tick rule is resolved, in time order: a late trade changes the side of its successor, and of the zero ticks
behind that. Sides already counted come back as corrections, for the ladders to move that volume over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from orderflow.arrays import Codes, Ints
from orderflow.market.bars.base_bars import BaseBars, directions, rows_of
from orderflow.market.buffer import Columns, TickBuffer, in_order, join, pack
from orderflow.market.decimals import edges
from orderflow.market.frames import MINUTE
from orderflow.market.ticks import SideRule

TICK_RULE = int(SideRule.TICK)

ReadLog = Callable[[int, int], Columns | None]


@dataclass(frozen=True, slots=True)
class Correction:
    """Ticks counted before whose side has changed since: as they are now, and their sides as they were counted."""

    ticks: Columns
    was: Codes


@dataclass(slots=True)
class BarUpdate:
    """What one refresh did to the base_bars.

    ticks: the new ticks in time order, sides resolved. index: int64[n], their places in the buffer.
    since: the first new index. corrections: see there. lost: late ticks whose bar memory no longer holds whole and no
    log can complete. stale: the tick rule may have changed the side of an evicted tick, so ladders must be built
    again. sealed: start of a minute that grew over several refreshes and has just ended.
    """

    ticks: Columns
    index: Ints
    since: int
    until: int
    ruled: bool
    corrections: list[Correction] = field(default_factory=list)
    lost: int = 0
    stale: bool = False
    sealed: int | None = None
    in_order: bool = True
    """Every new tick comes after all that were there."""


class BarUpdater:
    """Updates the base bars of one tape. `evicted(start, end)` reads evicted ticks back; None without a log."""

    def __init__(self, buffer: TickBuffer, evicted: ReadLog) -> None:
        self._buffer = buffer
        self._evicted = evicted
        self._ruled = False
        self.deferred: set[int] | None = None
        """Rows to compute later, while the log is ahead of memory (it is being loaded); None when it is not."""

    def take(self, since: int, until: int) -> BarUpdate:
        """The new ticks since <= index < until, in time order."""
        ticks, index = self._buffer.slice(since, until), np.arange(since, until)
        order = in_order(ticks)
        if order is not None:
            ticks, index = ticks.take(order), index[order]
        self._ruled = self._ruled or bool((ticks.rule == TICK_RULE).any())
        return BarUpdate(ticks, index, since, until, self._ruled)

    def grow(self, base_bars: BaseBars, new: BarUpdate) -> None:
        """Bring `base_bars` up to date with the new ticks. The minute base_bars goes first: it resolves the sides."""
        starts = new.ticks.time // base_bars.base * base_bars.base
        bounds = edges(starts)
        first = starts[bounds]
        late = self._late_rows(base_bars, new.ticks, first, bounds)
        dirty = set(first[:late].tolist())
        if base_bars.base != MINUTE:
            for correction in new.corrections:
                dirty.update((correction.ticks.time // base_bars.base * base_bars.base).tolist())
        redone: set[int] = set()
        for start in sorted(dirty):
            following: int | None = start
            while following is not None:
                redone.add(following)
                following = self._recompute(base_bars, following, new)
        if late < len(first) and int(first[late]) in redone:
            late += 1  # the last row was computed again, and with it what had come for it in order
        new.in_order &= not redone
        if redone and new.ruled:
            ticks = self._buffer.slice(new.since, new.until)
            order = in_order(ticks)
            new.ticks = ticks if order is None else ticks.take(order)
        if late < len(bounds):
            self._extend(base_bars, new, first[late:], bounds[late:])

    def settle(self, base_bars: BaseBars, until: int) -> BarUpdate:
        """Compute the rows that were deferred, now that memory has caught up with the log."""
        rows, self.deferred = sorted(self.deferred or ()), None
        new = BarUpdate(Columns.empty(), np.empty(0, np.int64), until, until, self._ruled)
        for start in rows:
            following: int | None = start
            while following is not None:
                following = self._recompute(base_bars, following, new)
        return new

    def fill(self, base_bars: BaseBars, runs: list[Columns]) -> None:
        """Fill an empty base_bars with ticks whose sides are resolved."""
        ticks = join(runs)
        order = in_order(ticks)
        if order is not None:
            ticks = ticks.take(order)
        starts = ticks.time // base_bars.base * base_bars.base
        bounds = edges(starts)
        base_bars.append(rows_of(ticks, starts[bounds], bounds))

    @staticmethod
    def resolved(ticks: Columns, state: tuple[int | None, int]) -> Columns:
        """Ticks from the log in time order, with the sides that the tick rule gives them after `state`."""
        order = in_order(ticks)
        if order is not None:
            ticks = ticks.take(order)
        ruled = ticks.rule == TICK_RULE
        if not ruled.any():
            return ticks
        signs = directions(ticks.level, *state)
        flags = np.where(ruled, pack(signs, ticks.rule), ticks.flags)
        return Columns(ticks.time, ticks.level, ticks.size, flags, ticks.id)

    @staticmethod
    def _late_rows(base_bars: BaseBars, ticks: Columns, first: Ints, bounds: Ints) -> int:
        """How many of the new rows have a tick that belongs before the base_bars's last one."""
        if not len(base_bars):
            return 0
        start, time, order = (int(base_bars.column(name)[-1]) for name in ("start", "last_time", "last_id"))
        late = int(first.searchsorted(start))
        if late < len(first) and int(first[late]) == start:
            at = int(bounds[late])
            late += (int(ticks.time[at]), max(int(ticks.id[at]), -1)) < (time, order)
        return late

    def _extend(self, base_bars: BaseBars, new: BarUpdate, first: Ints, bounds: Ints) -> None:
        a = int(bounds[0])
        tail = new.ticks.take(slice(a, None))
        state = _state(base_bars, len(base_bars))
        if base_bars.base == MINUTE and new.ruled:
            ruled = tail.rule == TICK_RULE
            signs = directions(tail.level, *state)
            flags = new.ticks.flags.copy()
            flags[a:][ruled] = pack(signs[ruled], tail.rule[ruled])
            self._buffer.set_flags(new.index[a:][ruled], flags[a:][ruled])
            new.ticks = Columns(new.ticks.time, new.ticks.level, new.ticks.size, flags, new.ticks.id)
            tail = new.ticks.take(slice(a, None))
        rows = rows_of(tail, first, bounds - a, state)
        grown = int(len(base_bars) > 0 and int(first[0]) == int(base_bars.column("start")[-1]))
        if grown:
            base_bars.extend_row(len(base_bars) - 1, rows, 0)
        if grown < len(first):
            if base_bars.base == MINUTE and len(base_bars) and int(base_bars.column("passes")[-1]) > 1:
                new.sealed = int(base_bars.column("start")[-1])
            base_bars.append(rows, grown)

    def _recompute(self, base_bars: BaseBars, start: int, new: BarUpdate) -> int | None:
        """Compute one row from its own ticks. Returns the next row's start when the tick rule now hands it another
        state.
        """
        if start < base_bars.horizon:
            return None
        index, ticks = self._buffer.between(start, start + base_bars.base, new.until)
        if start <= self._buffer.evicted_until:
            if self.deferred is not None:
                self.deferred.add(start)
                return None
            gone = self._evicted(start, start + base_bars.base)
            if gone is None:
                new.lost += int((index >= new.since).sum())
            else:
                ticks, index = join([gone, ticks]), np.concatenate([np.full(len(gone), -1), index])
                new.stale |= bool((gone.rule == TICK_RULE).any())
        if not len(ticks):
            return None
        order = in_order(ticks)
        if order is not None:
            ticks, index = ticks.take(order), index[order]
        at = base_bars.find(start)
        state = _state(base_bars, at)
        if base_bars.base == MINUTE and new.ruled:
            ticks = self._resolve(ticks, index, directions(ticks.level, *state), new)
        before = base_bars.row(at) if base_bars.holds(start) else None
        rows = rows_of(ticks, np.array([start]), np.array([0]), state)
        base_bars.put(rows, 0)
        if base_bars.base != MINUTE or not new.ruled or at + 1 >= len(base_bars):
            return None
        if before is not None and all(before[name] == int(rows[name][0]) for name in ("close", "direction")):
            return None
        return int(base_bars.column("start")[at + 1])

    def _resolve(self, ticks: Columns, index: Ints, signs: Codes, new: BarUpdate) -> Columns:
        """Give the ticks of one row the tick rule's sides; remember which of the counted ones changed."""
        ruled = ticks.rule == TICK_RULE
        now = np.where(ruled, signs, ticks.side).astype(np.int8)
        flags = np.where(ruled, pack(now, ticks.rule), ticks.flags)
        resolved = Columns(ticks.time, ticks.level, ticks.size, flags, ticks.id)
        changed = np.flatnonzero((now != ticks.side) & (index >= 0))
        self._buffer.set_flags(index[changed], flags[changed])
        counted = changed[index[changed] < new.since]
        if len(counted):
            new.corrections.append(Correction(resolved.take(counted), ticks.side[counted]))
        return resolved


def _state(base_bars: BaseBars, at: int) -> tuple[int | None, int]:
    """(last level, direction) that row `at` starts from."""
    if not at:
        return None, 0
    return int(base_bars.column("close")[at - 1]), int(base_bars.column("direction")[at - 1])
