"""The order of one pair's trades: what a feed hands on comes once each and in the venue's order, or a hole is marked.

Trades come from the socket (`live`) and from requests (`answered`), may be missing, repeated or out of order, and leave
by `take`. Nothing here waits or sends: `wants` says when a request is due.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderflow.feeds.venues.venue import Held, Request, Trade, Venue

PATIENCE = 120.0
"""Seconds for which live trades wait for a gap before them to be filled; then the gap stays."""
MOST_EARLY = 200_000
"""Live trades that wait for it at most."""
MOST_HOLES = 100
"""Holes that are remembered for the status; older ones are only counted."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap that stays. after, until: times of the trades around it, ns UTC. missing: fills in it, None: unknown."""

    after: int
    until: int
    missing: int | None
    reason: str


class TradeSequence(ABC):
    """The part that does not depend on how the venue numbers its trades.

    held: the newest trade in the log, None for a new series. size: of that trade as far as it is held, None: all of it.
    """

    def __init__(self, held: Held | None = None, size: Decimal | None = None) -> None:
        self.filling = False
        self.holes: deque[Hole] = deque(maxlen=MOST_HOLES)
        self.trades = self.gaps = self.hole_count = self.missing = self.repeated = 0
        self.newest = held.time if held is not None else -(2**63)
        self._ready: list[Trade] = []
        self._early: list[Trade] = []
        self._filled = 0
        self._began = self._not_before = 0.0

    @property
    @abstractmethod
    def held(self) -> Held | None:
        """The newest trade handed on."""

    @abstractmethod
    def live(self, trade: Trade, now: float) -> None:
        """Take a trade of the socket. now: monotonic s, as everywhere here."""

    @abstractmethod
    def answered(self, rows: Sequence[Trade], now: float, *, full: bool, oldest: int) -> None:
        """Take the answer to a request from `held` on. full: there may be a next page. oldest: trades before this time
        (ns) are not filled but marked as a hole."""

    @abstractmethod
    def _give_up(self, reason: str) -> None:
        """Hand on what waits, with a hole before it."""

    def request(self, venue: Venue, pair: str) -> Request:
        """The request for the trades from `held` on."""
        return venue.trades_request(pair, self.held)

    def read_answer(self, venue: Venue, pair: str, body: bytes, now: float, *, sent: int, oldest: int) -> None:
        """Take the answer to it. sent: when it was asked, not needed here. Raises BadMessage."""
        rows = venue.read_trades(pair, body)
        self.answered(rows, now, full=len(rows) >= venue.facts.page, oldest=oldest)

    def check(self, now: float) -> None:
        """Request what may be missing: after every connection, and after a message that could not be read."""
        if not self.filling:
            self._begin(now)

    def wants(self, now: float) -> bool:
        """Whether a request from `held` on is due."""
        return self.filling and now >= self._not_before

    def failed(self, now: float, reason: str) -> None:
        """A request had no answer, or none was possible. What waits too long is handed on with a hole before it."""
        if self._early and (now - self._began > PATIENCE or len(self._early) > MOST_EARLY):
            self._give_up(reason)
            self._end()

    def take(self) -> list[Trade]:
        """The trades that are ready, in order; each is handed out once."""
        ready, self._ready = self._ready, []
        return ready

    @property
    def waiting(self) -> int:
        """Number of live trades that wait for a gap to be filled."""
        return len(self._early)

    def _begin(self, now: float) -> None:
        self.filling, self._began, self._not_before, self._filled = True, now, now, 0

    def _end(self) -> None:
        self.filling = False
        self.gaps += self._filled > 0
        self._filled = 0

    def _mark(self, until: int, missing: int | None, reason: str) -> None:
        self.holes.append(Hole(self.newest, until, missing, reason))
        self.hole_count += 1
        self.missing += missing or 0

    def _hand_on(self, trade: Trade) -> None:
        self._ready.append(trade)
        self.trades += trade.last - trade.first + 1
        self.newest = max(self.newest, trade.time)
