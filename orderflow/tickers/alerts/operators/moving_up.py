"""Moving up by an amount, from the price when the alert was armed."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import Bounds, Operator, Samples


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return now >= bounds[0].over


OPERATOR = Operator(
    "moving_up",
    "Moving up",
    "The value is at least the amount above what it was when the alert was armed.",
    holds,
    lambda bounds: (bounds[0].over,),
    ("amount",),
    moved=lambda reference, amount: reference + amount,
)
