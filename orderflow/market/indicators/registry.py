"""The list of indicators, in the order in which pages show them.

To add an indicator, write its file with a pure function and an `Indicator` record, add its line here, and its test.
"""

from __future__ import annotations

from orderflow.errors import NotFound
from orderflow.market.indicators import averages, bollinger, macd, rsi, vwap
from orderflow.market.indicators.indicator import Indicator

INDICATORS: tuple[Indicator, ...] = (
    averages.EMA,
    averages.SMA,
    vwap.VWAP,
    bollinger.BOLLINGER,
    rsi.RSI,
    macd.MACD,
)


def find(name: str) -> Indicator:
    """The indicator with this name. Raises NotFound, listing the known names."""
    for indicator in INDICATORS:
        if indicator.name == name:
            return indicator
    raise NotFound(f"indicator {name!r} is not known; there are {', '.join(known.name for known in INDICATORS)}")
