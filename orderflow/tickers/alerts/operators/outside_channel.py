"""Outside channel: the price is below a channel, or above it."""

from __future__ import annotations

from orderflow.arrays import Flags
from orderflow.tickers.alerts.operators.operator import CHANNEL, Bounds, Operator, Samples, channel_cuts, inside


def holds(before: Samples, now: Samples, bounds: Bounds) -> Flags:
    return ~inside(now, bounds)


OPERATOR = Operator(
    "outside_channel", "Outside channel", "The value is below low or above high.", holds, channel_cuts, CHANNEL
)
