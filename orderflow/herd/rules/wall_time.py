"""Converts times of a session to the wall clock.

A session's time never jumps while the server runs, so rounds, charts and reports are right whatever the wall clock
does. A jump moves all times of the present run of the server together, because the newest reading of the clock is the
best one. Between two runs nobody knows how much time has passed: if the clock is behind the end of an earlier run, that
run moves back to end where the next one begins, so that no time is in the future and the order stays.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence

import msgspec

from orderflow.herd.rules.events import ClockSet, Event
from orderflow.herd.rules.participants import Fills

Offsets = list[tuple[int, int, int]]
"""(since, before, offset) of runs of the server, oldest first; see `ClockSet`. Empty: the clock never jumped."""


def set_offset(offsets: Offsets, event: ClockSet) -> Offsets:
    """The offsets after an event, which replaces what was known of the same run."""
    return [*(run for run in offsets if run[0] < event.since), (event.since, event.before, event.offset)]


def last_offset(offsets: Offsets) -> int:
    """The offset of the present, ns."""
    return offsets[-1][2] if offsets else 0


def wall_clock(offsets: Offsets) -> Callable[[int], int]:
    """The function that puts a time (ns) on the wall clock; it does not decrease where the times do not."""
    moved: list[int] = [last_offset(offsets)]
    earlier = [0, *(offset for _, _, offset in offsets[:-1])]
    for (since, before, _), offset in zip(reversed(offsets), reversed(earlier), strict=False):
        moved.append(min(offset, since + moved[-1] - before))
    moved.reverse()
    begins = [since for since, _, _ in offsets]
    return lambda time: time + moved[bisect_right(begins, time)]


def wall_times(times: Sequence[int], offsets: Offsets) -> list[int]:
    """The times (ns, not decreasing) on the wall clock, not decreasing either."""
    return list(map(wall_clock(offsets), times))


def wall_fills(fills: Fills, offsets: Offsets) -> Fills:
    """The fills with times on the wall clock; `fills` itself if the clock never jumped."""
    if not offsets:
        return fills
    return Fills(array("q", wall_times(fills.time, offsets)), fills.price, fills.size, fills.side, fills.id)


def on_wall_clock(log: Sequence[Event]) -> Sequence[Event]:
    """The log with the times of its events on the wall clock; `log` itself if the clock never jumped."""
    offsets: Offsets = []
    for event in log:
        if isinstance(event, ClockSet):
            offsets = set_offset(offsets, event)
    if not offsets:
        return log
    times = wall_times([event.t for event in log], offsets)
    return [msgspec.structs.replace(event, t=time) for event, time in zip(log, times, strict=True)]
