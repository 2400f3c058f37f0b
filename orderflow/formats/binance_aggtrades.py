"""Binance aggregate trades, spot and futures: the fills of one taker order at one price as one row.

Layout: github.com/binance/binance-public-data, README "AggTrades": aggregate trade id, price, quantity, first trade
id, last trade id, timestamp, was the buyer the maker and, on spot, was it the best price match; spot files have no
header, futures files have one (agg_trade_id, price, quantity, first_trade_id, last_trade_id, transact_time,
is_buyer_maker). Times are ms, in spot files from 2025-01-01 on µs. Buyer is maker: the seller aggressed. The id is the
aggregate's; ids number the aggregates of a symbol one by one.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role

_ROLES = {Role.ID: 0, Role.PRICE: 1, Role.SIZE: 2, Role.TIME: 5, Role.MAKER: 6}
_FUTURES = ("whole", "number", "number", "whole", "whole", "epoch", "bool")

FORMAT = Format(
    name="binance-aggtrades",
    title="Binance aggregate trades",
    positive=True,
    needs=("aggtradeid", "price", "quantity", "transacttime", "isbuyermaker"),
    roles={
        Role.TIME: ("transacttime",),
        Role.PRICE: ("price",),
        Role.SIZE: ("quantity",),
        Role.MAKER: ("isbuyermaker",),
        Role.ID: ("aggtradeid",),
        Role.SYMBOL: ("symbol",),
    },
    shapes=(Shape((*_FUTURES, "bool"), _ROLES), Shape(_FUTURES, _ROLES)),
    fit=lambda sample, layout: replace(layout, ids_count=True),
)
