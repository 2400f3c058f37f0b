"""NinjaTrader historical tick export ("Last" series), versions 7 and 8.

Layout: ninjatrader.com help, "Importing": `yyyyMMdd HHmmss;price;volume`; with sub-seconds and quotes, as version 8
exports tick replay data, `yyyyMMdd HHmmss fffffff;last;bid;ask;volume` (fffffff counts 100 ns). No header, no side:
the quotes tell it, else the tick rule. The help page says that exports are in UTC; data of others may be local (`tz`).
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
