"""Arrival laws compared with their theory. Seeds are fixed, so each statistical test is reproducible; the stated error
rate is the chance that a correct law fails it with another seed.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.instruments import arrivals
from orderflow.instruments.arrivals import HAWKES, LAWS, POISSON, Arrivals

# both laws with parameters that make some 20 arrivals a second
CASES = [(POISSON, {"rate": 20.0}), (HAWKES, {"rate": 4.0, "branching": 0.8, "decay": 10.0})]
BY_LAW = pytest.mark.parametrize(("law", "values"), CASES, ids=["poisson", "hawkes"])


def rng(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


def arrivals_until(process: Arrivals, end: float, step: float) -> list[float]:
    """All arrivals until `end`, asked for in steps."""
    found = []
    for index in range(1, round(end / step) + 1):
        found += process.until(index * step)
    return found


def kolmogorov(uniform: np.ndarray) -> float:
    """sqrt(n)·D of values that should be uniform on [0, 1]: beyond 1.95 with probability 0.001 (Kolmogorov's limit)."""
    n = len(uniform)
    ordered = np.sort(uniform)
    above = np.arange(1, n + 1) / n - ordered
    below = ordered - np.arange(n) / n
    return math.sqrt(n) * max(above.max(), below.max())


@BY_LAW
def test_the_same_seed_gives_the_same_arrivals_however_the_time_is_cut(law, values):
    whole = law.start(values, rng()).until(60.0)
    assert arrivals_until(law.start(values, rng()), 60, 1) == whole
    assert arrivals_until(law.start(values, rng()), 60, 0.01) == whole
    assert law.start(values, rng(12)).until(60.0) != whole
    assert whole == sorted(whole)
    assert len(whole) > 600


@BY_LAW
def test_other_draws_from_the_generator_change_nothing(law, values):
    shared = rng()
    process = law.start(values, shared)
    first = process.until(5.0)
    shared.random(1000)
    assert first + process.until(30.0) == law.start(values, rng()).until(30.0)


@BY_LAW
def test_arrivals_are_returned_once(law, values):
    process = law.start(values, rng())
    assert process.until(10.0)
    assert process.until(10.0) == process.until(3.0) == []
    assert process.generated_until == 10.0
    assert all(10.0 < t <= 11.0 for t in process.until(11.0))
    with pytest.raises(ValueError, match="nan"):
        process.until(math.nan)


@BY_LAW
def test_mean_rate_matches_theory(law, values):
    """Two-sided, 4 standard errors of the stationary count (Fano factor): error rate 6e-5."""
    seconds = 2_000
    count = len(arrivals_until(law.start(values, rng()), seconds, 50))
    mean = law.mean_rate(values) * seconds
    assert law.mean_rate(values) == pytest.approx(20.0)
    assert abs(count - mean) < 4 * math.sqrt(mean * law.fano(values))


def test_the_gaps_of_poisson_are_exponential():
    """Kolmogorov–Smirnov, error rate 0.001."""
    times = np.array(arrivals_until(POISSON.start({"rate": 20.0}, rng()), 1_000, 50))
    assert kolmogorov(1 - np.exp(-20.0 * np.diff(times, prepend=0.0))) < 1.95


def test_hawkes_residuals_are_exponential_and_its_gaps_are_not():
    """Time rescaling: the compensator between arrivals, by the formula and not by the simulation. Error rate 0.001."""
    values = CASES[1][1]
    rate, branching, decay = values["rate"], values["branching"], values["decay"]
    times = np.array(arrivals_until(HAWKES.start(values, rng()), 500, 50))
    excited, last, residuals = rate * branching / (1 - branching), 0.0, []
    for time in times:
        fade = math.exp(-decay * (time - last))
        residuals.append(rate * (time - last) + excited * (1 - fade) / decay)
        excited, last = excited * fade + branching * decay, time
    assert kolmogorov(1 - np.exp(-np.array(residuals))) < 1.95
    assert kolmogorov(1 - np.exp(-20.0 * np.diff(times))) > 10


@BY_LAW
def test_fano_factor_matches_theory(law, values):
    """Fano factor of 600 windows of 10 s, a hundred times the memory of the law. The variance of 600 near-normal counts
    has a relative error of 6%, so a band of 25% is wrong in 1 of 10,000."""
    times = np.array(arrivals_until(law.start(values, rng()), 6_000, 50))
    counts = np.bincount((times / 10).astype(int), minlength=600)[:600]
    assert counts.var() / counts.mean() == pytest.approx(law.fano(values), rel=0.25)


def test_hawkes_without_children_is_poisson():
    """Kolmogorov–Smirnov, error rate 0.001."""
    times = np.array(arrivals_until(HAWKES.start({"rate": 20.0, "branching": 0.0}, rng()), 500, 50))
    assert kolmogorov(1 - np.exp(-20.0 * np.diff(times, prepend=0.0))) < 1.95


def test_a_burst_is_cut_within_its_second_counted_and_the_same_for_every_cut_of_time():
    values = {"rate": 50.0, "branching": 0.95, "decay": 1_000.0}  # 1,000 a second on average

    def process() -> Arrivals:
        made = HAWKES.start(values, rng(3))
        made._excited += 1e6  # some ten thousand arrivals at once
        return made

    one, many = process(), process()
    whole, parts = one.until(10.0), arrivals_until(many, 10, 0.25)
    assert whole == parts
    assert one.cuts == many.cuts >= 1
    assert one.silence == many.silence > 0.0
    counts = np.bincount(np.array(whole).astype(int))
    assert counts.max() == arrivals.MAX_PER_SECOND
    assert counts[-1] > 0


def test_arrivals_of_a_call_are_limited():
    process = POISSON.start({"rate": 1_000.0}, rng())
    assert len(process.until(3_600.0)) == arrivals.MAX_PER_CALL
    assert process.cuts == 1
    assert process.silence == pytest.approx(3_600 - 20, abs=1)
    later = process.until(3_601.0)
    assert 800 < len(later) < 1_200
    assert later[0] > 3_600.0


@pytest.mark.parametrize("branching", [1.0, 1.2, -0.1, math.nan, math.inf])
def test_branching_of_one_or_more_is_refused(branching):
    with pytest.raises(BadInput, match=r"hawkes arrivals: branching .*below 1") as caught:
        HAWKES.start({"branching": branching}, rng())
    assert [error.field for error in caught.value.errors] == ["branching"]


def test_every_wrong_parameter_is_named():
    with pytest.raises(BadInput) as caught:
        HAWKES.check({"rate": 0.0, "decay": -1.0, "brancing": 0.5, "branching": "much"})
    assert {error.field for error in caught.value.errors} == {"rate", "decay", "brancing", "branching"}
    assert "did you mean 'branching'?" in str(caught.value)


def test_a_mean_rate_beyond_the_limit_is_refused():
    with pytest.raises(BadInput, match="rate 200 makes 2,000 arrivals a second") as caught:
        HAWKES.check({"rate": 200.0, "branching": 0.9})
    assert caught.value.errors[0].field == "rate"


@pytest.mark.parametrize("law", LAWS, ids=arrivals.names())
def test_registered_laws_have_valid_defaults(law):
    assert arrivals.get(law.name) is law
    assert law.check({}) == {param.name: param.default for param in law.params}
    assert law.doc
    assert law.source
    assert all(param.doc for param in law.params)
    assert law.start({}, rng()).until(0.0) == []


def test_unknown_law_error_lists_all_laws():
    with pytest.raises(BadInput, match="did you mean 'hawkes'"):
        arrivals.get("hawks")
    with pytest.raises(BadInput, match="there are poisson, hawkes"):
        arrivals.get("weibull")
