"""A clock for tests."""

from __future__ import annotations


class ManualClock:
    """A clock that moves only when a test says so. now: its first reading, ns since 1970 UTC."""

    def __init__(self, now: int = 0) -> None:
        self._begin = now
        self._passed = 0
        self._asleep = 0

    def now(self) -> int:
        return self._begin + self._passed + self._asleep

    def monotonic(self) -> float:
        return self._passed / 1e9

    def asleep(self) -> float:
        return self._asleep / 1e9

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._passed += round(seconds * 1e9)

    def jump(self, seconds: float) -> None:
        """Set the wall clock, forward or back; the monotonic clock does not notice."""
        self._begin += round(seconds * 1e9)

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: the wall clock goes on, the monotonic clock does not."""
        self._asleep += round(seconds * 1e9)
