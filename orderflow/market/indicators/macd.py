"""MACD (G. Appel): a fast exponential average less a slow one, the average of that, and the difference of the two."""

from __future__ import annotations

from orderflow.arrays import Floats
from orderflow.market.indicators.averages import SETTLED, exponential
from orderflow.market.indicators.indicator import SOURCE, Candles, Indicator, Line, period

FAST = period(12, "candles of the fast average", "fast")
SLOW = period(26, "candles of the slow average", "slow")
SIGNAL = period(9, "candles of the average of the MACD", "signal")


def macd(
    candles: Candles, *, fast: int = 12, slow: int = 26, signal: int = 9, source: str = "close"
) -> dict[str, Floats]:
    """The MACD, its signal line and the histogram, which is the first less the second."""
    values = candles.price(source)
    line = exponential(values, fast) - exponential(values, slow)
    average = exponential(line, signal)
    return {"macd": line, "signal": average, "histogram": line - average}


MACD = Indicator(
    "macd",
    "MACD",
    "EMA of the fast period less EMA of the slow one, with its own EMA as the signal line.",
    (Line("histogram", "histogram", "bars"), Line("macd", "MACD", rules=(0.0,)), Line("signal", "signal")),
    macd,
    lambda fast, slow, signal, source: SETTLED * (max(int(fast), int(slow)) + int(signal)) // 2,
    (FAST, SLOW, SIGNAL, SOURCE),
    pane="macd",
)
