"""Binance spot: aggregate trades and klines, from the hosts that need no key.

Documentation: developers.binance.com, "Web Socket Streams for Binance" and "Market Data endpoints", of 2026-07. An
aggregate trade has an id of its own (`a`) and covers the trades `f` to `l`, which go on without a gap from one to the
next. `m` says that the buyer was the maker: the seller aggressed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from orderflow.feeds.venues.venue import (
    BadMessage,
    Event,
    Facts,
    Held,
    Kline,
    Problem,
    Request,
    ShuttingDown,
    Subscribed,
    Trade,
)

MS = 1_000_000
"""Nanoseconds in a millisecond."""
_PAIR = re.compile(
    r"[A-Z0-9]{1,20}(?:USDT|USDC|FDUSD|TUSD|USD1|EUR|TRY|BRL|JPY|MXN|ARS|USD)|[A-Z0-9]{3,20}(?:BTC|ETH|BNB)"
)
"""Pairs end with the asset that they are quoted in; WBTC and WBETH are assets."""


class _Kline(msgspec.Struct, gc=False):
    t: int
    T: int
    i: str
    o: str
    h: str
    l: str  # noqa: E741  # Binance's name
    c: str
    v: str
    n: int
    V: str
    x: bool


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Event(msgspec.Struct):
    """The payload of a stream, of the kinds that are subscribed to."""

    e: str = ""
    s: str = ""
    a: int = 0
    p: str = ""
    q: str = ""
    f: int = 0
    l: int = 0  # noqa: E741  # Binance's name
    T: int = 0
    m: bool = False
    k: _Kline | None = None


class _Message(_Event):
    """A message: a payload, a payload in an envelope, or the answer to a request."""

    data: _Event | None = None
    error: _Error | None = None
    id: int | str | None = None


class _Row(msgspec.Struct, gc=False):
    """A row of GET aggTrades."""

    a: int
    p: str
    q: str
    f: int
    l: int  # noqa: E741  # Binance's name
    T: int
    m: bool


class _Time(msgspec.Struct):
    serverTime: int  # Binance's name


_MESSAGE = msgspec.json.Decoder(_Message)
_ROWS = msgspec.json.Decoder(list[_Row])
_KLINE_ROWS = msgspec.json.Decoder(list[tuple[int, str, str, str, str, str, int, str, int, str, str, str]])
"""Rows of GET klines: open time, open, high, low, close, volume, close time, quote volume, trades, taker volumes."""
_TIME = msgspec.json.Decoder(_Time)


class Binance:
    """The dialect of Binance spot, and of the simulated exchange of another server."""

    facts = Facts(
        name="binance",
        title="Binance",
        rest_url="https://data-api.binance.vision",
        ws_url="wss://data-stream.binance.vision",
        life=86_400.0,
        silence=60.0,
        weight=6000,
    )

    def default_pair(self, ticker: str) -> str:
        return f"{ticker.upper()}USDT"

    def is_pair(self, text: str) -> bool:
        return _PAIR.fullmatch(text) is not None

    def socket_path(self, pairs: Sequence[str]) -> str:
        return "/stream"

    def subscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("SUBSCRIBE", [_stream(pair) for pair in pairs])] if pairs else []

    def unsubscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("UNSUBSCRIBE", [_stream(pair) for pair in pairs])] if pairs else []

    def subscribe_klines(self, pair: str, interval: str) -> str:
        """The message that subscribes to the klines of a pair; `interval` in Binance's words, such as 1m."""
        return _call("SUBSCRIBE", [f"{pair.lower()}@kline_{interval}"])

    def read(self, message: str | bytes) -> Sequence[Event]:
        try:
            found = _MESSAGE.decode(message)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadMessage(f"a message is not Binance's: {error}") from error
        event = found if found.data is None else found.data
        if event.e == "aggTrade":
            side = -1 if event.m else 1
            return (Trade(event.s, event.a, event.T * MS, event.p, event.q, side, event.f, event.l),)
        if event.e == "kline" and event.k is not None:
            return (_kline(event.s, event.k),)
        if event.e == "serverShutdown":
            return (ShuttingDown(),)
        if found.error is not None:
            return (Problem(f"{found.error.msg} ({found.error.code})"),)
        return (Subscribed(),) if found.id is not None else ()

    def trades_request(self, pair: str, held: Held | None) -> Request:
        query = {"symbol": pair, "limit": str(self.facts.page)}
        if held is not None:
            query["fromId"] = str(held.id)
        return Request("/api/v3/aggTrades", query, weight=4)

    def read_trades(self, pair: str, body: bytes) -> Sequence[Trade]:
        try:
            rows = _ROWS.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadMessage(f"the answer of aggTrades is not Binance's: {error}") from error
        return [Trade(pair, row.a, row.T * MS, row.p, row.q, -1 if row.m else 1, row.f, row.l) for row in rows]

    def klines_request(self, pair: str, interval: str, end: int, limit: int) -> Request:
        query = {"symbol": pair, "interval": interval, "endTime": str(end - 1), "limit": str(limit)}
        return Request("/api/v3/klines", query, weight=2)

    def read_klines(self, pair: str, interval: str, body: bytes) -> Sequence[Kline]:
        try:
            rows = _KLINE_ROWS.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadMessage(f"the answer of klines is not Binance's: {error}") from error
        return [
            Kline(pair, interval, start, end, o, h, low, c, v, n, taker, False)
            for start, o, h, low, c, v, end, _, n, taker, *_ in rows
        ]

    def time_request(self) -> Request | None:
        return Request("/api/v3/time")

    def read_time(self, body: bytes) -> int:
        try:
            return _TIME.decode(body).serverTime * MS
        except msgspec.DecodeError as error:
            raise BadMessage(f"the answer of time is not Binance's: {error}") from error

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        text = headers.get("x-mbx-used-weight-1m", "")
        return int(text) if text.isdecimal() else None


def _stream(name: str) -> str:
    """The stream of a pair's trades, or of its klines, for a name made by `kline_name`."""
    pair, _, kind = name.partition("@")
    return f"{pair.lower()}@{kind or 'aggTrade'}"


def _call(method: str, params: list[str]) -> str:
    return msgspec.json.encode({"method": method, "params": params, "id": 1}).decode()


def _kline(pair: str, k: _Kline) -> Kline:
    return Kline(pair, k.i, k.t, k.T, k.o, k.h, k.l, k.c, k.v, k.n, k.V, k.x)
