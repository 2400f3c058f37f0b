"""Names of instruments at the exchange, and their entries in exchangeInfo.

The name is the engine's symbol in upper case, reduced to ASCII letters and digits: ITEM_00 is ITEM00, btc-usdt is
BTCUSDT. If two symbols have the same name, the one spelled like the name is listed, otherwise the first alphabetically.
"""

from __future__ import annotations

import math
import re
import time
from typing import Any

from orderflow.exchange.dialect import PLACES, amount, bad_symbol
from orderflow.market.frames import DAY
from orderflow.market.grid import Grid
from orderflow.market.market import Market
from orderflow.market.symbol import SymbolInfo

QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "DAI", "EUR", "GBP", "TRY", "BRL", "JPY", "USD", "BTC", "ETH", "BNB")
"""Quote assets recognised at the end of a name; the default is USD."""
FRESH = 1.0
"""Seconds for which the list of names is cached."""
ENDED = DAY
"""Age (ns) of the newest trade from which an instrument is no longer trading: status BREAK, no later klines."""
MAX_PRICE = 2**31 - 1
MAX_SIZE = 2**53


def exchange_name(symbol: str) -> str:
    """The name of an engine symbol at the exchange; may be empty."""
    return re.sub(r"[^A-Z0-9]", "", symbol.upper())


def assets(name: str) -> tuple[str, str]:
    """(base asset, quote asset) of a name."""
    for quote in QUOTES:
        if name.endswith(quote) and len(name) > len(quote):
            return name[: -len(quote)], quote
    return name, "USD"


def trading(info: SymbolInfo, now: int) -> bool:
    """True if an instrument is trading at `now` (ns)."""
    return now - info.last < ENDED


def present(info: SymbolInfo, now: int) -> int:
    """The time (ns) up to which an instrument has data: now while it is trading, otherwise its last trade."""
    return max(now, info.last) if trading(info, now) else info.last


class Listing:
    """The listed symbols, by name at the exchange."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._known: dict[str, str] = {}
        self._read = -math.inf

    def all(self) -> dict[str, SymbolInfo]:
        """All instruments with ticks by name, in alphabetical order."""
        found: dict[str, SymbolInfo] = {}
        known = self._market.symbols()
        for info in sorted(known, key=lambda info: (info.symbol != exchange_name(info.symbol), info.symbol)):
            name = exchange_name(info.symbol)
            if name and name not in found:
                found[name] = info
        return dict(sorted(found.items()))

    def symbol(self, name: str) -> str:
        """The engine symbol for a name. Raises Refusal."""
        known = self._known.get(name) if time.monotonic() - self._read < FRESH else None
        if known is None or not self._market.revision(known):
            self._known = {listed: info.symbol for listed, info in self.all().items()}
            self._read = time.monotonic()
            known = self._known.get(name)
        if known is None:
            raise bad_symbol()
        return known

    def grid(self, symbol: str) -> Grid:
        """Price and size steps of an instrument."""
        return self._market.arrivals(symbol, 0, 0).grid

    def describe(self, name: str, info: SymbolInfo, now: int) -> dict[str, Any]:
        """The entry of exchangeInfo. now: ns."""
        base, quote = assets(name)
        grid = self.grid(info.symbol)
        tick = amount(grid.tick_units, grid.price_decimals)
        step = amount(1, grid.size_decimals)
        return {
            "symbol": name,
            "status": "TRADING" if trading(info, now) else "BREAK",
            "baseAsset": base,
            "baseAssetPrecision": PLACES,
            "quoteAsset": quote,
            "quotePrecision": PLACES,
            "quoteAssetPrecision": PLACES,
            "baseCommissionPrecision": PLACES,
            "quoteCommissionPrecision": PLACES,
            "orderTypes": [],
            "icebergAllowed": False,
            "ocoAllowed": False,
            "otoAllowed": False,
            "quoteOrderQtyMarketAllowed": False,
            "allowTrailingStop": False,
            "cancelReplaceAllowed": False,
            "amendAllowed": False,
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": [
                {
                    "filterType": "PRICE_FILTER",
                    "minPrice": tick,
                    "maxPrice": amount(MAX_PRICE * grid.tick_units, grid.price_decimals),
                    "tickSize": tick,
                },
                {
                    "filterType": "LOT_SIZE",
                    "minQty": step,
                    "maxQty": amount(MAX_SIZE, grid.size_decimals),
                    "stepSize": step,
                },
            ],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": "NONE",
            "allowedSelfTradePreventionModes": ["NONE"],
        }
