"""Merton's jump diffusion: Brownian motion with Poisson jumps.

d ln S = (mu - intensity × k - sigma² / 2) dt + sigma dW + J dN, J normal with mean `jump_mean` and standard deviation
`jump_sd`, N Poisson, and k = E[exp J] - 1 taken out of the drift, so that jumps do not change the expected price.
Stepped exactly: n jumps in a step add a normal with mean n × jump_mean and variance n × jump_sd².
"""

from __future__ import annotations

import math

from orderflow.instruments.models.gbm import MU
from orderflow.instruments.models.model import YEAR, LogPath, Model, Path, Theory, Values, usable
from orderflow.instruments.params import Param
from orderflow.instruments.rng import Noise


class _Merton(LogPath):
    __slots__ = ("_drift", "_dt", "_jump", "_jumps", "_mean", "_normal", "_sd", "_spread")

    def __init__(self, values: Values, price: float, dt: float, noise: Noise) -> None:
        super().__init__(values, price)
        self._dt = dt / YEAR
        self._normal, self._jump = noise.normal, noise.normal2
        self._jumps = noise.poisson(values["intensity"] * self._dt)
        self._mean, self._sd = values["jump_mean"], values["jump_sd"]
        self.volatility(1.0)

    def step(self) -> float:
        log = self._log + self._drift + self._spread * self._normal()
        count = self._jumps()
        if count:
            log += count * self._mean + math.sqrt(count) * self._sd * self._jump()
        return self._to(log)

    def volatility(self, factor: float) -> None:
        sigma = usable(factor, zero=True) * self.values["sigma"]
        k = math.expm1(self._mean + self._sd * self._sd / 2.0)
        self._drift = (self.values["mu"] - self.values["intensity"] * k - sigma * sigma / 2.0) * self._dt
        self._spread = sigma * math.sqrt(self._dt)


def _begin(values: Values, price: float, dt: float, noise: Noise) -> Path:
    return _Merton(values, price, dt, noise)


def _theory(values: Values, price: float, dt: float) -> Theory:
    jumps, mean, spread = values["intensity"] * dt / YEAR, values["jump_mean"], values["jump_sd"] ** 2
    variance = values["sigma"] ** 2 * dt / YEAR + jumps * (mean**2 + spread)
    fourth = jumps * (mean**4 + 6.0 * mean**2 * spread + 3.0 * spread**2)  # the cumulant: diffusion has none
    return Theory(variance=variance, kurtosis=fourth / variance**2 if variance else 0.0)


MODEL = Model(
    name="merton",
    title="Merton jump diffusion",
    doc="Calm normal returns with sudden jumps between them: fat tails but no bursts, as jumps are independent.",
    source=(
        "R. C. Merton, Option pricing when underlying stock returns are discontinuous, "
        "Journal of Financial Economics 3, 1976"
    ),
    params=(
        MU,
        Param("sigma", 1.0, 0.0, 20.0, "1/year^½", "Volatility a year between the jumps."),
        Param("intensity", 263_000.0, 0.0, 1e8, "1/year", "Jumps a year: 263,000 is one in two minutes."),
        Param("jump_mean", 0.0, -1.0, 1.0, "log", "Mean of a jump of the log-price."),
        Param("jump_sd", 0.0015, 0.0, 1.0, "log", "Standard deviation of a jump: 0.0015 is 15 ticks of 100.00."),
    ),
    begin=_begin,
    theory=_theory,
)
