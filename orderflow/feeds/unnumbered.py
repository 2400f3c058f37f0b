"""Trades whose ids say nothing about what is missing: after a connection the newest trades are requested and compared.

There is a gap if the answer has no trade that is known. It cannot be seen how many trades are missing in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from orderflow.feeds.sequence import TradeSequence
from orderflow.feeds.venues.venue import Held, Trade

REMEMBERED = 20_000
"""Ids that are compared with those of an answer."""
NOT_SERVED = "the venue serves only its newest trades"


class UnnumberedSequence(TradeSequence):
    """See `TradeSequence`. known: ids of the newest trades in the log."""

    def __init__(self, held: Held | None = None, size: Decimal | None = None, known: Iterable[int] = ()) -> None:
        super().__init__(held, size)
        self._held = held
        self._known: dict[int, None] = dict.fromkeys(known)
        if held is not None:
            self._known[held.id] = None

    @property
    def held(self) -> Held | None:
        return self._held

    def live(self, trade: Trade, now: float) -> None:
        if self.filling:
            self._early.append(trade)
        else:
            self._place(trade)

    def answered(self, rows: Sequence[Trade], now: float, *, full: bool, oldest: int) -> None:
        held = self._held
        seen = [at for at, row in enumerate(rows) if row.id in self._known]
        fresh = rows[seen[-1] + 1 :] if seen else rows
        if held is not None and not seen:
            fresh = [row for row in rows if row.time >= held.time]
            if fresh and (full or fresh[0].time > held.time):
                self._mark(fresh[0].time, None, NOT_SERVED)
        start = self.trades
        for row in fresh:
            self._place(row)
        if held is not None:
            self._filled += self.trades - start
        self._drain()
        self._end()

    def _give_up(self, reason: str) -> None:
        if self._held is not None:
            self._mark(self._early[0].time, None, reason)
        self._drain()

    def _drain(self) -> None:
        early, self._early = self._early, []
        for trade in early:
            self._place(trade)

    def _place(self, trade: Trade) -> None:
        if trade.id in self._known:
            self.repeated += 1
            return
        self._known[trade.id] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        self._held = Held(trade.id, trade.time, trade.last)
        self._hand_on(trade)
