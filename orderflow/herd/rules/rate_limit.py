"""How many orders one participant may send: a bucket of tokens each, refilled at a steady rate. Joining has one.

Per participant, or for the whole game, never per address: everybody in a venue has the same one.
"""

from __future__ import annotations

import math

from orderflow.errors import Busy

BURST = 3
"""Seconds of the steady rate that may come at once."""
JOINS = 30.0
"""New participants a second, and"""
JOIN_BURST = 20
"""seconds of it at once: a hall that scans in the same moment gets in, a script does not fill the seats in seconds."""


class Floods:
    """rate: per second. burst: seconds of it at once. words: said to what is one too many. count: refused in all."""

    def __init__(
        self, rate: float, burst: float = BURST, words: str = "too many orders at once; wait a moment"
    ) -> None:
        self._rate = rate
        self._most = max(1.0, rate * burst)
        self._words = words
        self._buckets: dict[str, tuple[float, float]] = {}
        self.count = 0

    def take(self, pid: str, now: float) -> None:
        """One more of `pid` at `now` (monotonic seconds). Raises Busy when it is one too many."""
        tokens, since = self._buckets.get(pid, (self._most, now))
        tokens = min(self._most, tokens + (now - since) * self._rate)
        if tokens < 1:
            self._buckets[pid] = tokens, now
            self.count += 1
            wait = max(1, math.ceil((1 - tokens) / self._rate))
            raise Busy(self._words, retry_after=wait)
        self._buckets[pid] = tokens - 1, now

    def forget(self) -> None:
        """Another session: everybody begins afresh."""
        self._buckets.clear()
        self.count = 0
