"""How many joined lately, and how many of them from one address; kept in memory only."""

from __future__ import annotations

from collections import Counter, deque

SECONDS = 60.0
"""How far back joins count."""
MOST = 10_000
"""Joins that are kept."""


class JoinMeter:
    """The joins of the last minute. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._joins: deque[tuple[float, str]] = deque(maxlen=MOST)

    def add(self, address: str, now: float) -> None:
        """Count a join."""
        self._joins.append((now, address))

    def figures(self, now: float) -> tuple[int, int]:
        """(all joins of the last minute, the most of them from one address)."""
        while self._joins and now - self._joins[0][0] > SECONDS:
            self._joins.popleft()
        addresses = Counter(address for _, address in self._joins)
        return len(self._joins), max(addresses.values(), default=0)
