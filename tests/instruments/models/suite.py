"""The test suite of all price models: a test class inherits `ModelSuite` and adds its own tests."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from orderflow.errors import BadInput, Conflict
from orderflow.instruments.models import registry
from orderflow.instruments.models.model import HIGHEST, Model, Path
from orderflow.instruments.rng import CommonNoise, Noise
from tests.instruments.statistics import Floats, agrees, correlation, simulate

Values = Mapping[str, float]


class ModelSuite:
    """model: what is tested. extremes: allowed values that are hard on arithmetic. refused: (values, the parameter that
    is named) beyond the domains of single parameters. warned: (values, words of the warning).

    lively: values for the comparison with theory, whose eighth moment is finite and whose memory is short against
    `burn` steps. price: where those paths begin. group, share: values for which two members of a group correlate with
    rho² × share exactly.
    """

    model: ClassVar[Model]
    extremes: ClassVar[tuple[Values, ...]]
    refused: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = ()
    warned: ClassVar[tuple[tuple[Values, str], ...]] = ()
    lively: ClassVar[Values] = {}
    price: ClassVar[float] = 100.0
    burn: ClassVar[int] = 0
    group: ClassVar[Values] = {}
    share: ClassVar[float] = 1.0

    def start(self, seed: int = 1, values: Values | None = None, **noise: Any) -> Path:
        return self.model.start(values or {}, 100.0, 1.0, Noise(seed, **noise))

    def prices(self, count: int, seed: int = 1, **options: Any) -> list[float]:
        path = self.start(seed, **options)
        return [path.step() for _ in range(count)]

    def test_model_is_registered_and_documented(self) -> None:
        model = self.model
        assert registry.get(model.name) is model
        assert model.title
        assert model.doc
        assert model.source
        assert len({param.name for param in model.params}) == len(model.params)
        for param in model.params:
            assert param.doc.endswith(".")
            assert param.wrong(param.default) is None
        assert model.check({}) == (model.defaults(), [])

    def test_same_seed_gives_same_prices(self) -> None:
        alone = self.prices(1000)
        noise = Noise(1)
        path = self.model.start({}, 100.0, 1.0, noise)
        sister = self.start(2)
        mixed = []
        for _ in range(1000):
            noise.generator("trades").random(3)
            noise.uniform()
            sister.step()
            mixed.append(path.step())
            assert path.price == mixed[-1]
        assert mixed == alone
        assert self.prices(1000, seed=2) != alone

    def test_prices_stay_finite_and_above_zero(self) -> None:
        for values in ({}, *self.extremes):
            found = np.array(self.prices(100_000, seed=3, values=values))
            assert np.all((found > 0) & (found <= HIGHEST)), values
            assert len(np.unique(found)) > 1

    def test_parameters_outside_their_domain_are_named(self) -> None:
        for param in self.model.params:
            wrong: list[Any] = [10**400, math.nan, math.inf, -math.inf, "1", True, None]
            wrong += [math.nextafter(param.low, -math.inf), param.high * 2.0 + 1.0]
            if param.low_open:
                wrong.append(param.low)
            for value in wrong:
                with pytest.raises(BadInput, match=f"model {self.model.name}: {param.name} .* must be ") as info:
                    self.model.check({param.name: value})
                assert [(error.row, error.field) for error in info.value.errors] == [(None, param.name)]
        with pytest.raises(BadInput, match="is not a parameter of model ") as info:
            self.model.check({"nonsense": 1.0})
        assert info.value.errors[0].field == "nonsense"

    def test_inconsistent_parameters_are_named(self) -> None:
        for values, named in self.refused:
            with pytest.raises(BadInput) as info:
                self.model.check(values)
            assert [error.field for error in info.value.errors] == [named]

    def test_unusual_parameters_give_warnings(self) -> None:
        for values, words in self.warned:
            complete, warnings = self.model.check(values)
            assert complete == {**self.model.defaults(), **values}
            assert [words in warning for warning in warnings] == [True]

    def test_a_path_needs_a_price_and_a_step(self) -> None:
        for price, dt, named in (
            (0.0, 1.0, "price"),
            (math.nan, 1.0, "price"),
            (1e300, 1.0, "price"),
            (1.0, 0.0, "dt"),
            (1.0, math.nan, "dt"),
            (1.0, 1e12, "dt"),
        ):
            with pytest.raises(BadInput) as info:
                self.model.start({}, price, dt, Noise(1))
            assert [error.field for error in info.value.errors] == [named]

    def test_path_values_are_readonly(self) -> None:
        path = self.start()
        assert path.values == self.model.defaults()
        with pytest.raises(TypeError):
            path.values["mu"] = 1.0  # type: ignore[index]  # that it cannot be done is what is tested

    def test_shock_moves_the_price_permanently(self) -> None:
        path, twin = self.start(), self.start()
        for _ in range(50):
            path.step(), twin.step()
        path.scale(0.8)
        assert path.price == pytest.approx(0.8 * twin.price)
        for _ in range(500):
            assert self.shocked(path.step(), twin.step(), 0.8)

    def shocked(self, price: float, twin: float, factor: float) -> bool:
        """Whether this is where the price is when it was shocked and its twin was not."""
        return price == pytest.approx(factor * twin, rel=1e-12)

    def test_volatility_regime_leaves_no_trace(self) -> None:
        path, twin = self.start(), self.start()
        calm: list[tuple[float, float]] = []
        wild: list[tuple[float, float]] = []
        after: list[tuple[float, float]] = []
        for k in range(600):
            path.volatility(3.0 if 200 <= k < 400 else 1.0)
            before = path.price, twin.price
            moves = math.log(path.step() / before[0]), math.log(twin.step() / before[1])
            (wild if 200 <= k < 400 else after if k >= 400 else calm).append(moves)
        assert all(one == pytest.approx(other, abs=1e-14) for one, other in calm)
        assert self.wild(np.array(wild))
        assert self.calmed(np.array(after))

    def wild(self, moves: Floats) -> bool:
        """float64[n, 2] returns of the path in its regime and of its twin: three times as large?"""
        return bool(np.std(moves[:, 0]) / np.std(moves[:, 1]) == pytest.approx(3.0, rel=0.01))

    def calmed(self, moves: Floats) -> bool:
        """Returns after the regime are those of the twin."""
        return bool(np.allclose(moves[:, 0], moves[:, 1], rtol=0, atol=1e-14))

    def test_invalid_factors_are_refused(self) -> None:
        path = self.start()
        for wrong in (-1.0, math.nan, math.inf):
            with pytest.raises(BadInput, match="factor"):
                path.volatility(wrong)
        for wrong in (0.0, -1.0, math.nan, math.inf):
            with pytest.raises(BadInput, match="factor"):
                path.scale(wrong)
        assert path.price == 100.0
        path.volatility(0.0)
        path.step()

    def test_leaving_the_range_raises_and_changes_nothing(self) -> None:
        path, twin = self.start(), self.start()
        with pytest.raises(Conflict, match="left the range"):
            path.scale(1e200)
        assert path.price == 100.0
        assert [path.step() for _ in range(10)] == [twin.step() for _ in range(10)]

    def test_members_of_a_group_move_together(self) -> None:
        rho, count = 0.8, 20_000
        members = {}
        for seed in (5, 6, 7):
            found = self.prices(count, seed=seed, values=self.group, common=CommonNoise(9), rho=rho)
            members[seed] = np.diff(np.log(found))
        for one, other in itertools.combinations(members, 2):
            of, rows = correlation(members[one], members[other])
            assert agrees(rows, rho * rho * self.share, of)
        # who else is in the group, and in which order they move, changes nothing
        shared = CommonNoise(9)
        together = [self.start(seed, self.group, common=shared, rho=rho) for seed in (7, 5, 8)]
        found = [together[1].step() for _ in range(500) for path in together if path is together[1] or path.step()]
        assert np.allclose(np.diff(np.log(found[:500])), members[5][:499], rtol=0, atol=0)

    def test_returns_have_the_moments_of_theory(self) -> None:
        """Four z-tests: variance, kurtosis, autocorrelation of returns and of their squares; see `ALPHA`."""
        log = simulate(self.model, self.lively, burn=self.burn, price=self.price)
        r = np.diff(log, axis=1)
        theory = self.model.theory(self.model.check(self.lively)[0], self.price, 1.0)
        r /= math.sqrt(theory.variance)
        second, fourth = (r**2).mean(axis=1), (r**4).mean(axis=1)
        assert agrees(second, 1.0)
        assert theory.kurtosis is not None
        assert agrees(np.column_stack((second, fourth)), theory.kurtosis + 3.0, lambda m: float(m[1] / m[0] ** 2))
        for lag in (1, 2):
            product = (r[:, :-lag] * r[:, lag:]).mean(axis=1)
            assert agrees(np.column_stack((product, second)), theory.autocorrelation(lag), lambda m: float(m[0] / m[1]))
        assert theory.squares is not None
        first, decay = theory.squares
        for lag in (1, 5):
            product = (r[:, :-lag] ** 2 * r[:, lag:] ** 2).mean(axis=1)
            rows = np.column_stack((product, second, fourth))
            expected = first * decay ** (lag - 1)
            assert agrees(rows, expected, lambda m: float((m[0] - m[1] ** 2) / (m[2] - m[1] ** 2)))
