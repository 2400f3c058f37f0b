"""Where a symbol's ticks are kept in memory: columns in fixed segments, appended under a short lock.

The published prefix never moves, so readers need no lock. A segment is never grown: a new one costs microseconds where
doubling an array stalls every reader. Level and size change only when the grid is refined, and a tick's side only when
the tick rule is resolved again after a late tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Codes, Flags, Indices, Ints
from orderflow.market.decimals import ascends
from orderflow.market.ticks import NO_ID

SEGMENT = 1 << 18
"""Ticks in a segment: 7.6 MB at 29 B a tick, committed by the operating system page by page as it fills."""
SMALL_SEGMENT = 1 << 14
"""Ticks in a segment of a symbol of which there are many, each with few ticks."""


@dataclass(frozen=True, slots=True)
class Columns:
    """n ticks: time int64 ns, level int64, size int64, flags int8 (side and rule, see `pack`), id int64."""

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
    """Side (-1, 0, 1) and rule (1..5) in one int8, which saves a byte a tick."""
    return (rule << 2 | (side + 1)).astype(np.int8)


def order_ids(ids: Ints) -> Ints:
    """The part of a venue id that orders ticks of one time: the id itself, or -1 where it is absent or only a hash."""
    return np.maximum(ids, -1)


def in_order(ticks: Columns) -> Indices | None:
    """Indices that put ticks in (time, venue id, arrival) order, or None when they already are."""
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
    __slots__ = ("flags", "id", "id_max", "ids", "ids_ascend", "level", "size", "sorted", "time", "tmax", "tmin")

    def __init__(self, capacity: int) -> None:
        self.time = np.empty(capacity, np.int64)
        self.level = np.empty(capacity, np.int32)
        self.size = np.empty(capacity, np.int64)
        self.flags = np.empty(capacity, np.int8)
        self.id = np.empty(capacity, np.int64)
        self.tmin, self.tmax, self.sorted = 2**63 - 1, -(2**63), True
        self.id_max, self.ids_ascend = NO_ID, True
        self.ids: Ints | set[int] | None = None

    def has_id(self, ids: Ints, count: int) -> Flags:
        """bool[n]: which ids are among the first `count` ticks here.

        Ascending ids, the normal case, are bisected in place. Others (hashes of text ids) need an index of their own:
        a set while the segment fills, a sorted copy (8 B a tick) once it is full.
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


class TickBuffer:
    """Ticks `first <= index < n` of one symbol, in arrival order; an index names the same tick for ever."""

    def __init__(self, segment: int | None = None) -> None:
        """segment: ticks in a segment, SEGMENT when not given; memory is given back segment by segment."""
        self._size = segment or SEGMENT
        self._segments: dict[int, _Segment] = {}
        self.first = 0
        self.n = 0
        self.evicted_until = -(2**63)
        """Largest time (ns) among the ticks dropped so far: before it, memory is incomplete."""

    def __len__(self) -> int:
        return self.n - self.first

    def append(self, ticks: Columns) -> None:
        """Publish ticks at the end. The caller holds the writers' lock."""
        start, end = 0, len(ticks)
        n = self.n
        while start < end:
            number, at = divmod(n, self._size)
            segment = self._segments.get(number)
            if segment is None:
                segment = self._segments[number] = _Segment(self._size)
            count = min(end - start, self._size - at)
            to, stop = at + count, start + count
            segment.time[at:to] = time = ticks.time[start:stop]
            segment.level[at:to] = ticks.level[start:stop]
            segment.size[at:to] = ticks.size[start:stop]
            segment.flags[at:to] = ticks.flags[start:stop]
            segment.id[at:to] = ids = ticks.id[start:stop]
            if segment.ids_ascend:
                segment.ids_ascend = int(ids[0]) >= segment.id_max and ascends(ids)
                segment.id_max = int(ids[-1])
            if isinstance(segment.ids, set):
                segment.ids.update(ids.tolist())
            ascending = ascends(time)
            low, high = (int(time[0]), int(time[-1])) if ascending else (int(time.min()), int(time.max()))
            segment.sorted = segment.sorted and ascending and low >= segment.tmax
            segment.tmin, segment.tmax = min(segment.tmin, low), max(segment.tmax, high)
            start, n = stop, n + count
        self.n = n

    def slice(self, start: int, end: int) -> Columns:
        """Ticks start <= index < end: views where they lie in one segment."""
        parts = [self._columns(number, a, b) for number, a, b in self._pieces(start, end)]
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return Columns.empty()
        return join(parts)

    def between(self, start: int, end: int, until: int | None = None) -> tuple[Ints, Columns]:
        """(indices, ticks) with start <= time < end (ns) among the first `until` ticks, in arrival order."""
        indices, parts = [], []
        for number, a, b in self._pieces(self.first, self.n if until is None else until):
            segment = self._segments[number]
            if segment.tmax < start or segment.tmin >= end:
                continue
            time = segment.time[a:b]
            if segment.sorted:
                i, j = np.searchsorted(time, [start, end])
                if i == j:
                    continue
                indices.append(np.arange(number * self._size + a + i, number * self._size + a + j))
                parts.append(self._columns(number, a + int(i), a + int(j)))
            else:
                hit = np.flatnonzero((time >= start) & (time < end))
                if len(hit):
                    indices.append(hit + (number * self._size + a))
                    parts.append(self._columns(number, a, b).take(hit))
        if not parts:
            return np.empty(0, np.int64), self.slice(0, 0)
        return (indices[0], parts[0]) if len(parts) == 1 else (np.concatenate(indices), join(parts))

    def since(self, time: int, until: int) -> Iterator[Columns]:
        """Runs of the ticks at or after `time` (ns) among the first `until` ticks, in arrival order."""
        for number, a, b in self._pieces(self.first, until):
            segment = self._segments[number]
            if segment.tmax < time:
                continue
            ticks = self._columns(number, a, b)
            if segment.tmin >= time:
                yield ticks
            else:
                ticks = ticks.take(ticks.time >= time)
                if len(ticks):
                    yield ticks

    def set_flags(self, indices: Ints, flags: Codes) -> None:
        """Rewrite the flags of some ticks (the tick rule, resolved again)."""
        for number in np.unique(indices // self._size).tolist():
            here = indices // self._size == number
            self._segments[number].flags[indices[here] - number * self._size] = flags[here]

    def rescale(self, level: int, size: int) -> None:
        """Multiply every level and size: the grid became finer. New arrays, so a reader keeps its consistent view."""
        for number, segment in self._segments.items():
            count = min(self._size, self.n - number * self._size)
            if level != 1:
                segment.level = _multiplied(segment.level, level, count)
            if size != 1:
                segment.size = _multiplied(segment.size, size, count)

    def evict(self) -> int:
        """Drop the oldest segment unless it is the one being filled; returns how many ticks went."""
        number = self.first // self._size
        if number >= self.n // self._size:
            return 0
        segment = self._segments.pop(number)
        self.evicted_until = max(self.evicted_until, segment.tmax)
        gone = (number + 1) * self._size - self.first
        self.first += gone
        return gone

    def has_id(self, ids: Ints) -> Flags:
        """bool[n]: which venue ids are among the held ticks."""
        found = np.zeros(len(ids), np.bool_)
        for number, segment in self._segments.items():
            found |= segment.has_id(ids, min(self._size, self.n - number * self._size))
        found &= ids != NO_ID
        return found

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        start = max(start, self.first)
        while start < end:
            number, at = divmod(start, self._size)
            count = min(end - start, self._size - at)
            yield number, at, at + count
            start += count

    def _columns(self, number: int, a: int, b: int) -> Columns:
        s = self._segments[number]
        return Columns(s.time[a:b], s.level[a:b].astype(np.int64), s.size[a:b], s.flags[a:b], s.id[a:b])


def _multiplied(values: npt.NDArray[Any], factor: int, count: int) -> npt.NDArray[Any]:
    """A new array with the first `count` values times `factor`; the rest stays unused, and takes no memory."""
    made = np.empty_like(values)
    made[:count] = values[:count] * values.dtype.type(factor)
    return made


def join(parts: list[Columns]) -> Columns:
    """Several runs of ticks as one."""
    return Columns(
        np.concatenate([p.time for p in parts]),
        np.concatenate([p.level for p in parts]),
        np.concatenate([p.size for p in parts]),
        np.concatenate([p.flags for p in parts]),
        np.concatenate([p.id for p in parts]),
    )
