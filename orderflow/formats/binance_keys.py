"""Binance trades with the short keys of its API, and recordings of its streams.

Layout: developers.binance.com, "Compressed/Aggregate Trades List": a, p, q, f, l, T, m, M; "Trade Streams": e, E, s, t,
p, q, T, m, M and "Aggregate Trade Streams": e, E, s, a, p, q, f, l, T, m, M. Keys differ by case: T is the trade's time
(ms or µs), t and a are ids, m says that the buyer was the maker. Recorders write the stream with long names:
`TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,TradeId,Price,Quantity,IsBuyerMarketMaker,…`;
without a transaction time the event's time is taken. The futures stream also has rows of price and quantity 0, with the
type NA, for the insurance fund and for liquidations: no trades.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orderflow.formats.base import Format, exact_keys
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role
from orderflow.formats.sniff import Sample

_ROLES: Mapping[Role, tuple[str, ...]] = {
    Role.TIME: ("T",),
    Role.PRICE: ("p",),
    Role.SIZE: ("q",),
    Role.MAKER: ("m",),
    Role.ID: ("a", "t"),
    Role.SYMBOL: ("s",),
    Role.ACTION: ("e",),
}
_NEEDED = (Role.TIME, Role.PRICE, Role.SIZE, Role.MAKER, Role.ID)
_EVENTS = Kinds({"trade": TRADE, "aggtrade": TRADE}, rest="other records")
_TYPES = Kinds({"": "rows without a trade"}, rest=TRADE)  # NA is read as an empty cell


def _fit(sample: Sample, layout: Layout) -> Layout:
    """Take the keys as they are written, as T and t, or m and M, are different columns."""
    columns = exact_keys(sample, _ROLES, _NEEDED)
    return replace(layout, columns=columns, kind=_EVENTS if Role.ACTION in columns else None)


def _recorded(sample: Sample, layout: Layout) -> Layout:
    return replace(layout, kind=_TYPES) if Role.ACTION in layout.columns else layout


FORMAT = Format(
    name="binance-keys",
    title="Binance API and stream trades",
    needs=("p", "q", "t", "m"),
    roles={Role.TIME: ("t",), Role.PRICE: ("p",), Role.SIZE: ("q",)},
    fit=_fit,
    also=Format(
        name="binance-keys",
        title="a recording of Binance's stream",
        needs=("eventtime", "tradeid", "price", "quantity", "isbuyermarketmaker"),
        roles={
            Role.TIME: ("transactiontime", "tradetime", "eventtime"),
            Role.PRICE: ("price",),
            Role.SIZE: ("quantity",),
            Role.MAKER: ("isbuyermarketmaker",),
            Role.ID: ("tradeid",),
            Role.SYMBOL: ("symbol",),
            Role.ACTION: ("xunknownparameter",),
        },
        fit=_recorded,
    ),
)
