"""Clocks as objects, so that tests can pass their own.

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
