"""How far the price went from the value: measures of a bubble, and the periods they are taken over.

RAD and RD need a fundamental value, which a presenter sets with a round; peak and trough need a price only.
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
LEAST_PERIODS = 3
"""Fewer rounds than this with a fundamental value are cut into slices of time."""
SLICES = 20
SHORTEST_SLICE = 5 * NS


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods in which a fundamental value held. price: volume-weighted mean of the fills, NaN where none; value: the
    fundamental; begin, end: ns; rounds: True when each period is a round, else they are slices of time."""

    begin: Ints
    end: Ints
    price: Floats
    value: Floats
    rounds: bool


def periods(record: Record) -> Periods:
    """The rounds that have a fundamental value, when there are `LEAST_PERIODS` of them; else the time of those there
    are, cut into at most 20 slices of at least 5 s."""
    valued = [(part.begin, part.end or record.last, part.fundamental) for part in record.rounds if part.fundamental]
    spans: list[tuple[int, int, float]] = [(begin, end, float(value or 0)) for begin, end, value in valued]
    rounds = len(spans) >= LEAST_PERIODS
    if not rounds:
        spans = _slices(spans)
    orders = record.orders
    done = np.flatnonzero(orders.status == FILLED)
    done = done[np.argsort(orders.filled[done], kind="stable")]
    when = orders.filled[done]
    volume = np.concatenate([[0], np.cumsum(np.abs(orders.shares[done]))])
    money = np.concatenate([[0], np.cumsum(np.abs(orders.cash[done]))])
    begin, end = (np.array([span[i] for span in spans], np.int64) for i in (0, 1))
    # a batch that ends a slice belongs to it, so that the last one of a round is not lost
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
    """Relative absolute deviation: mean |P̄_t − FV_t| / |mean FV| (Stöckl, Huber & Kirchler 2010), over the periods with
    trades; 0.1 says that the price was 10% of the mean value away from it on average. None without any."""
    return _deviation(np.abs(price - value), value)


def rd(price: Floats, value: Floats) -> float | None:
    """Relative deviation: mean (P̄_t − FV_t) / |mean FV| (the same paper): the sign says overpriced or underpriced."""
    return _deviation(price - value, value)


def _deviation(gap: Floats, value: Floats) -> float | None:
    traded = np.isfinite(gap)
    mean = abs(float(value[traded].mean())) if traded.any() else 0.0
    return float(gap[traded].mean()) / mean if mean > 0 else None


@dataclass(frozen=True, slots=True)
class Peak:
    """price: the highest; seconds: from the start to it; low: the lowest after it; fall: (price − low) / price, peak to
    trough; rise: peak over starting price − 1."""

    price: float
    seconds: float
    low: float
    fall: float
    rise: float


def peak(time: Ints, price: Floats) -> Peak | None:
    """The first highest price and what came after it. time: ns, ascending; None without prices."""
    if not len(price):
        return None
    at = int(np.argmax(price))
    high, low = float(price[at]), float(price[at:].min())
    return Peak(high, (int(time[at]) - int(time[0])) / NS, low, (high - low) / high, high / float(price[0]) - 1)
