"""RSI, the relative strength index (J. W. Wilder, New Concepts in Technical Trading Systems, 1978)."""

from __future__ import annotations

import numpy as np

from orderflow.arrays import Floats
from orderflow.market.indicators.averages import SETTLED, exponential
from orderflow.market.indicators.indicator import SOURCE, Candles, Indicator, Line, period


def rsi(candles: Candles, *, period: int = 14, source: str = "close") -> dict[str, Floats]:
    """100·G / (G + L), with G and L Wilder's averages of gains and losses; 50 where the price never moved.

    Wilder's average has alpha = 1 / n and begins with the mean of the first n changes.
    """
    change = np.diff(candles.price(source), prepend=np.nan)
    gain, loss = (exponential(np.maximum(sign * change, 0.0), period, 1 / period) for sign in (1, -1))
    both = gain + loss
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(both > 0, 100 * gain / both, np.where(both == 0, 50.0, np.nan))
    return {"rsi": found}


RSI = Indicator(
    "rsi",
    "RSI",
    "Share of the gains in all moves, in percent, by Wilder's averages over n candles.",
    (Line("rsi", "RSI", rules=(30.0, 70.0)),),
    rsi,
    lambda period, source: SETTLED * int(period),
    (period(14), SOURCE),
    pane="rsi",
)
