"""Intervals say how sure they are: of signals that know nothing they cover zero about as often as they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orderflow.arrays import Floats
from orderflow.workspace.signals.intervals import block_length, mean_interval, student_t
from orderflow.workspace.signals.price_path import PricePath, entries_after, exits_of, windows_of

TRIALS = 400
LEVEL = 0.9


def outcomes(rng: np.random.Generator, count: int, bars: int, horizon: int) -> tuple[Floats, int]:
    """Returns of buys at random times on prices without a trend, and the length of a block."""
    steps = 0.001 * rng.standard_t(4, bars)
    close = np.cumprod(1 + steps)
    opened = np.concatenate(([1.0], close[:-1]))
    begin = np.arange(bars, dtype=np.int64)
    path = PricePath(begin, begin + 1, opened, np.maximum(opened, close), np.minimum(opened, close), close)
    time = np.sort(rng.integers(0, bars - horizon - 2, count))
    entry = entries_after(path, time)
    found = windows_of(path, entry, exits_of(path, entry, horizon))
    starts = path.begin[entry]
    return found.gone / found.price - 1, block_length(starts, starts + horizon)


@pytest.mark.parametrize(("count", "bars", "horizon"), [(60, 4000, 5), (200, 4000, 1), (300, 6000, 60)])
def test_intervals_of_random_signals_cover_zero_as_often_as_they_say(count: int, bars: int, horizon: int) -> None:
    rng = np.random.default_rng([count, bars, horizon])
    covered = 0
    for _ in range(TRIALS):
        returns, block = outcomes(rng, count, bars, horizon)
        interval = mean_interval(returns, block, LEVEL, rng)
        assert interval.low is not None
        assert interval.high is not None
        covered += interval.low <= 0 <= interval.high
    band = 4 * math.sqrt(LEVEL * (1 - LEVEL) / TRIALS)  # four standard errors of a binomial count
    assert abs(covered / TRIALS - LEVEL) <= band, covered / TRIALS


@pytest.mark.parametrize(("p", "freedom", "value"), [(0.975, 5, 2.5706), (0.975, 30, 2.0423), (0.95, 10, 1.8125)])
def test_quantiles_of_students_t(p: float, freedom: int, value: float) -> None:
    assert student_t(p, freedom) == pytest.approx(value, abs=0.001)


def test_blocks_are_as_long_as_the_overlaps() -> None:
    starts = np.arange(100, dtype=np.int64) * 10
    assert block_length(starts, starts + 5) == 5  # 100^(1/3), rounded up
    assert block_length(starts, starts + 100) == 10
    assert block_length(starts[:0], starts[:0]) == 1
