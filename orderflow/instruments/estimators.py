"""Statistics of returns with their standard errors: moments, autocorrelations, tails.

Pure functions of arrays. What values to expect from a model or a market is in `stylized_facts`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Floats, Ints

TAIL = 0.05
"""Share of the returns that Hill's estimator uses as the tail."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate and its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of n returns. Errors hold for independent returns; with volatility clusters they are too small."""

    mean: Estimate
    deviation: Estimate
    skewness: Estimate
    kurtosis: Estimate


@dataclass(frozen=True, slots=True)
class Acf:
    """Autocorrelations by lag, and their standard errors if the true values are 0; see `acf`. All float64[m]."""

    lag: Ints
    value: Floats
    error: Floats

    def band(self, z: float = 2.576) -> tuple[Floats, Floats]:
        """(low, high) at each lag: the 99% band of a series without autocorrelation."""
        return -z * self.error, z * self.error


@dataclass(frozen=True, slots=True)
class Tail:
    """index: of the power law P(|return| > x) ~ x^-index; error: its standard error; k: number of returns used."""

    index: float
    error: float
    k: int


def returns(prices: npt.ArrayLike) -> Floats:
    """Log returns of n prices, float64[n - 1]. Raises ValueError unless all prices are finite and > 0."""
    found = np.asarray(prices, np.float64)
    if found.ndim != 1 or not np.all(np.isfinite(found) & (found > 0)):
        raise ValueError("prices must be finite numbers above 0")
    return np.diff(np.log(found))


def moments(r: Floats) -> Moments:
    """Mean, standard deviation, skewness and excess kurtosis of float64[n], n >= 2.

    Standard errors are computed from each return's influence on the estimate, for independent returns. Raises
    ValueError if all returns are equal.
    """
    spread = float(r.std())
    if len(r) < 2 or spread == 0.0:
        raise ValueError("moments need returns that are not all equal")
    z = (r - r.mean()) / spread
    third, fourth = float((z**3).mean()), float((z**4).mean())
    influence = (
        r - r.mean(),
        spread * (z**2 - 1.0) / 2.0,
        z**3 - third - 3.0 * z - 1.5 * third * (z**2 - 1.0),
        z**4 - fourth - 2.0 * fourth * (z**2 - 1.0) - 4.0 * third * z,
    )
    errors = [float(np.sqrt(np.mean(one**2) / len(r))) for one in influence]
    values = (float(r.mean()), spread, third, fourth - 3.0)
    return Moments(*(Estimate(value, error) for value, error in zip(values, errors, strict=True)))


def acf(x: Floats, lags: int) -> Acf:
    """Autocorrelations of float64[n] at lags 1 ... `lags` < n.

    The errors allow for changing volatility (Taylor 1984; Lo and MacKinlay 1989): with e = x less its mean, the root of
    Σ e(t)² e(t-k)² over Σ e². The usual 1 / sqrt(n) would see autocorrelation in every burst of volatility. Raises
    ValueError for a series that is constant or too short.
    """
    e = x - x.mean()
    total = float(e @ e)
    if not 1 <= lags < len(x) or total == 0.0:
        raise ValueError("autocorrelations need a series that is not constant and longer than the lags")
    value = np.array([e[k:] @ e[:-k] for k in range(1, lags + 1)]) / total
    error = np.sqrt([(e[k:] ** 2) @ (e[:-k] ** 2) for k in range(1, lags + 1)]) / total
    return Acf(np.arange(1, lags + 1), value, error)


def hill(r: Floats, k: int | None = None) -> Tail:
    """Hill's (1975) tail index of |returns|, float64[n]: k over the sum of ln(x_i / x_(k+1)) of the k largest.

    k: by default 5% of n, at least 10. The standard error index / sqrt(k) holds for independent returns. Raises
    ValueError unless the k + 1 largest are above 0 and not all equal.
    """
    x = np.sort(np.abs(r))[::-1]
    k = max(10, math.ceil(TAIL * len(x))) if k is None else k
    if not 1 <= k < len(x) or x[k] <= 0.0 or x[0] == x[k]:
        raise ValueError(f"the tail needs {k} returns larger than the one after them")
    index = k / float(np.log(x[:k] / x[k]).sum())
    return Tail(index, index / math.sqrt(k), k)


def variance_ratio(r: Floats, steps: int) -> Estimate:
    """Variance of returns over `steps` steps, divided by `steps` times the variance of single ones; 1 for a random
    walk.

    Lo and MacKinlay (1988): overlapping returns, standard error robust to changing volatility. float64[n], n > steps >
    1; raises ValueError otherwise.
    """
    if not 1 < steps < len(r):
        raise ValueError("a variance ratio needs more returns than steps, and more than one step")
    memory = acf(r, steps - 1)
    weight = 2.0 * (steps - memory.lag) / steps
    return Estimate(1.0 + float(weight @ memory.value), float(np.sqrt(weight**2 @ memory.error**2)))
