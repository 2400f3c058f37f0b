"""Incremental update of base bars: append in-order ticks, recompute the row of a late one.

The tick rule is resolved here, in time order. A late trade can change the side of the trade after it and of the zero
ticks that follow; sides that were already counted are returned as corrections, so that ladders move that volume.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np

from orderflow.arrays import Codes, Ints
from orderflow.errors import StorageFailed
from orderflow.market.bars.base_bars import BaseBars, directions, rows_of
from orderflow.market.bars.series import LevelSums, level_sums
from orderflow.market.bars.traded import TradedMinutes
from orderflow.market.buffer import Columns, TickBuffer, in_order, join, pack
from orderflow.market.decimals import edges
from orderflow.market.frames import MINUTE
from orderflow.market.ticks import SideRule

TICK_RULE = int(SideRule.TICK)
FOREVER = 2**63 - 1


class ReadEvicted(Protocol):
    """See `market.evicted`."""

    def __call__(self, start: int, end: int, count: int | None = None) -> Columns | None: ...


@dataclass(frozen=True, slots=True)
class Correction:
    """Counted ticks whose side has changed. ticks: with the new sides. old_side: int8[n], the sides counted before."""

    ticks: Columns
    old_side: Codes


@dataclass(slots=True)
class BarUpdate:
    """The changes that one refresh made to the base bars.

    ticks: the new ticks in time order, sides resolved. index: int64[n], their indices in the buffer. since, until:
    bounds of these indices. uses_tick_rule: whether any tick needs the tick rule. corrections: of ticks counted before.
    lost: number of late ticks whose bar is partly evicted and cannot be completed without a log. stale: the side of an
    evicted tick may have changed, so ladders must be rebuilt. sealed: start (ns UTC) of a minute that has just ended
    after growing over several refreshes. late: start (ns UTC) of the first minute that changed by a late tick; None if
    every new tick follows all earlier ones. flags: (indices, flags) of ticks counted before, to be set in the buffer
    when the bars are taken over; None: they are set at once.
    """

    ticks: Columns
    index: Ints
    since: int
    until: int
    uses_tick_rule: bool
    corrections: list[Correction] = field(default_factory=list)
    lost: int = 0
    stale: bool = False
    sealed: int | None = None
    late: int | None = None
    flags: list[tuple[Ints, Codes]] | None = None

    def sums(self, base: int) -> LevelSums:
        """Volumes of the new ticks by (base bar, level), with volume moved where an earlier tick's side changed.

        base: length of a base bar in ns.
        """
        ticks = self.ticks
        if not self.corrections:
            return level_sums(ticks.time // base * base, ticks.level, ticks.size, ticks.side)
        time, level, size, side = [ticks.time], [ticks.level], [ticks.size], [ticks.side]
        trades = [np.ones(len(ticks), np.int64)]
        for correction in self.corrections:
            moved = correction.ticks
            time += [moved.time, moved.time]
            level += [moved.level, moved.level]
            size += [-moved.size, moved.size]
            side += [correction.old_side, moved.side]
            trades += [np.zeros(2 * len(moved), np.int64)]
        start, count = np.concatenate(time) // base * base, np.concatenate(trades)
        return level_sums(start, np.concatenate(level), np.concatenate(size), np.concatenate(side), count)


class BarUpdater:
    """Updates the base bars of one tape. evicted: reads evicted ticks back, None without a log."""

    def __init__(self, buffer: TickBuffer, evicted: ReadEvicted) -> None:
        self._buffer = buffer
        self._evicted = evicted
        self.uses_tick_rule = False
        self.deferred: set[int] | None = None
        """Starts of rows to compute after loading, while the log is ahead of memory; None when not loading."""
        self.unfinished: set[int] = set()
        """Starts of minutes that are wrong until they are recomputed, as the log could not be read: sides changed in
        the minute before."""

    def take(self, since: int, until: int) -> BarUpdate:
        """The new ticks since <= index < until, in time order."""
        ticks, index = self._buffer.slice(since, until), np.arange(since, until)
        order = in_order(ticks)
        if order is not None:
            ticks, index = ticks.take(order), index[order]
        self.uses_tick_rule = self.uses_tick_rule or bool((ticks.rule == TICK_RULE).any())
        return BarUpdate(ticks, index, since, until, self.uses_tick_rule)

    def grow(self, base_bars: BaseBars, new: BarUpdate, traded: TradedMinutes) -> None:
        """Apply the new ticks to `base_bars`. Call it for the minute bars first, since those resolve the sides.

        traded: with the ticks that were counted before. Raises StorageFailed if the log is needed and cannot be read;
        the same ticks may then be applied again.
        """
        starts = new.ticks.time // base_bars.base * base_bars.base
        bounds = edges(starts)
        first = starts[bounds]
        late = self._late_rows(base_bars, new.ticks, first, bounds)
        dirty = set(first[:late].tolist())
        if base_bars.base == MINUTE:
            dirty |= self.unfinished
        else:
            for correction in new.corrections:
                dirty.update((correction.ticks.time // base_bars.base * base_bars.base).tolist())
        recomputed: set[int] = set()
        for start in sorted(dirty):
            following: int | None = start
            while following is not None:
                row, end = following, following + base_bars.base
                recomputed.add(row)
                try:
                    following = self._recompute(base_bars, row, end, new, traded, new.since)
                except StorageFailed:
                    if base_bars.base == MINUTE:
                        self.unfinished.add(row)
                    raise
        if base_bars.base == MINUTE:
            self.unfinished.clear()
        if late < len(first) and int(first[late]) in recomputed:
            late += 1  # the last row was recomputed, which includes its in-order ticks
        if recomputed:
            new.late = min(recomputed) if new.late is None else min(new.late, *recomputed)
        if recomputed and new.uses_tick_rule:
            ticks = self._buffer.slice(new.since, new.until)
            order = in_order(ticks)
            new.ticks = ticks if order is None else ticks.take(order)
        if late < len(bounds):
            self._extend(base_bars, new, first[late:], bounds[late:])

    def extend(self, base_bars: BaseBars, new: BarUpdate) -> Ints:
        """Apply those of the new ticks that follow all in `base_bars`; the starts (ns UTC) of the rows of the others.

        Until these are recomputed with `recompute`, they and what depends on them may be wrong.
        """
        starts = new.ticks.time // base_bars.base * base_bars.base
        bounds = edges(starts)
        first = starts[bounds]
        late = self._late_rows(base_bars, new.ticks, first, bounds)
        if late < len(bounds):
            self._extend(base_bars, new, first[late:], bounds[late:])
        return first[:late]

    def recompute(
        self, base_bars: BaseBars, spans: Iterable[tuple[int, int]], new: BarUpdate, traded: TradedMinutes
    ) -> None:
        """Recompute minutes, and those after them while the tick-rule state before them changes, each once.

        spans: (start of the first one, end of the last), ns UTC, ascending. traded: with all ticks that count.
        """
        for (start, end), (next_start, _) in pairwise([*spans, (FOREVER, FOREVER)]):
            following = self._recompute(base_bars, start, end, new, traded, new.until)
            while following is not None and following < next_start:
                following = self._recompute(base_bars, following, following + base_bars.base, new, traded, new.until)

    def fill(self, base_bars: BaseBars, runs: list[Columns]) -> None:
        """Fill empty base bars with ticks whose sides are resolved."""
        ticks = join(runs)
        order = in_order(ticks)
        if order is not None:
            ticks = ticks.take(order)
        starts = ticks.time // base_bars.base * base_bars.base
        bounds = edges(starts)
        base_bars.append(rows_of(ticks, starts[bounds], bounds))

    @staticmethod
    def resolved(ticks: Columns, state: tuple[int | None, int]) -> Columns:
        """Ticks in time order with the tick rule applied. state: (last level, direction) before the first tick."""
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
        """Number of new rows that have a tick earlier than the last one in `base_bars`."""
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
        if base_bars.base == MINUTE and new.uses_tick_rule:
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

    def _recompute(
        self,
        base_bars: BaseBars,
        start: int,
        end: int,
        new: BarUpdate,
        traded: TradedMinutes,
        counted: int,
    ) -> int | None:
        """Recompute the rows from `start` to `end` from their ticks.

        traded: has those of the ticks with index < counted. Returns the next row's start if the tick-rule state before
        it changed.
        """
        if start < base_bars.horizon:
            return None
        base = base_bars.base
        index, ticks = self._buffer.between(start, end, new.until)
        if start <= self._buffer.evicted_until:
            if self.deferred is not None:
                self.deferred.update(range(start, end, base))
                return None
            whole = self._buffer.evicted_until // base * base + base
            stop = min(end, whole)
            evicted = self._evicted(start, stop, self._count_evicted(start, stop, traded, counted))
            if evicted is None:
                new.lost += int(((index >= new.since) & (ticks.time < whole)).sum())
            else:
                ticks, index = join([evicted, ticks]), np.concatenate([np.full(len(evicted), -1), index])
                new.stale |= bool((evicted.rule == TICK_RULE).any())
        if not len(ticks):
            return None
        order = in_order(ticks)
        if order is not None:
            ticks, index = ticks.take(order), index[order]
        state = _state(base_bars, base_bars.find(start))
        if base == MINUTE and new.uses_tick_rule:
            ticks = self._resolve(ticks, index, directions(ticks.level, *state), new)
        starts = ticks.time // base * base
        bounds = edges(starts)
        last = int(starts[-1])
        before = base_bars.row(base_bars.find(last)) if base_bars.holds(last) else None
        rows = rows_of(ticks, starts[bounds], bounds, state)
        base_bars.put(rows)
        at = base_bars.find(end)
        if base != MINUTE or not new.uses_tick_rule or at >= len(base_bars):
            return None
        if before is not None and all(before[name] == int(rows[name][-1]) for name in ("close", "direction")):
            return None
        return int(base_bars.column("start")[at])

    def _count_evicted(self, start: int, end: int, traded: TradedMinutes, counted: int) -> int | None:
        """Number of evicted ticks with start <= time < end (ns UTC); None if it is not known: of a part of a minute."""
        first, last = start // MINUTE * MINUTE, -(-end // MINUTE) * MINUTE
        _, held = self._buffer.between(first, last, counted)
        count = traded.ticks_between(first, last) - len(held)
        return count if not count or (first, last) == (start, end) else None

    def _resolve(self, ticks: Columns, index: Ints, signs: Codes, new: BarUpdate) -> Columns:
        """Apply the tick rule to the ticks of one row, and record a correction for counted ticks that changed."""
        ruled = ticks.rule == TICK_RULE
        before = ticks.side  # a copy, since the flags may be the buffer's own
        now = np.where(ruled, signs, before).astype(np.int8)
        flags = np.where(ruled, pack(now, ticks.rule), ticks.flags)
        resolved = Columns(ticks.time, ticks.level, ticks.size, flags, ticks.id)
        changed = np.flatnonzero((now != before) & (index >= 0))
        counted = changed[index[changed] < new.since]
        if new.flags is None:
            self._buffer.set_flags(index[changed], flags[changed])
        else:
            fresh = changed[index[changed] >= new.since]
            self._buffer.set_flags(index[fresh], flags[fresh])
            new.flags.append((index[counted], flags[counted]))
        if len(counted):
            new.corrections.append(Correction(resolved.take(counted), before[counted]))
        return resolved


def _state(base_bars: BaseBars, at: int) -> tuple[int | None, int]:
    """Tick-rule state (last level, direction) before row `at`."""
    if not at:
        return None, 0
    return int(base_bars.column("close")[at - 1]), int(base_bars.column("direction")[at - 1])
