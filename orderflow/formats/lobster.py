"""LOBSTER messages are events of an order book.

Layout: lobsterdata.com/info/DataStructure.php, message file, without a header: seconds since midnight with a
fraction, event type (1 to 7), order id (below 0 for a cross), size, price in ten-thousandths (-1, 0 or 1 for a
halt), direction (1 or -1, of the resting order). Only types 4 and 5 are executions, hidden ones have no side, and
one trade can be several rows.
"""

from __future__ import annotations

import re

from orderflow.formats.refused import Refusal, all_rows
from orderflow.formats.sniff import Sample

_ROW = re.compile(r"[0-9]{4,5}(\.[0-9]+)?,[1-7],-?[0-9]+,-?[0-9]+,-?[0-9]+,(1|-1)(,.*)?")


def _fits(sample: Sample) -> bool:
    return any(all_rows(sample, width, lambda row: bool(_ROW.fullmatch(",".join(row)))) for width in (6, 7))


REFUSAL = Refusal(
    "lobster",
    "these are LOBSTER messages: events of orders in ten-thousandths, and no trades; write its executions (types 4 and "
    "5) as a table with a time, a price and a size",
    _fits,
)
