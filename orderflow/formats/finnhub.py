"""Finnhub trades: messages of its stream.

Layout: finnhub.io/docs/api/websocket-trades, as github.com/tspannhw/FLiPN-Py-Stocks repeats it with a recording:
`{"data": [{"p", "s", "t", "v", "c"}], "type": "trade"}`, p the last price, s the symbol, t the time (ms), v the volume,
c conditions. There is no side.
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
    Role.SIZE: ("v",),
    Role.SYMBOL: ("s",),
    Role.ACTION: ("type",),
}
_KNOWN = frozenset({"p", "s", "t", "v", "c", "type"})
_MESSAGES = Kinds({"trade": TRADE}, rest="other messages")


def _fit(sample: Sample, layout: Layout) -> Layout:
    if not set(sample.header) <= _KNOWN:
        raise FormatMismatch("it has the keys p, s, t, v, c and type, and no others")
    columns = exact_keys(sample, _ROLES, (Role.TIME, Role.PRICE, Role.SIZE, Role.SYMBOL))
    return replace(layout, columns=columns, kind=_MESSAGES if Role.ACTION in columns else None)


FORMAT = Format(
    name="finnhub",
    title="Finnhub trades",
    needs=("p", "s", "t", "v"),
    roles={Role.TIME: ("t",), Role.PRICE: ("p",), Role.SIZE: ("v",)},
    fit=_fit,
)
