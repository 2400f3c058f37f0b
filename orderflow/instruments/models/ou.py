"""The Ornstein-Uhlenbeck process of the log-price: a mean-reverting price.

X = ln S, dX = theta (ln level - X) dt + sigma dW, stepped exactly: X keeps exp(-theta dt) of its distance and gains a
normal of variance sigma² (1 - exp(-2 theta dt)) / (2 theta). The logarithm reverts, so prices stay above 0.
"""

from __future__ import annotations

import math

from orderflow.instruments.models.gbm import SIGMA
from orderflow.instruments.models.model import (
    YEAR,
    LogPath,
    Model,
    Path,
    Theory,
    Values,
    usable,
)
from orderflow.instruments.params import Param
from orderflow.instruments.rng import Noise


def reversion(name: str, default: float, doc: str) -> Param:
    """The parameter of a speed of reversion, above 0."""
    return Param(name, default, 0.0, 1e9, "1/year", doc, low_open=True)


class _Ou(LogPath):
    __slots__ = ("_full", "_keep", "_level", "_normal", "_spread")

    def __init__(self, values: Values, price: float, dt: float, noise: Noise) -> None:
        super().__init__(values, price)
        self._level = math.log(values["level"] or price)
        self._normal = noise.normal
        way = values["theta"] * dt / YEAR
        self._keep = math.exp(-way)
        self._full = values["sigma"] * math.sqrt(-math.expm1(-2.0 * way) / (2.0 * values["theta"]))
        self._spread = self._full

    def step(self) -> float:
        level = self._level
        return self._to(level + self._keep * (self._log - level) + self._spread * self._normal())

    def scale(self, factor: float) -> None:
        super().scale(factor)
        self._level += math.log(factor)  # or the path would return to its old level

    def volatility(self, factor: float) -> None:
        self._spread = usable(factor, zero=True) * self._full


def _begin(values: Values, price: float, dt: float, noise: Noise) -> Path:
    return _Ou(values, price, dt, noise)


def _rules(values: Values) -> list[tuple[str, str]]:
    level = values["level"]
    return [("level", f"{level:g} must be 0 or at least 1e-06")] if 0.0 < level < 1e-6 else []


def _theory(values: Values, price: float, dt: float) -> Theory:
    keep = math.exp(-values["theta"] * dt / YEAR)
    # X(t + dt) - X(t) of the stationary path: sigma² / (2 theta) is the variance of X
    return Theory(variance=values["sigma"] ** 2 / values["theta"] * (1.0 - keep), reversion=keep, level=values["level"])


MODEL = Model(
    name="ou",
    title="Ornstein-Uhlenbeck",
    doc="A price that reverts to a level, like a spread or a pegged coin: after a fall it tends to rise.",
    source="G. E. Uhlenbeck and L. S. Ornstein, On the theory of the Brownian motion, Physical Review 36, 1930",
    params=(
        reversion(
            "theta",
            36_500.0,
            "Reversion speed. Half of a distance is closed in 0.69 / theta: 36,500 a year is ten minutes.",
        ),
        Param("level", 0.0, 0.0, 1e12, "price", "The price to which it reverts; 0 is the starting price."),
        SIGMA,
    ),
    begin=_begin,
    theory=_theory,
    rules=_rules,
)
