"""QuantConnect Lean trade ticks.

Layout: github.com/QuantConnect/Lean, Data/future/readme.md and Data/equity/readme.md, tick format: no header;
milliseconds since midnight, price, quantity, exchange, sale condition, suspicious (0 or 1: read like any other). The
date stands in the file's or the zip member's name only: 20131007_gc_tick_trade_201312.csv. Equities
(20131008_bac_Trade_Tick.csv) have prices in ten-thousandths. Times are in the zone that Lean keeps for the market
(`tz`). No side: the tick rule tells.
"""

from __future__ import annotations

import re
from dataclasses import replace

from orderflow.formats.base import Format, Misfit, Shape
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.problems import Problem
from orderflow.formats.parsing.times import day_of
from orderflow.formats.sniff import Sample

_DAY = re.compile(r"(?<![0-9])((?:19|20)[0-9]{6})(?![0-9])")
_EQUITY = re.compile(r"_trade_tick\b", re.IGNORECASE)
_SHIFT = 4


def _fit(sample: Sample, layout: Layout) -> Layout:
    if any("quote" in name.lower() or "openinterest" in name.lower() for name in sample.names):
        raise Misfit("only trade files hold trades; this one is named for quotes or open interest")
    shift = _SHIFT if any(_EQUITY.search(name) for name in sample.names) else 0
    for name in sample.names:
        for day in _DAY.findall(name):
            try:
                return replace(layout, day=day_of(day, "ymd"), price_shift=shift)
            except Problem:
                continue
    raise Misfit("the date must stand in the file's or member's name, as in 20131007_gc_tick_trade_201312.csv")


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
