"""Kraken time and sales: the downloadable history, and rows of the REST endpoint Trades.

Layout: support.kraken.com, "Downloadable historical market data (time and sales)", without a header: time in seconds,
price, volume; no side, so the tick rule applies. REST (support.kraken.com, "How to retrieve historical time and
sales"): price, volume, time in seconds with decimals, b or s (the taker's side), m or l (the taker's order type),
miscellaneous, and since 2022 the trade id.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL

_REST = ("number", "number", "seconds", "side", "order", "any")
_ROLES = {Role.PRICE: 0, Role.SIZE: 1, Role.TIME: 2, Role.SIDE: 3}

FORMAT = Format(
    name="kraken",
    title="Kraken time and sales",
    positive=True,
    shapes=(
        Shape(("seconds", "number", "number"), {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2}),
        Shape((*_REST, "whole"), {**_ROLES, Role.ID: 6}),
        Shape(_REST, _ROLES),
    ),
    side_words={"b": BUY, "buy": BUY, "s": SELL, "sell": SELL},
)
