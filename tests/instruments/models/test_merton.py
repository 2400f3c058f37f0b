from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from orderflow.instruments.models import merton
from orderflow.instruments.models.model import YEAR
from tests.instruments.models.suite import ModelSuite, Values
from tests.instruments.statistics import LIMIT, Floats, agrees, simulate


class TestMerton(ModelSuite):
    model = merton.MODEL
    extremes = (
        {"sigma": 20.0, "intensity": 1e5, "jump_sd": 0.1},
        {"sigma": 0.0, "intensity": 1e8, "jump_sd": 1e-4},
        {"intensity": 1.0, "jump_mean": -1.0, "jump_sd": 1.0},
    )
    lively: ClassVar[Values] = {"intensity": 0.05 * YEAR, "jump_sd": 0.0005}
    group: ClassVar[Values] = {"sigma": 1.0, "intensity": 0.05 * YEAR, "jump_sd": 0.0002}
    share = (1.0 / YEAR) / (1.0 / YEAR + 0.05 * 0.0002**2)
    """Only the diffusion is shared in a group; jumps are each member's own."""

    def wild(self, moves: Floats) -> bool:
        usual = np.abs(moves[:, 1]) < 5e-4  # jumps do not grow with the regime
        return bool(np.isclose(np.std(moves[usual, 0]) / np.std(moves[usual, 1]), 3.0, rtol=0.01))

    def test_jumps_have_their_intensity_and_size(self) -> None:
        values = {"sigma": 0.1, "intensity": YEAR / 100, "jump_mean": 0.02, "jump_sd": 0.001}
        r = np.diff(simulate(self.model, values, paths=100), axis=1)
        # less the drift that takes the jumps out; two in one step are as good as impossible to miss
        r = r + math.expm1(0.02 + 0.001**2 / 2) / 100
        count = np.rint(r / 0.02)
        assert set(np.unique(count)) <= {0.0, 1.0, 2.0, 3.0}
        assert abs(count.sum() - r.size / 100) <= LIMIT * math.sqrt(r.size / 100)
        single = r[count == 1]
        assert agrees(single, 0.02)
        assert agrees((single - 0.02) ** 2, 0.001**2 + 0.1**2 / YEAR)

    def test_jumps_do_not_change_the_expected_price(self) -> None:
        values = {"mu": 0.2, "sigma": 0.2, "intensity": 3.0, "jump_mean": -0.1, "jump_sd": 0.1}
        growth = np.exp(simulate(self.model, values, paths=6000, steps=1, dt=YEAR / 4)[:, 1]) / 100
        assert agrees(growth, math.exp(0.2 / 2))

    def test_no_volatility_and_no_jumps_is_a_straight_line(self) -> None:
        assert len(set(self.prices(10, values={"sigma": 0.0, "intensity": 0.0}))) == 1
        assert self.model.theory({**self.model.defaults(), "sigma": 0.0, "intensity": 0.0}, 100.0, 1.0).kurtosis == 0.0
