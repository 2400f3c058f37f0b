from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from orderflow.instruments.models import garch
from orderflow.instruments.models.model import YEAR
from orderflow.instruments.rng import Noise, student_share
from tests.instruments.models.suite import ModelSuite, Values
from tests.instruments.statistics import agrees, simulate


class TestGarch(ModelSuite):
    model = garch.MODEL
    extremes = (
        {"sigma": 20.0, "alpha": 0.5, "beta": 0.49, "nu": 4.5},
        {"nu": 2.01, "alpha": 0.0, "beta": 0.0},
        {"alpha": 0.999, "beta": 0.0, "nu": 1000.0},
        {"alpha": 0.0, "beta": 0.999},
    )
    refused = (
        ({"alpha": 0.1, "beta": 0.9}, "beta"),
        ({"alpha": 0.6, "beta": 0.5}, "alpha"),
        ({"alpha": 1.0, "beta": 0.0}, "alpha"),
    )
    warned = (
        ({"nu": 4.0}, "kurtosis is infinite"),
        ({"nu": 3.0}, "does not converge"),
        ({"nu": 5.0}, "1 or more: the kurtosis is infinite"),
    )
    lively: ClassVar[Values] = {"alpha": 0.1, "beta": 0.8, "nu": 30.0}
    burn = 200
    group: ClassVar[Values] = {"alpha": 0.0, "beta": 0.0, "nu": 10.0}
    share = student_share(10.0)

    def test_nu_of_two_has_no_variance(self) -> None:
        assert "must be above 2" in str(self.model.params[-1].wrong(2.0))

    def test_the_variance_of_a_year_does_not_depend_on_the_step(self) -> None:
        for dt in (0.01, 1.0, 3600.0):
            r = np.diff(simulate(self.model, {}, paths=400, steps=100, dt=dt), axis=1)
            assert agrees((r**2).mean(axis=1) / dt * YEAR, 1.44)

    def test_innovations_have_the_kurtosis_of_student(self) -> None:
        values = {"alpha": 0.0, "beta": 0.0, "nu": 12.0}
        r = np.diff(simulate(self.model, values), axis=1) * 1e4
        rows = np.column_stack(((r**2).mean(axis=1), (r**4).mean(axis=1)))
        assert agrees(rows, 3.0 + 6.0 / (12.0 - 4.0), lambda m: float(m[1] / m[0] ** 2))
        assert self.model.theory({**self.model.defaults(), **values}, 100.0, 1.0).kurtosis == pytest.approx(0.75)

    def test_theory_is_none_or_infinite_without_moments(self) -> None:
        theory = self.model.theory({**self.model.defaults(), "nu": 4.0}, 100.0, 1.0)
        assert (theory.kurtosis, theory.squares, theory.clusters) == (math.inf, None, True)
        assert not self.model.theory({**self.model.defaults(), "alpha": 0.0, "beta": 0.5}, 100.0, 1.0).clusters

    def test_tail_index(self) -> None:
        # ARCH(1) with (nearly) normal innovations: 2 × 2.365 for alpha = 0.5 (Embrechts et al., 1997, table 8.4.8)
        assert garch.tail_index(0.5, 0.0, 1000.0) == pytest.approx(4.73, abs=0.02)
        assert garch.tail_index(0.0, 0.5, 7.0) == 7.0
        assert garch.tail_index(1e-9, 0.5, 4.0) == pytest.approx(4.0, abs=0.01)
        default = garch.tail_index(0.08, 0.9, 8.0)
        # by its definition E[(alpha z² + beta)^(s / 2)] = 1, of which half lies far out: a coarse test is all there is
        z2 = (Noise(1).generator("z").standard_t(8.0, 2_000_000) ** 2) * 6.0 / 8.0
        assert np.mean((0.08 * z2 + 0.9) ** (default / 2.0)) == pytest.approx(1.0, abs=0.01)

    def test_the_log_price_drifts_as_in_the_other_models(self) -> None:
        moves = np.diff(simulate(self.model, {"mu": 0.5, "sigma": 0.4}, paths=2000, steps=4, dt=3.6e6), axis=1)
        assert agrees(moves.mean(axis=1), (0.5 - 0.08) * 3.6e6 / YEAR)
