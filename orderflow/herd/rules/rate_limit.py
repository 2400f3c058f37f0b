"""Token-bucket rate limits: of orders and new names per participant, of joins per address.

Everybody in a venue shares one address, so only joins are limited by it, to what a full hall needs.
"""

from __future__ import annotations

import math

from orderflow.errors import Busy

BURST = 3
"""Seconds of the rate that a full bucket holds."""
MOST = 100_000
"""Buckets that are kept; beyond, those that are full again are forgotten."""
JOIN_RATE = 30.0
"""New participants per second from one address."""
JOIN_BURST = 20
"""Seconds of the join rate that may come at once: a hall that scans the code together gets in, a script cannot fill the
game within seconds."""
RENAME_RATE, RENAME_BURST = 0.2, 50
"""New names per second of one participant, and seconds of it that may come at once: each is an event in the log."""


class RateLimiter:
    """One token bucket per key. rate: tokens per second; burst: seconds of it that a bucket holds; message: of the
    error. `refused` counts the refused requests of all keys."""

    def __init__(
        self, rate: float, burst: float = BURST, message: str = "too many orders at once; wait a moment"
    ) -> None:
        self._rate = rate
        self._capacity = max(1.0, rate * burst)
        self._message = message
        self._buckets: dict[str, tuple[float, float]] = {}
        self.refused = 0

    def take(self, key: str, now: float) -> None:
        """Take a token from the bucket of `key`. now: monotonic seconds. Raises Busy if the bucket is empty."""
        if len(self._buckets) >= MOST and key not in self._buckets:
            self._forget_full(now)
        tokens, since = self._buckets.get(key, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - since) * self._rate)
        if tokens < 1:
            self._buckets[key] = tokens, now
            self.refused += 1
            wait = max(1, math.ceil((1 - tokens) / self._rate))
            raise Busy(self._message, retry_after=wait)
        self._buckets[key] = tokens - 1, now

    def _forget_full(self, now: float) -> None:
        wait = self._capacity / self._rate
        self._buckets = {key: each for key, each in self._buckets.items() if now - each[1] < wait}

    def reset(self) -> None:
        """Fill all buckets and set the count to 0, for a new session."""
        self._buckets.clear()
        self.refused = 0
