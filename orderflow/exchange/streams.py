"""Events of the streams: one `Feed` per subscribed stream, polled for new events.

A feed is shared by all listeners and knows no sockets. It starts with the events after its creation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from orderflow.exchange.dialect import INTERVALS, MS, Refusal, amount
from orderflow.exchange.klines import Interval, Kline
from orderflow.exchange.ledger import Trade
from orderflow.exchange.market_data import MarketData
from orderflow.exchange.symbols import trading
from orderflow.market.frames import SECOND
from orderflow.market.market import Market

SETTLE = 100 * MS
"""The newest aggregate trade may still grow: it is sent this long (ns) after its last trade, or before the next one."""
GRACE = 2 * SECOND
"""A kline is closed by a later trade, or this long (ns) after its end."""
BATCH = 1000
"""Most trades or klines per poll; the rest follows with the next."""
CLOSE_CHECK = SECOND // 4
"""Time (ns) between checks whether a kline is closed."""

encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class StreamName:
    """A parsed stream name. name: of the symbol at the exchange. symbol: of the engine. kind: aggTrade, trade, kline,
    miniTicker or bookTicker."""

    text: str
    name: str
    symbol: str
    kind: str
    interval: str = ""


def invalid_stream() -> Refusal:
    return Refusal(2, "Invalid request: invalid stream")


def parse(text: str, data: MarketData) -> StreamName:
    """Parse a stream name. Raises Refusal for an unknown symbol, kind or interval, or for quotes of an instrument
    without a book. (Binance accepts any name and sends nothing.)"""
    match = re.fullmatch(r"([a-z0-9]{1,60})@(?:(aggTrade|trade|miniTicker|bookTicker)|kline_(\w{1,3}))", text)
    if match is None or (match[3] and match[3] not in INTERVALS):
        raise invalid_stream()
    name = match[1].upper()
    try:
        symbol = data.listing.symbol(name)
    except Refusal as error:
        raise invalid_stream() from error
    if match[2] == "bookTicker" and data.quotes(symbol) is None:
        raise invalid_stream()
    return StreamName(text, name, symbol, match[2] or "kline", match[3] or "")


class Feed(Protocol):
    """The events of one stream."""

    def due(self, now: int) -> bool:
        """True if `events` may return something; cheap. now: the exchange's time, ns."""

    def events(self, now: int) -> list[bytes]:
        """New events as JSON. Raises NotFound if the symbol was removed."""


def make_feed(stream: StreamName, market: Market, data: MarketData, now: int) -> Feed:
    """The feed of a stream."""
    if stream.kind in ("aggTrade", "trade"):
        return TradeFeed(stream, market, data)
    if stream.kind == "kline":
        return KlineFeed(stream, market, data, now)
    if stream.kind == "miniTicker":
        return MiniTickerFeed(stream, market, data)
    return BookTickerFeed(stream, data)


class TradeFeed:
    """Trades or aggregate trades in order, each exactly once."""

    def __init__(self, stream: StreamName, market: Market, data: MarketData) -> None:
        self._stream = stream
        self._market = market
        self._ledger = data.ledger(stream.symbol)
        self._single = stream.kind == "trade"
        self._epoch, self._next, _ = self._ledger.advance()
        self._seen = self._next
        self._waits = False
        self._changed = 0
        self._revision = self._version()

    def _version(self) -> tuple[str, int]:
        symbol = self._stream.symbol
        return self._market.epoch_of(symbol), self._market.revision(symbol)

    def due(self, now: int) -> bool:
        return self._waits or self._version() != self._revision

    def events(self, now: int) -> list[bytes]:
        self._revision = self._version()
        epoch, total, _ = self._ledger.advance()
        if epoch != self._epoch:
            self._epoch = epoch
            if total < self._next:  # the symbol was reset
                self._next = self._seen = 0
        if total != self._seen:
            self._seen, self._changed = total, now
        if self._single:
            found = self._ledger.trades(self._next, BATCH)
            self._waits = bool(found) and found[-1].last + 1 < total
        else:
            found = self._ledger.since(self._next, BATCH + 1)
            open_end = len(found) <= BATCH
            found = found[:BATCH]
            if found and open_end and 0 <= now - self._changed < SETTLE:
                found.pop()
            self._waits = (found[-1].last + 1 if found else self._next) < total
        if found:
            self._next = found[-1].last + 1
        return [encode(self._event(trade, now // MS)) for trade in found]

    def _event(self, trade: Trade, now: int) -> dict[str, Any]:
        price, size = amount(trade.price, trade.grid.price_decimals), amount(trade.size, trade.grid.size_decimals)
        head = {"e": self._stream.kind, "E": now, "s": self._stream.name}
        tail = {"T": trade.time, "m": trade.maker, "M": True}
        if self._single:
            return {**head, "t": trade.number, "p": price, "q": size, **tail}
        return {**head, "a": trade.number, "p": price, "q": size, "f": trade.first, "l": trade.last, **tail}


class KlineFeed:
    """The running kline every two seconds (1s: every second) if it changed, and each kline when it is closed."""

    def __init__(self, stream: StreamName, market: Market, data: MarketData, now: int) -> None:
        self._stream = stream
        self._market = market
        self._klines = data.klines
        self._ledger = data.ledger(stream.symbol)
        self._interval = Interval(stream.interval, INTERVALS[stream.interval])
        self._every = SECOND if stream.interval == "1s" else 2 * SECOND
        self._sent = self._checked = now - self._every
        self._live = self._behind = False
        self._revision: object = None
        self._last: Kline | None = None
        self._open = self._running(now)

    def _running(self, now: int) -> int:
        return self._klines.bounds(self._stream.symbol, self._interval, now)[1]

    def due(self, now: int) -> bool:
        market, symbol = self._market, self._stream.symbol
        changed = (market.epoch_of(symbol), market.revision(symbol)) != self._revision
        if changed and abs(now - self._sent) >= self._every:
            return True
        ended = now >= self._open + self._interval.ns and abs(now - self._checked) >= CLOSE_CHECK
        return self._behind or (ended and (changed or self._live))

    def events(self, now: int) -> list[bytes]:
        symbol = self._stream.symbol
        self._checked = now
        self._revision = self._market.epoch_of(symbol), self._market.revision(symbol)
        info = self._market.info(symbol)
        self._live = trading(info, now)
        back = not self._live or now < self._open
        if info.last < self._open - self._interval.ns and back:  # the symbol was reset to an earlier time
            self._open = self._running(now)
        found: list[bytes] = []
        rows = self._klines.rows(symbol, self._interval, now, self._open, None, BATCH)
        self._behind = len(rows) == BATCH
        for kline in rows:
            if info.last >= kline.end or (self._live and now >= kline.end + GRACE):
                found.append(self._event(kline, now, closed=True))
                self._open, self._last = kline.end, None
            elif abs(now - self._sent) >= self._every and kline != self._last and (kline.trades or now < kline.end):
                found.append(self._event(kline, now, closed=False))
                self._sent, self._last = now, kline
                break
            else:
                break
        return found

    def _event(self, kline: Kline, now: int, *, closed: bool) -> bytes:
        first = last = -1
        if kline.trades:
            first, last = self._ledger.place_at(kline.start), self._ledger.place_at(kline.end) - 1
        _, o, h, low, c, v, _, q, n, taker, taker_quote, ignored = kline.row()
        body = {
            "t": kline.start // MS, "T": kline.end // MS - 1, "s": self._stream.name, "i": self._interval.name,
            "f": first, "L": last, "o": o, "c": c, "h": h, "l": low, "v": v, "n": n, "x": closed, "q": q,
            "V": taker, "Q": taker_quote, "B": ignored,
        }  # fmt: skip
        return encode({"e": "kline", "E": now // MS, "s": self._stream.name, "k": body})


class MiniTickerFeed:
    """24 hour statistics, every second after a change."""

    def __init__(self, stream: StreamName, market: Market, data: MarketData) -> None:
        self._stream = stream
        self._market = market
        self._data = data
        self._sent = -(2**62)
        self._revision: object = None

    def _version(self) -> tuple[str, int]:
        symbol = self._stream.symbol
        return self._market.epoch_of(symbol), self._market.revision(symbol)

    def due(self, now: int) -> bool:
        return abs(now - self._sent) >= SECOND and self._version() != self._revision

    def events(self, now: int) -> list[bytes]:
        self._sent, self._revision = now, self._version()
        symbol = self._stream.symbol
        day = self._data.rolling(symbol).day(self._data.present(symbol), brief=True)
        return [encode(day.mini(self._stream.name, now // MS))]


class BookTickerFeed:
    """Best bid and ask after each change. u counts the changes."""

    def __init__(self, stream: StreamName, data: MarketData) -> None:
        self._stream = stream
        self._data = data
        self._count = 0
        self._last: object = None

    def due(self, now: int) -> bool:
        return self._data.quotes(self._stream.symbol) != self._last

    def events(self, now: int) -> list[bytes]:
        quote = self._data.quotes(self._stream.symbol)
        if quote is None or quote == self._last:
            return []
        self._last = quote
        self._count += 1
        bid, bid_size, ask, ask_size = quote.texts().values()
        event = {"u": self._count, "s": self._stream.name, "b": bid, "B": bid_size, "a": ask, "A": ask_size}
        return [encode(event)]
