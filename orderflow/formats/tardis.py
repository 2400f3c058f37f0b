"""Tardis.dev trades.

Layout: docs.tardis.dev/downloadable-csv-files/data-types, "trades": exchange, symbol, timestamp, local_timestamp, id,
side, price, amount; delimiter comma, decimal dot, times in µs UTC; a cell is empty if the exchange gives no value. The
side is the liquidity taker's, or unknown. A grouped file (OPTIONS, PERPETUALS) holds many symbols.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN

FORMAT = Format(
    name="tardis",
    title="Tardis.dev trades",
    needs=("exchange", "symbol", "timestamp", "localtimestamp", "side", "price", "amount"),
    roles={
        Role.TIME: ("timestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("amount",),
        Role.SIDE: ("side",),
        Role.ID: ("id",),
        Role.SYMBOL: ("symbol",),
    },
    side_words={"buy": BUY, "sell": SELL, "unknown": UNKNOWN},
)
