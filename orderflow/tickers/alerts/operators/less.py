"""Less: the price is below a threshold."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import Bounds, Operator, Samples


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return now < bounds[0].over


OPERATOR = Operator("less", "Less than", "The value is below the threshold.", holds, lambda bounds: (bounds[0].over,))
