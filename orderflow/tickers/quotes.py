"""What a ticker's card and its chart show: price, changes, age and state, and the newest points of its history.

All of it is read from the market and the feeds' status; nothing is invented: a change is None where no trade tells the
price at that time, and a step of the history without trades has no point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Floats, Ints
from orderflow.errors import BadInput, Busy, FieldError, NotFound
from orderflow.feeds.live import FeedStatus, SeriesStatus, State
from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.market.frames import DAY, HOUR, MINUTE, SECOND, Frame
from orderflow.market.ports import MarketReader
from orderflow.runtime.clock import Clock
from orderflow.tickers.tickers import Listed, Tickers

STEPS = {"tick": 0, "1s": SECOND, "2s": 2 * SECOND, "1min": MINUTE}
"""Lengths of a step of the history in ns; 0: every trade."""
MAX_POINTS = 10_000
MAX_TICKS = 2_000_000
"""Newest trades that one history looks at."""
PIECE = 2_000
"""Trades that it looks at first; each further look takes four times as many."""
TOLERANCE = 20
"""The last trade before the moment that a change counts from may be older by this part of its span: 3 min of 1 h."""
SIMULATED, OFFLINE = "simulated", "offline"
ONE_MINUTE = Frame.parse("1min")


@dataclass(frozen=True, slots=True)
class Quote:
    """A ticker at one moment. price, time (ns UTC): of the newest trade in time, None before the first. change_1h,
    change_24h: as shares, None where not known. source: where the prices come from, in words. state: simulated, live,
    stale, connecting, reconnecting, backfilling or offline. reason: why it is not live, "" if it is.
    """

    ticker: str
    series: str
    price: float | None
    change_1h: float | None
    change_24h: float | None
    time: int | None
    source: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A price of the history at a time (ns UTC)."""

    time: int
    price: float


class Quotes:
    """Reads quotes and histories; for threads of the pool, as a history may have to read the log."""

    def __init__(self, market: MarketReader, tickers: Tickers, feeds: LiveFeeds, clock: Clock) -> None:
        self._market = market
        self._tickers = tickers
        self._feeds = feeds
        self._clock = clock
        self._past: dict[tuple[str, int], tuple[int, str, float | None]] = {}

    def all(self) -> list[Quote]:
        """The quotes of all tickers, in their order."""
        statuses = {status.name: status for status in self._feeds.status()}
        return [self._quote(ticker, statuses.get(ticker.feed)) for ticker in self._tickers.all()]

    def one(self, name: str) -> Quote:
        """The quote of one ticker. Raises NotFound."""
        ticker = self._tickers.get(name)
        status = next((each for each in self._feeds.status() if each.name == ticker.feed), None)
        return self._quote(ticker, status)

    def history(self, name: str, limit: int = 100, step: str = "2s") -> list[Point]:
        """The newest `limit` points, oldest first. A step's point is its last trade; steps without trades have none.

        Raises NotFound for an unknown ticker, BadInput for the fields `limit` and `step`.
        """
        ticker = self._tickers.get(name)
        if not 1 <= limit <= MAX_POINTS:
            raise _refused("limit", f"must be a whole number from 1 to {MAX_POINTS:,}")
        if step not in STEPS:
            raise _refused("step", f"must be one of {', '.join(STEPS)}")
        try:
            times, prices = self._points(ticker.series, limit, STEPS[step])
        except NotFound:
            return []
        return [Point(time, price) for time, price in zip(times.tolist(), prices.tolist(), strict=True)]

    # inside

    def _quote(self, ticker: Listed, status: FeedStatus | None) -> Quote:
        state, reason = _state(ticker, status)
        source = ("SIMULATED" if status.simulated else status.title) if status is not None else ticker.feed
        try:
            info = self._market.info(ticker.series)
        except NotFound:
            return Quote(ticker.name, ticker.series, None, None, None, None, source, state, reason)
        hour, day = (self._change(ticker.series, info.price, span) for span in (HOUR, DAY))
        return Quote(ticker.name, ticker.series, info.price, hour, day, info.last, source, state, reason)

    def _change(self, series: str, price: float, span: int) -> float | None:
        before = self._price_before(series, span)
        return None if before is None else price / before - 1.0

    def _price_before(self, series: str, span: int) -> float | None:
        """The price `span` ns ago, to the minute; None if no trade tells it. Read once a minute."""
        moment = (self._clock.now() - span) // MINUTE * MINUTE
        epoch = self._market.epoch_of(series)
        known = self._past.get((series, span))
        if known is not None and known[:2] == (moment, epoch):
            return known[2]
        try:
            bars = self._market.bars(series, ONE_MINUTE, start=moment - span // TOLERANCE, end=moment)
        except Busy:  # late trades are being put in order
            return None
        grid = bars.grid
        found = int(bars.close[-1]) * grid.tick_units / 10**grid.price_decimals if len(bars) else None
        self._past[series, span] = moment, epoch, found
        return found

    def _points(self, series: str, limit: int, step: int) -> tuple[Ints, Floats]:
        """(int64[n] ns UTC, float64[n] prices), ascending in time."""
        times, prices = np.empty(0, np.int64), np.empty(0, np.float64)
        for older, price in self._newest_first(series, limit):
            times, prices = np.concatenate([older, times]), np.concatenate([price, prices])
            order = np.argsort(times, kind="stable")
            times, prices = times[order], prices[order]
            if step and len(times):
                last = np.append(np.flatnonzero(np.diff(times // step)), len(times) - 1)
                times, prices = times[last], prices[last]
            if len(times) >= limit:
                break
        return times[-limit:], prices[-limit:]

    def _newest_first(self, series: str, limit: int) -> Iterator[tuple[Ints, Floats]]:
        """Yield pieces of trades in order of arrival, the newest piece first, as far as they are looked at."""
        end = total = self._market.arrivals(series, 0, 0, sides=False).total
        size = max(PIECE, limit)
        while end > 0 and total - end < MAX_TICKS:
            start = max(0, end - size)
            found = self._market.arrivals(series, start, end - start, sides=False)
            if found.first >= end:  # memory begins later
                found = self._market.arrivals_of_log(series, start, end - start)
                if not len(found) or found.first >= end:
                    return
            inside = found.ticks.take(slice(0, end - found.first))
            yield inside.time, inside.level * found.grid.tick_units / 10**found.grid.price_decimals
            end, size = found.first, 4 * size


def _state(ticker: Listed, status: FeedStatus | None) -> tuple[str, str]:
    """(state in a word, reason)."""
    if status is None or ticker.problem:
        return OFFLINE, ticker.problem or "its feed is not in use"
    row: SeriesStatus | None = next((each for each in status.series if each.pair == ticker.pair), None)
    state, reason = (row.state, row.reason or status.reason) if row is not None else (status.state, status.reason)
    if state is State.STOPPED:
        return OFFLINE, reason or "the feed does not run"
    return (SIMULATED if status.simulated and state is State.LIVE else state.value), reason


def _refused(field: str, reason: str) -> BadInput:
    return BadInput(f"{field} {reason}", [FieldError(None, field, reason)])
