"""Bubble measures: deviation of the price from the fundamental value, peak and trough.

RAD and RD need a fundamental value, which the presenter sets for a round. Peak and trough need prices only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from orderflow.arrays import Floats, Ints
from orderflow.herd.debrief.columns import FILLED, Record
from orderflow.herd.rules.money import MICRO

NS = 1_000_000_000
MIN_PERIODS = 3
"""With fewer rounds that have a fundamental value, their time is cut into slices."""
SLICES = 20
SHORTEST_SLICE = 5 * NS


@dataclass(frozen=True, slots=True)
class Periods:
    """n periods with a fundamental value.

    begin, end: int64[n], ns. price: float64[n], volume-weighted mean of the fills, NaN without fills. value:
    float64[n], the fundamental value. rounds: True if each period is a round, False if they are slices of time.
    """

    begin: Ints
    end: Ints
    price: Floats
    value: Floats
    rounds: bool


def periods(record: Record) -> Periods:
    """The rounds with a fundamental value if there are at least `MIN_PERIODS`; otherwise their time, cut into at most
    `SLICES` slices of at least 5 s."""
    valued = [(part.begin, part.end or record.last, part.fundamental) for part in record.rounds if part.fundamental]
    spans: list[tuple[int, int, float]] = [(begin, end, float(value or 0)) for begin, end, value in valued]
    rounds = len(spans) >= MIN_PERIODS
    if not rounds:
        spans = _slices(spans)
    orders = record.orders
    done = np.flatnonzero(orders.status == FILLED)
    done = done[np.argsort(orders.filled[done], kind="stable")]
    when = orders.filled[done]
    volume = np.concatenate([[0], np.cumsum(np.abs(orders.shares[done]))])
    money = np.concatenate([[0], np.cumsum(np.abs(orders.cash[done]))])
    begin, end = (np.array([span[i] for span in spans], np.int64) for i in (0, 1))
    # a batch at the end of a slice belongs to it, so the last batch of a round is included
    low, high = np.searchsorted(when, begin, side="right"), np.searchsorted(when, end, side="right")
    sold = (volume[high] - volume[low]).astype(float)
    price = np.full(len(spans), np.nan)
    np.divide(money[high] - money[low], sold * MICRO, out=price, where=sold > 0)
    return Periods(begin, end, price, np.array([span[2] for span in spans], float), rounds)


def _slices(spans: Sequence[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    total = sum(end - begin for begin, end, _ in spans)
    if not total:
        return []
    wide = max(SHORTEST_SLICE, total // SLICES)
    out: list[tuple[int, int, float]] = []
    for begin, end, value in spans:
        count = max(1, round((end - begin) / wide))
        edges = np.linspace(begin, end, count + 1).astype(np.int64)
        out += [(int(low), int(high), value) for low, high in pairwise(edges)]
    return out


def rad(price: Floats, value: Floats) -> float | None:
    """Relative absolute deviation: mean |P̄_t − FV_t| / |mean FV| (Stöckl, Huber & Kirchler 2010) over traded periods.

    0.1 means that the price deviated from the value by 10% of the mean value on average. None if no period has trades.
    """
    return _deviation(np.abs(price - value), value)


def rd(price: Floats, value: Floats) -> float | None:
    """Relative deviation: mean (P̄_t − FV_t) / |mean FV| (same paper): positive when overpriced."""
    return _deviation(price - value, value)


def _deviation(gap: Floats, value: Floats) -> float | None:
    traded = np.isfinite(gap)
    mean = abs(float(value[traded].mean())) if traded.any() else 0.0
    return float(gap[traded].mean()) / mean if mean > 0 else None


@dataclass(frozen=True, slots=True)
class Peak:
    """price: the highest price. seconds: time from the start to it. low: the lowest price after it. fall: peak to
    trough, (price − low) / price. rise: peak / starting price − 1."""

    price: float
    seconds: float
    low: float
    fall: float
    rise: float


def peak(time: Ints, price: Floats) -> Peak | None:
    """The first maximum of the price and the fall after it. time: ns, ascending. None without prices."""
    if not len(price):
        return None
    at = int(np.argmax(price))
    high, low = float(price[at]), float(price[at:].min())
    return Peak(high, (int(time[at]) - int(time[0])) / NS, low, (high - low) / high, high / float(price[0]) - 1)
