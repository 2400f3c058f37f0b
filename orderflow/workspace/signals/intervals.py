"""Confidence intervals of means of returns that depend on one another, by a block bootstrap.

Signals that come close together share a part of their holding periods, so that their returns are alike. Blocks of
neighbouring signals are drawn instead of single ones (Künsch 1989), circularly, so that each signal is drawn equally
often. The block is as long as the overlaps, and at least n^(1/3). With few blocks the percentiles are too narrow, as a
variance estimated from few values is; they are widened by Student's t for the number of blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from orderflow.arrays import Floats, Ints

DRAWS = 2000
LEAST_BLOCKS = 6
"""With fewer blocks there is no interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """low, high: None with too few independent signals. block: signals in a block. blocks: how many fit."""

    low: float | None
    high: float | None
    block: int
    blocks: float


def block_length(starts: Ints, ends: Ints) -> int:
    """The signals of a block: one more than those that begin, on average, while one is held; at least n^(1/3).

    starts, ends: int64[n], ascending starts of the holding periods, and their ends.
    """
    count = len(starts)
    if not count:
        return 1
    during = np.searchsorted(starts, ends, side="left") - np.arange(count) - 1
    overlapping = 1 + math.ceil(float(np.maximum(during, 0).mean()))
    return min(count, max(math.ceil(math.cbrt(count)), overlapping))


def mean_interval(values: Floats, block: int, level: float, rng: np.random.Generator) -> Interval:
    """The interval of the mean of values in the order of time, at a level such as 0.95."""
    count = len(values)
    blocks = count / block
    if blocks < LEAST_BLOCKS:
        return Interval(None, None, block, blocks)
    mean = float(values.mean())
    drawn = _bootstrap_means(values, block, rng) - mean
    tail = (1 - level) / 2
    wider = student_t(1 - tail, blocks - 1) / NormalDist().inv_cdf(1 - tail) * math.sqrt(blocks / (blocks - 1))
    low, high = np.quantile(drawn, [tail, 1 - tail]) * wider
    return Interval(mean + float(low), mean + float(high), block, blocks)


def student_t(p: float, freedom: float) -> float:
    """A quantile of Student's t, by Hill's expansion (1970); right to 0.001 for p = 0.975 from 5 degrees of freedom."""
    z = NormalDist().inv_cdf(p)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))


def _bootstrap_means(values: Floats, block: int, rng: np.random.Generator) -> Floats:
    """float64[DRAWS]: means of samples of blocks."""
    count = len(values)
    sums = np.concatenate(([0.0], np.cumsum(np.concatenate([values, values[: block - 1]]))))
    of_block = sums[block:] - sums[:-block]  # the block that begins at each signal
    draws = math.ceil(count / block)
    starts = rng.integers(0, count, (DRAWS, draws))
    return np.asarray(of_block[starts].sum(axis=1) / (draws * block))
