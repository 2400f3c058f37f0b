"""How many orders one participant may send: a bucket of tokens each, refilled at a steady rate.

Per participant, never per address: everybody in a venue has the same one.
"""

from __future__ import annotations

import math

from orderflow.errors import Busy

BURST = 3
"""Seconds of the steady rate that may come at once."""


class Floods:
    """rate: orders per second. count: orders refused in all."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate * BURST)
        self._buckets: dict[str, tuple[float, float]] = {}
        self.count = 0

    def take(self, pid: str, now: float) -> None:
        """One order at `now` (monotonic seconds). Raises Busy when it is one too many."""
        tokens, since = self._buckets.get(pid, (self._most, now))
        tokens = min(self._most, tokens + (now - since) * self._rate)
        if tokens < 1:
            self._buckets[pid] = tokens, now
            self.count += 1
            wait = max(1, math.ceil((1 - tokens) / self._rate))
            raise Busy("too many orders at once; wait a moment", retry_after=wait)
        self._buckets[pid] = tokens - 1, now

    def forget(self) -> None:
        """Another session: everybody begins afresh."""
        self._buckets.clear()
        self.count = 0
