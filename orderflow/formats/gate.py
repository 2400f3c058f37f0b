"""Gate deals: the monthly files of download.gatedata.org.

Layout: gate.io, "Historical Data Description Document", without a header: spot deals `timestamp, dealid, price, amount,
side`, where 1 is a sell and 2 a buy; futures trades `timestamp, dealid, price, size`, where the taker bought if the
size is above 0 and sold if it is below. Times are seconds with decimals. The size of futures is a number of contracts.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch, Shape
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.words import BUY, SELL
from orderflow.formats.sniff import Sample

_ROLES = {Role.TIME: 0, Role.ID: 1, Role.PRICE: 2, Role.SIZE: 3}


def _fit(sample: Sample, layout: Layout) -> Layout:
    if Role.SIDE in layout.columns:
        return layout
    if not any(size.startswith("-") for size in sample.column(_ROLES[Role.SIZE])):
        raise FormatMismatch("the sizes of futures have a sign, but none is below 0")
    return replace(layout, signed=True)


FORMAT = Format(
    name="gate",
    title="Gate deals",
    shapes=(
        Shape(("seconds", "whole", "number", "number", "one or two"), {**_ROLES, Role.SIDE: 4}),
        Shape(("seconds", "whole", "number", "number"), _ROLES),
    ),
    side_words={"1": SELL, "2": BUY},
    fit=_fit,
)
