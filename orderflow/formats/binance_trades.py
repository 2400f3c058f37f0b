"""Binance trades, spot and futures, as data.binance.vision publishes them and as the REST API names them.

Layout: github.com/binance/binance-public-data, README "Trades": trade id, price, qty, quoteQty (COIN-M: baseQty), time,
isBuyerMaker and, on spot, isBestMatch; spot files have no header, futures files have one (id, price, qty, quote_qty,
time, is_buyer_maker). Times are ms, in spot files from 2025-01-01 on µs. isBuyerMaker true: the seller aggressed.
Spot ids number the trades of a symbol one by one; those of futures also count orders of the insurance fund.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.sniff import Sample

_ROLES = {Role.ID: 0, Role.PRICE: 1, Role.SIZE: 2, Role.TIME: 4, Role.MAKER: 5}
_FUTURES = ("whole", "number", "number", "number", "epoch", "bool")


def _fit(sample: Sample, layout: Layout) -> Layout:
    spot = "isbestmatch" in sample.normal if sample.header else layout.width > len(_FUTURES)
    return replace(layout, ids_count=spot)


FORMAT = Format(
    name="binance-trades",
    title="Binance trades",
    positive=True,
    needs=("price", "qty", "time", "isbuyermaker"),
    roles={
        Role.TIME: ("time",),
        Role.PRICE: ("price",),
        Role.SIZE: ("qty",),
        Role.MAKER: ("isbuyermaker",),
        Role.ID: ("id", "tradeid"),
        Role.SYMBOL: ("symbol",),
    },
    shapes=(Shape((*_FUTURES, "bool"), _ROLES), Shape(_FUTURES, _ROLES)),
    fit=_fit,
)
