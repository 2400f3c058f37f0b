from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from orderflow.instruments.models import uniform
from orderflow.instruments.rng import Noise
from tests.instruments.models.suite import ModelSuite, Values
from tests.instruments.statistics import Floats, agrees


class TestUniform(ModelSuite):
    model = uniform.MODEL
    extremes = ({"range": 1e6}, {"range": 1e-6})
    price = 1e6
    share = 6.0 / math.pi * math.asin(0.8**2 / 2.0) / 0.8**2
    """Correlation of two even numbers made of normals that correlate with 0.64."""
    group: ClassVar[Values] = {"range": 1e-3}

    def shocked(self, price: float, twin: float, factor: float) -> bool:
        # steps are in units of price: the distance stays, not the ratio
        if not hasattr(self, "distance"):
            self.distance = price - twin
        return price - twin == pytest.approx(self.distance, abs=1e-9)

    def wild(self, moves: Floats) -> bool:
        return bool(np.std(moves[:, 0]) > 2.0 * np.std(moves[:, 1]))

    def calmed(self, moves: Floats) -> bool:
        # returns are steps over prices, and the prices differ by now
        return bool(np.all(np.sign(moves[:, 0]) == np.sign(moves[:, 1])) and np.std(moves) < 0.1)

    def test_steps_are_uniform(self) -> None:
        steps = np.diff([1e5, *self.prices(20_000)][1:])
        assert np.abs(steps).max() <= 1.0
        for low in np.arange(-1.0, 1.0, 0.25):
            assert agrees(((steps >= low) & (steps < low + 0.25)).astype(float), 0.125)

    def test_the_floor_reflects(self) -> None:
        path = self.model.start({"range": 0.5}, 0.02, 1.0, Noise(4))
        prices = [path.step() for _ in range(5000)]
        assert min(prices) >= uniform.FLOOR
        assert np.median(prices) > 0.01
        path = self.model.start({"range": 0.0}, 0.001, 1.0, Noise(4))
        assert path.step() == uniform.FLOOR  # a start below the floor is lifted to it
        path.scale(0.5)
        assert path.price == uniform.FLOOR
