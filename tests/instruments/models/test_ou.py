from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.instruments.models import ou
from orderflow.instruments.models.model import YEAR
from tests.instruments.models.suite import ModelSuite, Values
from tests.instruments.statistics import Floats, agrees, simulate


class TestOu(ModelSuite):
    model = ou.MODEL
    extremes = ({"theta": 1e9, "sigma": 20.0}, {"theta": 1e-9, "sigma": 20.0}, {"level": 1e-6}, {"level": 1e12})
    refused = (({"level": 1e-7}, "level"),)
    lively: ClassVar[Values] = {"theta": 0.1 * YEAR}
    burn = 100

    def calmed(self, moves: Floats) -> bool:
        # what the regime moved comes back: what is left of it halves in 600 steps, and the noise is the same
        return bool(np.abs(moves[:, 0] - moves[:, 1]).max() < 1e-4)

    def test_theta_at_or_below_zero_is_refused(self) -> None:
        for theta in (0.0, -1.0):
            with pytest.raises(BadInput, match=r"theta .* must be above 0"):
                self.model.check({"theta": theta})

    def test_log_price_has_mean_and_variance_of_theory(self) -> None:
        x = simulate(self.model, {"theta": 0.05 * YEAR, "sigma": 1.0}, burn=200) - math.log(100)
        assert agrees(x.mean(axis=1), 0.0)
        assert agrees((x**2).mean(axis=1), 1.0 / (2 * 0.05 * YEAR))
        for lag in (1, 10, 40):
            rows = np.column_stack(((x[:, :-lag] * x[:, lag:]).mean(axis=1), (x**2).mean(axis=1)))
            assert agrees(rows, math.exp(-0.05 * lag), lambda m: float(m[0] / m[1]))

    def test_price_reverts_to_the_level(self) -> None:
        x = simulate(self.model, {"theta": 0.01 * YEAR, "level": 120.0}, steps=99)
        assert agrees(x[:, 99], math.log(120) + math.exp(-1.0) * math.log(100 / 120))
        assert agrees(simulate(self.model, {"theta": 0.01 * YEAR}, steps=99)[:, 99], math.log(100))
