"""Clocks as objects, so that tests can pass their own.

The wall clock may jump: somebody sets it, or a network server corrects it. So a stamp comes from the wall clock, a
duration or a deadline from the monotonic clock, and an order from a counter. `Timeline` gives stamps that do not jump.

They do not sleep (`orderflow.runtime.workers` does) and know no sessions or time zones.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Protocol

JUMP = 2 * 10**9
"""ns by which the wall clock must depart from the monotonic clock for a jump."""

SETTLED_SECONDS = 86_400.0
"""Seconds that the wall clock must stand ahead until `SettledTime` follows it."""

log = logging.getLogger(__name__)


class Clock(Protocol):
    """The wall clock for what people see, the monotonic clock for durations."""

    def now(self) -> int:
        """Nanoseconds since 1970 UTC. May jump in both directions."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never decreases."""

    def asleep(self) -> float:
        """Seconds that the machine was suspended and `monotonic` stood still; never decreases."""


class SystemClock:
    """The clock of the operating system."""

    def now(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()

    def asleep(self) -> float:
        """See `Clock`. 0 on Windows, whose monotonic clock goes on while the machine sleeps."""
        if sys.platform == "linux":
            return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
        if sys.platform == "darwin":
            return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
        return 0.0


class Timeline:
    """Times in ns since 1970 UTC that neither jump nor go back: the wall clock at the begin, and then durations.

    `ahead` tells how far the wall clock has departed from it meanwhile.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.begin(clock.now())

    def begin(self, now: int) -> None:
        """Begin again with `now` as the present time."""
        self.begun = now
        self._base = now - self._passed()

    def now(self) -> int:
        """The present time. Time that the machine slept counts."""
        return self._base + self._passed()

    def ahead(self) -> int:
        """ns that the wall clock is ahead, negative if it is behind."""
        return self._clock.now() - self.now()

    def _passed(self) -> int:
        return round((self._clock.monotonic() + self._clock.asleep()) * 1e9)


class SettledTime:
    """The present time for what deletes by age: it follows a jump forward only when that has stood for a day.

    So a wall clock that is wrong for an hour makes nothing old.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line = Timeline(clock)
        self._since: float | None = None

    def now(self) -> int:
        """ns since 1970 UTC. The day counts from the first call after the jump."""
        if self._line.ahead() < JUMP or self._stands():
            self._line.begin(self._clock.now())
            self._since = None
        return self._line.now()

    def _stands(self) -> bool:
        passed = self._clock.monotonic() + self._clock.asleep()
        self._since = passed if self._since is None else self._since
        return passed - self._since >= SETTLED_SECONDS


class JumpWatch:
    """Logs jumps of the wall clock. jumps: how many there were."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line = Timeline(clock)
        self.jumps = 0

    def check(self) -> int:
        """ns by which the wall clock has jumped since the last call; 0 for less than JUMP."""
        jump = self._line.ahead()
        self._line.begin(self._clock.now())  # a slow drift is not a jump
        if abs(jump) < JUMP:
            return 0
        self.jumps += 1
        log.warning("the wall clock jumped by %s", span(jump))
        return jump


def span(ns: int) -> str:
    """A signed duration in words: "-2 h", "+400.0 d"."""
    seconds = abs(ns) / 1e9
    size, unit = next(pair for pair in ((86_400, "d"), (3_600, "h"), (60, "min"), (0, "s")) if seconds >= pair[0])
    return f"{'-' if ns < 0 else '+'}{seconds / (size or 1):.1f} {unit}"
