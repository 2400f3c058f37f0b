"""When a venue may be asked again: back-off, weight, Retry-After, messages a second. Pure: the time is given."""

from __future__ import annotations

import random
from collections import deque

WEIGHT_SHARE = 0.8
"""Share of a venue's weight a minute that a feed uses; the rest is for others behind the same address."""
DEFAULT_RETRY = 60.0
"""Seconds to wait after a 429 or 418 without Retry-After."""


class Backoff:
    """Full-jitter back-off: a random time between 0 and a bound that doubles with every failure, up to `most` s."""

    def __init__(self, chance: random.Random, first: float = 1.0, most: float = 60.0) -> None:
        self._chance, self._first, self._most = chance, first, most
        self.failures = 0

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        bound = min(self._most, self._first * 2 ** min(self.failures, 16))
        self.failures += 1
        return self._chance.uniform(0.0, bound)

    def reset(self) -> None:
        """Begin anew, after a success."""
        self.failures = 0


class RequestGate:
    """Whether a request may be sent to a venue. weight: of requests a minute, 0 if it is not known."""

    def __init__(self, weight: int, chance: random.Random) -> None:
        self._weight = weight
        self._backoff = Backoff(chance)
        self.free_at = 0.0
        self.used: int | None = None
        self.reason = ""

    def free(self, now: float) -> bool:
        """Whether a request may be sent. now: monotonic s."""
        return now >= self.free_at

    def answered(self, now: float, clock_ns: int, used: int | None) -> None:
        """A request was answered. clock_ns: the venue's time, whose full minutes the weight belongs to."""
        self._backoff.reset()
        self.used, self.reason = used, ""
        if used is not None and self._weight and used >= self._weight * WEIGHT_SHARE:
            self.free_at = now + 60.0 - clock_ns // 10**6 % 60_000 / 1000
            self.reason = f"{used} of {self._weight} request weight is used in this minute"

    def refused(self, now: float, status: int, retry_after: str | None) -> None:
        """The venue asked to wait, by 429 or 418."""
        try:
            seconds = float(retry_after) if retry_after else DEFAULT_RETRY
        except ValueError:
            seconds = DEFAULT_RETRY
        seconds = max(0.0, min(seconds, 259_200.0))
        self.free_at = now + seconds
        self.reason = f"the venue answered {status} and asks to wait {seconds:.0f} s"

    def failed(self, now: float, reason: str) -> None:
        """There was no answer, or a server error."""
        self.free_at = now + self._backoff.next()
        self.reason = reason


class MessageRate:
    """At most `most` messages in any second."""

    def __init__(self, most: int) -> None:
        self._times: deque[float] = deque(maxlen=max(1, most))

    def take(self, now: float) -> bool:
        """Whether a message may be sent now; it then counts."""
        times = self._times
        if len(times) == times.maxlen and now - times[0] < 1.0:
            return False
        times.append(now)
        return True
