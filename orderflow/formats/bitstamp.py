"""Bitstamp trades: answers of the REST endpoint Transactions, and the stream's live trades.

Layout: bitstamp.net/api, "Transactions": date (s), tid, price, amount, type; bitstamp.net/websocket/v2, "Live
ticker": id, timestamp, microtimestamp (µs), amount, price, type, buy_order_id, sell_order_id and numbers as text.
The type is the taker's: 0 a buy, 1 a sell, the other way round than elsewhere. Answers run newest first.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import TRADE, Column, Kinds, Layout, Role
from orderflow.formats.parsing.words import BUY, SELL
from orderflow.formats.sniff import Sample

_SIDES = {"0": BUY, "1": SELL}
_EVENTS = Kinds({"trade": TRADE}, rest="other messages")


def _fit(sample: Sample, layout: Layout) -> Layout:
    if not set(sample.column(layout.columns[Role.SIDE].index)) <= {"0", "1", ""}:
        raise FormatMismatch("its type is 0 or 1")
    if "event" not in sample.header:
        return layout
    event = Column(sample.header.index("event"), "event")
    return replace(layout, columns={**layout.columns, Role.ACTION: event}, kind=_EVENTS)


FORMAT = Format(
    name="bitstamp",
    title="Bitstamp trades",
    needs=("microtimestamp", "price", "amount", "type"),
    roles={
        Role.TIME: ("microtimestamp",),
        Role.PRICE: ("pricestr", "price"),
        Role.SIZE: ("amountstr", "amount"),
        Role.SIDE: ("type",),
        Role.ID: ("id",),
    },
    side_words=_SIDES,
    fit=_fit,
    also=Format(
        name="bitstamp",
        title="Bitstamp transactions",
        needs=("date", "tid", "price", "amount", "type"),
        roles={
            Role.TIME: ("date",),
            Role.PRICE: ("price",),
            Role.SIZE: ("amount",),
            Role.SIDE: ("type",),
            Role.ID: ("tid",),
        },
        side_words=_SIDES,
        fit=_fit,
    ),
)
