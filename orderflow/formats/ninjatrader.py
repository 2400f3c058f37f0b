"""NinjaTrader historical tick export ("Last" series), versions 7 and 8.

Layout: ninjatrader.com help, "Importing": `yyyyMMdd HHmmss;price;volume`. With sub-seconds and quotes, as version 8
exports tick replay data: `yyyyMMdd HHmmss fffffff;last;bid;ask;volume` (fffffff counts 100 ns). There is no header and
no side: the quotes give the side, otherwise the tick rule. According to the help page, exports are in UTC; data from
other sources can be local (`tz`).
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role, TimeRule

FORMAT = Format(
    name="ninjatrader",
    title="NinjaTrader tick export",
    shapes=(
        Shape(
            ("compact", "number", "number", "number", "number"),
            {Role.TIME: 0, Role.PRICE: 1, Role.BID: 2, Role.ASK: 3, Role.SIZE: 4},
        ),
        Shape(("compact", "number", "number"), {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2}),
    ),
    time=TimeRule.COMPACT,
)
