"""Entering channel: from outside a channel to inside it."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import CHANNEL, Bounds, Operator, Samples, channel_cuts, inside


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return ~inside(before, bounds) & inside(now, bounds)


OPERATOR = Operator(
    "entering_channel",
    "Entering channel",
    "The value is from low to high, both included, and the one before was not.",
    holds,
    channel_cuts,
    CHANNEL,
    before=True,
)
