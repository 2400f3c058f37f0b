"""Crossing: up or down."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators import crossing_down, crossing_up
from orderflow.tickers.alerts.operators.operator import Bounds, Operator, Samples


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return crossing_up.holds(before, now, bounds) | crossing_down.holds(before, now, bounds)


OPERATOR = Operator(
    "crossing",
    "Crossing",
    "The value crosses the threshold, up or down.",
    holds,
    lambda bounds: (bounds[0].over, bounds[0].under + 1),
    before=True,
)
