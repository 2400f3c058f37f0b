"""Crossing up: from at or below a threshold to above it."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import Bounds, Operator, Samples


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return (before <= bounds[0].under) & (now > bounds[0].under)


OPERATOR = Operator(
    "crossing_up",
    "Crossing up",
    "The value is above the threshold, and the one before was at or below it.",
    holds,
    lambda bounds: (bounds[0].under + 1,),
    before=True,
)
