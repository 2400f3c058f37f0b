"""freqtrade's trades in its JSON files (`.json.gz`).

Layout: freqtrade.io, "Data Downloading", trades (tick) data, DEFAULT_TRADES_COLUMNS: lists of timestamp (ms), id, type
(of the order), side (the taker's), price, amount, cost. Its feather and Parquet files have these as column
names, as ccxt's trades do, and are generic tables.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL

FORMAT = Format(
    name="freqtrade",
    title="freqtrade trades in JSON",
    shapes=(
        Shape(
            ("epoch", "any", "any", "side", "number", "number", "number"),
            {Role.TIME: 0, Role.ID: 1, Role.SIDE: 3, Role.PRICE: 4, Role.SIZE: 5},
        ),
    ),
    side_words={"buy": BUY, "sell": SELL},
)
