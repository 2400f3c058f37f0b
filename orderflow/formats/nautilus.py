"""NautilusTrader's data catalog: Parquet files of trade ticks.

Layout: github.com/nautechsystems/nautilus_trader, crates/serialization/src/arrow/trade.rs: price and size as fixed-size
binary, aggressor_side (0 none, 1 buyer, 2 seller), trade_id, ts_event, ts_init (ns), with the instrument and the
precisions in the schema's metadata. Raw numbers are integers of 8 bytes in units of 1e-9, or, with high precision, of
16 bytes in units of 1e-16. `files.arrow_tables` reads them as decimals, and the instrument as a column.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN

FORMAT = Format(
    name="nautilus",
    title="NautilusTrader catalog",
    needs=("price", "size", "aggressorside", "tradeid", "tsevent", "tsinit"),
    roles={
        Role.TIME: ("tsevent",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SIDE: ("aggressorside",),
        Role.ID: ("tradeid",),
        Role.SYMBOL: ("instrumentid",),
    },
    side_words={
        "0": UNKNOWN, "1": BUY, "2": SELL,
        "no_aggressor": UNKNOWN, "buyer": BUY, "seller": SELL,
        "noaggressor": UNKNOWN, "buy": BUY, "sell": SELL,
    },
)  # fmt: skip
