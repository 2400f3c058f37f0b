"""VWAP over candles: volume-weighted mean of their typical prices since the session began.

Of ticks it is exact (`market.studies.vwap`); candles do not say at which prices they traded, so that (high + low +
close) / 3 stands for all of a candle's trades.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orderflow.arrays import Floats
from orderflow.market.indicators.indicator import Candles, Indicator, Line


def vwap(candles: Candles) -> dict[str, Floats]:
    """Cumulative price times volume over cumulative volume, anew each session; NaN while nothing has traded."""
    volume = np.nan_to_num(candles.volume)
    run = np.cumsum(candles.session_begins())
    sums = pd.DataFrame({"traded": candles.price("hlc3") * volume, "volume": volume}).groupby(run).cumsum()
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(sums["volume"] > 0, sums["traded"] / sums["volume"], np.nan)
    return {"vwap": found}


VWAP = Indicator(
    "vwap",
    "VWAP",
    "Volume-weighted mean of (high + low + close) / 3 since the session began.",
    (Line("vwap", "VWAP"),),
    vwap,
    lambda: 0,
    by_session=True,
)
