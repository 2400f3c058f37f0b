"""Trades whose numbers go on without a gap: a missing number is a gap, which is filled by number.

An aggregate trade may grow after it was sent: the rest comes with the same id and later numbers. It is a tick of its
own, with a negative id made of its number, as one id may not stand for two ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from orderflow.feeds.sequence import TradeSequence
from orderflow.feeds.venues.venue import Held, Trade

GRACE = 0.5
"""Seconds to wait for a missing trade that may only be late, before it is requested."""
TRIES = 3
"""Answers without the missing trades after which they count as a hole: a venue may be slow to serve its newest ones."""
NOT_SERVED = "the venue does not serve these trades"
NEW_NUMBERS = "the venue has begun its numbers anew"
TOO_OLD = "it is older than the feed fills"


class NumberedSequence(TradeSequence):
    """See `TradeSequence`."""

    def __init__(self, held: Held | None = None, size: Decimal | None = None) -> None:
        super().__init__(held, size)
        self._held = held
        self._last = held.last if held is not None else None
        self._id = held.id if held is not None else None  # of the newest trade, perhaps to be continued
        self._size = size  # how much of that trade is handed on; None: as much as it said
        self._latest: Trade | None = None
        self._gap_since: float | None = None
        self._tries = 0

    @property
    def held(self) -> Held | None:
        latest = self._latest
        return self._held if latest is None else Held(latest.id, latest.time, self._last)

    def live(self, trade: Trade, now: float) -> None:
        last = self._last
        if last is None:
            self._early.append(trade)
            if not self.filling:
                self._drain(now)
        elif trade.first > last + 1:  # sorted only when the gap is closed: a socket brings thousands meanwhile
            self._early.append(trade)
            if self._gap_since is None:
                self._gap_since = now
        else:
            self._place(trade, NOT_SERVED)
            if self._early:
                self._drain(now)

    def wants(self, now: float) -> bool:
        if not self.filling and self._gap_since is not None and now - self._gap_since >= GRACE:
            self._begin(now)
        return super().wants(now)

    def answered(self, rows: Sequence[Trade], now: float, *, full: bool, oldest: int) -> None:
        before = self._last
        again = self._last is None and self._held is not None
        fresh = self._resume(rows) if again else rows
        if self.held is not None and (late := self._first_new(fresh)) is not None and late.time < oldest:
            return self._skip_old(late)
        start = self.trades
        for row in fresh:
            self._place(row, NOT_SERVED)
        if before is not None or again:
            self._filled += self.trades - start
        self._drain(now)
        self._proceed(now, moved=self._last != before and bool(fresh), full=full)

    def _begin(self, now: float) -> None:
        super()._begin(now)
        self._tries = 0

    def _end(self) -> None:
        super()._end()
        self._gap_since = None

    def _proceed(self, now: float, *, moved: bool, full: bool) -> None:
        """After an answer: done, the next page, or one more try."""
        if moved and (full or self._early):
            self._tries = 0
            return
        if not self._early:
            self._end()
            self._drain(now)
            return
        self._tries += 1
        self._not_before = now + self._tries
        if self._tries >= TRIES:
            self._give_up(NOT_SERVED)
            self._end()

    def _give_up(self, reason: str) -> None:
        early, self._early = sorted(self._early, key=_place_of), []
        for trade in early:
            self._place(trade, reason)

    def _drain(self, now: float) -> None:
        """Hand on what waits, as far as nothing is missing before it."""
        if self._last is None and self.filling:
            return
        early = self._early
        if len(early) > 1:
            early.sort(key=_place_of)
        done = 0
        for trade in early:
            if self._last is not None and trade.first > self._last + 1:
                break
            self._place(trade, NOT_SERVED)
            done += 1
        del early[:done]
        if not early:
            self._gap_since = None
        elif self._gap_since is None:
            self._gap_since = now

    def _place(self, trade: Trade, reason: str) -> None:
        """Take one trade, with a hole before it if there is a gap."""
        last = self._last
        if last is None:
            if self._held is not None and self._latest is None and trade.first != self._held.id + 1:
                self._mark(trade.time, None, reason)
            self._accept(trade)
        elif trade.first > last + 1:
            self._mark(trade.time, trade.first - last - 1, reason)
            self._accept(trade)
        elif trade.first == last + 1:
            self._accept(trade)
        elif trade.last > last:
            self._accept_rest(trade, last)
        elif trade.time > self.newest:
            self._mark(trade.time, None, NEW_NUMBERS)
            self._id = None
            self._accept(trade)
        else:
            self.repeated += 1

    def _accept(self, trade: Trade) -> None:
        self._latest, self._last = trade, trade.last
        if trade.id == self._id:
            self._size = self._taken() + Decimal(trade.size)
            trade = msgspec.structs.replace(trade, id=-2 - trade.last)
        else:
            self._id, self._size = trade.id, None
        self._given = trade.size
        self._hand_on(trade)

    _given = "0"

    def _taken(self) -> Decimal:
        return self._size if self._size is not None else Decimal(self._given)

    def _accept_rest(self, trade: Trade, last: int) -> None:
        """Take the part of an aggregate trade that is new: numbers last + 1 to trade.last."""
        rest = Decimal(trade.size) - self._taken()
        if trade.id != self._id or rest < 0:
            self._mark(trade.time, trade.last - last, NOT_SERVED)
            self._latest, self._last = trade, trade.last
            return
        self._accept(msgspec.structs.replace(trade, first=last + 1, size=f"{rest:f}"))

    def _resume(self, rows: Sequence[Trade]) -> Sequence[Trade]:
        """The rows after the newest trade of the log, in the first answer after a restart."""
        held = self._held
        assert held is not None
        for at, row in enumerate(rows):
            if row.id == held.id and row.time == held.time:
                self._last = row.last
                self._latest, self._given = row, row.size
                rest = Decimal(row.size) - self._taken()
                if rest > 0:
                    self._last = row.last - 1
                    self._accept(msgspec.structs.replace(row, first=row.last, size=f"{rest:f}"))
                return rows[at + 1 :]
        return [row for row in rows if row.time > held.time or row.first == held.id + 1]

    def _first_new(self, rows: Sequence[Trade]) -> Trade | None:
        return next((row for row in rows if self._last is None or row.last > self._last), None)

    def _skip_old(self, row: Trade) -> None:
        """The gap is too old: leave it, and go on with the newest trades."""
        until = self._early[0].time if self._early else row.time
        self._mark(until, None, TOO_OLD)
        self._held = self._latest = self._last = self._id = None


def _place_of(trade: Trade) -> tuple[int, int]:
    return trade.first, trade.last
