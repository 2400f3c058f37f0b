"""When an alert would have fired, over the ticks that are held: the same evaluation, in time order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput
from orderflow.market.buffer import Columns
from orderflow.market.ports import MarketReader
from orderflow.market.sessions import Session
from orderflow.tickers.alerts.activity_bars import fire_closed, read_activity
from orderflow.tickers.alerts.alert import DEFAULT_FRAME, Alert, Frequency, Kind, Watch, by_activity
from orderflow.tickers.alerts.bar_values import lookback
from orderflow.tickers.alerts.bar_watches import evaluate_closed
from orderflow.tickers.alerts.book import Book
from orderflow.tickers.alerts.firing import Tally

PIECE = 100_000


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One event that would have been. value: exact decimal text. time: ns UTC."""

    symbol: str
    value: str
    time: int


def rehearse(
    market: MarketReader, alert: Alert, start: int | None, end: int | None, limit: int, now: Callable[[], int]
) -> tuple[list[Rehearsed], int]:
    """(the first `limit` events that the alert would have had over held ticks, the number of ticks looked at).

    start, end: ns UTC. A one-time alert is taken as if it were armed again after each event, on the next bar. Raises
    BadInput for an alert on the plumbing, NotFound for a symbol without ticks.
    """
    if alert.source.kind in (Kind.FEED, Kind.DELIVERY):
        raise BadInput("source: what a feed or a delivery would have done is not known")
    if alert.frequency is Frequency.ONCE:
        frame = alert.frame if alert.frame.ns or by_activity(alert) else DEFAULT_FRAME
        alert = replace(alert, frequency=Frequency.BAR, frame=frame)
    found: list[Rehearsed] = []
    looked = 0
    for symbol in alert.symbols:
        for event, count in _of_symbol(market, alert, symbol, start, end, now):
            looked += count
            if event is not None:
                found.append(event)
            if len(found) >= limit:
                return found, looked
    return found, looked


def _of_symbol(
    market: MarketReader, alert: Alert, symbol: str, start: int | None, end: int | None, now: Callable[[], int]
) -> Iterator[tuple[Rehearsed | None, int]]:
    tally = _Patient(now)
    watch = Watch(alert, symbol)
    if by_activity(alert):
        yield from _of_activity(market, watch, start, end, tally)
        return
    book = Book(tally, _nothing, session=Session.parse(market.info(symbol).session))
    of_price = alert.source.kind is Kind.PRICE
    if of_price:
        book.add(watch)
    else:
        book.follow(alert.frame)
    ordinal = 0
    for table in market.tick_runs(symbol, start, end, PIECE):
        ticks: Columns = table.ticks
        book.fit(table.grid)
        prices, closed = book.take(ordinal, ticks)
        yield None, len(ticks)
        for price in prices:
            yield Rehearsed(symbol, book.text(price.level), price.time), 0
        if not of_price:
            for bars in closed.values():
                for each in evaluate_closed(market, [watch], bars, ordinal, book.session, tally):
                    yield Rehearsed(symbol, each.value, each.time), 0
        ordinal += len(ticks)


def _of_activity(
    market: MarketReader, watch: Watch, start: int | None, end: int | None, tally: Tally
) -> Iterator[tuple[Rehearsed | None, int]]:
    """As `_of_symbol`, for a watch of activity bars. The last bar has not closed."""
    session, frame = Session.parse(market.info(watch.symbol).session), watch.alert.frame
    tables = market.bar_tables(watch.symbol, frame, start, end)
    table = next(tables, None)
    while table is not None:
        following = next(tables, None)
        back, upto = lookback(watch.alert.source), int(table.time[-1]) + 1
        whole = read_activity(market, watch.symbol, frame, int(table.time[0]), upto, back, session)
        yield None, int(table.trades.sum())
        if whole is not None:
            at = range(len(whole) - len(table), len(whole) - (following is None))
            for each in fire_closed(market, [watch], whole, at, 0, session, tally):
                yield Rehearsed(watch.symbol, each.value, each.time), 0
        table = following


class _Patient(Tally):
    """Stops nobody: a rehearsal has its own limit."""

    def note(self, alert_id: str, found: int | None = None) -> None:
        pass


def _nothing(start: int, end: int) -> tuple[Ints, Ints]:
    return np.empty(0, np.int64), np.empty(0, np.int64)  # ticks in time order are never late
