"""Trades stored by aggr-server.

Layout: github.com/Tucsky/aggr-server, src/storage/files.js with groupTrades of src/helper.js, without a header, by
spaces: timestamp (ms), price, size, side (1 buy, 0 sell) and, for a liquidation only, a 1. Liquidations are no trades.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import TRADE, Column, Kinds, Layout, Role
from orderflow.formats.parsing.words import BUY, SELL
from orderflow.formats.sniff import Sample

_KIND = Kinds({"": TRADE, "0": TRADE, "1": "liquidations"})
_MARK = 4


def _fit(sample: Sample, layout: Layout) -> Layout:
    columns = {**layout.columns, Role.ACTION: Column(_MARK, "column 5 (liquidation)")}
    return replace(layout, columns=columns, width=_MARK + 1, least=_MARK, kind=_KIND)


FORMAT = Format(
    name="aggr",
    title="aggr-server trades",
    shapes=(Shape(("epoch", "number", "number", "flag"), {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2, Role.SIDE: 3}),),
    side_words={"1": BUY, "0": SELL},
    fit=_fit,
)
