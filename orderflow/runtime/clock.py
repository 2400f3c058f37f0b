"""Clocks as objects, so that tests and replays can pass their own.

They do not sleep (`orderflow.runtime.workers` does) and know no sessions or time zones.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """The wall clock for what people see, the monotonic clock for durations."""

    def now(self) -> int:
        """Nanoseconds since 1970 UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never decreases."""


class SystemClock:
    """The clock of the operating system."""

    def now(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that only `advance` moves. now: its first reading, ns since 1970 UTC."""

    def __init__(self, now: int = 0) -> None:
        self._begin = now
        self._passed = 0

    def now(self) -> int:
        return self._begin + self._passed

    def monotonic(self) -> float:
        return self._passed / 1e9

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._passed += round(seconds * 1e9)
