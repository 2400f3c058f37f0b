"""What time it is, as a thing that is handed in: tests and replays bring their own.

Does not sleep (`orderflow.runtime.workers` does) and knows no sessions or time zones.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: the wall clock for what people see, the monotonic one for what is measured."""

    def now(self) -> int:
        """Nanoseconds since 1970 UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""


class SystemClock:
    """The computer's own."""

    def now(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """Stands still until it is told to go on. now: ns since 1970 UTC at the beginning."""

    def __init__(self, now: int = 0) -> None:
        self._begin = now
        self._passed = 0

    def now(self) -> int:
        return self._begin + self._passed

    def monotonic(self) -> float:
        return self._passed / 1e9

    def advance(self, seconds: float) -> None:
        """Let time pass; ValueError when it would go back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._passed += round(seconds * 1e9)
