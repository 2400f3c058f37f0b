"""Coinbase Exchange trades, from the REST endpoint or the matches channel, as a table.

Layout: docs.cdp.coinbase.com, "Get product trades": trade_id, side, size, price, time (ISO with Z), in any order. The
matches channel adds maker_order_id, taker_order_id, product_id, sequence, and a recording of it has messages of other
types, which are no trades; Advanced Trade adds product_id. The side is
the *maker's*: "buy" is a down-tick, so the seller was the aggressor. The format inverts it. Trade ids number a
product's trades one by one.

A file whose sides have already been inverted has the same five columns and cannot be detected: force the format
`generic` for it. A table with any other column (Kraken futures' `type`, for example) does not match this format.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role
from orderflow.formats.parsing.words import MAKER
from orderflow.formats.sniff import Sample

_FIVE = frozenset({"time", "tradeid", "price", "size", "side"})
_MATCH = frozenset({"makerorderid", "takerorderid"})
_KIND = Kinds({"": TRADE, "match": TRADE, "last match": TRADE}, rest="other records")
_MORE = frozenset({"productid", "makerorderid", "takerorderid", "sequence", "bid", "ask"})


def _fit(sample: Sample, layout: Layout) -> Layout:
    if sample.normal.keys() >= _MATCH:
        kind = _KIND if "type" in sample.normal else None
        return replace(layout, ids_count=True, kind=kind)
    if sample.normal.keys() - _FIVE - _MORE - {"type"} or (
        "type" in sample.normal and "makerorderid" not in sample.normal
    ):
        raise FormatMismatch("it needs the columns time, trade_id, price, size, side, and no others than Coinbase's")
    times = sample.column(layout.columns[Role.TIME].index)
    if 2 * sum(time.endswith(("Z", "+00:00", "+00")) for time in times) < len(times):
        raise FormatMismatch("it needs ISO-8601 times with Z")
    return replace(layout, ids_count=True)


FORMAT = Format(
    name="coinbase",
    title="Coinbase trades",
    positive=True,
    needs=("time", "tradeid", "price", "size", "side"),
    roles={
        Role.TIME: ("time",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SIDE: ("side",),
        Role.ID: ("tradeid",),
        Role.SYMBOL: ("productid",),
        Role.ACTION: ("type",),
    },
    side_words=MAKER,
    note="the side column is the maker's: sides are inverted; force generic if yours already holds the aggressor",
    fit=_fit,
)
