from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.instruments.models import heston
from orderflow.instruments.models.model import YEAR
from orderflow.instruments.rng import Noise
from tests.instruments.models.suite import ModelSuite, Values
from tests.instruments.statistics import Floats, agrees, correlation, simulate

QUICK = {"kappa": 0.02 * YEAR, "xi": 600.0, "theta": 1.44}
"""The variance forgets within 50 steps, and keeps well away from zero: 2 kappa theta is five times xi²."""


class TestHeston(ModelSuite):
    model = heston.MODEL
    extremes = (
        {"theta": 400.0, "xi": 1e6, "rho": -1.0},
        {"theta": 1e-6, "v0": 400.0, "kappa": 1.0},
        {"kappa": YEAR, "xi": 1e5, "rho": 1.0},
    )
    warned = (({"xi": 10_000.0}, "Feller condition not met: 2 kappa theta = 201600 is below xi² = 1e+08"),)
    lively: ClassVar[Values] = QUICK
    burn = 300
    group: ClassVar[Values] = {"xi": 0.0}

    def wild(self, moves: Floats) -> bool:
        return bool(np.isclose(np.std(moves[:, 0]) / np.std(moves[:, 1]), 3.0, rtol=0.01))

    def test_variance_keeps_its_level_without_feller(self) -> None:
        for values in (QUICK, {"kappa": 0.02 * YEAR, "xi": 3000.0, "theta": 1.44}):
            means = []
            for seed in range(100):
                path = self.model.start(values, 100.0, 1.0, Noise(seed))
                assert isinstance(path, heston._Heston)
                for _ in range(300):
                    path.step()
                means.append(np.mean([path.variance for _ in range(1000) if path.step()]))
            assert agrees(np.array(means), 1.44)

    def test_negative_rho_gives_leverage_effect(self) -> None:
        signs = []
        for rho in (-0.9, 0.0, 0.9):
            r = np.diff(simulate(self.model, {**QUICK, "rho": rho}, paths=100), axis=1) * math.sqrt(YEAR)
            of, rows = correlation(r[:, :-1].ravel(), (r[:, 1:] ** 2).ravel())
            whole = rows.reshape(len(r), -1, rows.shape[1]).mean(axis=1)  # paths are independent, returns are not
            if rho:
                assert not agrees(whole, 0.0, of)
            else:
                assert agrees(whole, 0.0, of)
            theory = self.model.theory({**self.model.defaults(), **QUICK, "rho": rho}, 100.0, 1.0)
            signs.append((theory.leverage, np.sign(round(of(whole.mean(axis=0)), 2))))
        assert signs == [(-1, -1.0), (0, 0.0), (1, 1.0)]

    def test_the_price_is_expected_to_grow_by_mu(self) -> None:
        values = {"mu": 0.2, "theta": 0.25, "kappa": 4.0, "xi": 1.0, "rho": -0.7}
        growth = np.exp(simulate(self.model, values, paths=1000, steps=49, dt=YEAR / 50)[:, 49]) / 100
        assert agrees(growth, math.exp(0.2))

    def test_variance_starts_at_v0(self) -> None:
        first = np.diff(simulate(self.model, {"v0": 9.0}, paths=2000, steps=1), axis=1)[:, 0]
        assert agrees(first**2 * YEAR / 9.0, 1.0)

    def test_reversion_faster_than_a_step_is_refused(self) -> None:
        with pytest.raises(BadInput, match=r"kappa .* too fast for steps of 3600 s; use at most 8766") as info:
            self.model.start({}, 100.0, 3600.0, Noise(1))
        assert info.value.errors[0].field == "kappa"

    def test_without_variance_nothing_moves(self) -> None:
        assert len(set(self.prices(10, values={"theta": 0.0}))) == 1
        assert self.model.theory({**self.model.defaults(), "theta": 0.0}, 100.0, 1.0).variance == 0.0
