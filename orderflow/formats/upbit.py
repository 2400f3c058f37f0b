"""Upbit and Bithumb trades: answers of the REST endpoint, and the stream's trades.

Layout: docs.upbit.com/reference (최근 체결 내역) and apidocs.bithumb.com/reference, GET /v1/trades/ticks: market,
trade_date_utc, trade_time_utc, timestamp (ms), trade_price, trade_volume, prev_closing_price, change_price, ask_bid,
sequential_id; in the stream code and trade_timestamp stand for market and timestamp. ask_bid is the taker's order: ASK
(매도) a sell, BID (매수) a buy. sequential_id is unique, but not in the order of trades. Answers run newest first.
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
