"""The estimators compared with plain loops over the definitions, and with distributions of known moments."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orderflow.instruments.estimators import acf, hill, moments, returns, variance_ratio
from tests.instruments.statistics import LIMIT

RNG = np.random.default_rng(5)
SAMPLE = RNG.standard_t(4, 300) * 0.01 + 0.001


def test_returns() -> None:
    assert returns([100.0, 110.0, 99.0]).tolist() == pytest.approx([math.log(1.1), math.log(0.9)])
    assert returns([5.0]).tolist() == []
    for wrong in ([1.0, 0.0], [1.0, -1.0], [1.0, math.nan], [[1.0, 2.0]]):
        with pytest.raises(ValueError, match="above 0"):
            returns(wrong)


def test_moments_by_brute_force() -> None:
    n, x = len(SAMPLE), SAMPLE.tolist()
    mean = sum(x) / n
    second, third, fourth = (sum((one - mean) ** k for one in x) / n for k in (2, 3, 4))
    found = moments(SAMPLE)
    assert found.mean.value == pytest.approx(mean)
    assert found.mean.error == pytest.approx(math.sqrt(second / n))
    assert found.deviation.value == pytest.approx(math.sqrt(second))
    assert found.skewness.value == pytest.approx(third / second**1.5)
    assert found.kurtosis.value == pytest.approx(fourth / second**2 - 3.0)


def test_errors_of_moments_match_many_samples() -> None:
    """The spread of each figure over 2,000 normal samples of 500, and the normal law's own: s²/n, s²/2n, 6/n, 24/n."""
    found = [moments(one) for one in RNG.normal(0.0, 2.0, (2000, 500))]
    for name, variance in (("mean", 4 / 500), ("deviation", 4 / 1000), ("skewness", 6 / 500), ("kurtosis", 24 / 500)):
        values = np.array([getattr(one, name).value for one in found])
        errors = np.array([getattr(one, name).error for one in found])
        assert np.std(values) == pytest.approx(math.sqrt(variance), rel=0.08)
        # the kurtosis of 500 is seldom told as uncertain as it is: its error hangs on the eighth power of the returns
        assert np.median(errors) == pytest.approx(math.sqrt(variance), rel=0.25 if name == "kurtosis" else 0.08)


@pytest.mark.parametrize("wrong", [np.array([1.0]), np.zeros(9)])
def test_moments_of_equal_returns_raise(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not all equal"):
        moments(wrong)


def test_acf_by_brute_force() -> None:
    n, x = len(SAMPLE), SAMPLE.tolist()
    mean = sum(x) / n
    total = sum((one - mean) ** 2 for one in x)
    found = acf(SAMPLE, 7)
    assert found.lag.tolist() == list(range(1, 8))
    for k in range(1, 8):
        products = [(x[t] - mean) * (x[t - k] - mean) for t in range(k, n)]
        assert found.value[k - 1] == pytest.approx(sum(products) / total)
        assert found.error[k - 1] == pytest.approx(math.sqrt(sum(one * one for one in products)) / total)
    low, high = found.band()
    assert np.array_equal(low, -high)
    for wrong, lags in ((SAMPLE, 300), (SAMPLE, 0), (np.ones(9), 1)):
        with pytest.raises(ValueError, match="autocorrelations need"):
            acf(wrong, lags)


def test_acf_band_holds_with_volatility_clusters() -> None:
    """Uncorrelated returns with volatility clusters: the robust band is left at its nominal rate, 1 / sqrt(n) far more
    often.
    """
    left = plain = 0
    for _ in range(2000):
        h, bursts = np.ones(400), RNG.standard_normal(400)
        for t in range(1, 400):
            h[t] = 0.1 + 0.35 * h[t - 1] * bursts[t - 1] ** 2 + 0.55 * h[t - 1]
        found = acf(bursts * np.sqrt(h), 1)
        left += abs(found.value[0]) > 1.96 * found.error[0]
        plain += abs(found.value[0]) > 1.96 / math.sqrt(400)
    assert left / 2000 == pytest.approx(0.05, abs=0.05 * 0.5)
    assert plain > 2 * left


def test_hill_by_brute_force_and_on_power_laws() -> None:
    x = sorted((abs(one) for one in SAMPLE.tolist()), reverse=True)
    found = hill(SAMPLE, 20)
    assert found.index == pytest.approx(20 / sum(math.log(one / x[20]) for one in x[:20]))
    assert found.k == 20
    assert found.error == pytest.approx(found.index / math.sqrt(20))
    assert hill(SAMPLE).k == 15
    assert hill(SAMPLE[:50]).k == 10
    for index in (2.0, 3.0, 5.0):
        pareto = hill(RNG.pareto(index, 100_000) + 1.0)
        assert abs(pareto.index - index) <= LIMIT * pareto.error


def test_hill_needs_a_tail() -> None:
    for wrong in (np.zeros(100), np.ones(100), np.r_[np.ones(5), np.zeros(95)], np.arange(5.0)):
        with pytest.raises(ValueError, match="the tail needs"):
            hill(wrong)


def test_variance_ratio() -> None:
    walk = variance_ratio(RNG.standard_normal(20_000), 10)
    assert abs(walk.value - 1.0) <= LIMIT * walk.error
    assert walk.error == pytest.approx(math.sqrt(2 * (2 * 10 - 1) * (10 - 1) / (3 * 10 * 20_000)), rel=0.1)  # iid
    back = RNG.standard_normal(20_001)
    assert variance_ratio(np.diff(back), 10).value == pytest.approx(0.1, abs=0.02)  # it undoes every move
    for steps in (1, 300):
        with pytest.raises(ValueError, match="variance ratio"):
            variance_ratio(SAMPLE, steps)
