"""Tests of chance that say how often they are wrong.

Every test has fixed seeds, so it passes or fails for good. A change of the code that changes which numbers are drawn,
yet not their law, fails a z-test here once in `1 / ALPHA` = 10,000 times: nothing of it is a matter of taste.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist

import numpy as np

from orderflow.arrays import Floats
from orderflow.instruments.models.model import Model
from orderflow.instruments.rng import Noise

ALPHA = 1e-4
LIMIT = NormalDist().inv_cdf(1.0 - ALPHA / 2.0)
"""3.89: how many standard errors a true value is missed by at most, but for one time in 10,000."""


def deviation(samples: Floats, expected: float, of: Callable[[Floats], float] | None = None) -> float:
    """By how many standard errors a figure misses what is expected.

    samples: float64[n] or float64[n, k], n independent rows. of: the figure as a smooth function of the k means; the
    mean itself without it. The standard error is the delta method's.
    """
    rows = samples.reshape(len(samples), -1)
    means = rows.mean(axis=0)
    figure = of or (lambda m: float(m[0]))
    steps = 1e-5 * np.maximum(np.abs(means), rows.std(axis=0))
    slope = np.array(
        [
            (figure(means + step * unit) - figure(means - step * unit)) / (2.0 * step)
            for step, unit in zip(steps, np.eye(len(means)), strict=True)
        ]
    )
    error = np.sqrt(slope @ np.atleast_2d(np.cov(rows, rowvar=False)) @ slope / len(rows))
    return float((figure(means) - expected) / error)


def agrees(samples: Floats, expected: float, of: Callable[[Floats], float] | None = None) -> bool:
    """Whether it misses by no more than `LIMIT` standard errors; prints by how many, for the report of a failure."""
    z = deviation(samples, expected, of)
    print(f"misses {expected:g} by {z:+.2f} standard errors")
    return abs(z) <= LIMIT


def simulate(
    model: Model,
    values: Mapping[str, float],
    *,
    paths: int = 200,
    steps: int = 1000,
    burn: int = 0,
    price: float = 100.0,
    dt: float = 1.0,
) -> Floats:
    """float64[paths, steps + 1]: log-prices of independent paths (seeds 0 ... paths - 1) after `burn` steps."""
    found = np.empty((paths, steps + 1))
    for seed in range(paths):
        step = model.start(values, price, dt, Noise(seed)).step
        for _ in range(burn):
            step()
        found[seed] = [step() for _ in range(steps + 1)]
    return np.log(found)


def correlation(x: Floats, y: Floats) -> tuple[Callable[[Floats], float], Floats]:
    """(the correlation as a function of means, float64[n, 5] rows of which to take the means)."""
    rows = np.column_stack((x, y, x * x, y * y, x * y))

    def of(m: Floats) -> float:
        return float((m[4] - m[0] * m[1]) / np.sqrt((m[2] - m[0] ** 2) * (m[3] - m[1] ** 2)))

    return of, rows
