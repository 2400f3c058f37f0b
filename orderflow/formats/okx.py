"""OKX historical trades and aggregate trades (okx.com/data-download).

Layout: github.com/terrylica/data-source-manager, docs/api/okx_data_download_guide.md: trade_id, side, size, price,
created_time. Older headers read `trade_id/撮合id` and so on in GBK, files before 2022 have no header, and newer files
begin with instrument_name. Times are ms. The side is the taker's. The size of a swap or future is a number of
contracts. Some files have binary-float noise in the size (0.00044782999999999997): such rows are rejected, not rounded.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL

FORMAT = Format(
    name="okx",
    title="OKX historical trades",
    positive=True,
    needs=("tradeid", "side", "size", "price", "createdtime"),
    roles={
        Role.TIME: ("createdtime",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SIDE: ("side",),
        Role.ID: ("tradeid",),
        Role.SYMBOL: ("instrumentname",),
    },
    shapes=(
        Shape(
            ("whole", "side", "number", "number", "epoch"),
            {Role.ID: 0, Role.SIDE: 1, Role.SIZE: 2, Role.PRICE: 3, Role.TIME: 4},
        ),
    ),
    side_words={"buy": BUY, "sell": SELL},
)
