"""Crossing down: from at or above a threshold to below it."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import Bounds, Operator, Samples


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return (before >= bounds[0].over) & (now < bounds[0].over)


OPERATOR = Operator(
    "crossing_down",
    "Crossing down",
    "The value is below the threshold, and the one before was at or above it.",
    holds,
    lambda bounds: (bounds[0].over,),
    before=True,
)
