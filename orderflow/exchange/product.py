"""Builds the simulated exchange over the market, with quotes from the simulated instruments that have an order book."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from orderflow.errors import BadSetting, NotFound, OrderflowError
from orderflow.exchange.exchange import Exchange
from orderflow.exchange.market_data import Quote, Quotes
from orderflow.market.market import Market
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.settings.exchange import ExchangeSettings

ATTEMPTS = 10
"""Attempts to read an order book that changes during the read."""


class Quoted(Protocol):
    """One instrument: `quote` has bid, ask, bid_size and ask_size in units of 10**-decimals; None without a book."""

    @property
    def decimals(self) -> int: ...

    def quote(self) -> dict[str, Any] | None: ...


class Instruments(Protocol):
    """Source of quotes. `get` raises NotFound for an unknown symbol."""

    def get(self, key: str) -> Quoted: ...


def build_exchange(
    settings: ExchangeSettings, market: Market, workers: Workers, clock: Clock, instruments: Instruments
) -> Exchange:
    """Build the exchange. Raises BadSetting if the recording cannot be played."""
    exchange = Exchange(market, workers, clock, quotes_of(instruments))
    if settings.recording is not None:
        try:
            exchange.play(Path(settings.recording).expanduser(), settings.velocity, loop=True)
        except (OrderflowError, OSError) as error:
            raise BadSetting(f"exchange_recording = {settings.recording!r} cannot be played: {error}") from error
    return exchange


def quotes_of(instruments: Instruments) -> Quotes:
    """Best bid and ask by symbol, None for an instrument without an order book; callable from any thread."""

    def quote(symbol: str) -> Quote | None:
        for _ in range(ATTEMPTS):
            try:
                instrument = instruments.get(symbol)
                found = instrument.quote()
            except NotFound:
                return None
            except (KeyError, IndexError):  # the hub's thread changed the book during the read
                continue
            if found is None:
                return None
            decimals = instrument.decimals
            bid, ask = (round(found[side] * 10**decimals) for side in ("bid", "ask"))
            if bid < ask:
                return Quote(bid, int(found["bid_size"]), ask, int(found["ask_size"]), decimals, 0)
        return None

    return quote
