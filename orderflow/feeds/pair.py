"""One pair of a connection: its trades in order, and whether the venue refuses it."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.feeds.sequence import TradeSequence

RETRY_SECONDS = 60.0
"""Seconds after which a pair that the venue refused is tried again."""


@dataclass(slots=True)
class Pair:
    """refusal: why the venue refuses it, or "". retry_at: when to try again, monotonic s. arrived: when a trade came
    last, monotonic s; lag: seconds from its time until then."""

    name: str
    sequence: TradeSequence
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
