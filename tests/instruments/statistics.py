"""Statistical tests with a stated error rate.

Every test has fixed seeds, so its result is reproducible. A change of the code that changes the random numbers but not
their distribution fails a z-test here once in `1 / ALPHA` = 10,000 times.
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
"""3.89: the number of standard errors that a true value exceeds once in 10,000 times."""


def deviation(samples: Floats, expected: float, of: Callable[[Floats], float] | None = None) -> float:
    """The deviation of an estimate from the expected value, in standard errors.

    samples: float64[n] or float64[n, k], n independent rows. of: the estimate as a smooth function of the k means; the
    mean itself if None. The standard error is by the delta method.
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
    """Whether the deviation is at most `LIMIT` standard errors; prints it for the report of a failure."""
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
