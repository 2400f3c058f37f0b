"""QuantConnect Lean trade ticks.

Layout: github.com/QuantConnect/Lean, Data/future/readme.md and Data/equity/readme.md, tick format, without a header:
milliseconds since midnight, price, quantity, exchange, sale condition, suspicious (0 or 1; suspicious ticks are read
like all others). The date is only in the name of the file or zip member: 20131007_gc_tick_trade_201312.csv. Equity
files (20131008_bac_Trade_Tick.csv) have prices in ten-thousandths. Times are in the zone that Lean uses for the market
(`tz`). There is no side, so the tick rule applies.
"""

from __future__ import annotations

import re
from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch, Shape
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.times import day_of
from orderflow.formats.sniff import Sample

_DAY = re.compile(r"(?<![0-9])((?:19|20)[0-9]{6})(?![0-9])")
_EQUITY = re.compile(r"_trade_tick\b", re.IGNORECASE)
_SHIFT = 4


def _fit(sample: Sample, layout: Layout) -> Layout:
    if any("quote" in name.lower() or "openinterest" in name.lower() for name in sample.names):
        raise FormatMismatch("it needs a trade file; the name of this one says quotes or open interest")
    shift = _SHIFT if any(_EQUITY.search(name) for name in sample.names) else 0
    for name in sample.names:
        for day in _DAY.findall(name):
            try:
                return replace(layout, day=day_of(day, "ymd"), price_shift=shift)
            except ParseError:
                continue
    raise FormatMismatch("the date must be in the name of the file or member, as in 20131007_gc_tick_trade_201312.csv")


FORMAT = Format(
    name="lean",
    title="QuantConnect Lean ticks",
    shapes=(
        Shape(("daymillis", "number", "number", "any", "any", "flag"), {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2}),
    ),
    time=TimeRule.DAY_MILLIS,
    note="times are local to the market: give its tz",
    fit=_fit,
)
