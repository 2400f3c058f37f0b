"""Phemex trades: answers of its REST endpoints and the trades of its stream.

Layout: github.com/phemex/phemex-api-docs, Public-Hedged-Perpetual-API.md and Public-Contract-API-en.md, "Query recent
trades" and "Subscribe trade": lists of timestamp (ns), side (the taker's), price, size, of which `files.recordings`
makes rows. Prices under `trades_p` are plain. Those under `trades` are integers, scaled for each product by its
priceScale, which the messages do not give: they are refused until the scale is said.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.refused import Refusal

REFUSAL = Refusal(
    "phemex",
    "these are Phemex trades whose prices (priceEp) are integers, with a scale for each product: give it, "
    "--columns time=timestamp,side=side,price=priceEp,size=size,symbol=symbol --price-scale 10000 for most contracts; "
    "sizes of spot trades are scaled too, which no option says",
    lambda sample: {"timestamp", "side", "priceep", "size"} <= sample.normal.keys(),
)

FORMAT = Format(
    name="phemex",
    title="Phemex trades",
    needs=("sequence", "timestamp", "side", "price", "size"),
    roles={
        Role.TIME: ("timestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SIDE: ("side",),
        Role.SYMBOL: ("symbol",),
    },
)
