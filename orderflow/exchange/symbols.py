"""What the exchange calls an instrument, and what exchangeInfo says of it.

The name is the engine's symbol in capitals without what is no letter or digit of ASCII: ITEM_00 is ITEM00, btc-usdt is
BTCUSDT. Of two symbols with one name, the one that is spelled so is listed, else the first by the alphabet.
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
"""Quote assets that a name may end in; any other instrument is quoted in USD."""
FRESH = 1.0
"""Seconds for which the names are remembered: a list of thousands is not made for every call."""
ENDED = DAY
"""An instrument whose newest trade is older (ns) is no longer trading: its status is BREAK, its klines end there."""
MOST_PRICE = 2**31 - 1
MOST_SIZE = 2**53


def exchange_name(symbol: str) -> str:
    """The exchange's name of an engine's symbol; empty when nothing is left of it."""
    return re.sub(r"[^A-Z0-9]", "", symbol.upper())


def assets(name: str) -> tuple[str, str]:
    """(base asset, quote asset) of a name."""
    for quote in QUOTES:
        if name.endswith(quote) and len(name) > len(quote):
            return name[: -len(quote)], quote
    return name, "USD"


def trading(info: SymbolInfo, now: int) -> bool:
    """Whether an instrument is trading at `now` (ns)."""
    return now - info.last < ENDED


def present(info: SymbolInfo, now: int) -> int:
    """The time (ns) up to which there is something to say of an instrument: now, or its last trade if it has ended."""
    return max(now, info.last) if trading(info, now) else info.last


class Listing:
    """The symbols by their names here."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._known: dict[str, str] = {}
        self._read = -math.inf

    def all(self) -> dict[str, SymbolInfo]:
        """Every instrument with ticks, by its name here, in the order of the alphabet."""
        found: dict[str, SymbolInfo] = {}
        known = self._market.symbols()
        for info in sorted(known, key=lambda info: (info.symbol != exchange_name(info.symbol), info.symbol)):
            name = exchange_name(info.symbol)
            if name and name not in found:
                found[name] = info
        return dict(sorted(found.items()))

    def symbol(self, name: str) -> str:
        """The engine's symbol of a name. Raises Refusal."""
        known = self._known.get(name) if time.monotonic() - self._read < FRESH else None
        if known is None or not self._market.revision(known):
            self._known = {listed: info.symbol for listed, info in self.all().items()}
            self._read = time.monotonic()
            known = self._known.get(name)
        if known is None:
            raise bad_symbol()
        return known

    def grid(self, symbol: str) -> Grid:
        """The steps of an instrument's price and size."""
        return self._market.arrivals(symbol, 0, 0).grid

    def describe(self, name: str, info: SymbolInfo, now: int) -> dict[str, Any]:
        """An entry of exchangeInfo. now: ns."""
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
                    "maxPrice": amount(MOST_PRICE * grid.tick_units, grid.price_decimals),
                    "tickSize": tick,
                },
                {
                    "filterType": "LOT_SIZE",
                    "minQty": step,
                    "maxQty": amount(MOST_SIZE, grid.size_decimals),
                    "stepSize": step,
                },
            ],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": "NONE",
            "allowedSelfTradePreventionModes": ["NONE"],
        }
