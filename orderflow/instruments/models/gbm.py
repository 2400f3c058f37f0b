"""Geometric Brownian motion: the market of the Black-Scholes formula, without fat tails and without memory.

d ln S = (mu - sigma² / 2) dt + sigma dW, stepped exactly: whatever the step, the prices have the model's own law.
"""

from __future__ import annotations

import math

from orderflow.instruments.models.model import YEAR, LogPath, Model, Path, Theory, Values, usable
from orderflow.instruments.params import Param
from orderflow.instruments.rng import Noise

MU = Param("mu", 0.0, -100.0, 100.0, "1/year", "Drift: the price is expected to grow by this share a year.")
SIGMA = Param(
    "sigma",
    1.2,
    0.0,
    20.0,
    "1/year^½",
    "Volatility a year. 1.2 is a lively crypto pair: at a price of 100, a minute bar spans some 24 ticks of 0.01.",
)


class _Gbm(LogPath):
    __slots__ = ("_drift", "_dt", "_normal", "_spread")

    def __init__(self, values: Values, price: float, dt: float, noise: Noise) -> None:
        super().__init__(values, price)
        self._dt = dt / YEAR
        self._normal = noise.normal
        self.volatility(1.0)

    def step(self) -> float:
        return self._to(self._log + self._drift + self._spread * self._normal())

    def volatility(self, factor: float) -> None:
        sigma = usable(factor, zero=True) * self.values["sigma"]
        self._drift = (self.values["mu"] - sigma * sigma / 2.0) * self._dt
        self._spread = sigma * math.sqrt(self._dt)


def _begin(values: Values, price: float, dt: float, noise: Noise) -> Path:
    return _Gbm(values, price, dt, noise)


def _theory(values: Values, price: float, dt: float) -> Theory:
    return Theory(variance=values["sigma"] ** 2 * dt / YEAR)


MODEL = Model(
    name="gbm",
    title="Geometric Brownian motion",
    doc="Independent normal returns: the textbook's market, without the fat tails and the bursts of a real one.",
    source="P. A. Samuelson, Rational theory of warrant pricing, Industrial Management Review 6, 1965",
    params=(MU, SIGMA),
    begin=_begin,
    theory=_theory,
)
