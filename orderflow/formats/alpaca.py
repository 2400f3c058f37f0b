"""Alpaca trades: answers of its data API and messages of its stream.

Layout: docs.alpaca.markets, "Historical trades" and "Real-time stock data": t (ISO-8601 with nanoseconds), x
exchange, p price, s size, c conditions, i id, z tape; messages have T (t for a trade), S symbol and the same keys,
which differ by case. Ids are unique for each exchange and day only, so they are not used. There is no side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch, exact_keys
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role
from orderflow.formats.sniff import Sample

_ROLES: Mapping[Role, tuple[str, ...]] = {
    Role.TIME: ("t",),
    Role.PRICE: ("p",),
    Role.SIZE: ("s",),
    Role.SYMBOL: ("S", "symbol"),
    Role.ACTION: ("T",),
}
_MESSAGES = Kinds({"t": TRADE, "": TRADE}, rest="other messages")


def _fit(sample: Sample, layout: Layout) -> Layout:
    columns = exact_keys(sample, _ROLES, (Role.TIME, Role.PRICE, Role.SIZE))
    times = sample.column(columns[Role.TIME].index)
    if not any("T" in time for time in times):
        raise FormatMismatch("its times are ISO-8601")
    return replace(layout, columns=columns, kind=_MESSAGES if Role.ACTION in columns else None)


FORMAT = Format(
    name="alpaca",
    title="Alpaca trades",
    needs=("t", "x", "p", "s", "c"),
    roles={Role.TIME: ("t",), Role.PRICE: ("p",), Role.SIZE: ("s",)},
    fit=_fit,
)
