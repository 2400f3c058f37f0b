"""Kaiko trades.

Layout: docs.kaiko.com, "Trades": daily files `id,exchange,symbol,date,price,amount,sell`, REST answers `timestamp,
trade_id, price, amount, taker_side_sell`. Times are ms. `sell` and `taker_side_sell` are true where the taker sold.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role

FORMAT = Format(
    name="kaiko",
    title="Kaiko trades",
    needs=("id", "exchange", "symbol", "date", "price", "amount", "sell"),
    roles={
        Role.TIME: ("date",),
        Role.PRICE: ("price",),
        Role.SIZE: ("amount",),
        Role.MAKER: ("sell",),
        Role.ID: ("id",),
        Role.SYMBOL: ("symbol",),
    },
    also=Format(
        name="kaiko",
        title="Kaiko REST trades",
        needs=("timestamp", "price", "amount", "takersidesell"),
        roles={
            Role.TIME: ("timestamp",),
            Role.PRICE: ("price",),
            Role.SIZE: ("amount",),
            Role.MAKER: ("takersidesell",),
            Role.ID: ("tradeid",),
            Role.SYMBOL: ("instrument",),
        },
    ),
)
