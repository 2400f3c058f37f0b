"""Deribit public trades, as REST answers or as a table of them.

Layout: docs.deribit.com, "public/get_last_trades_by_instrument": timestamp (ms), trade_id, trade_seq, price, amount,
direction, instrument_name, tick_direction, index_price, mark_price and more. `direction` is the taker's. The amount is
in USD for perpetual and inverse futures, else in the base currency.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL

FORMAT = Format(
    name="deribit",
    title="Deribit trades",
    needs=("timestamp", "price", "amount", "direction", "instrumentname"),
    roles={
        Role.TIME: ("timestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("amount",),
        Role.SIDE: ("direction",),
        Role.ID: ("tradeid",),
        Role.SYMBOL: ("instrumentname",),
    },
    side_words={"buy": BUY, "sell": SELL},
)
