from __future__ import annotations

import math

import numpy as np
import pytest

from orderflow.errors import Conflict
from orderflow.instruments.models import gbm
from orderflow.instruments.models.model import YEAR
from orderflow.instruments.rng import Noise
from tests.instruments.models.suite import ModelSuite
from tests.instruments.statistics import agrees, simulate


class TestGbm(ModelSuite):
    model = gbm.MODEL
    extremes = ({"sigma": 20.0}, {"mu": 100.0}, {"mu": -100.0}, {"sigma": 0.0, "mu": 1.0})

    def test_the_price_is_expected_to_grow_by_mu(self) -> None:
        growth = np.exp(simulate(self.model, {"mu": 0.3, "sigma": 0.5}, paths=4000, steps=1, dt=YEAR / 4)[:, 1]) / 100
        assert agrees(growth, math.exp(0.3 / 2))

    def test_a_step_is_exact_whatever_its_length(self) -> None:
        values = {"mu": 0.1, "sigma": 0.4}
        long = simulate(self.model, values, paths=2000, steps=1, dt=YEAR / 2)[:, 1] - math.log(100)
        short = simulate(self.model, values, paths=2000, steps=19, dt=YEAR / 20)[:, 19] - math.log(100)
        for moves in (long, short):
            assert agrees(moves, 0.1 - 0.08)
            assert agrees((moves - 0.02) ** 2, 0.16)

    def test_price_outside_its_range_raises_and_stays(self) -> None:
        path = self.model.start({"sigma": 20.0}, 100.0, YEAR, Noise(1))
        with pytest.raises(Conflict, match="smaller volatility"):
            path.step()
        assert path.price == 100.0

    def test_a_minute_bar_spans_some_24_ticks(self) -> None:
        """E[high - low] over a minute, at a price of 100 and a step a second; the default is chosen for it."""
        prices = np.exp(simulate(self.model, {}, paths=1000, steps=60))
        assert agrees((prices.max(axis=1) - prices.min(axis=1)) / 0.01, 24.5)
