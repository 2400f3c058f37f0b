"""DTN IQFeed historical ticks (HTX, HTD and HTT requests).

Layout: iqfeed.net/dev/api/docs/HistoricalviaTCPIP.cfm (for customers; the fields as clients of it have them:
github.com/mathpaquette/IQFeed.CSharpApiClient, TickMessage.cs, and github.com/akapur/pyiqfeed), without a header and
without a request id: time stamp, last, last size, total volume, bid, ask, tick id, basis for last (C, E or O), market
center, conditions and, since protocol 6.1, trade aggressor and day code; since 6.2 LH comes first. The size is the last
one, not the day's total. The aggressor is 1 for a buy, 2 for a sell; else the quote decides. Times are US Eastern.
Requests answer newest first unless they ask otherwise.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import ABSENT, BUY, SELL

_ROLES = {Role.TIME: 0, Role.PRICE: 1, Role.SIZE: 2, Role.BID: 4, Role.ASK: 5}
_LATER = {role: index + 1 for role, index in _ROLES.items()}
_START = ("iso", "number", "whole", "whole", "number", "number", "whole", "basis", "whole", "any")

FORMAT = Format(
    name="iqfeed",
    title="IQFeed ticks",
    shapes=(
        Shape((*_START, "whole", "whole"), {**_ROLES, Role.SIDE: 10}),
        Shape((*_START, "whole", "whole", "any"), {**_ROLES, Role.SIDE: 10}),
        Shape(_START, _ROLES),
        Shape((*_START, "any"), _ROLES),
        Shape(("lh", *_START, "whole", "whole"), {**_LATER, Role.SIDE: 11}),
        Shape(("lh", *_START, "whole", "whole", "any"), {**_LATER, Role.SIDE: 11}),
    ),
    side_words={"1": BUY, "2": SELL, "0": ABSENT, "3": ABSENT},
    zone=("US Eastern", "America/New_York"),
)
