"""In-memory tick storage of one symbol: columns in segments, appended under a short lock.

The published prefix is not moved, so readers need no lock. A segment does not grow: allocating a new one takes
microseconds, whereas doubling an array would stall every reader. The more ticks are held, the larger is the next
segment, so that of many symbols with few ticks each something can be evicted too. Levels and sizes change only when the
grid is refined, and a side only when the tick rule is re-applied after a late tick.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Codes, Flags, Indices, Ints
from orderflow.market.decimals import ascends
from orderflow.market.ticks import NO_ID

SEGMENT = 1 << 18
"""Most ticks in a segment: 7.6 MB at 29 B a tick. The operating system commits its pages as they are written."""
FIRST_SEGMENT = 1 << 12
"""Least number of ticks in a segment, if SEGMENT is not less."""
SHARE = 8
"""A new segment is this part of the ticks held, between the two above."""


@dataclass(frozen=True, slots=True)
class Columns:
    """n ticks on a grid.

    time: int64[n], ns UTC. level: int64[n], price / tick size. size: int64[n], size units. flags: int8[n], side and
    rule as `pack` combines them. id: int64[n], venue trade id or `NO_ID`.
    """

    time: Ints
    level: Ints
    size: Ints
    flags: Codes
    id: Ints

    @staticmethod
    def empty() -> Columns:
        """No ticks."""
        none = np.empty(0, np.int64)
        return Columns(none, none, none, np.empty(0, np.int8), none)

    def __len__(self) -> int:
        return len(self.time)

    @property
    def side(self) -> Codes:
        """int8[n] of `Side`."""
        return (self.flags & 3) - np.int8(1)

    @property
    def rule(self) -> Codes:
        """int8[n] of `SideRule`."""
        return self.flags >> 2

    def take(self, where: Indices | Flags | slice) -> Columns:
        """The ticks at `where`."""
        return Columns(self.time[where], self.level[where], self.size[where], self.flags[where], self.id[where])


def pack(side: Codes, rule: Codes) -> Codes:
    """int8[n]: side (-1, 0, 1) and rule (1..5) combined, which saves a byte a tick."""
    return (rule << 2 | (side + 1)).astype(np.int8)


def order_ids(ids: Ints) -> Ints:
    """int64[n]: the venue id as sort key of ticks at one time; -1 where it is absent or a hash."""
    return np.maximum(ids, -1)


def in_order(ticks: Columns) -> Indices | None:
    """int64[n]: indices that sort ticks by (time, venue id, arrival); None if they are sorted."""
    time, n = ticks.time, len(ticks.time)
    if n < 2:
        return None
    step = time[1:] - time[:-1]
    if step.min() >= 0:
        tied = step == 0
        if not tied.any():
            return None
        ids = order_ids(ticks.id)
        if not (tied & (ids[1:] < ids[:-1])).any():
            return None
    return np.lexsort((order_ids(ticks.id), time))


def _equal(held: Ints, at: Indices, ids: Ints) -> Flags:
    inside = at < len(held)
    inside &= held[np.minimum(at, len(held) - 1)] == ids
    return inside


class _Segment:
    __slots__ = (
        "begin",
        "flags",
        "id",
        "id_max",
        "id_min",
        "ids",
        "ids_ascend",
        "level",
        "size",
        "sorted",
        "time",
        "tmax",
        "tmin",
    )

    def __init__(self, begin: int, capacity: int) -> None:
        self.begin = begin
        self.time = np.empty(capacity, np.int64)
        self.level = np.empty(capacity, np.int32)
        self.size = np.empty(capacity, np.int64)
        self.flags = np.empty(capacity, np.int8)
        self.id = np.empty(capacity, np.int64)
        self.tmin, self.tmax, self.sorted = 2**63 - 1, -(2**63), True
        self.id_min, self.id_max, self.ids_ascend = 2**63 - 1, NO_ID, True
        self.ids: Ints | set[int] | None = None

    @property
    def end(self) -> int:
        """Index after its last tick, once it is full."""
        return self.begin + len(self.time)

    def count(self, n: int) -> int:
        """Number of its ticks among the first `n` of the buffer."""
        return max(0, min(len(self.time), n - self.begin))

    def columns(self, a: int, b: int) -> Columns:
        """Its ticks a to b, without a copy but of the levels."""
        return Columns(self.time[a:b], self.level[a:b].astype(np.int64), self.size[a:b], self.flags[a:b], self.id[a:b])

    def has_id(self, ids: Ints, count: int) -> Flags:
        """bool[n]: which ids are among the first `count` ticks of the segment.

        Ascending ids, the usual case, are searched in place. Other ids (hashes of text) need an index: a set while the
        segment fills, a sorted copy (8 B a tick) when it is full.
        """
        if self.ids_ascend:
            at = np.searchsorted(self.id[:count], ids)
            return _equal(self.id[:count], at, ids)
        if count == len(self.id):
            if not isinstance(self.ids, np.ndarray):
                self.ids = np.sort(self.id)
            at = np.searchsorted(self.ids, ids)
            return _equal(self.ids, at, ids)
        if self.ids is None or isinstance(self.ids, np.ndarray):
            self.ids = set(self.id[:count].tolist())
        known = self.ids
        return np.fromiter((i in known for i in ids.tolist()), np.bool_, len(ids))

    def nth_time(self, start: int, n: int, count: int) -> int | None:
        """Time of tick n, in time order from 0, of those at or after `start` among the first `count`; None if fewer."""
        time = self.time[:count]
        if self.sorted:
            at = int(np.searchsorted(time, start)) + n
            return int(time[at]) if at < count else None
        after = time[time >= start]
        return int(np.partition(after, n)[n]) if n < len(after) else None

    def places(self, times: Ints, count: int) -> Indices:
        """int64[k]: which of the first `count` ticks have one of `times` (ascending, distinct)."""
        time = self.time[:count]
        if not self.sorted:
            return np.flatnonzero(np.isin(time, times))
        first = np.searchsorted(time, times)
        alike = np.searchsorted(time, times, side="right") - first
        return np.repeat(first - np.cumsum(alike) + alike, alike) + np.arange(int(alike.sum()))


class TickBuffer:
    """Ticks of one symbol in arrival order, with indices first <= index < n. A tick keeps its index."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        self.first = 0
        self.n = 0
        self.evicted_until = -(2**63)
        """Latest time (ns UTC) of an evicted tick: up to it, memory is incomplete."""

    def __len__(self) -> int:
        return self.n - self.first

    def append(self, ticks: Columns) -> None:
        """Publish ticks at the end. The caller must hold the writers' lock."""
        start, end = 0, len(ticks)
        n = self.n
        while start < end:
            segment = self._segments[-1] if self._segments else None
            if segment is None or n == segment.end:
                segment = _Segment(n, min(SEGMENT, max(FIRST_SEGMENT, (n - self.first) // SHARE)))
                self._segments.append(segment)
            at = n - segment.begin
            count = min(end - start, segment.end - n)
            to, stop = at + count, start + count
            segment.time[at:to] = time = ticks.time[start:stop]
            segment.level[at:to] = ticks.level[start:stop]
            segment.size[at:to] = ticks.size[start:stop]
            segment.flags[at:to] = ticks.flags[start:stop]
            segment.id[at:to] = ids = ticks.id[start:stop]
            if segment.ids_ascend:
                segment.ids_ascend = int(ids[0]) >= segment.id_max and ascends(ids)
            lowest, highest = (int(ids[0]), int(ids[-1])) if segment.ids_ascend else (int(ids.min()), int(ids.max()))
            segment.id_min, segment.id_max = min(segment.id_min, lowest), max(segment.id_max, highest)
            if isinstance(segment.ids, set):
                segment.ids.update(ids.tolist())
            ascending = ascends(time)
            low, high = (int(time[0]), int(time[-1])) if ascending else (int(time.min()), int(time.max()))
            segment.sorted = segment.sorted and ascending and low >= segment.tmax
            segment.tmin, segment.tmax = min(segment.tmin, low), max(segment.tmax, high)
            start, n = stop, n + count
        self.n = n

    def slice(self, start: int, end: int) -> Columns:
        """Ticks with start <= index < end; without a copy (levels apart) if they are in one segment."""
        parts = [segment.columns(a, b) for segment, a, b in self._pieces(start, end)]
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return Columns.empty()
        return join(parts)

    def between(self, start: int, end: int, until: int | None = None, since: int = 0) -> tuple[Ints, Columns]:
        """(int64[k] indices, ticks) with start <= time < end (ns UTC), since <= index < until, in arrival order."""
        indices, parts = [], []
        for segment, a, b in self._pieces(since, self.n if until is None else until):
            if segment.tmax < start or segment.tmin >= end:
                continue
            time = segment.time[a:b]
            if segment.sorted:
                i, j = np.searchsorted(time, [start, end])
                if i == j:
                    continue
                indices.append(np.arange(segment.begin + a + i, segment.begin + a + j))
                parts.append(segment.columns(a + int(i), a + int(j)))
            else:
                hit = np.flatnonzero((time >= start) & (time < end))
                if len(hit):
                    indices.append(hit + (segment.begin + a))
                    parts.append(segment.columns(a, b).take(hit))
        if not parts:
            return np.empty(0, np.int64), self.slice(0, 0)
        return (indices[0], parts[0]) if len(parts) == 1 else (np.concatenate(indices), join(parts))

    def first_from(self, start: int, since: int = 0) -> int | None:
        """Index, from `since` on, of the first tick in arrival order at or after `start` (ns UTC); None without one."""
        for segment, a, b in self._pieces(since, self.n):
            if segment.tmax >= start and (late := segment.time[a:b] >= start).any():
                return segment.begin + a + int(np.argmax(late))
        return None

    def nth_time(self, start: int, n: int) -> int | None:
        """A time (ns UTC) before which each segment has at most `n` ticks at or after `start`; None if none has more.

        With n = 0, the time of the first tick at or after `start`.
        """
        best: int | None = None
        for segment in sorted(self._segments, key=lambda segment: segment.tmin):
            if best is not None and segment.tmin >= best:
                break
            if segment.tmax >= start:
                time = segment.nth_time(start, n, segment.count(self.n))
                best = time if best is None else min(best, best if time is None else time)
        return best

    def since(self, time: int, until: int) -> Iterator[Columns]:
        """Yield runs of the ticks with index < until at or after `time` (ns UTC), in arrival order."""
        for segment, a, b in self._pieces(self.first, until):
            if segment.tmax < time:
                continue
            ticks = segment.columns(a, b)
            if segment.tmin >= time:
                yield ticks
            else:
                ticks = ticks.take(ticks.time >= time)
                if len(ticks):
                    yield ticks

    def set_flags(self, indices: Ints, flags: Codes) -> None:
        """Replace the flags of the ticks at `indices`, after the tick rule was re-applied."""
        segments = list(self._segments)
        number = np.searchsorted([segment.begin for segment in segments], indices, side="right") - 1
        for k in np.unique(number).tolist():
            here = number == k
            segments[k].flags[indices[here] - segments[k].begin] = flags[here]

    def rescale(self, level: int, size: int) -> None:
        """Multiply levels and sizes for a finer grid, in new arrays, so that views held by readers stay consistent."""
        for segment in self._segments:
            count = segment.count(self.n)
            if level != 1:
                segment.level = _multiplied(segment.level, level, count)
            if size != 1:
                segment.size = _multiplied(segment.size, size, count)

    def evict(self) -> int:
        """Drop the oldest segment, unless it is the one being filled. Returns the number of ticks dropped."""
        dropped = self.evictable
        if dropped:
            self.evicted_until = max(self.evicted_until, self._segments.pop(0).tmax)
            self.first += dropped
        return dropped

    @property
    def evictable(self) -> int:
        """Number of ticks that `evict` would drop."""
        segments = self._segments
        return len(segments[0].time) if segments and segments[0].end <= self.n else 0

    def may_evict(self, before: int) -> bool:
        """Whether `evict` would drop only ticks older than `before` (ns UTC)."""
        return self.evictable > 0 and self._segments[0].tmax < before

    @property
    def oldest(self) -> int:
        """Least time (ns UTC) of a held tick; 2**63 - 1 without any."""
        return min((segment.tmin for segment in list(self._segments)), default=2**63 - 1)

    def has_id(self, ids: Ints) -> Flags:
        """bool[n]: which venue ids are held; False for `NO_ID`. ids: n >= 1."""
        found = np.zeros(len(ids), np.bool_)
        lowest, highest = int(ids.min()), int(ids.max())
        for segment in list(self._segments):
            if lowest <= segment.id_max and highest >= segment.id_min:
                found |= segment.has_id(ids, segment.count(self.n))
        found &= ids != NO_ID
        return found

    def shared_ids(self) -> int:
        """Number of held ticks less the number of their distinct venue ids, without those that have none."""
        ids = np.concatenate([columns.id for columns in self.since(-(2**63), self.n)] or [np.empty(0, np.int64)])
        ids = np.sort(ids[ids != NO_ID])
        return int(np.count_nonzero(ids[1:] == ids[:-1]))

    @property
    def latest(self) -> int:
        """Latest time (ns UTC) of a held tick; -2**63 without any."""
        return max((segment.tmax for segment in list(self._segments)), default=-(2**63))

    def at(self, times: Ints) -> Iterator[Columns]:
        """Yield runs of the held ticks whose time is one of `times` (ns UTC, ascending, distinct)."""
        for segment in list(self._segments):
            wanted = times[slice(*np.searchsorted(times, [segment.tmin, segment.tmax + 1]))]
            if not len(wanted):
                continue
            where = segment.places(wanted, segment.count(self.n))
            if len(where):
                yield Columns(
                    segment.time[where],
                    segment.level[where].astype(np.int64),
                    segment.size[where],
                    segment.flags[where],
                    segment.id[where],
                )

    def _pieces(self, start: int, end: int) -> Iterator[tuple[_Segment, int, int]]:
        """Yield (segment, a, b): its ticks a to b are those with start <= index < end."""
        start = max(start, self.first)
        segments = list(self._segments)
        for segment in segments[max(0, bisect_right(segments, start, key=_begin) - 1) :]:
            if segment.begin >= end:
                break
            a, b = max(start - segment.begin, 0), min(end, segment.end) - segment.begin
            if a < b:
                yield segment, a, b


def _begin(segment: _Segment) -> int:
    return segment.begin


def _multiplied(values: npt.NDArray[Any], factor: int, count: int) -> npt.NDArray[Any]:
    """A new array with the first `count` values times `factor`; the rest is not initialised."""
    made = np.empty_like(values)
    made[:count] = values[:count] * values.dtype.type(factor)
    return made


def join(parts: list[Columns]) -> Columns:
    """Concatenate runs of ticks."""
    return Columns(
        np.concatenate([p.time for p in parts]),
        np.concatenate([p.level for p in parts]),
        np.concatenate([p.size for p in parts]),
        np.concatenate([p.flags for p in parts]),
        np.concatenate([p.id for p in parts]),
    )
