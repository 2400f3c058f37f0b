"""One series of a venue's klines: which ones are held, which are to be requested, and which the venue does not have.

Klines come from the socket (`live`) and from requests (`read_answer`), may be missing, repeated or out of order, and
leave by `take`; a later one replaces an earlier one of the same open time, except that a closed one stays closed. Gaps
are filled from the newest to the oldest, a page at a time that ends where the gap ends: the venue answers with the
klines that it has before, so a hole of any length costs one request. Nothing here waits or sends.

Klines are counted by `Timeframe.index`; ranges of numbers are (first, end), the end exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from orderflow.feeds.ranges import Range, Ranges, runs
from orderflow.feeds.venues.venue import Kline, Request, Venue
from orderflow.market.timeframes import Timeframe

GRACE = 0.5
"""Seconds for which a missing kline may only be late, before it is requested."""
RETRY = 1.0
TRIES = 3
"""Answers without one of the newest klines after which it counts as a hole, and the seconds between them."""
NEWEST = 3
"""Klines before the present one that a venue may be slow to serve."""
PAST_MS = 5_000
"""How long after its end a requested kline is closed, if none follows it."""


class KlineVenue(Venue, Protocol):
    """A venue that has klines."""

    def klines_request(self, pair: str, interval: str, end: int, limit: int) -> Request:
        """The request for the last `limit` klines that open before `end` (ms UTC)."""

    def read_klines(self, pair: str, interval: str, body: bytes) -> Sequence[Kline]:
        """The klines of an answer, oldest first, all of them as not closed. Raises BadMessage."""


class KlineSequence:
    """begin: the oldest kline wanted. held: ranges that are stored and closed. holes: that the venue does not have.

    wall: the venue's clock, ns. todo: what is to be requested. trades: klines taken. holes_changed: since the owner has
    reset it.
    """

    def __init__(
        self,
        venue: KlineVenue,
        pair: str,
        timeframe: Timeframe,
        begin: int,
        held: Sequence[Range],
        holes: Sequence[Range],
        wall: Callable[[], int],
    ) -> None:
        self.timeframe = timeframe
        self.begin = begin
        self.trades = 0
        self.todo = Ranges()
        self.holes = Ranges(holes)
        self.holes_changed = False
        self._venue, self._pair, self._wall = venue, pair, wall
        self._held: Sequence[Range] | None = held
        self._newest = max((end - 1 for _, end in held), default=begin - 1)
        self._live = begin - 1  # the newest one of the socket since the last request
        self._frontier = begin  # all before it are held, in `todo` or holes
        self._ready: dict[int, Kline] = {}
        self._asked: tuple[int, int, int] | None = None
        self._not_before = 0.0
        self._tries = 0

    @property
    def filling(self) -> bool:
        """Whether something is to be requested."""
        return bool(self.todo)

    @property
    def newest(self) -> int:
        """The newest kline that is known, `begin` - 1 without any."""
        return self._newest

    def check(self, now: float) -> None:
        """Request everything that may be missing: after every connection, and after a bad message."""
        present = self.timeframe.index(self._wall() // 10**6)
        self.todo.add(self._frontier, present + 1)
        for first, end in [*(self._held or ()), *(self.holes if self._held is not None else ())]:
            self.todo.remove(first, end)
        self._held = None
        self._frontier = max(self._frontier, present)
        self._not_before, self._tries = now, 0

    def wants(self, now: float) -> bool:
        """Whether a request is due. now: monotonic s, as everywhere here."""
        return self.filling and now >= self._not_before

    def failed(self, now: float, reason: str) -> None:
        """A request had no answer; it is repeated when the venue may be asked again."""

    def request(self, venue: Venue, pair: str) -> Request:
        """The request for the newest page that is missing."""
        first, end = self.todo.ranges[-1]
        first = max(first, end - venue.facts.page)
        self._asked = first, end, self._newest
        self._live = self.begin - 1
        return self._venue.klines_request(self._pair, self.timeframe.name, self.timeframe.open(end), end - first)

    def read_answer(self, venue: Venue, pair: str, body: bytes, now: float, *, sent: int, oldest: int) -> None:
        """Take the answer. sent: the venue's time (ns) when it was asked. Raises BadMessage."""
        rows = self._venue.read_klines(self._pair, self.timeframe.name, body)
        if self._asked is None:
            return
        first, end, known = self._asked
        self._asked = None
        index_of = self.timeframe.index
        found = {index: row for row in rows if (index := index_of(row.start)) < end}
        known = max([known, *found])
        for index, row in found.items():
            row.closed = index < known or row.end + PAST_MS < sent // 10**6
        bottom = next((low for low, high in self.todo if low < end <= high), first)
        # the answer has everything between its oldest row and the end; a short one has the oldest row of all
        covered = bottom if len(rows) < end - first or not found else max(bottom, min(found))
        for index, row in found.items():
            if index >= covered and (row.closed or index > self._live):
                self._put(index, row)
        fresh = sorted(index for index, row in found.items() if row.closed or index >= self._live)
        self._settle(covered, end, runs(fresh), now)

    def live(self, kline: Kline, now: float) -> None:
        """Take a kline of the socket."""
        index = self.timeframe.index(kline.start)
        if index < self.begin:
            return
        self._live = max(self._live, index)
        if index > self._frontier:
            self.todo.add(self._frontier, index)
            self._frontier = index
            self._not_before, self._tries = max(self._not_before, now + GRACE), 0
        self._put(index, kline)
        if kline.closed:
            self._frontier = max(self._frontier, index + 1)
            self.todo.remove(index, index + 1)

    @property
    def waiting(self) -> int:
        """How many klines are ready."""
        return len(self._ready)

    def take(self) -> list[Kline]:
        """The klines that are ready, in order; each is handed out once."""
        ready, self._ready = self._ready, {}
        return [ready[index] for index in sorted(ready)]

    def _put(self, index: int, row: Kline) -> None:
        known = self._ready.get(index)
        if known is not None and known.closed and not row.closed:
            return
        self._ready[index] = row
        self._newest = max(self._newest, index)
        self.trades += 1
        if index in self.holes:
            self.holes.remove(index, index + 1)
            self.holes_changed = True

    def _settle(self, first: int, end: int, found: Sequence[Range], now: float) -> None:
        """Everything in a range was answered: what was not found is a hole, or too new to be there."""
        absent = Ranges([(first, end)])
        for each in found:
            absent.remove(*each)
        self.todo.remove(first, end)
        if end > self._newest + 1:
            absent.remove(self._newest + 1, end)  # nothing there yet: what comes later shows whether it is a gap
            self._frontier = max(self.begin, min(self._frontier, self._newest))
        late = Ranges(absent)
        late.remove(first, self._newest - NEWEST)
        if late and self._tries < TRIES:
            self._tries, self._not_before = self._tries + 1, now + RETRY
            for each in late:
                absent.remove(*each)
                self.todo.add(*each)
        for each in absent:
            self.holes.add(*each)
            self.holes_changed = True
