"""Ticks as samples: each with the one before it in time, also for those that arrive late."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.buffer import Columns
from orderflow.market.decimals import ascends

LONG_AGO = -(2**63)
FEW = 64
"""Up to so many ticks, Python's min, max and sort of a list are faster than NumPy's."""

Past = Callable[[int, int], tuple[Ints, Ints]]
"""past(start, end): (times, levels) of the earlier arrivals with start <= time < end and of the last one before, in
(time, arrival) order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A tick that others are compared with. time: ns UTC."""

    time: int
    level: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """n ticks in order of arrival.

    ordinal: of the first. before: int64[n], the level of the sample before each. known: bool[n], whether there is one.
    newest: int64[n], the newest time before each; a tick is late if it is older.
    """

    ordinal: int
    time: Ints
    level: Ints
    before: Ints
    known: Flags
    newest: Ints

    def __len__(self) -> int:
        return len(self.time)

    @property
    def late(self) -> Flags:
        """bool[n]: which ticks are older than one that arrived earlier."""
        return self.time < self.newest


def newest_between(ticks: Columns, time: int, low: int, high: int) -> Sample | None:
    """The last of n >= 1 ticks, if none is older than `time` (ns UTC) or than one before it, and all levels are in
    low <= level < high."""
    if len(ticks.time) > FEW:
        quiet = int(ticks.time[0]) >= time and ascends(ticks.time)
        quiet = quiet and low <= int(ticks.level.min()) and int(ticks.level.max()) < high
        return Sample(int(ticks.time[-1]), int(ticks.level[-1])) if quiet else None
    times: list[int] = ticks.time.tolist()
    levels: list[int] = ticks.level.tolist()
    if times[0] < time or min(levels) < low or max(levels) >= high or times != sorted(times):
        return None
    return Sample(times[-1], levels[-1])


def extremes(level: Ints) -> tuple[int, int]:
    """(least, greatest) of n >= 1 levels."""
    if len(level) <= FEW:
        values = level.tolist()
        return min(values), max(values)
    return int(level.min()), int(level.max())


def chunk_of(ordinal: int, time: Ints, level: Ints, previous: Sample | None, past: Past) -> Chunk:
    """The chunk of n >= 1 ticks. previous: the newest sample before them. past: asked if some of them are late."""
    first = LONG_AGO if previous is None else previous.time
    newest = np.maximum.accumulate(np.concatenate(([first], time)))[:-1]
    known = np.ones(len(time), np.bool_)
    known[0] = previous is not None
    before = np.concatenate(([0 if previous is None else previous.level], level[:-1]))
    late = time < newest
    if late.any():
        _mend(time, level, before, known, late, previous, past)
    return Chunk(ordinal, time, level, before, known, newest)


def _mend(
    time: Ints, level: Ints, before: Ints, known: Flags, late: Flags, previous: Sample | None, past: Past
) -> None:
    """Put the right samples before late ticks, and before those that follow one."""
    last = np.maximum.accumulate(np.where(late, -1, np.arange(len(time))))[:-1]
    on_time = np.concatenate(([0 if previous is None else previous.level], level[last]))
    on_time[1:][last < 0] = on_time[0]
    before[:] = on_time
    known[1:] |= last >= 0
    times, levels = past(int(time[late].min()), int(time[late].max()) + 1)
    place = np.searchsorted(times, time, side="right") - 1
    seen: list[tuple[int, int]] = []
    for i, (stamp, is_late) in enumerate(zip(time.tolist(), late.tolist(), strict=True)):
        if is_late:
            at, held = bisect_right(seen, (stamp, len(time))) - 1, int(place[i])
            if at >= 0 and (held < 0 or seen[at][0] >= times[held]):
                before[i], known[i] = level[seen[at][1]], True
            else:
                before[i], known[i] = (levels[held], True) if held >= 0 else (0, False)
        insort(seen, (stamp, i))


def newest_sample(chunk: Chunk, previous: Sample | None) -> Sample:
    """The sample that the next tick is compared with: the last one that is not late."""
    on_time = np.flatnonzero(~chunk.late)
    if not len(on_time):
        assert previous is not None  # a tick is late only beside another
        return previous
    return Sample(int(chunk.time[on_time[-1]]), int(chunk.level[on_time[-1]]))
