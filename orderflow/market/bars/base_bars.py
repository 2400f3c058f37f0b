"""Base bars: one row of order-dependent scalars for each minute (or second) of a symbol.

Volume by side and level is additive and can be merged in any order. Open, close and the running extremes of delta are
not, so they are kept here for each base bar, and bars of every frame are aggregated from rows in time order. A late
tick then costs the recomputation of one row: a 1-day bar is correct again after aggregating 1,440 rows, without
reading millions of ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Codes, Ints
from orderflow.market.buffer import Columns, order_ids
from orderflow.market.decimals import edges
from orderflow.market.sessions import Session, bar_start
from orderflow.market.studies.delta import extremes

FIELDS = (
    "start",  # ns UTC, start of the base bar
    "open",  # levels
    "high",
    "low",
    "close",
    "ask",  # size units by aggressor
    "bid",
    "unknown",
    "trades",
    "min_delta",  # running extremes within the base bar, from 0
    "max_delta",
    "last_time",  # key of the row's last tick: (time, order id)
    "last_id",
    "direction",  # sign of the last price change up to the row's end: the tick rule's state
    "passes",  # number of refreshes in which the row grew; 1: computed at once
)


@dataclass(frozen=True, slots=True)
class BarScalars:
    """The scalars of one bar. open, high, low, close: levels. Volumes and deltas: size units."""

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
    """int8[n]: sign of the last price change at each tick (the tick rule: zero ticks take the previous sign).

    level: int64[n], n >= 1, in time order. last_level, last_direction: the state before the first tick. Source: C. Lee
    and M. Ready, "Inferring trade direction from intraday data", Journal of Finance 46 (1991).
    """
    step = np.empty(len(level), np.int64)
    step[0] = 0 if last_level is None else level[0] - last_level
    np.subtract(level[1:], level[:-1], out=step[1:])
    sign = np.sign(step).astype(np.int8)
    if (sign != 0).all():
        return sign
    at = np.maximum.accumulate(np.where(sign != 0, np.arange(len(sign)), -1))
    return np.where(at >= 0, sign[at], np.int8(last_direction)).astype(np.int8)


def last_directions(level: Ints, ends: Ints, last_level: int | None, last_direction: int) -> Ints:
    """int64[k]: `directions` at the indices `ends`."""
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
    """Columns FIELDS, int64[k] each, of the base bars of ticks in time order.

    starts: int64[k], starts of the base bars (ns UTC). bounds: int64[k], index in `ticks` at which each begins. state:
    (last level, direction) before the first tick.
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
    """Rows of FIELDS sorted by start. base: length of a base bar in ns."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.horizon = -(2**63)
        """Rows that start before this time (ns UTC) were dropped."""
        self._n = 0
        self._columns = {name: np.empty(256, np.int64) for name in FIELDS}

    def __len__(self) -> int:
        return self._n

    def column(self, name: str) -> Ints:
        """int64[n] view of one field."""
        return self._columns[name][: self._n]

    def find(self, start: int) -> int:
        """Index of the first row that starts at or after `start` (ns UTC)."""
        if self._n and start > self._columns["start"][self._n - 1]:
            return self._n
        return int(np.searchsorted(self.column("start"), start))

    def holds(self, start: int) -> bool:
        """Whether a row starts exactly at `start` (ns UTC)."""
        at = self.find(start)
        return at < self._n and int(self._columns["start"][at]) == start

    def last_session(self, session: Session) -> tuple[int, int] | None:
        """(start, end), ns UTC, of the newest session that is over: a later one has rows. None if there is none."""
        starts = self.column("start")
        before = starts[: self.find(int(session.start_of(starts[-1:])[0]))] if self._n else starts
        if not len(before):
            return None
        start = session.start_of(before[-1:])
        return int(start[0]), int(session.end_of(start)[0])

    def extremes(self, frame_ns: int, session: Session, start: int, end: int) -> tuple[Ints, Ints]:
        """(high, low), int64[n] levels each, of the bars with start <= bar start < end (ns UTC), oldest first.

        frame_ns: length of these bars, a multiple of `base`.
        """
        a = self.find(start)
        bars = bar_start(self.column("start")[a : self.find(end + frame_ns)], frame_ns, session)
        first, last = (a + np.searchsorted(bars, [start, end])).tolist()
        if first == last:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        new = edges(bars[first - a : last - a])
        high, low = self.column("high")[first:last], self.column("low")[first:last]
        return np.maximum.reduceat(high, new), np.minimum.reduceat(low, new)

    def append(self, rows: dict[str, Ints], first: int = 0) -> None:
        """Append rows[first:], which must all start after the last row."""
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
        """Merge rows[k] into row `at`. Its ticks must all come after those of the row."""
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

    def put(self, rows: dict[str, Ints]) -> None:
        """Insert rows, and replace those with the same starts."""
        start, n = rows["start"], len(rows["start"])
        at = self.find(int(start[0]))
        if at == self._n:
            self.append(rows)
            return
        end = self.find(int(start[-1]) + 1)
        if end - at == n and np.array_equal(self._columns["start"][at:end], start):
            for name, column in self._columns.items():
                column[at:end] = rows[name]
            return
        kept = ~np.isin(self._columns["start"][at:end], start)
        place = np.argsort(np.concatenate([self._columns["start"][at:end][kept], start]), kind="stable")
        self._columns = {
            name: np.concatenate(
                [column[:at], np.concatenate([column[at:end][kept], rows[name]])[place], column[end : self._n]]
            )
            for name, column in self._columns.items()
        }
        self._n += len(place) - (end - at)

    def copy(self) -> BaseBars:
        """The same rows, which change on their own."""
        found = BaseBars(self.base)
        found.horizon, found._n = self.horizon, self._n
        found._columns = {name: column.copy() for name, column in self._columns.items()}
        return found

    def drop_before(self, start: int) -> None:
        """Drop the rows that start before `start` (ns UTC)."""
        self.horizon = max(self.horizon, start)
        at = self.find(start)
        if at:
            self._columns = {name: column[at : self._n].copy() for name, column in self._columns.items()}
            self._n -= at

    def rescale(self, level: int, size: int) -> None:
        """Multiply levels and sizes for a finer grid."""
        for name in ("open", "high", "low", "close"):
            self._columns[name] = self._columns[name] * level
        for name in ("ask", "bid", "unknown", "min_delta", "max_delta"):
            self._columns[name] = self._columns[name] * size

    def row(self, at: int) -> dict[str, int]:
        """One row as Python ints."""
        return {name: int(column[at]) for name, column in self._columns.items()}

    def aggregate(self, a: int, b: int) -> BarScalars:
        """Scalars of the bar that consists of rows a <= row < b."""
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
