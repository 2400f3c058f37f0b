"""Greater: the price is above a threshold."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import Bounds, Operator, Samples


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return now > bounds[0].under


OPERATOR = Operator(
    "greater", "Greater than", "The value is above the threshold.", holds, lambda bounds: (bounds[0].under + 1,)
)
