"""The base_bars: one row of order-dependent figures for every small bar (a minute, or a second) of a symbol.

Everything additive (volume by side at a level) can be merged in any order. Open, close and the running extremes of
delta cannot, so they live here, per small bar, where a late tick costs the recomputation of one small bar, and bars of
every frame are scalars from rows in time order. A 1-day bar with a late tick is thus right again after folding 1,440
rows, without reading millions of ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Codes, Ints
from orderflow.market.buffer import Columns, order_ids
from orderflow.market.studies.delta import extremes

FIELDS = (
    "start",  # ns, start of the small bar
    "open",  # levels
    "high",
    "low",
    "close",
    "ask",  # size units by aggressor
    "bid",
    "unknown",
    "trades",
    "min_delta",  # running extremes within the small bar, from 0
    "max_delta",
    "last_time",  # key of the row's last tick: (time, order id)
    "last_id",
    "direction",  # sign of the last price change up to the row's end: the state the tick rule hands on
    "passes",  # in how many refreshes the row grew: 1 means computed in one piece
)


@dataclass(frozen=True, slots=True)
class BarScalars:
    """The scalars of one bar; levels and size units."""

    open: int
    high: int
    low: int
    close: int
    ask: int
    bid: int
    unknown: int
    trades: int
    min_delta: int
    max_delta: int


def directions(level: Ints, last_level: int | None, last_direction: int) -> Codes:
    """int8[n]: sign of the last price change at each tick of a time-ordered run (the tick rule: zero ticks inherit)."""
    step = np.empty(len(level), np.int64)
    step[0] = 0 if last_level is None else level[0] - last_level
    np.subtract(level[1:], level[:-1], out=step[1:])
    sign = np.sign(step).astype(np.int8)
    if (sign != 0).all():
        return sign
    at = np.maximum.accumulate(np.where(sign != 0, np.arange(len(sign)), -1))
    return np.where(at >= 0, sign[at], np.int8(last_direction)).astype(np.int8)


def last_directions(level: Ints, ends: Ints, last_level: int | None, last_direction: int) -> Ints:
    """int64[k]: `directions` at the positions `ends` only."""
    step = level[1:] - level[:-1]
    moves = step.nonzero()[0]
    before = last_direction
    if last_level is not None and level[0] != last_level:
        before = 1 if level[0] > last_level else -1
    if not len(moves):
        return np.full(len(ends), before)
    at = moves.searchsorted(ends, side="left") - 1
    return np.where(at >= 0, np.sign(step[moves[np.maximum(at, 0)]]), before)


def rows_of(ticks: Columns, starts: Ints, bounds: Ints, state: tuple[int | None, int] = (None, 0)) -> dict[str, Ints]:
    """Rows of a time-ordered run of ticks.

    starts: int64[k], the small bars' starts. bounds: int64[k], where each begins in `ticks`. state: (level, direction)
    before the first tick.
    """
    ends = np.empty(len(bounds), np.int64)
    ends[:-1], ends[-1] = bounds[1:], len(ticks)
    ends -= 1
    side, size, level = ticks.side, ticks.size, ticks.level
    delta, min_delta, max_delta = extremes(size * side, bounds)
    ask = np.add.reduceat(size * (side > 0), bounds)
    return {
        "start": starts,
        "open": level[bounds],
        "high": np.maximum.reduceat(level, bounds),
        "low": np.minimum.reduceat(level, bounds),
        "close": level[ends],
        "ask": ask,
        "bid": ask - delta,
        "unknown": np.add.reduceat(size, bounds) - 2 * ask + delta,
        "trades": ends - bounds + 1,
        "min_delta": min_delta,
        "max_delta": max_delta,
        "last_time": ticks.time[ends],
        "last_id": order_ids(ticks.id[ends]),
        "direction": last_directions(level, ends, *state),
        "passes": np.ones(len(bounds), np.int64),
    }


class BaseBars:
    """Rows sorted by start, in growing columns."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.horizon = -(2**63)
        """Rows that start before this were let go."""
        self._n = 0
        self._columns = {name: np.empty(256, np.int64) for name in FIELDS}

    def __len__(self) -> int:
        return self._n

    def column(self, name: str) -> Ints:
        """int64[n] view of one field."""
        return self._columns[name][: self._n]

    def find(self, start: int) -> int:
        """Position of the first row whose start is not before `start`."""
        if self._n and start > self._columns["start"][self._n - 1]:
            return self._n
        return int(np.searchsorted(self.column("start"), start))

    def holds(self, start: int) -> bool:
        """Is there a row of exactly this start?"""
        at = self.find(start)
        return at < self._n and int(self._columns["start"][at]) == start

    def append(self, rows: dict[str, Ints], first: int = 0) -> None:
        """Add rows[first:], all of them after the last row."""
        count = len(rows["start"]) - first
        if self._n + count > len(self._columns["start"]):
            room = max(2 * self._n, self._n + count)
            self._columns = {
                name: np.concatenate([column[: self._n], np.empty(room - self._n, np.int64)])
                for name, column in self._columns.items()
            }
        for name, column in self._columns.items():
            column[self._n : self._n + count] = rows[name][first:]
        self._n += count

    def extend_row(self, at: int, rows: dict[str, Ints], k: int) -> None:
        """Merge rows[k], whose ticks all come after those of row `at`, into it."""
        c = self._columns
        delta = c["ask"][at] - c["bid"][at]
        c["min_delta"][at] = min(c["min_delta"][at], delta + rows["min_delta"][k])
        c["max_delta"][at] = max(c["max_delta"][at], delta + rows["max_delta"][k])
        c["high"][at] = max(c["high"][at], rows["high"][k])
        c["low"][at] = min(c["low"][at], rows["low"][k])
        for name in ("ask", "bid", "unknown", "trades", "passes"):
            c[name][at] += rows[name][k]
        for name in ("close", "last_time", "last_id", "direction"):
            c[name][at] = rows[name][k]

    def put(self, rows: dict[str, Ints], k: int) -> None:
        """Insert rows[k], or replace the row of the same start."""
        start = int(rows["start"][k])
        at = self.find(start)
        if at == self._n:
            self.append({name: column[k : k + 1] for name, column in rows.items()})
            return
        if self._columns["start"][at] != start:
            self._columns = {
                name: np.insert(column[: self._n], at, rows[name][k]) for name, column in self._columns.items()
            }
            self._n += 1
            return
        for name, column in self._columns.items():
            column[at] = rows[name][k]

    def drop_before(self, start: int) -> None:
        """Let the rows go that start before `start`."""
        self.horizon = max(self.horizon, start)
        at = self.find(start)
        if at:
            self._columns = {name: column[at : self._n].copy() for name, column in self._columns.items()}
            self._n -= at

    def rescale(self, level: int, size: int) -> None:
        """The grid became finer: multiply levels and sizes."""
        for name in ("open", "high", "low", "close"):
            self._columns[name] = self._columns[name] * level
        for name in ("ask", "bid", "unknown", "min_delta", "max_delta"):
            self._columns[name] = self._columns[name] * size

    def row(self, at: int) -> dict[str, int]:
        """One row as plain numbers."""
        return {name: int(column[at]) for name, column in self._columns.items()}

    def fold(self, a: int, b: int) -> BarScalars:
        """The scalars of the bar made of rows a <= row < b."""
        c = self._columns
        if b - a == 1:
            return BarScalars(*(int(c[name][a]) for name in BarScalars.__slots__))
        ask, bid = c["ask"][a:b], c["bid"][a:b]
        delta = ask - bid
        before = np.cumsum(delta) - delta
        return BarScalars(
            open=int(c["open"][a]),
            high=int(c["high"][a:b].max()),
            low=int(c["low"][a:b].min()),
            close=int(c["close"][b - 1]),
            ask=int(ask.sum()),
            bid=int(bid.sum()),
            unknown=int(c["unknown"][a:b].sum()),
            trades=int(c["trades"][a:b].sum()),
            min_delta=int((before + c["min_delta"][a:b]).min()),
            max_delta=int((before + c["max_delta"][a:b]).max()),
        )
