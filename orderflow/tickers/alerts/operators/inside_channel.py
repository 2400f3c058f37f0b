"""Inside channel: the price is within a channel, its limits included."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import CHANNEL, Bounds, Operator, Samples, channel_cuts, inside


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return inside(now, bounds)


OPERATOR = Operator(
    "inside_channel",
    "Inside channel",
    "The value is from low to high, both included.",
    holds,
    channel_cuts,
    CHANNEL,
)
