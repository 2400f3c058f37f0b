from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.instruments.estimators import acf, hill, moments, returns, variance_ratio
from orderflow.instruments.models import registry
from orderflow.instruments.rng import Noise
from orderflow.instruments.stylized_facts import KINDS, NEEDED, Fact, FactChecker, check_facts, measure
from tests.instruments.statistics import LIMIT


@cache
def checker() -> FactChecker:
    """Shared by all tests of the module, as bands are cached."""
    return FactChecker()


def prices(model: str, count: int, seed: int, **values: float) -> list[float]:
    path = registry.get(model).start(values, 100.0, 1.0, Noise(seed))
    for _ in range(300):
        path.step()
    return [max(round(path.step(), 2), 0.01) for _ in range(count)]


def card(found: list[float], model: str, **values: float) -> dict[str, Fact]:
    return {fact.name: fact for fact in checker().check(found, registry.get(model), values, 1.0)}


def test_values_agree_with_the_estimators() -> None:
    found = prices("garch", 401, 7)
    r = returns(found)
    figures = dict(zip([kind.name for kind in KINDS], measure(r[None, :])[:, 0], strict=True))
    assert figures["volatility"] == pytest.approx(moments(r).deviation.value)
    assert figures["kurtosis"] == pytest.approx(moments(r).kurtosis.value)
    assert figures["tail"] == pytest.approx(hill(r, 20).index)
    assert figures["memory"] == pytest.approx(acf(r, 1).value[0])
    assert figures["clustering"] == pytest.approx(acf(np.abs(r), 10).value.mean())
    assert figures["ratio"] == pytest.approx(variance_ratio(r, 20).value)
    size, total = np.abs(r) - np.abs(r).mean(), 0.0
    for lag in range(1, 11):
        total += sum((r[t] - r.mean()) * size[t + lag] for t in range(len(r) - lag))
    assert figures["leverage"] == pytest.approx(total / 10 / len(r) / r.std() / np.abs(r).std())


@pytest.mark.parametrize("model", registry.names())
def test_true_samples_stay_in_their_bands(model: str) -> None:
    """60 samples, 7 facts of 1% each. The facts of a sample are correlated, so the number of samples with any fact
    outside is compared with its largest mean, 7%: more than 14 of 60 have a chance below 1 in 10,000. Bands are
    estimated from samples themselves, and a little narrower or wider than 99%.
    """
    out = sum(
        any(fact.ok is False for fact in card(prices(model, NEEDED + 1, 1000 + seed), model).values())
        for seed in range(60)
    )
    assert out <= 14


def test_facts_include_theory() -> None:
    found = card(prices("garch", 801, 4), "garch")
    assert found["kurtosis"].theory == pytest.approx(7.36, abs=0.01)
    assert found["volatility"].theory == pytest.approx(1.2)
    assert found["clustering"].theory == "above 0"
    assert found["tail"].theory == pytest.approx(5.04, abs=0.01)
    assert found["leverage"].theory == 0.0
    kurtosis = found["kurtosis"]
    assert kurtosis.value is not None
    assert kurtosis.text.startswith(f"Excess kurtosis {kurtosis.value:.3g} (theory 7.36; 99% of such runs ")
    assert kurtosis.text.endswith("): fits")
    normal = card(prices("gbm", 801, 3), "gbm")
    assert normal["kurtosis"].theory == 0.0
    assert "(theory 0; " in normal["memory"].text
    assert normal["tail"].theory == "thinner than any power"
    assert card(prices("heston", 801, 3), "heston")["leverage"].theory == "below 0"


def test_infinite_theory_is_given_in_words() -> None:
    """JSON has no infinity, so no fact contains it."""
    found = {
        fact.name: fact for fact in FactChecker(50).check(prices("garch", 201, 4), registry.get("garch"), {"nu": 3}, 1)
    }
    assert found["kurtosis"].theory == "infinite"
    assert "(theory infinite; " in found["kurtosis"].text
    for fact in found.values():
        assert all(one is None or math.isfinite(one) for one in (fact.value, fact.low, fact.high))
        assert not isinstance(fact.theory, float) or math.isfinite(fact.theory)


def test_mean_reverting_price_is_compared_with_mean_reverting_runs() -> None:
    values = {"theta": 3e6, "level": 106.0}
    path = registry.get("ou").start(values, 100.0, 1.0, Noise(6))
    found = [round(path.step(), 2) for _ in range(1200)]
    facts = checker().check(found, registry.get("ou"), values, 1.0)
    assert [fact.ok for fact in facts] == [True] * len(KINDS)
    ratio = next(fact for fact in facts if fact.name == "ratio")
    assert ratio.high is not None
    assert ratio.high < 1.0  # it is seen to be no walk


def test_facts_tell_models_apart() -> None:
    """The differences between a market and the textbook model (Cont, 2001), in both directions."""
    bursts = card(prices("garch", 801, 5), "gbm")
    assert bursts["kurtosis"].ok is False
    assert bursts["clustering"].ok is False
    assert bursts["kurtosis"].text.endswith("): outside, as one run in 100 is")
    calm = card(prices("gbm", 801, 5), "garch")
    assert calm["kurtosis"].ok is False
    assert calm["clustering"].ok is False
    assert calm["memory"].ok is True


def test_stylised_facts_of_the_models() -> None:
    """20,000 unrounded returns each: autocorrelation only in OU, fat tails and clusters only in models that have
    them.
    """
    for model in registry.MODELS:
        path = model.start({}, 1e6 if model.name == "uniform" else 100.0, 1.0, Noise(17))
        r = returns([path.step() for _ in range(20_001)])
        theory = model.theory(model.defaults(), path.price, 1.0)
        memory = acf(r, 5)
        expected = np.array([theory.autocorrelation(lag) for lag in range(1, 6)])
        assert np.all(np.abs(memory.value - expected) <= LIMIT * memory.error), model.name
        kurtosis, size = moments(r).kurtosis, acf(np.abs(r), 5)
        assert theory.kurtosis is not None
        if theory.kurtosis > 0.0:
            assert kurtosis.value > 1.0, model.name
        else:
            assert abs(kurtosis.value - theory.kurtosis) <= LIMIT * kurtosis.error, model.name
        if theory.clusters:
            assert np.all(size.value > LIMIT * size.error), model.name
        else:
            assert np.all(np.abs(size.value) <= LIMIT * size.error), model.name


def test_too_few_prices_are_reported() -> None:
    for count, have in ((0, 0), (1, 0), (NEEDED, NEEDED - 1)):
        facts = check_facts([100.0 + k % 3 for k in range(count)], registry.get("gbm"), {}, 1.0)
        assert [fact.name for fact in facts] == [kind.name for kind in KINDS]
        for fact in facts:
            assert (fact.value, fact.low, fact.high, fact.ok, fact.theory) == (None,) * 5
            assert fact.text == f"{fact.title}: needs 200 returns, there are {have}"
            assert fact.doc


def test_constant_price_has_no_values() -> None:
    still = check_facts([100.0] * 300, registry.get("gbm"), {"sigma": 0.0}, 1.0)
    assert {fact.ok for fact in still} == {None}
    assert "did not move" in still[0].text
    # nearly still: one move in 200, and a model that hardly ever moves a cent
    rare = FactChecker(20).check([100.0] * 150 + [100.01] * 51, registry.get("gbm"), {"sigma": 0.02}, 1.0)
    assert [fact.ok for fact in rare if fact.name == "tail"] == [None]
    assert "too many of these returns are equal" in next(fact.text for fact in rare if fact.name == "tail")


def test_bands_are_cached() -> None:
    found, model = prices("ou", 900, 2), registry.get("ou")
    one, two = FactChecker(50), FactChecker(50)
    first = one.check(found, model, {}, 1.0)
    assert one.check(found, model, {}, 1.0) == first == two.check(found, model, {}, 1.0)
    assert one.check(found[-801:], model, {}, 1.0) == first  # 899 returns are looked at as the last 800
    assert len(one._bands) == 1
    few = FactChecker(2)
    for k in range(70):
        few.check(found[:201], model, {"sigma": 1.0 + k / 10}, 1.0)
    assert len(few._bands) == 64


def test_invalid_arguments_raise() -> None:
    with pytest.raises(BadInput, match="sigma"):
        check_facts([100.0] * 300, registry.get("gbm"), {"sigma": -1.0}, 1.0)
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="above 0"):
            check_facts([100.0] * 300 + [wrong], registry.get("gbm"), {}, 1.0)
