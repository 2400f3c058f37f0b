"""A simulated exchange over HTTP with a history of minutes, and its klines."""

from __future__ import annotations

import json
import time

from orderflow.feeds.kline_columns import kline_columns
from orderflow.feeds.venues.binance import Binance
from orderflow.market.kline_columns import KlineColumns
from tests.exchange.inprocess import SimulatedExchange

PAIR = "BTCUSDT"


def trade_minutes(venue: SimulatedExchange, minutes: int) -> None:
    """A trade in most of the last minutes, at whole seconds, up to now."""
    now = time.time()
    rows = [
        (now - 60.0 * at, f"{20_000 + at * 7 % 900}.{at % 100:02}", f"{1 + at % 5}.25", "buy" if at % 3 else "sell")
        for at in range(minutes, -1, -1)
        if at % 7 or not at
    ]
    venue.trade(PAIR, *rows)


def klines_of(venue: SimulatedExchange, begin: int, frame: str = "1m") -> KlineColumns:
    """All klines of the exchange from `begin` (ms) on."""
    rows = []
    while True:
        query = [("symbol", PAIR), ("interval", frame), ("limit", "1000"), ("startTime", str(begin))]
        reply = venue.exchange.call("klines", query, "10.0.0.9")
        assert reply.status == 200, json.loads(reply.body)
        page = Binance().read_klines(PAIR, frame, reply.body)
        rows += page
        if len(page) < 1000:
            return kline_columns(rows)
        begin = page[-1].end + 1
