"""The bars of one frame, with a ladder of volume by level for each, and a log of which bar changed at which revision.

Ladders are sums of `level_sums`, which are additive. Open, close and the extremes of delta are not additive; they are
aggregated from the base bars on demand. pandas is the aggregator of record: ladders only add its sums.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from orderflow.arrays import Codes, Ints
from orderflow.market.bars.base_bars import BarScalars
from orderflow.market.buffer import Columns
from orderflow.market.decimals import edges
from orderflow.market.frames import Frame
from orderflow.market.sessions import Session, bar_end, bar_start
from orderflow.market.studies.delta import delta
from orderflow.market.studies.vwap import Sums, sums

ASK, BID, UNKNOWN, TRADES = range(4)
"""Columns of a ladder's cells."""

_LEVEL_BITS = 31
_LEVEL_MASK = (1 << _LEVEL_BITS) - 1


@dataclass(frozen=True, slots=True)
class LevelSums:
    """Sums by (base bar, level).

    start: int64[k], ns UTC, ascending. bounds: int64[k + 1], where each base bar begins in level and cells. level:
    int64[m], ascending within a base bar. cells: int64[m, 4], columns ASK, BID, UNKNOWN (size units) and TRADES.
    """

    start: Ints
    bounds: Ints
    level: Ints
    cells: Ints


NUMPY_BELOW = 2_000
"""With fewer ticks numpy is used: the fixed cost of a pandas groupby (0.3 ms) would be most of a refresh."""


def level_sums(
    bar: Ints, level: Ints, size: Ints, side: Codes, trades: Ints | int = 1, *, record: bool = False
) -> LevelSums:
    """Sum ticks by (bar start, level) with one grouping on an integer key. Exact, as everything is int64.

    bar: int64[n], start of each tick's bar (ns UTC). level, size: int64[n]. side: int8[n] of `Side`. trades: int64[n],
    what each tick adds to the trade count. In a correction, sizes may be negative and `trades` 0. record: use pandas
    for small inputs too; the audit checks the sums of numpy with it.
    """
    n = len(bar)
    first, low = int(bar.min()), int(level.min())
    cells = np.empty((4, n), np.int64)
    np.multiply(size, side > 0, out=cells[ASK])
    np.multiply(size, side < 0, out=cells[BID])
    np.multiply(size, side == 0, out=cells[UNKNOWN])
    cells[TRADES] = trades
    key = (bar - first) // 1_000_000_000 << _LEVEL_BITS | (level - low)
    return _by_key(key, cells, first, low, record=record)


def joined_sums(parts: Sequence[LevelSums]) -> LevelSums:
    """The sum of several, at least one."""
    if len(parts) == 1:
        return parts[0]
    bar = np.concatenate([np.repeat(part.start, np.diff(part.bounds)) for part in parts])
    level, cells = (np.concatenate([getattr(part, name) for part in parts]) for name in ("level", "cells"))
    first, low = int(bar.min()), int(level.min())
    return _by_key((bar - first) // 1_000_000_000 << _LEVEL_BITS | (level - low), cells.T, first, low, record=True)


def _by_key(key: Ints, cells: Ints, first: int, low: int, *, record: bool) -> LevelSums:
    keys, sums = _numpy_sums(key, cells) if len(key) < NUMPY_BELOW and not record else _pandas_sums(key, cells)
    steps = keys >> _LEVEL_BITS
    new = edges(steps)
    bounds = np.empty(len(new) + 1, np.int64)
    bounds[:-1], bounds[-1] = new, len(keys)
    return LevelSums(steps[new] * 1_000_000_000 + first, bounds, (keys & _LEVEL_MASK) + low, sums)


def _pandas_sums(key: Ints, cells: Ints) -> tuple[Ints, Ints]:
    sums = pd.DataFrame(cells.T, copy=False).groupby(key, sort=True).sum()
    return sums.index.to_numpy(), sums.to_numpy()


def _numpy_sums(key: Ints, cells: Ints) -> tuple[Ints, Ints]:
    order = key.argsort(kind="stable")
    ordered = key[order]
    new = edges(ordered)
    return ordered[new], np.add.reduceat(cells[:, order], new, axis=1).T


@dataclass(slots=True)
class Bar:
    """One bar with its ladder.

    start, session: ns UTC. level: int64[m], ascending. cells: int64[m, 4], see `LevelSums`. revision: of the last
    change. scalars, sums, poc, opening: computed on demand, None until then.
    """

    start: int
    session: int
    level: Ints
    cells: Ints
    revision: int
    scalars: BarScalars | None = None
    sums: Sums | None = None
    poc: tuple[int, int] | None = None
    """(levels in a row, row of the POC) of the last request."""
    opening: Totals | None = None
    """Totals of its session before the bar; None while unknown."""

    def add(self, level: Ints, cells: Ints, revision: int) -> None:
        """Add sums by level. level: int64[k], distinct and ascending. cells: int64[k, 4]."""
        at = self.level.searchsorted(level)
        fresh = (self.level.take(at, mode="clip") != level).nonzero()[0]
        if len(fresh):
            self._make_room(level[fresh], at[fresh])
            at = self.level.searchsorted(level)
        self.cells[at] += cells
        self.revision = revision
        self.scalars = self.sums = self.poc = None

    def _make_room(self, level: Ints, at: Ints) -> None:
        """Insert rows of zeros for new levels. at: int64[k], index of the present row before which each belongs."""
        n = len(self.level) + len(level)
        there = np.ones(n, np.bool_)
        there[at + np.arange(len(level))] = False
        wider, taller = np.empty(n, np.int64), np.zeros((n, self.cells.shape[1]), np.int64)
        wider[there], wider[~there] = self.level, level
        taller[there] = self.cells
        self.level, self.cells = wider, taller

    def vwap_sums(self, vwap_ref: int) -> Sums:
        """The bar's sums for the VWAP, in size units and levels relative to `vwap_ref`."""
        if self.sums is None:
            self.sums = sums(self.level, self.cells[:, :TRADES].sum(axis=1), vwap_ref)
        return self.sums

    @property
    def delta(self) -> int:
        """ask - bid of the bar, in size units."""
        if self.scalars is not None:
            return delta(self.scalars.bid, self.scalars.ask)
        return delta(int(self.cells[:, BID].sum()), int(self.cells[:, ASK].sum()))


class Totals(NamedTuple):
    """Delta (size units) and VWAP sums over part of a session."""

    delta: int = 0
    sums: Sums = Sums()

    def plus(self, bar: Bar, vwap_ref: int) -> Totals:
        return Totals(self.delta + bar.delta, self.sums.plus(bar.vwap_sums(vwap_ref)))

    def plus_ticks(self, ticks: Columns, vwap_ref: int) -> Totals:
        return Totals(
            self.delta + int(ticks.size @ ticks.side.astype(np.int64)),
            self.sums.plus(sums(ticks.level, ticks.size, vwap_ref)),
        )

    def minus(self, other: Totals) -> Totals:
        return Totals(self.delta - other.delta, self.sums.minus(other.sums))


NO_TOTALS = Totals()


@dataclass(slots=True)
class SessionCarry:
    """Totals of the bars of one session that were dropped.

    session: its start (ns UTC). revision: of the last change in these bars.
    """

    session: int | None = None
    totals: Totals = NO_TOTALS
    revision: int = 0

    def add(self, bar: Bar, vwap_ref: int) -> None:
        self.totals = self.totals.plus(bar, vwap_ref)
        self.revision = max(self.revision, bar.revision)


@dataclass(slots=True)
class Series:
    """The newest `cap` bars of one frame. vwap_ref: level that VWAP sums are relative to. starts: ascending, ns UTC."""

    frame: Frame
    session: Session
    cap: int
    vwap_ref: int
    bars: dict[int, Bar] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    carry: SessionCarry = field(default_factory=SessionCarry)
    horizon: int = -(2**63)
    """Bars that start before this time (ns UTC) were dropped; the log still has their ticks."""
    dropped: int | None = None
    """Number of the log's bars before the held ones; None while it has not been counted."""
    log_floor: int = 0
    """The change log does not reach back beyond this revision; older clients need a snapshot."""
    _open: int = 0
    _close: int = 0
    _revisions: list[int] = field(default_factory=list)
    _changed: list[int] = field(default_factory=list)

    def merge(self, part: LevelSums, revision: int) -> None:
        """Add the sums of base bars. Every changed bar gets `revision`."""
        if self.starts and self._open <= int(part.start[0]) and int(part.start[-1]) < self._close:
            level, cells = part.level, part.cells
            if len(part.start) > 1:
                level, cells = _sum_levels(level, cells)
            self.bars[self._open].add(level, cells, revision)
            self._log_change(self._open, revision)
            return
        starts = bar_start(part.start, self.frame.ns, self.session)
        new = np.flatnonzero(np.concatenate(([True], starts[1:] != starts[:-1])))
        sessions = self.session.start_of(starts[new]).tolist()
        ends = np.append(new[1:], len(starts))
        for start, session, a, b in zip(starts[new].tolist(), sessions, new.tolist(), ends.tolist(), strict=True):
            x, y = int(part.bounds[a]), int(part.bounds[b])
            level, cells = part.level[x:y], part.cells[x:y]
            if b - a > 1:
                level, cells = _sum_levels(level, cells)
            if start < self.horizon:
                self._late(Bar(start, session, level, cells, revision))
                continue
            bar = self.bars.get(start)
            if bar is None:
                self._insert(Bar(start, session, level.copy(), cells.copy(), revision))
            else:
                bar.add(level, cells, revision)
            self.clear_openings(start)
            self._log_change(start, revision)
        if len(self.starts) > self.cap:
            self.drop(len(self.starts) - self.cap)

    def _insert(self, bar: Bar) -> None:
        self.bars[bar.start] = bar
        if self.starts and bar.start < self.starts[-1]:
            insort(self.starts, bar.start)
            return
        self.starts.append(bar.start)
        self._open = bar.start
        self._close = int(bar_end(np.array([bar.start]), self.frame.ns, self.session)[0])

    def drop(self, count: int) -> None:
        """Drop the oldest `count` bars and carry their totals, which later bars of the session need."""
        dropped, self.starts = self.starts[:count], self.starts[count:]
        for start in dropped:
            bar = self.bars.pop(start)
            if self.carry.session != bar.session:
                self.carry = SessionCarry(bar.session)
            self.carry.add(bar, self.vwap_ref)
        if self.dropped is not None:
            self.dropped += count
        self.raise_horizon(self.starts[0] if self.starts else dropped[-1] + 1)

    def raise_horizon(self, start: int) -> None:
        """Drop the bars that start before `start` (ns UTC), and hold none from now on."""
        old = bisect_left(self.starts, start)
        if old:
            self.drop(old)
        if start > self.horizon:
            self.horizon = start
            session = int(self.session.start_of(np.array([start]))[0])
            if self.carry.session != session:
                self.carry = SessionCarry(session)

    @property
    def opening(self) -> Totals:
        """Totals of the first held bar's session before that bar."""
        if self.starts and self.carry.session == self.bars[self.starts[0]].session:
            return self.carry.totals
        return NO_TOTALS

    def opening_of(self, start: int) -> Totals:
        """Totals of a held bar's session before the bar, computed from the nearest earlier bar with known totals."""
        known = self.bars[start].opening
        if known is not None:
            return known
        at = first = bisect_left(self.starts, start)
        bar = self.bars[start]
        while first and bar.opening is None and self.bars[self.starts[first - 1]].session == bar.session:
            first -= 1
            bar = self.bars[self.starts[first]]
        totals = bar.opening or (self.opening if not first else NO_TOTALS)
        for later in self.starts[first : at + 1]:
            bar = self.bars[later]
            bar.opening = totals
            totals = totals.plus(bar, self.vwap_ref)
        return self.bars[start].opening or NO_TOTALS

    def clear_openings(self, start: int) -> None:
        """Discard the cached openings of later bars in the session of the bar at `start`, which has changed."""
        session = self.bars[start].session if start in self.bars else self.carry.session
        for later in self.starts[bisect_right(self.starts, start) :]:
            bar = self.bars[later]
            if bar.session != session:
                break
            bar.opening = None

    def changed(self, since: int) -> list[int] | None:
        """Starts of the bars changed after revision `since`, ascending; None if the change log begins later."""
        if since < self.log_floor:
            return None
        at = bisect_right(self._revisions, since)
        return sorted(start for start in set(self._changed[at:]) if start in self.bars)

    def moved(self, since: int, changed: list[int]) -> list[int]:
        """Starts of the bars whose CVD and VWAP changed after revision `since` while their own trades did not.

        changed: the result of `changed`. A late tick moves CVD and VWAP of every later bar in its session.
        """
        found: set[int] = set()
        first = self.starts[0] if self.starts else 0
        causes = [first, *changed] if self.starts and self._carry_moved(since) else changed
        session = None
        for start in causes:
            if self.bars[start].session == session:
                continue
            session = self.bars[start].session
            for later in self.starts[bisect_left(self.starts, start) :]:
                if self.bars[later].session != session:
                    break
                found.add(later)
        return sorted(found.difference(changed))

    def _carry_moved(self, since: int) -> bool:
        return self.carry.revision > since and self.carry.session == self.bars[self.starts[0]].session

    def rescale(self, level: int, size: int) -> None:
        """Multiply levels and sizes for a finer grid. Clears the change log."""
        self.vwap_ref *= level
        for bar in self.bars.values():
            bar.level = bar.level * level
            bar.cells = bar.cells * np.array([size, size, size, 1])
            bar.scalars = bar.sums = bar.poc = bar.opening = None
        held = self.carry.totals
        self.carry.totals = Totals(held.delta * size, held.sums.rescaled(level, size))
        self._revisions.clear()
        self._changed.clear()

    def end_of(self, bar: Bar) -> int | None:
        """End of a bar (ns UTC) where the frame does not define it; None for time bars."""
        return None

    def after(self, start: int) -> int | None:
        """Start of the next held bar after `start`; None for the last one."""
        at = bisect_right(self.starts, start)
        return self.starts[at] if at < len(self.starts) else None

    def between(self, start: int, end: int) -> list[int]:
        """Starts of the held bars with start <= bar start < end (ns UTC)."""
        return self.starts[bisect_left(self.starts, start) : bisect_left(self.starts, end)]

    def _late(self, part: Bar) -> None:
        if self.carry.session == part.session:
            self.carry.add(part, self.vwap_ref)
            if self.starts and self.bars[self.starts[0]].session == part.session:
                self.bars[self.starts[0]].opening = None
                self.clear_openings(self.starts[0])

    def _log_change(self, start: int, revision: int) -> None:
        if self._revisions and self._revisions[-1] == revision and self._changed[-1] == start:
            return
        self._revisions.append(revision)
        self._changed.append(start)
        if len(self._revisions) > 8 * max(self.cap, 64):
            keep = 4 * max(self.cap, 64)
            self.log_floor = self._revisions[-keep - 1]
            del self._revisions[:-keep], self._changed[:-keep]


def _sum_levels(level: Ints, cells: Ints) -> tuple[Ints, Ints]:
    """Sum the cells of equal levels. `level` may be unsorted."""
    order = np.argsort(level, kind="stable")
    level, cells = level[order], cells[order]
    new = np.flatnonzero(np.concatenate(([True], level[1:] != level[:-1])))
    return level[new], np.add.reduceat(cells, new, axis=0)
