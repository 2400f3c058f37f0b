"""Alpaca trades: answers of its data API and messages of its streams.

Layout: docs.alpaca.markets/reference/stocktrades (its OpenAPI schema `stock_trade`): t (RFC 3339 with nanoseconds), x
exchange, p price, s size, c conditions, i id, z tape, and u where the trade was changed later: `canceled` and
`incorrect` are no trades any more, `corrected` is the trade that took the place of another.
docs.alpaca.markets/docs/real-time-stock-pricing-data: messages have T (t for a trade, x for a cancel or an error, c for
a correction), S symbol and the same keys, which differ by case. docs.alpaca.markets/docs/real-time-crypto-pricing-data:
those of crypto trades have tks, the taker's side (B or S), and no x and c. Ids are the exchange's, and nothing says
that they are unique, so they are not used. Stock trades have no side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch, exact_keys
from orderflow.formats.parsing.layout import AMENDS, TRADE, Column, Kinds, Layout, Role
from orderflow.formats.parsing.words import BUY, SELL
from orderflow.formats.record_kinds import CANCELLED
from orderflow.formats.sniff import Sample

_ROLES: Mapping[Role, tuple[str, ...]] = {
    Role.TIME: ("t",),
    Role.PRICE: ("p",),
    Role.SIZE: ("s",),
    Role.SYMBOL: ("S", "symbol"),
    Role.SIDE: ("tks",),
    Role.ACTION: ("T",),
}
_CANCELS, _CORRECTIONS = AMENDS
_MESSAGES = Kinds({"t": TRADE, "": TRADE, "x": _CANCELS, "c": _CORRECTIONS}, rest="other messages")
_UPDATES = Kinds({"": TRADE, "corrected": TRADE, "canceled": CANCELLED, "incorrect": "trades that were corrected"})


def _fit(sample: Sample, layout: Layout) -> Layout:
    columns = dict(exact_keys(sample, _ROLES, (Role.TIME, Role.PRICE, Role.SIZE)))
    times = sample.column(columns[Role.TIME].index)
    if not any("T" in time for time in times):
        raise FormatMismatch("its times are ISO-8601")
    if Role.ACTION in columns:
        return replace(layout, columns=columns, kind=_MESSAGES)
    if "u" in sample.header:
        columns[Role.ACTION] = Column(sample.header.index("u"), "u")
        return replace(layout, columns=columns, kind=_UPDATES)
    return replace(layout, columns=columns)


_NEEDED = {Role.TIME: ("t",), Role.PRICE: ("p",), Role.SIZE: ("s",)}

FORMAT = Format(
    name="alpaca",
    title="Alpaca trades",
    needs=("t", "x", "p", "s", "c"),
    roles=_NEEDED,
    fit=_fit,
    also=Format(
        name="alpaca",
        title="Alpaca crypto trades",
        needs=("t", "p", "s", "tks"),
        roles=_NEEDED,
        side_words={"b": BUY, "s": SELL},
        fit=_fit,
    ),
)
