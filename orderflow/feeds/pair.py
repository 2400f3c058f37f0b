"""One pair of a connection: its trades or klines in order, and whether the venue refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from orderflow.feeds.venues.venue import Request, Venue

RETRY_SECONDS = 60.0
"""Seconds after which a pair that the venue refused is tried again."""


class Sequence(Protocol):
    """What is received for a pair, in order: its trades or its klines. trades: how many were taken."""

    trades: int

    @property
    def filling(self) -> bool:
        """Whether something is missing that is to be requested."""

    def check(self, now: float) -> None:
        """Request what may be missing. now: monotonic s."""

    def wants(self, now: float) -> bool:
        """Whether a request is due."""

    def request(self, venue: Venue, pair: str) -> Request:
        """The request that is due."""

    def read_answer(self, venue: Venue, pair: str, body: bytes, now: float, *, sent: int, oldest: int) -> None:
        """Take its answer. sent, oldest: the venue's time when it was asked, and up to which gaps are filled (ns).
        Raises BadMessage."""

    def failed(self, now: float, reason: str) -> None:
        """It had no answer, or none was possible."""


@dataclass(slots=True)
class Pair:
    """refusal: why the venue refuses it, or "". retry_at: when to try again, monotonic s. arrived: when something
    came last, monotonic s; lag: seconds from its time until then."""

    name: str
    sequence: Sequence
    refusal: str = ""
    retry_at: float = 0.0
    arrived: float | None = None
    lag: float | None = None

    def refuse(self, reason: str, now: float) -> None:
        """The venue refuses it, for now."""
        self.refusal, self.retry_at = reason, now + RETRY_SECONDS

    def check(self, now: float) -> None:
        """The venue accepts it: request what may be missing."""
        self.refusal = ""
        self.sequence.check(now)
