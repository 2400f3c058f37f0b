"""Moving averages of a price: simple (SMA) and exponential (EMA)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orderflow.arrays import Floats
from orderflow.market.indicators.indicator import SOURCE, Candles, Indicator, Line, period

SETTLED = 21
"""An exponential average over n candles keeps exp(-2 k) of what was k·n candles ago, at most; after 10.5·n that is less
than 1e-9."""


def simple(values: Floats, n: int) -> Floats:
    """float64[m]: mean of the last n values; NaN for the first n - 1, and while one of them is NaN."""
    return pd.Series(values).rolling(n).mean().to_numpy()


def exponential(values: Floats, n: int, alpha: float | None = None) -> Floats:
    """float64[m]: E[i] = alpha·x[i] + (1 - alpha)·E[i - 1], from the mean of the first n values on; NaN before that.

    alpha: 2 / (n + 1) unless given. Values that are NaN at the start are left out.
    """
    found = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    first = int(known[0]) + n - 1 if len(known) else len(values)
    if first >= len(values):
        return found
    chain = values[first:].copy()
    chain[0] = values[first - n + 1 : first + 1].mean()
    found[first:] = pd.Series(chain).ewm(alpha=alpha or 2 / (n + 1), adjust=False).mean().to_numpy()
    return found


def sma(candles: Candles, *, period: int = 20, source: str = "close") -> dict[str, Floats]:
    """The simple moving average of a price."""
    return {"sma": simple(candles.price(source), period)}


def ema(candles: Candles, *, period: int = 20, source: str = "close") -> dict[str, Floats]:
    """The exponential moving average of a price."""
    return {"ema": exponential(candles.price(source), period)}


SMA = Indicator(
    "sma",
    "SMA",
    "Mean of the last n prices.",
    (Line("sma", "SMA"),),
    sma,
    lambda period, source: int(period) - 1,
    (period(20), SOURCE),
)
EMA = Indicator(
    "ema",
    "EMA",
    "Exponential average: each price has the weight 2 / (n + 1); it begins with the mean of the first n prices.",
    (Line("ema", "EMA"),),
    ema,
    lambda period, source: SETTLED * int(period) // 2,
    (period(20), SOURCE),
)
