"""Bitfinex trades: rows of the REST endpoint and of the stream, messages of the stream, or a table of them.

Layout: docs.bitfinex.com/reference/rest-public-trades: ID, MTS (ms), AMOUNT, PRICE; the taker bought if the amount
is above 0 and sold if it is below. Answers run newest first. docs.bitfinex.com/reference/ws-public-trades: each trade
comes as "te", and shortly after as "tu"; the second is left out where both are there. `files.recordings` makes rows
of these messages, with the kind as `message` and the pair of the channel as `pair`.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch, Shape
from orderflow.formats.parsing.layout import TRADE, Column, Kinds, Layout, Role
from orderflow.formats.sniff import Sample


def _fit(sample: Sample, layout: Layout) -> Layout:
    if (index := sample.normal.get("message")) is not None:
        words = set(sample.column(index))
        repeat = "repeats of trades (tu)" if "te" in words else TRADE
        kind = Kinds({"te": TRADE, "snapshot": TRADE, "tu": repeat}, rest="other messages")
        columns = {**layout.columns, Role.ACTION: Column(index, sample.header[index])}
        return replace(layout, columns=columns, kind=kind, signed=True)
    amounts = sample.column(layout.columns[Role.SIZE].index)
    prices = sample.column(layout.columns[Role.PRICE].index)
    if not any(amount.startswith("-") for amount in amounts) or any(price.startswith("-") for price in prices):
        raise FormatMismatch("amounts have a sign, and prices none, but these do not look like it")
    return replace(layout, signed=True)


FORMAT = Format(
    name="bitfinex",
    title="Bitfinex trades",
    needs=("id", "mts", "amount", "price"),
    roles={
        Role.TIME: ("mts",),
        Role.PRICE: ("price",),
        Role.SIZE: ("amount",),
        Role.ID: ("id",),
        Role.SYMBOL: ("pair",),
    },
    shapes=(
        Shape(
            ("whole", "epoch", "number", "number"),
            {Role.ID: 0, Role.TIME: 1, Role.SIZE: 2, Role.PRICE: 3},
        ),
    ),
    fit=_fit,
)
