"""Tick Data (tickdata.com) trades of futures and equities.

Layout: tickdata.com, file format overviews, without a header, dates mm/dd/yyyy. Futures: date, time, price, volume,
market flag, sales condition, exclude record flag, unfiltered price. Equities: date, time, price, volume, exchange,
sales condition, correction indicator, sequence number, trade stop indicator, source, TRF, exclude record flag,
unfiltered price. Times are the exchange's. There is no side.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.record_kinds import CORRECTION
from orderflow.formats.sniff import Sample

_ROLES = {Role.DAY: 0, Role.TIME: 1, Role.PRICE: 2, Role.SIZE: 3}
_START = ("mdy", "clock", "number", "whole")


def _fit(sample: Sample, layout: Layout) -> Layout:
    return replace(layout, kind=CORRECTION) if Role.ACTION in layout.columns else layout


FORMAT = Format(
    name="tickdata",
    title="Tick Data trades",
    shapes=(
        Shape((*_START, "any", "any", "any", "any"), _ROLES),
        Shape((*_START, "any", "any", "whole", *("any",) * 6), {**_ROLES, Role.ACTION: 6}),
    ),
    time=TimeRule.SPLIT,
    date_order="mdy",
    note="its times are the exchange's: give its tz",
    fit=_fit,
)
