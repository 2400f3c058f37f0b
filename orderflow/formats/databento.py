"""Databento trades as CSV (schemas trades, tbbo, mbp-1 and mbo).

Layout: databento.com/docs/schemas/trades: ts_recv, ts_event, rtype, publisher_id, instrument_id, action, side, depth,
price, size, flags, ts_in_delta, sequence and, with mapped symbols, symbol. The time is ts_event, from the matching
engine: integer ns, or ISO-8601 with pretty timestamps. Prices are integers of 1e-9, or decimals with pretty prices, the
same in the whole file. The side is the aggressor's: A(sk) sold, B(id) bought, N(one) has no aggressor. Records
with another action than T are no trades and are skipped. `sequence` numbers a message that can hold several trades, so
it is not used as a trade id.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN
from orderflow.formats.sniff import Sample

_SHIFT = 9
_KIND = Kinds({"t": TRADE}, rest="records of the book")


def _fit(sample: Sample, layout: Layout) -> Layout:
    prices = [price for price in sample.column(layout.columns[Role.PRICE].index) if price]
    fixed = bool(prices) and all(price.lstrip("-").isdigit() for price in prices)
    return replace(layout, price_shift=_SHIFT if fixed else 0, kind=_KIND)


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
