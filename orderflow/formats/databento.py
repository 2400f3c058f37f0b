"""Databento trades (schemas trades, tbbo, mbp-1 and mbo) as CSV.

Layout: databento.com/docs/schemas/trades: ts_recv, ts_event, rtype, publisher_id, instrument_id, action, side, depth,
price, size, flags, ts_in_delta, sequence and, with mapped symbols, symbol. Times are ts_event, the matching engine's:
integer ns, or ISO when asked for pretty. Prices are integers of 1e-9, or decimals when asked for pretty: a file is one
or the other. Side is the aggressor's: A(sk) sold, B(id) bought, N(one) is known to have none. Only records of action T
are trades. `sequence` is a message's number, which several trades may share: it is no trade id.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN
from orderflow.formats.sniff import Sample

_SHIFT = 9


def _fit(sample: Sample, layout: Layout) -> Layout:
    prices = [price for price in sample.column(layout.columns[Role.PRICE].index) if price]
    fixed = bool(prices) and all(price.lstrip("-").isdigit() for price in prices)
    return replace(layout, price_shift=_SHIFT if fixed else 0, actions=frozenset("T"))


FORMAT = Format(
    name="databento",
    title="Databento trades",
    needs=("tsevent", "rtype", "action", "side", "price", "size"),
    roles={
        Role.TIME: ("tsevent",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SIDE: ("side",),
        Role.ACTION: ("action",),
        Role.SYMBOL: ("symbol",),
    },
    side_words={"a": SELL, "b": BUY, "n": UNKNOWN},
    fit=_fit,
)
