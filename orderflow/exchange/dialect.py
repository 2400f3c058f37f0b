"""Conventions of the Binance API: numbers as text, intervals, error codes, endpoints with their weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from orderflow.errors import OrderflowError
from orderflow.market.frames import DAY, HOUR, MINUTE, SECOND

MS = 1_000_000
"""Nanoseconds in a millisecond."""
PLACES = 8
"""Minimum number of decimals of prices and quantities."""
ZERO = "0.00000000"

INTERVALS: dict[str, int] = {
    "1s": SECOND,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "8h": 8 * HOUR,
    "12h": 12 * HOUR,
    "1d": DAY,
}
"""Length in ns by Binance's name. Binance also has 3d, 1w and 1M."""

DEFAULT_LIMIT, MAX_LIMIT = 500, 1000
"""Default and largest number of rows of a response."""


class Refusal(OrderflowError):
    """An error in Binance's form. code, msg: of the JSON body. status_code: HTTP status. retry_after: seconds, with 429
    and 418."""

    status = 400

    def __init__(self, code: int, msg: str, *, status_code: int = 400, retry_after: int | None = None) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.status_code = status_code
        self.retry_after = retry_after

    @property
    def body(self) -> dict[str, object]:
        """The JSON body."""
        return {"code": self.code, "msg": self.msg}

    @property
    def headers(self) -> dict[str, str]:
        """The headers."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


def bad_symbol() -> Refusal:
    return Refusal(-1121, "Invalid symbol.")


def bad_interval() -> Refusal:
    return Refusal(-1120, "Invalid interval.")


def illegal(name: str, legal: str) -> Refusal:
    return Refusal(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def invalid(name: str) -> Refusal:
    return Refusal(-1130, f"Data sent for parameter '{name}' is not valid.")


def no_quote() -> Refusal:
    """For quotes of an instrument without an order book."""
    return Refusal(-1112, "No orders on book for symbol.")


def too_much_weight(limit: int, seconds: int) -> Refusal:
    use = "Please use WebSocket Streams for live updates to avoid polling the API."
    text = f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. {use}"
    return Refusal(-1003, text, status_code=429, retry_after=seconds)


def banned(until_ms: int, seconds: int) -> Refusal:
    use = "Please use WebSocket Streams for live updates to avoid bans."
    text = f"Way too much request weight used; IP banned until {until_ms}. {use}"
    return Refusal(-1003, text, status_code=418, retry_after=seconds)


def amount(units: int, decimals: int) -> str:
    """A scaled integer as text: at least 8 decimals, never rounded."""
    if not units:
        return ZERO
    while decimals > PLACES and units % 10 == 0:
        units //= 10
        decimals -= 1
    if decimals < PLACES:
        units *= 10 ** (PLACES - decimals)
        decimals = PLACES
    whole, part = divmod(abs(units), 10**decimals)
    return f"{'-' if units < 0 else ''}{whole}.{part:0{decimals}d}"


def ratio(above: int, below: int, decimals: int) -> str:
    """above / below, truncated to 8 decimals; `above` has `decimals` more decimals than `below`."""
    return ZERO if not below else amount(above * 10**PLACES // (below * 10**decimals), PLACES)


def time_zone(text: str) -> int:
    """Minutes east of UTC for an offset: `8`, `-1:00`, `05:45`. Raises ValueError outside -12:00 to +14:00."""
    match = re.fullmatch(r"([+-]?)(\d{1,2})(?::(\d{2}))?", text)
    if match is None or int(match[3] or 0) > 59:
        raise ValueError
    minutes = (int(match[2]) * 60 + int(match[3] or 0)) * (-1 if match[1] == "-" else 1)
    if not -12 * 60 <= minutes <= 14 * 60:
        raise ValueError
    return minutes


@dataclass(frozen=True, slots=True)
class Weight:
    """Request weight by number of symbols: `one`; `few` for a list of up to 20; `many` for up to 100; `all` beyond, or
    for all symbols."""

    one: int
    few: int = 0
    many: int = 0
    all: int = 0

    def of(self, symbols: int | None) -> int:
        """The weight for a number of symbols; None: all symbols."""
        if symbols is None:
            return self.all or self.one
        if symbols <= 1:
            return self.one
        return (self.few if symbols <= 20 else self.many if symbols <= 100 else self.all) or self.one


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A REST endpoint. params: parameter names with descriptions. needed: mandatory parameters."""

    path: str
    weight: Weight
    summary: str
    params: Mapping[str, str] = field(default_factory=dict)
    needed: tuple[str, ...] = ()


_SYMBOL = {"symbol": "The symbol, as exchangeInfo names it."}
_SYMBOLS = {"symbol": "One symbol.", "symbols": 'Several symbols, as a JSON list: ["A","B"].'}
_LIMIT = {"limit": f"Rows at most: {DEFAULT_LIMIT} when not given, never more than {MAX_LIMIT}."}
_SPAN = {"startTime": "First time, ms since 1970, inclusive.", "endTime": "Last time, ms since 1970, inclusive."}
_ZONE = {"timeZone": "Offset from UTC in which the intervals begin: 8, -1:00, 05:45."}
_KLINES = {**_SYMBOL, "interval": f"One of {', '.join(INTERVALS)}.", **_SPAN, **_ZONE, **_LIMIT}
_FROM = {"fromId": "The first number, inclusive."}

ENDPOINTS: dict[str, Endpoint] = {
    endpoint.path: endpoint
    for endpoint in (
        Endpoint("ping", Weight(1), "Test of the connection"),
        Endpoint("time", Weight(1), "The server's time"),
        Endpoint("exchangeInfo", Weight(20), "Symbols with their filters, and the rate limits", _SYMBOLS),
        Endpoint("klines", Weight(2), "Klines", _KLINES, ("symbol", "interval")),
        Endpoint("uiKlines", Weight(2), "Klines (the same)", _KLINES, ("symbol", "interval")),
        Endpoint("aggTrades", Weight(4), "Aggregate trades", {**_SYMBOL, **_FROM, **_SPAN, **_LIMIT}, ("symbol",)),
        Endpoint("trades", Weight(25), "The newest trades", {**_SYMBOL, **_LIMIT}, ("symbol",)),
        Endpoint("historicalTrades", Weight(25), "Trades by number", {**_SYMBOL, **_FROM, **_LIMIT}, ("symbol",)),
        Endpoint("avgPrice", Weight(2), "Average price of 5 minutes", _SYMBOL, ("symbol",)),
        Endpoint("ticker/price", Weight(2, 4, 4, 4), "Last price", _SYMBOLS),
        Endpoint(
            "ticker/24hr", Weight(2, 2, 40, 80), "The last 24 hours", {**_SYMBOLS, "type": "FULL (default) or MINI."}
        ),
        Endpoint("ticker/bookTicker", Weight(2, 4, 4, 4), "Best bid and ask, of instruments with a book", _SYMBOLS),
    )
}
"""By path below /api/v3/. Order book depth and account endpoints are left out: there is no data for them."""
