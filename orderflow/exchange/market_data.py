"""REST calls: parameters, validated as strictly as Binance does, and JSON-ready responses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderflow.errors import NotFound
from orderflow.exchange.dialect import (
    DEFAULT_LIMIT,
    INTERVALS,
    MAX_LIMIT,
    MS,
    PLACES,
    Endpoint,
    Refusal,
    amount,
    bad_interval,
    bad_symbol,
    illegal,
    invalid,
    no_quote,
    ratio,
    time_zone,
)
from orderflow.exchange.klines import Interval, Klines
from orderflow.exchange.ledger import Ledger
from orderflow.exchange.rolling import MINUTES, Rolling
from orderflow.exchange.symbols import Listing, present
from orderflow.market.frames import MINUTE
from orderflow.market.market import Market
from orderflow.market.symbol import SymbolInfo

SYMBOL = "^[A-Z0-9-_.]{1,50}$"
NUMBER = "^[0-9]{1,20}$"
LAST_MS = 2**62 // MS
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask. Scaled integers: prices with pd decimals, sizes with sd decimals."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int
    pd: int
    sd: int

    def texts(self) -> dict[str, str]:
        """The members of the tickers."""
        return {
            "bidPrice": amount(self.bid, self.pd),
            "bidQty": amount(self.bid_size, self.sd),
            "askPrice": amount(self.ask, self.pd),
            "askQty": amount(self.ask_size, self.sd),
        }


NO_BOOK = dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), "0.00000000")
"""Members of ticker/24hr for a symbol without quotes."""
Quotes = Callable[[str], Quote | None]


def read(endpoint: Endpoint, query: Query) -> dict[str, str]:
    """The parameters by name. Raises Refusal for missing, empty, repeated or unknown ones."""
    given: dict[str, str] = {}
    for name, value in query:
        if name in given:
            raise Refusal(-1101, "Duplicate values for a parameter detected.")
        given[name] = value
    known = [name for name in given if name in endpoint.params]
    if len(known) < len(given):
        if not endpoint.params:
            raise Refusal(-1101, f"Too many parameters; expected '0' and received '{len(given)}'.")
        raise Refusal(
            -1104,
            f"Not all sent parameters were read; read '{len(known)}' parameter(s) but was sent '{len(given)}'.",
        )
    for name in endpoint.needed:
        if not given.get(name):
            raise Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    for name, value in given.items():
        if not value:
            raise Refusal(-1105, f"Parameter '{name}' was empty.")
    return given


def number(given: dict[str, str], name: str) -> int | None:
    """A parameter as an integer, None if not given. Raises Refusal."""
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise illegal(name, NUMBER)
    if int(text) >= 2**63:
        raise Refusal(-1108, f"Parameter '{name}' overflowed.")
    return int(text)


def limit(given: dict[str, str]) -> int:
    """The requested number of rows, at most `MAX_LIMIT`. Raises Refusal for 0."""
    value = number(given, "limit")
    if value == 0:
        raise invalid("limit")
    return DEFAULT_LIMIT if value is None else min(value, MAX_LIMIT)


def moment(given: dict[str, str], name: str) -> int | None:
    """A parameter as a time in ms, None if not given. Raises Refusal."""
    value = number(given, name)
    return None if value is None else min(value, LAST_MS)


def named(given: dict[str, str]) -> list[str] | None:
    """The requested symbols; None: all. Raises Refusal."""
    if "symbol" in given and "symbols" in given:
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    if "symbol" in given:
        return [_legal(given["symbol"], "symbol")]
    if "symbols" not in given:
        return None
    try:
        names = json.loads(given["symbols"])
    except (ValueError, RecursionError) as error:
        raise illegal("symbols", '^\\["..."(,"...")*\\]$') from error
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise illegal("symbols", '^\\["..."(,"...")*\\]$')
    if len(set(names)) < len(names):
        raise Refusal(-1151, "Symbol is present multiple times in the list.")
    return [_legal(name, "symbols") for name in names]


def _legal(name: str, where: str) -> str:
    if not re.fullmatch(r"[A-Z0-9_.-]{1,50}", name):
        raise illegal(where, SYMBOL)
    return name


class MarketData:
    """Answers all REST calls.

    now: the exchange's time in ns. quotes: best bid and ask by symbol, None without a book. weight_limit: request
    weight per minute. new_lock: makes the locks of `Ledger` and `Rolling`.
    """

    def __init__(
        self,
        market: Market,
        now: Callable[[], int],
        quotes: Quotes,
        weight_limit: Callable[[], int],
        new_lock: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._market = market
        self._now = now
        self.quotes = quotes
        self._weight_limit = weight_limit
        self._new_lock = new_lock
        self._lock = new_lock()
        self._ledgers: dict[str, Ledger] = {}
        self._rolling: dict[str, Rolling] = {}
        self.listing = Listing(market)
        self.klines = Klines(market)
        self._answers: dict[str, Callable[[dict[str, str]], Any]] = {
            "ping": lambda given: {},
            "time": lambda given: {"serverTime": self._now() // MS},
            "exchangeInfo": self._info,
            "klines": self._rows,
            "uiKlines": self._rows,
            "aggTrades": self._aggregates,
            "trades": lambda given: self._trades(given, None),
            "historicalTrades": lambda given: self._trades(given, number(given, "fromId")),
            "avgPrice": self._average,
            "ticker/price": lambda given: self._each(given, self._price),
            "ticker/24hr": self._days,
            "ticker/bookTicker": self._books,
        }

    def answer(self, endpoint: Endpoint, query: Query) -> Any:
        """The response to a call, JSON-ready. Raises Refusal."""
        try:
            return self._answers[endpoint.path](read(endpoint, query))
        except NotFound as error:  # the symbol was removed meanwhile
            raise bad_symbol() from error

    def ledger(self, symbol: str) -> Ledger:
        """The trade ids of a symbol of the engine."""
        with self._lock:
            found = self._ledgers.get(symbol)
            if found is None:
                found = self._ledgers[symbol] = Ledger(self._market, symbol, self._new_lock())
            return found

    def rolling(self, symbol: str) -> Rolling:
        """The last 24 hours of a symbol of the engine."""
        ledger = self.ledger(symbol)
        with self._lock:
            found = self._rolling.get(symbol)
            if found is None:
                found = Rolling(self._market, self.klines, ledger, symbol, self._new_lock())
                self._rolling[symbol] = found
            return found

    def present(self, symbol: str) -> int:
        """The time (ns) up to which a symbol has data (see `symbols.present`)."""
        return present(self._market.info(symbol), self._now())

    def _symbol(self, given: dict[str, str]) -> str:
        return self.listing.symbol(_legal(given["symbol"], "symbol"))

    def _info(self, given: dict[str, str]) -> Any:
        names = named(given)
        known = self.listing.all()
        if names is not None and not set(names) <= known.keys():
            raise bad_symbol()
        now = self._now()
        return {
            "timezone": "UTC",
            "serverTime": now // MS,
            "rateLimits": [
                {
                    "rateLimitType": "REQUEST_WEIGHT",
                    "interval": "MINUTE",
                    "intervalNum": 1,
                    "limit": self._weight_limit(),
                }
            ],
            "exchangeFilters": [],
            "symbols": [self.listing.describe(name, known[name], now) for name in (known if names is None else names)],
        }

    def _rows(self, given: dict[str, str]) -> Any:
        symbol = self._symbol(given)
        ns = INTERVALS.get(given["interval"])
        if ns is None:
            raise bad_interval()
        try:
            offset = time_zone(given.get("timeZone", "0"))
        except ValueError as error:
            raise invalid("timeZone") from error
        interval = Interval(given["interval"], ns, offset * MINUTE)
        start, end = (moment(given, name) for name in ("startTime", "endTime"))
        found = self.klines.rows(
            symbol,
            interval,
            self._now(),
            None if start is None else start * MS,
            None if end is None else end * MS,
            limit(given),
        )
        return [kline.row() for kline in found]

    def _aggregates(self, given: dict[str, str]) -> Any:
        symbol = self._symbol(given)
        first, start, end = number(given, "fromId"), moment(given, "startTime"), moment(given, "endTime")
        if first is not None and not (start is None and end is None):
            raise Refusal(-1128, "Combination of optional parameters invalid.")
        ledger, rows = self.ledger(symbol), limit(given)
        found = ledger.aggregates(first, rows) if first is not None else ledger.between(start, end, rows)
        return [trade.row() for trade in found]

    def _trades(self, given: dict[str, str], first: int | None) -> Any:
        return [trade.single() for trade in self.ledger(self._symbol(given)).trades(first, limit(given))]

    def _average(self, given: dict[str, str]) -> Any:
        symbol = self._symbol(given)
        minute = MINUTES.floor(self.present(symbol))
        found = self.klines.traded(symbol, MINUTES, minute - 4 * MINUTE, minute + MINUTE)
        info = self._market.info(symbol)
        volume = sum(kline.volume for kline in found)
        price = ratio(sum(kline.quote for kline in found), volume, found[-1].pd) if volume else _text(info)
        return {"mins": 5, "price": price, "closeTime": info.last // MS}

    def _each(self, given: dict[str, str], make: Callable[[str, SymbolInfo], Any]) -> Any:
        names = named(given)
        known = self.listing.all()
        if names is None:
            return [make(name, info) for name, info in known.items()]
        if not set(names) <= known.keys():
            raise bad_symbol()
        return make(names[0], known[names[0]]) if "symbol" in given else [make(name, known[name]) for name in names]

    def _price(self, name: str, info: SymbolInfo) -> Any:
        return {"symbol": name, "price": _text(info)}

    def _days(self, given: dict[str, str]) -> Any:
        kind = given.get("type", "FULL")
        if kind not in ("FULL", "MINI"):
            raise Refusal(-1139, "Invalid ticker type.")

        def make(name: str, info: SymbolInfo) -> Any:
            day = self.rolling(info.symbol).day(present(info, self._now()), brief=kind == "MINI")
            if kind == "MINI":
                return day.short(name)
            quote = self.quotes(info.symbol)
            return day.full(name, NO_BOOK if quote is None else quote.texts())

        return self._each(given, make)

    def _books(self, given: dict[str, str]) -> Any:
        names = named(given)

        def make(name: str, info: SymbolInfo) -> Any:
            quote = self.quotes(info.symbol)
            if quote is None and names is not None:
                raise no_quote()
            return None if quote is None else {"symbol": name, **quote.texts()}

        found = self._each(given, make)
        return [row for row in found if row is not None] if isinstance(found, list) else found


def _text(info: SymbolInfo) -> str:
    whole, _, part = f"{Decimal(repr(info.price)):f}".partition(".")
    return f"{whole}.{part.ljust(PLACES, '0')}"
