"""Pace recorded trades by one absolute schedule, so that a long replay does not drift.

Sleeping for the gap between two ticks adds the cost of every send to the clock (2.6-30% were measured). Here a tick is
due at `wall0 + (its time - the first time) / velocity`, whatever happened before, and all ticks that are due are sent
together. The clock and the sleep are arguments, so tests can run hours of market time at once.

This module does not know files, HTTP or the engine, and starts no thread.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from orderflow.arrays import Ints

MAX = math.inf
"""The velocity without waiting."""

STALL = 2.0
"""A sleep that is this many seconds too long means that the process was suspended (Ctrl+Z, a closed lid): a pause."""

_FAR = 4e18
"""Longest time in ns, 127 years: from any time of a file it still ends within 64 bits."""

_NAP = 0.5
"""Longest single sleep in seconds, so that a new velocity or a pause takes effect soon."""


class Pacer:
    """Cuts columns of tick times into slices that are due, and waits between them.

    velocity: market seconds per wall second, > 0, or `MAX`. interval: shortest time in wall seconds between two slices
    while on schedule. most: largest number of ticks in a slice. max_gap: longer times without ticks are shortened to
    this many market seconds (None: never). sleep: returns true to end the replay early, as `threading.Event.wait` does.

    Ticks keep their order. A tick that is older than the one before it is due together with it.
    """

    def __init__(
        self,
        velocity: float,
        *,
        interval: float = 0.02,
        most: int = 25_000,
        max_gap: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], bool | None] = time.sleep,
    ) -> None:
        _check_velocity(velocity)
        self._velocity = velocity
        self._interval = interval
        self._most = max(1, most)
        self._max_gap = None if max_gap is None else int(min(max_gap * 1e9, _FAR))
        self._clock = clock
        self._sleep = sleep
        self._newest: int | None = None  # the newest time seen, ns
        self._cut = 0  # ns taken out of gaps so far
        self._market0 = 0  # the schedule's anchor: this schedule time (ns) ...
        self._wall0 = 0.0  # ... is due at this clock reading
        self._paused: float | None = None
        self._sent = -math.inf  # clock reading of the last slice
        self._last = 0  # schedule time of the last tick handed out
        self.lag = 0.0
        """Seconds between the moment when the last slice's newest tick was due and the moment when it was yielded."""

    @property
    def velocity(self) -> float:
        return self._velocity

    def set_velocity(self, velocity: float) -> None:
        """Change the speed from now on; the position in the schedule is kept."""
        _check_velocity(velocity)
        if velocity == self._velocity:
            return
        now = self._now()
        if math.isfinite(self._velocity):
            self._market0 = self._due_until(now)
        else:
            self._market0 = self._last
        self._wall0 = now
        self._velocity = velocity

    def pause(self) -> None:
        """Pause the schedule; `slices` waits until `resume`."""
        if self._paused is None:
            self._paused = self._clock()

    def resume(self) -> None:
        """Continue after `pause`; nothing became due in between."""
        if self._paused is not None:
            self._wall0 += self._clock() - self._paused
            self._paused = None

    def shift(self, seconds: float) -> None:
        """Delay everything not yet sent by this many seconds (for example after a server was away): no burst."""
        self._wall0 += seconds

    def slices(self, times: Ints) -> Iterator[slice]:
        """Yield consecutive slices of `times` (int64[n], ns) as they become due; ends early if `sleep` returns true.

        Call it once per chunk: the first tick of the first chunk is the start of the schedule.
        """
        schedule = self._schedule(times)
        at = 0
        while at < len(schedule):
            now = self._clock()
            wait = self._wait(int(schedule[at]), now)
            if wait > 0:
                if self._rest(wait, now):
                    return
                continue
            end = self._end(schedule, at, now)
            self._sent = now
            self._last = int(schedule[end - 1])
            self.lag = self._lag(self._last, now)
            yield slice(at, end)
            at = end

    def _schedule(self, times: Ints) -> Ints:
        """The times in the schedule: never decreasing, long gaps shortened."""
        if not len(times):
            return times
        first = self._newest is None
        newest = int(times[0]) if self._newest is None else self._newest
        rising = np.maximum(np.maximum.accumulate(times), newest)
        schedule = rising - self._cut
        if self._max_gap is not None:
            gaps = np.diff(rising, prepend=newest)
            cuts = np.cumsum(np.maximum(gaps - self._max_gap, 0))
            schedule -= cuts
            self._cut += int(cuts[-1])
        self._newest = int(rising[-1])
        if first:
            self._market0 = self._last = int(schedule[0])
            self._wall0 = self._now()
        return schedule

    def _now(self) -> float:
        return self._clock() if self._paused is None else self._paused

    def _due_until(self, now: float) -> int:
        """The latest schedule time that is due at `now`."""
        return self._market0 + int(min((now - self._wall0) * self._velocity * 1e9, _FAR))

    def _due_at(self, moment: int) -> float:
        return self._wall0 + (moment - self._market0) / (self._velocity * 1e9)

    def _lag(self, moment: int, now: float) -> float:
        return 0.0 if math.isinf(self._velocity) else max(0.0, now - self._due_at(moment))

    def _wait(self, moment: int, now: float) -> float:
        """Seconds until a slice that begins at `moment` can be sent."""
        if self._paused is not None:
            return _NAP
        if math.isinf(self._velocity):
            return 0.0
        due = self._due_at(moment)
        # Behind by more than a slice: catch up at once instead of once per interval.
        return max(due, self._sent + self._interval) - now if now - due < 2 * self._interval else 0.0

    def _end(self, schedule: Ints, at: int, now: float) -> int:
        end = len(schedule)
        if math.isfinite(self._velocity):
            end = int(np.searchsorted(schedule, self._due_until(now), side="right"))
        return max(at + 1, min(end, at + self._most))

    def _rest(self, wait: float, since: float) -> bool:
        nap = min(wait, _NAP)
        if self._sleep(nap):
            return True
        if self._paused is None:
            late = self._clock() - since - nap
            if late > STALL:
                self.shift(late)
        return False


def _check_velocity(velocity: float) -> None:
    if not velocity > 0:  # also NaN
        raise ValueError(f"velocity must be above 0, not {velocity}")
