"""Kibot tick data, with and without quotes.

Layout: kibot.com, "Support", tick data, without a header: Date, Time, Price, Bid, Ask, Size, or without quotes Date,
Time, Price, Size. Dates are mm/dd/yyyy, times US Eastern (read them with tz America/New_York). Bid and ask are the
national best quotes at the trade and give the side.
"""

from __future__ import annotations

from orderflow.formats.base import Format, Shape
from orderflow.formats.parsing.layout import Role, TimeRule

FORMAT = Format(
    name="kibot",
    title="Kibot tick data",
    shapes=(
        Shape(
            ("mdy", "clock", "number", "number", "number", "number"),
            {Role.DAY: 0, Role.TIME: 1, Role.PRICE: 2, Role.BID: 3, Role.ASK: 4, Role.SIZE: 5},
        ),
        Shape(
            ("mdy", "clock", "number", "number"),
            {Role.DAY: 0, Role.TIME: 1, Role.PRICE: 2, Role.SIZE: 3},
            shared=True,
        ),
    ),
    time=TimeRule.SPLIT,
    date_order="mdy",
    zone=("US Eastern", "America/New_York"),
)
