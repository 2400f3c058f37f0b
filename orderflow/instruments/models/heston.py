"""Heston's stochastic volatility: a mean-reverting variance that is correlated with the price.

d ln S = (mu - v / 2) dt + sqrt(v) dW, dv = kappa (theta - v) dt + xi sqrt(v) dZ, corr(dW, dZ) = rho. Stepped by Euler
with full truncation: v can go below zero, and counts as zero wherever it is used. Of the Euler schemes this is the one
with the least bias (Lord, Koekkoek and van Dijk), and with it the mean of the truncated v is theta exactly.
"""

from __future__ import annotations

import math

from orderflow.instruments.models.gbm import MU
from orderflow.instruments.models.model import YEAR, LogPath, Model, Path, Theory, Values, usable
from orderflow.instruments.models.ou import reversion
from orderflow.instruments.params import Param
from orderflow.instruments.rng import Noise


class _Heston(LogPath):
    __slots__ = ("_beside", "_drift", "_dt", "_normal", "_normal2", "_pull", "_rho", "_root", "_times", "_v", "_xi")

    def __init__(self, values: Values, price: float, dt: float, noise: Noise) -> None:
        super().__init__(values, price)
        self._dt = dt / YEAR
        self._normal, self._normal2 = noise.normal, noise.normal2
        self._rho = values["rho"]
        self._beside = math.sqrt(1.0 - self._rho**2)
        self._drift = values["mu"] * self._dt
        self._pull = values["kappa"] * self._dt
        self._xi = values["xi"] * math.sqrt(self._dt)
        self._root = math.sqrt(self._dt)
        self._times = 1.0
        self._v = values["v0"] or values["theta"]

    def step(self) -> float:
        v = self._v if self._v > 0.0 else 0.0
        root = math.sqrt(v)
        z = self._normal()
        own = self._rho * z + self._beside * self._normal2()
        shown = self._times * root * self._root
        price = self._to(self._log + self._drift - shown * shown / 2.0 + shown * z)
        self._v += self._pull * (self.values["theta"] - v) + self._xi * root * own
        return price

    def volatility(self, factor: float) -> None:
        self._times = usable(factor, zero=True)

    @property
    def variance(self) -> float:
        """The truncated variance per year, >= 0."""
        return max(self._v, 0.0)


def _begin(values: Values, price: float, dt: float, noise: Noise) -> Path:
    return _Heston(values, price, dt, noise)


def _cautions(values: Values) -> list[str]:
    speed, size = 2.0 * values["kappa"] * values["theta"], values["xi"] ** 2
    if speed >= size:
        return []
    return [
        f"Feller condition not met: 2 kappa theta = {speed:g} is below xi² = {size:g}, "
        "so the variance reaches zero again and again; the scheme allows it, and the price does not move then"
    ]


def _theory(values: Values, price: float, dt: float) -> Theory:
    theta, wide = values["theta"], values["xi"] ** 2 * values["theta"] / (2.0 * values["kappa"])  # mean, variance of v
    if theta == 0.0:
        return Theory(variance=0.0)
    # a return is sqrt(v) times a normal as long as v does not change much within a step; its tails fall exponentially
    squares = (wide / (2.0 * theta**2 + 3.0 * wide), math.exp(-values["kappa"] * dt / YEAR)) if wide else (0.0, 0.0)
    leverage = (values["rho"] > 0.0) - (values["rho"] < 0.0) if wide else 0
    return Theory(variance=theta * dt / YEAR, kurtosis=3.0 * wide / theta**2, squares=squares, leverage=leverage)


MODEL = Model(
    name="heston",
    title="Heston",
    doc="Volatility that comes and goes, and grows when prices fall: fat tails, bursts and the leverage effect.",
    source=(
        "S. L. Heston, A closed-form solution for options with stochastic volatility, "
        "Review of Financial Studies 6, 1993; R. Lord, R. Koekkoek and D. van Dijk, "
        "A comparison of biased simulation schemes for stochastic volatility models, Quantitative Finance 10, 2010"
    ),
    params=(
        MU,
        Param("theta", 1.44, 0.0, 400.0, "1/year", "The variance's level: 1.44 is a volatility of 1.2 a year."),
        reversion(
            "kappa",
            70_000.0,
            "Reversion speed of the variance: half of a distance in 0.69 / kappa; 70,000 a year is five minutes.",
        ),
        Param("xi", 400.0, 0.0, 1e6, "1/year", "Volatility of the variance."),
        Param("rho", -0.5, -1.0, 1.0, "", "Correlation of price and variance: below 0, falls bring volatility."),
        Param("v0", 0.0, 0.0, 400.0, "1/year", "The variance at the start; 0 is theta."),
    ),
    begin=_begin,
    theory=_theory,
    cautions=_cautions,
    fastest=lambda values: ("kappa", values["kappa"]),
)
