"""TrueData ticks of Indian exchanges.

Layout: the vendor's files, without a header: yyyymmdd, time, last traded price, volume of the trade, open interest,
bid, bid quantity, ask, ask quantity. Times are India's.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role, TimeRule

FORMAT = Format(
    name="truedata",
    title="TrueData ticks",
    shapes=(
        Shape(
            ("day", "clock", "number", "whole", "whole", "number", "whole", "number", "whole"),
            {Role.DAY: 0, Role.TIME: 1, Role.PRICE: 2, Role.SIZE: 3, Role.BID: 5, Role.ASK: 7},
        ),
    ),
    time=TimeRule.SPLIT,
    zone=("India's", "Asia/Kolkata"),
)
