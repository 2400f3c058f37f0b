"""Bollinger bands (J. Bollinger, 2001): the mean of the last n prices, and k standard deviations above and below it."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from orderflow.arrays import Floats
from orderflow.market.indicators.averages import simple
from orderflow.market.indicators.indicator import SOURCE, Candles, Indicator, Line, period
from orderflow.market.studies.study import Option

WIDTH = Option("width", Decimal(2), "distance of the bands in standard deviations", (), Decimal("0.1"), Decimal(10))


def bollinger(
    candles: Candles, *, period: int = 20, width: Decimal = Decimal(2), source: str = "close"
) -> dict[str, Floats]:
    """The bands; the deviation is that of the n prices themselves (divided by n)."""
    values = candles.price(source)
    middle = simple(values, period)
    away = float(width) * pd.Series(values).rolling(period).std(ddof=0).to_numpy()
    return {"middle": middle, "upper": middle + away, "lower": middle - away}


BOLLINGER = Indicator(
    "bollinger",
    "Bollinger",
    "Mean of the last n prices, with bands at a number of their standard deviations.",
    (Line("middle", "middle"), Line("upper", "upper"), Line("lower", "lower")),
    bollinger,
    lambda period, width, source: int(period) - 1,
    (period(20, least=2), WIDTH, SOURCE),
)
