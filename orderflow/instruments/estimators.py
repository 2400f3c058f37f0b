"""What is measured on returns, with how far off it may be: moments, autocorrelations, tails.

Pure functions of arrays; which value a model or a market should show is the business of `facts`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Floats, Ints

TAIL = 0.05
"""Share of the returns that Hill's estimator takes for the tail."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Of n returns; the errors are those of independent returns, and too small where volatility comes in bursts."""

    mean: Estimate
    deviation: Estimate
    skewness: Estimate
    kurtosis: Estimate


@dataclass(frozen=True, slots=True)
class Acf:
    """Autocorrelations at lags, and their standard errors if there were none: see `acf`. All float64[m]."""

    lag: Ints
    value: Floats
    error: Floats

    def band(self, z: float = 2.576) -> tuple[Floats, Floats]:
        """(low, high): where a series without memory stays, at each lag, 99 times in 100."""
        return -z * self.error, z * self.error


@dataclass(frozen=True, slots=True)
class Tail:
    """index: of the power law P(|return| > x) ~ x^-index; error: its standard error; k: returns it was read from."""

    index: float
    error: float
    k: int


def returns(prices: npt.ArrayLike) -> Floats:
    """float64[n - 1]: log returns of n prices. Raises ValueError unless all are finite and > 0."""
    found = np.asarray(prices, np.float64)
    if found.ndim != 1 or not np.all(np.isfinite(found) & (found > 0)):
        raise ValueError("prices are a row of finite numbers above 0")
    return np.diff(np.log(found))


def moments(r: Floats) -> Moments:
    """Mean, standard deviation, skewness and excess kurtosis of float64[n], n >= 2 and not all alike.

    Standard errors by the influence of each return on the figure, for independent returns.
    """
    spread = float(r.std())
    if len(r) < 2 or spread == 0.0:
        raise ValueError("moments need returns that differ")
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
    Σ e(t)² e(t-k)² over Σ e². The usual 1 / sqrt(n) would see memory in every burst. Raises ValueError for a series
    that does not move or is too short.
    """
    e = x - x.mean()
    total = float(e @ e)
    if not 1 <= lags < len(x) or total == 0.0:
        raise ValueError("autocorrelations need a series that moves and is longer than the lags")
    value = np.array([e[k:] @ e[:-k] for k in range(1, lags + 1)]) / total
    error = np.sqrt([(e[k:] ** 2) @ (e[:-k] ** 2) for k in range(1, lags + 1)]) / total
    return Acf(np.arange(1, lags + 1), value, error)


def hill(r: Floats, k: int | None = None) -> Tail:
    """Hill's (1975) tail index of |returns|, float64[n]: k over the sum of ln(x_i / x_(k+1)) of the k largest.

    k: 5% of n without it, at least 10; index / sqrt(k) is the error for independent returns. Raises ValueError where
    the k + 1 largest are not all above 0, or all alike.
    """
    x = np.sort(np.abs(r))[::-1]
    k = max(10, math.ceil(TAIL * len(x))) if k is None else k
    if not 1 <= k < len(x) or x[k] <= 0.0 or x[0] == x[k]:
        raise ValueError(f"the tail needs {k} returns larger than the one after them")
    index = k / float(np.log(x[:k] / x[k]).sum())
    return Tail(index, index / math.sqrt(k), k)


def variance_ratio(r: Floats, steps: int) -> Estimate:
    """Variance of returns over `steps` over that many times the variance of single ones; 1 without memory.

    Lo and MacKinlay (1988): overlapping returns, standard error robust to changing volatility. float64[n], n > steps
    > 1; raises ValueError otherwise.
    """
    if not 1 < steps < len(r):
        raise ValueError("a variance ratio needs more returns than steps, and more than one step")
    memory = acf(r, steps - 1)
    weight = 2.0 * (steps - memory.lag) / steps
    return Estimate(1.0 + float(weight @ memory.value), float(np.sqrt(weight**2 @ memory.error**2)))
