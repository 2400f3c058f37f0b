"""Tick Data (tickdata.com) trades of futures and equities.

Layout: tickdata.com, "Global Futures Trade and Quote Data File Format Document" 1.8 and "US Equity Trade, Quote and
One-Minute Data File Format Document" 3.4 (tickdata.com/docs), comma-separated, without a header or with these names,
dates mm/dd/yyyy. Futures: Date, Time, Price, Volume, Market Flag (P pit, E electronic), Sales Condition, Exclude Record
Flag, Unfiltered Price; before July 2011 the first five. Equities: Date, Time, Price, Volume, Exchange Code, Sales
Condition, Correction Indicator, Sequence Number, Trade Stop Indicator, Source of Trade, MDS 127 / TRF, Exclude Record
Flag, Filtered Price and, since 2016, seven more. An exclude flag X marks trades off the exchange (EFPs and blocks);
they are counted, not read. Times are the exchange's. There is no side.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role, TimeRule
from orderflow.formats.record_kinds import CORRECTION
from orderflow.formats.sniff import Sample

_ROLES = {Role.DAY: 0, Role.TIME: 1, Role.PRICE: 2, Role.SIZE: 3}
_START = ("mdy", "clock", "number", "whole")
_FUTURES = Shape((*_START, "pit or none", "any", "excluded", "number or none"), {**_ROLES, Role.ACTION: 6})
_EXCLUDE = Kinds({"x": "trades off the exchange, which Tick Data excludes"}, rest=TRADE)
_CORRECTED = {**_ROLES, Role.ACTION: 6}
_BY_NAME = {
    Role.DAY: ("date",),
    Role.TIME: ("time",),
    Role.PRICE: ("price",),
    Role.SIZE: ("volume",),
    Role.ACTION: ("correctionindicator", "excluderecordflag"),
}


def _fit(sample: Sample, layout: Layout) -> Layout:
    if Role.ACTION not in layout.columns:
        return layout
    names = (sample.header[layout.columns[Role.ACTION].index],) if sample.header else ()
    width = len(_FUTURES.kinds)
    corrected = "Correction" in names[0] if names else sample.width > width
    return replace(layout, kind=CORRECTION if corrected else _EXCLUDE)


FORMAT = Format(
    name="tickdata",
    title="Tick Data trades",
    needs=("date", "time", "price", "volume", "excluderecordflag"),
    roles=_BY_NAME,
    shapes=(
        Shape((*_START, "pit"), _ROLES),
        _FUTURES,
        Shape((*_START, "any", "any", "whole", *("any",) * 4, "excluded", "number or none"), _CORRECTED),
        Shape((*_START, "any", "any", "whole", *("any",) * 4, "excluded", "number or none", *("any",) * 7), _CORRECTED),
    ),
    time=TimeRule.SPLIT,
    date_order="mdy",
    zone=("the exchange's", ""),
    fit=_fit,
)
