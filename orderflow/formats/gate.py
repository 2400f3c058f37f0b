"""Gate deals: the monthly files of download.gatedata.org, answers of its API and the trades of its stream.

Layout: gate.io, "Historical Data Description Document", without a header: spot deals `timestamp, dealid, price, amount,
side`, where 1 is a sell and 2 a buy; futures trades `timestamp, dealid, price, size`, where the taker bought if the
size is above 0 and sold if it is below. Times are seconds with decimals. The size of futures is a number of contracts.
gate.io/docs/developers/apiv4 and its "ws" pages, spot.trades and futures.trades: `id, create_time_ms, currency_pair,
side, amount, price`, where side is the taker's, and `id, create_time_ms, contract, size, price`; in the stream they
are in `result` of a message whose `event` is update.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch, Shape
from orderflow.formats.parsing.layout import TRADE, Column, Kinds, Layout, Role
from orderflow.formats.parsing.words import BUY, SELL
from orderflow.formats.sniff import Sample

_ROLES = {Role.TIME: 0, Role.ID: 1, Role.PRICE: 2, Role.SIZE: 3}


def _fit(sample: Sample, layout: Layout) -> Layout:
    if Role.SIDE in layout.columns:
        return layout
    if not any(size.startswith("-") for size in sample.column(_ROLES[Role.SIZE])):
        raise FormatMismatch("the sizes of futures have a sign, but none is below 0")
    return replace(layout, signed=True)


def _fit_answer(sample: Sample, layout: Layout) -> Layout:
    layout = replace(layout, signed=Role.SIDE not in layout.columns)
    index = sample.normal.get("event")
    if index is None:
        return layout
    columns = {**layout.columns, Role.ACTION: Column(index, sample.header[index])}
    return replace(layout, columns=columns, kind=Kinds({"update": TRADE}, rest="other messages"))


_ANSWER = {Role.TIME: ("createtimems",), Role.PRICE: ("price",), Role.ID: ("id",)}

FORMAT = Format(
    name="gate",
    title="Gate deals",
    shapes=(
        Shape(("seconds", "whole", "number", "number", "one or two"), {**_ROLES, Role.SIDE: 4}),
        Shape(("seconds", "whole", "number", "number"), _ROLES),
    ),
    side_words={"1": SELL, "2": BUY},
    fit=_fit,
    also=Format(
        name="gate",
        title="Gate spot trades",
        needs=("createtimems", "currencypair", "side", "amount", "price"),
        roles={**_ANSWER, Role.SIZE: ("amount",), Role.SIDE: ("side",), Role.SYMBOL: ("currencypair",)},
        fit=_fit_answer,
        also=Format(
            name="gate",
            title="Gate futures trades",
            needs=("createtimems", "contract", "size", "price"),
            roles={**_ANSWER, Role.SIZE: ("size",), Role.SYMBOL: ("contract",)},
            fit=_fit_answer,
        ),
    ),
)
