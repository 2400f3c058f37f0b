"""A clock for tests."""

from __future__ import annotations


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
