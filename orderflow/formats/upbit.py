"""Upbit and Bithumb trades: answers of the REST endpoint, and the stream's trades.

Layout: docs.upbit.com, "Trades Ticks": market, timestamp (ms), trade_price, trade_volume, ask_bid, sequential_id;
stream: code, trade_timestamp, trade_price, trade_volume, ask_bid, sequential_id. ask_bid is the taker's order: ASK
a sell, BID a buy. Answers run newest first.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL

FORMAT = Format(
    name="upbit",
    title="Upbit trades",
    needs=("tradeprice", "tradevolume", "askbid"),
    roles={
        Role.TIME: ("tradetimestamp", "timestamp"),
        Role.PRICE: ("tradeprice",),
        Role.SIZE: ("tradevolume",),
        Role.SIDE: ("askbid",),
        Role.ID: ("sequentialid",),
        Role.SYMBOL: ("market", "code"),
    },
    side_words={"ask": SELL, "bid": BUY},
)
