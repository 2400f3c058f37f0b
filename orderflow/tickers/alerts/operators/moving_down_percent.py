"""Moving down by a percentage, from the price when the alert was armed."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import Bounds, Operator, Samples


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return now <= bounds[0].under


OPERATOR = Operator(
    "moving_down_percent",
    "Moving down %",
    "The value is at least that percentage below what it was when the alert was armed.",
    holds,
    lambda bounds: (bounds[0].under + 1,),
    ("percent",),
    moved=lambda reference, amount: reference * (100 - amount) / 100,
)
