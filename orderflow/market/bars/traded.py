"""The seconds that had trades: how many time bars the whole log has, and where each one starts, without its ticks.

A row a minute with trades takes 24 bytes: its start, a bit for each second with a trade, and its number of ticks. Every
tick of the log passes `TradedMinutes.add` once, in any order, and rows are never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.decimals import edges
from orderflow.market.frames import MINUTE, SECOND
from orderflow.market.sessions import Session, bar_start

_BITS = np.arange(60, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Places:
    """The starts of all bars of a time frame, numbered from 0.

    row: int64[k], ns UTC, ascending. seconds: int64[k], bits of the seconds after `row` at which a bar starts. before:
    int64[k + 1], number of bars before each row, and in all.
    """

    row: Ints
    seconds: Ints
    before: Ints

    def __len__(self) -> int:
        return int(self.before[-1])

    def rank(self, time: int) -> int:
        """Number of bars that start before `time` (ns UTC)."""
        at = int(self.row.searchsorted(time)) - 1
        if at < 0:
            return 0
        bits = min(60, -(-(time - int(self.row[at])) // SECOND))
        return int(self.before[at]) + (int(self.seconds[at]) & ((1 << bits) - 1)).bit_count()

    def starts(self, first: int, end: int) -> Ints:
        """int64[end - first]: starts (ns UTC) of the bars first <= number < end."""
        if first >= end:
            return np.empty(0, np.int64)
        a = int(self.before.searchsorted(first, side="right")) - 1
        b = int(self.before.searchsorted(end))
        here, second = np.nonzero(self.seconds[a:b, None] >> _BITS & 1)
        offset = first - int(self.before[a])
        return (self.row[a:b][here] + second * SECOND)[offset : offset + end - first]


class TradedMinutes:
    """The minutes with trades of one symbol, in memory or not."""

    def __init__(self) -> None:
        self._n = 0
        self._start, self._seconds, self._ticks = (np.empty(256, np.int64) for _ in range(3))
        self._places: dict[tuple[int, str], Places] = {}
        self._ticks_before: Ints | None = None

    def __len__(self) -> int:
        return self._n

    @property
    def start(self) -> Ints:
        """int64[n], ns UTC, ascending."""
        return self._start[: self._n]

    def add(self, time: Ints) -> None:
        """Add ticks. time: int64[m], ns UTC, ascending, m >= 1."""
        if self._places or self._ticks_before is not None:
            self._places, self._ticks_before = {}, None
        first, last = int(time[0]), int(time[-1])
        start = first // MINUTE * MINUTE
        if self._n and start == self._start[self._n - 1] and last < start + MINUTE:  # the newest minute grows
            one = 1 << (first - start) // SECOND
            bits = (
                one if last // SECOND == first // SECOND else int(np.bitwise_or.reduce(1 << (time - start) // SECOND))
            )
            self._seconds[self._n - 1] |= bits
            self._ticks[self._n - 1] += len(time)
            return
        starts = time // MINUTE * MINUTE
        bounds = edges(starts)
        seconds = np.bitwise_or.reduceat(1 << (time - starts) // SECOND, bounds)
        ticks = np.diff(np.append(bounds, len(time)))
        late = int(starts[bounds].searchsorted(self._start[self._n - 1], side="right")) if self._n else 0
        if late:
            self._merge(starts[bounds][:late], seconds[:late], ticks[:late])
        self._append(starts[bounds][late:], seconds[late:], ticks[late:])

    def copy(self) -> TradedMinutes:
        """The same minutes, which change on their own."""
        found = TradedMinutes()
        found._n = self._n
        found._start, found._seconds, found._ticks = self._start.copy(), self._seconds.copy(), self._ticks.copy()
        return found

    def ticks_in(self, minute: Ints) -> Ints:
        """int64[k]: number of ticks in the minutes that start at `minute` (ns UTC)."""
        at = self.start.searchsorted(minute)
        known = np.flatnonzero(self.start.take(at, mode="clip") == minute) if self._n else np.empty(0, np.int64)
        found = np.zeros(len(minute), np.int64)
        found[known] = self._ticks[at[known]]
        return found

    def ticks_between(self, start: int, end: int) -> int:
        """Number of ticks with start <= time < end (ns UTC, whole minutes)."""
        before = self.ticks_before(np.array([start, end]))
        return int(before[1] - before[0])

    def ticks_before(self, time: Ints) -> Ints:
        """int64[k]: number of ticks before each time (ns UTC, whole minutes)."""
        if self._ticks_before is None:
            self._ticks_before = np.concatenate(([0], np.cumsum(self._ticks[: self._n])))
        return self._ticks_before[self.start.searchsorted(time)]

    def minute_after(self, begin: int, ticks: int) -> int:
        """End (ns UTC) of the minute with which at least `ticks` ticks have come since `begin`, or of the last one."""
        before = int(self.ticks_before(np.array([begin]))[0])
        assert self._ticks_before is not None
        at = int(self._ticks_before.searchsorted(before + ticks)) - 1
        return int(self._start[min(at, self._n - 1)]) + MINUTE

    def minute_before(self, end: int, ticks: int) -> int | None:
        """Start (ns UTC) of the last minute since which there were at least `ticks` ticks before `end`, or of the first
        minute; None if none begins before `end`."""
        stop = int(self.start.searchsorted(end))
        if not stop:
            return None
        self.ticks_before(self.start[:1])
        assert self._ticks_before is not None
        wanted = int(self._ticks_before[stop]) - ticks
        return int(self._start[max(0, int(self._ticks_before[:stop].searchsorted(wanted, side="right")) - 1)])

    def places(self, frame_ns: int, session: Session) -> Places:
        """The bars of a time frame, see `sessions.bar_start`. Cached until the next `add`."""
        key = frame_ns, session.label
        found = self._places.get(key)
        if found is None:
            if frame_ns < MINUTE:
                row, seconds = self.start.copy(), _folded(self._seconds[: self._n], frame_ns // SECOND)
            else:
                row = np.unique(bar_start(self.start, frame_ns, session))
                seconds = np.ones(len(row), np.int64)
            counts = np.bitwise_count(seconds).astype(np.int64)
            found = self._places[key] = Places(row, seconds, np.concatenate(([0], np.cumsum(counts))))
        return found

    def cuts(self, begin: int, end: int, session: Session, most: int) -> list[int]:
        """Ascending times from `begin` to `end` (ns UTC, whole minutes), with at most `most` ticks between two of them.

        A minute is not divided. Every session with trades that starts in between is cut at its start.
        """
        a, b = self.start.searchsorted([begin, end]).tolist()
        if a == b:
            return [begin, end]
        rows, count = self.start[a:b], np.cumsum(self._ticks[a:b])
        opening = session.start_of(rows)
        found = [begin]
        for x, y in zip(edges(opening).tolist(), [*edges(opening)[1:].tolist(), b - a], strict=True):
            found.append(max(begin, int(opening[x])))
            at = x
            while (at := max(at + 1, int(count.searchsorted((count[at - 1] if at else 0) + most, side="right")))) < y:
                found.append(int(rows[at]))
        return sorted({*found, end})

    def _append(self, start: Ints, seconds: Ints, ticks: Ints) -> None:
        end = self._n + len(start)
        if end > len(self._start):
            room = np.empty(max(2 * self._n, end) - self._n, np.int64)
            self._start, self._seconds, self._ticks = (
                np.concatenate([column[: self._n], room]) for column in (self._start, self._seconds, self._ticks)
            )
        for column, new in ((self._start, start), (self._seconds, seconds), (self._ticks, ticks)):
            column[self._n : end] = new
        self._n = end

    def _merge(self, start: Ints, seconds: Ints, ticks: Ints) -> None:
        at = self.start.searchsorted(start)
        known = self._start[at] == start
        self._seconds[at[known]] |= seconds[known]
        self._ticks[at[known]] += ticks[known]
        if not known.all():
            new = ~known
            self._start, self._seconds, self._ticks = (
                np.insert(column[: self._n], at[new], values[new])
                for column, values in ((self._start, start), (self._seconds, seconds), (self._ticks, ticks))
            )
            self._n = len(self._start)


def _folded(seconds: Ints, width: int) -> Ints:
    """Bits of the first seconds of the bars of `width` seconds (a divisor of 60) with trades in `seconds`."""
    covered, some = 1, seconds
    while 2 * covered <= width:
        some = some | some >> covered
        covered *= 2
    if covered < width:
        some = some | some >> (width - covered)
    return some & sum(1 << at for at in range(0, 60, width))
