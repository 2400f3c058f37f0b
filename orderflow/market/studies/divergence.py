"""Delta divergence: price makes a new extreme while delta has the opposite sign."""

from __future__ import annotations

from typing import Any

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.studies.study import Data, Option, Result, Study, per_bar

BARS = Option("bars", 5, "bars before it that the extreme must beat", (), 1, 10_000)


def divergence(high: Ints, low: Ints, delta: Ints, *, bars: int = BARS.default) -> tuple[Flags, Flags]:
    """(bool[n], bool[n]): bars with a new high and delta < 0, and bars with a new low and delta > 0.

    A new high is strictly above the highs of the `bars` bars before it, across sessions; a bar with fewer bars before
    it has none. high, low: int64[n], levels. delta: int64[n], size units. Bars are in time order. Raises ValueError if
    bars < 1.
    """
    if bars < 1:
        raise ValueError("a new extreme needs at least one bar to compare with")
    bearish, bullish = np.zeros(len(high), np.bool_), np.zeros(len(high), np.bool_)
    if len(high) > bars:
        highest = np.lib.stride_tricks.sliding_window_view(high[:-1], bars).max(axis=1)
        lowest = np.lib.stride_tricks.sliding_window_view(low[:-1], bars).min(axis=1)
        bearish[bars:] = (high[bars:] > highest) & (delta[bars:] < 0)
        bullish[bars:] = (low[bars:] < lowest) & (delta[bars:] > 0)
    return bearish, bullish


def _bars(data: Data, **options: Any) -> Result:
    bearish, bullish = divergence(data.bars.high, data.bars.low, data.bars.delta, **options)
    return per_bar(data, bearish=bearish, bullish=bullish)


STUDY = Study(
    name="divergence",
    title="Delta divergence",
    rule="A new high with delta below zero, or a new low with delta above zero.",
    yields="a mark a bar, bearish or bullish",
    run=divergence,
    apply=_bars,
    options=(BARS,),
)
