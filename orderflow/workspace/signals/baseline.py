"""Random entries to compare signals with: as many, on the same sides, at the same hours of the day (UTC).

Signals that come at busy hours meet larger moves; entries at the same hours meet the same. Each random set draws, for
every signal, one of the prices of its hour whose horizon is within the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Floats, Indices
from orderflow.workspace.signals.price_path import PricePath, exits_of

SETS, LEAST_SETS = 1000, 200
DRAWS = 20_000_000
"""Entries in all sets of a horizon: with more than 20,000 signals there are fewer sets, at least LEAST_SETS."""
_AT_ONCE = 1 << 22
_HOUR = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Baseline:
    """means, hits: float64[sets], of each random set. p: the share of sets whose mean is at least that of the signals,
    counting the signals as one of the sets."""

    means: Floats
    hits: Floats
    p: float

    @property
    def mean(self) -> float:
        """The mean of all sets."""
        return float(self.means.mean())


def sets_of(signals: int) -> int:
    """How many sets are drawn for so many signals."""
    return max(LEAST_SETS, min(SETS, DRAWS // max(1, signals)))


def random_entries(path: PricePath, entry: Indices, side: Floats, horizon: int, rng: np.random.Generator) -> Baseline:
    """Random sets for signals that enter at `entry`, at least one, with side 1 or -1, held for `horizon` ns."""
    everywhere = np.arange(len(path))
    exits = exits_of(path, everywhere, horizon)
    usable = np.flatnonzero(exits >= 0)
    moves = path.close[exits[usable]] / path.open[usable] - 1
    hours = path.begin[usable] // _HOUR % 24
    order = np.argsort(hours, kind="stable")
    moves, first = moves[order], np.searchsorted(hours[order], np.arange(25))
    wanted = path.begin[entry] // _HOUR % 24
    low, high = first[wanted], first[wanted + 1]
    count = sets_of(len(entry))
    means, hits = np.empty(count), np.empty(count)
    step = max(1, _AT_ONCE // len(entry))
    for begin in range(0, count, step):
        sets = min(step, count - begin)
        drawn = side * moves[rng.integers(low, high, (sets, len(entry)))]
        means[begin : begin + sets] = drawn.mean(axis=1)
        hits[begin : begin + sets] = (drawn > 0).mean(axis=1)
    own = exits_of(path, entry, horizon)
    actual = float((side * (path.close[own] / path.open[entry] - 1)).mean())
    return Baseline(means, hits, float((1 + (means >= actual).sum()) / (count + 1)))
