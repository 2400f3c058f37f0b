"""QuantConnect Lean trade ticks.

Layout: github.com/QuantConnect/Lean, the readme.md of Data/future, equity, option and crypto, tick format, without a
header: milliseconds since midnight, price, quantity, exchange, sale condition, suspicious (0 or 1; suspicious ticks are
read like all others); crypto files have time, price, quantity and suspicious only. The date is only in the name of the
file or zip member: 20131007_gc_tick_trade_201312.csv. Prices are ten-thousandths in equity files
(20131008_bac_Trade_Tick.csv) and in option files (20140606_xyz_tick_trade_american_call_400000_20140614.csv), but not
in those of options on futures, which have the same names: an option file with a decimal point is one of these. Times
are in the zone that Lean uses for the market (`tz`). There is no side, so the tick rule applies.
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
_OPTION = re.compile(r"_(?:american|european)_(?:call|put)_", re.IGNORECASE)
_TRADES = re.compile("trade", re.IGNORECASE)
_CRYPTO_WIDTH = 4
_SHIFT = 4
_ROLES = {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2}


def _fit(sample: Sample, layout: Layout) -> Layout:
    if any("quote" in name.lower() or "openinterest" in name.lower() for name in sample.names):
        raise FormatMismatch("it needs a trade file; the name of this one says quotes or open interest")
    crypto = layout.width == _CRYPTO_WIDTH
    if crypto and not any(_TRADES.search(name) for name in sample.names):
        raise FormatMismatch("a file of four columns must be named like 20141203_btcusd_trade_tick.csv")
    shift = _SHIFT if not crypto and _is_scaled(sample, layout) else 0
    for name in sample.names:
        for day in _DAY.findall(name):
            try:
                return replace(layout, day=day_of(day, "ymd"), price_shift=shift)
            except ParseError:
                continue
    raise FormatMismatch("the date must be in the name of the file or member, as in 20131007_gc_tick_trade_201312.csv")


def _is_scaled(sample: Sample, layout: Layout) -> bool:
    """Whether the name says that prices are ten-thousandths."""
    if any(_EQUITY.search(name) for name in sample.names):
        return True
    whole = all(price.isdigit() for price in sample.column(layout.columns[Role.PRICE].index) if price)
    return whole and any(_OPTION.search(name) for name in sample.names)


FORMAT = Format(
    name="lean",
    title="QuantConnect Lean ticks",
    shapes=(
        Shape(("daymillis", "number", "number", "any", "any", "flag"), _ROLES),
        Shape(("daymillis", "number", "number", "flag"), _ROLES),
    ),
    time=TimeRule.DAY_MILLIS,
    zone=("local to the market", ""),
    fit=_fit,
)
