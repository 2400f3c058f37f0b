"""DTN IQFeed historical ticks (HTX, HTD and HTT requests).

Layout: iqfeed.net, "Historical Data via TCP/IP": without a header and without a request id: time stamp, last, last
size, total volume, bid, ask, tick id, basis for last (C, E or O), market center, conditions and, since protocol 6.1,
trade aggressor and day code. The size is the last one, not the day's total. The aggressor is 1 for a buy, 2 for a sell;
else the quote decides. Times are US Eastern. Requests answer newest first unless they ask otherwise.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import ABSENT, BUY, SELL

_ROLES = {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2, Role.BID: 4, Role.ASK: 5}
_START = ("iso", "number", "whole", "whole", "number", "number", "whole", "basis", "whole", "any")

FORMAT = Format(
    name="iqfeed",
    title="IQFeed ticks",
    shapes=(
        Shape((*_START, "whole", "whole"), {**_ROLES, Role.SIDE: 10}),
        Shape((*_START, "whole", "whole", "any"), {**_ROLES, Role.SIDE: 10}),
        Shape(_START, _ROLES),
        Shape((*_START, "any"), _ROLES),
    ),
    side_words={"1": BUY, "2": SELL, "0": ABSENT, "3": ABSENT},
    note="its times are US Eastern: give tz America/New_York",
)
