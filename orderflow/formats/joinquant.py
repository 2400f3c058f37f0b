"""JoinQuant ticks: a table of its get_ticks.

Layout: github.com/JoinQuant/jqdatasdk (get_ticks, and tests/test_api.py): time, current, high, low, volume, money,
position, a1_p, a1_v, b1_p, b1_v, …. A row is a snapshot: `current` is the last price, volume the total of the trading
day, so what it adds is the size, and the quote beside it gives the side. Times are China's, as dates or like
20190130093000.5.
"""

from __future__ import annotations

import re
from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.sniff import Sample

_DIGITS = re.compile(r"[0-9]{14}(?:\.[0-9]*)?", re.ASCII)


def _fit(sample: Sample, layout: Layout) -> Layout:
    times = sample.column(layout.columns[Role.TIME].index)
    if times and all(_DIGITS.fullmatch(time) for time in times):
        layout = replace(layout, time=TimeRule.COMPACT)
    return replace(layout, total=True)


FORMAT = Format(
    name="joinquant",
    title="JoinQuant ticks",
    needs=("time", "current", "volume", "money"),
    roles={
        Role.TIME: ("time",),
        Role.PRICE: ("current",),
        Role.SIZE: ("volume",),
        Role.SYMBOL: ("code",),
        Role.BID: ("b1p",),
        Role.ASK: ("a1p",),
    },
    zone=("China's", "Asia/Shanghai"),
    note="sizes are what the day's volume rises by",
    fit=_fit,
)
