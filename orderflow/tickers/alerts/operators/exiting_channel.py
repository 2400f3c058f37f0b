"""Exiting channel: from inside a channel to outside it."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import CHANNEL, Bounds, Operator, Samples, channel_cuts, inside


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return inside(before, bounds) & ~inside(now, bounds)


OPERATOR = Operator(
    "exiting_channel",
    "Exiting channel",
    "The value is below low or above high, and the one before was from low to high, both included.",
    holds,
    channel_cuts,
    CHANNEL,
    before=True,
)
