"""GARCH(1,1) with Student t innovations, the default: each move makes the next ones larger, and some moves are huge.

r = m + e, e = sqrt(h) z, h' = omega + alpha e² + beta h, z Student t with nu degrees of freedom scaled to variance 1,
omega = (1 - alpha - beta) sigma² dt, so that the unconditional variance of a year is sigma² whatever the step. alpha
and beta are per step, as in the literature. m = (mu - sigma² / 2) dt, which makes mu comparable with the other models;
it is not an expectation of the price, as E[exp r] does not exist for t innovations.
"""

from __future__ import annotations

import math

import numpy as np

from orderflow.instruments.models.gbm import MU, SIGMA
from orderflow.instruments.models.model import YEAR, LogPath, Model, Path, Theory, Values, usable
from orderflow.instruments.params import Param
from orderflow.instruments.rng import Noise


class _Garch(LogPath):
    __slots__ = ("_alpha", "_beta", "_drift", "_h", "_innovation", "_omega", "_times")

    def __init__(self, values: Values, price: float, dt: float, noise: Noise) -> None:
        super().__init__(values, price)
        years = dt / YEAR
        self._alpha, self._beta = values["alpha"], values["beta"]
        self._drift = (values["mu"] - values["sigma"] ** 2 / 2.0) * years
        self._h = values["sigma"] ** 2 * years
        self._omega = (1.0 - self._alpha - self._beta) * self._h
        self._innovation = noise.student(values["nu"])
        self._times = 1.0

    def step(self) -> float:
        shock = math.sqrt(self._h) * self._innovation()
        price = self._to(self._log + self._drift + self._times * shock)
        self._h = self._omega + self._alpha * shock * shock + self._beta * self._h
        return price

    def volatility(self, factor: float) -> None:
        # only in the output, not in the recursion: after the regime, volatility is as if it had not happened
        self._times = usable(factor, zero=True)


def _begin(values: Values, price: float, dt: float, noise: Noise) -> Path:
    return _Garch(values, price, dt, noise)


def _rules(values: Values) -> list[tuple[str, str]]:
    alpha, beta = values["alpha"], values["beta"]
    if alpha + beta < 1.0:
        return []
    why = f"alpha + beta = {alpha:g} + {beta:g} must be below 1, or the variance has no long-run level"
    return [("alpha" if alpha >= beta else "beta", why)]


def _fourth(values: Values) -> float:
    """E[(alpha z² + beta)²]: the fourth moment is finite below 1."""
    alpha, beta, nu = values["alpha"], values["beta"], values["nu"]
    if nu <= 4.0:
        return math.inf
    return alpha**2 * 3.0 * (nu - 2.0) / (nu - 4.0) + 2.0 * alpha * beta + beta**2


def _cautions(values: Values) -> list[str]:
    if values["nu"] <= 4.0:
        return [f"nu = {values['nu']:g}: at 4 or below the kurtosis is infinite, so a sample's does not converge"]
    if _fourth(values) >= 1.0:
        return ["alpha² E[z⁴] + 2 alpha beta + beta² is 1 or more: the kurtosis is infinite"]
    return []


def tail_index(alpha: float, beta: float, nu: float) -> float:
    """Index of the power law of large returns: the s > 0 with E[(alpha z² + beta)^(s / 2)] = 1 (Kesten 1973).

    It lies below nu, the index of the innovations alone, which is what alpha = 0 leaves.
    """
    if alpha == 0.0:
        return nu
    # E is integrated over u with z = sinh(u): dense in the middle and far into the tails; both halves are alike
    u = np.linspace(1e-9, 45.0, 4_001)
    t = np.sinh(u)
    constant = math.lgamma((nu + 1.0) / 2.0) - math.lgamma(nu / 2.0) - math.log(nu * math.pi) / 2.0
    weight = constant - (nu + 1.0) / 2.0 * np.log1p(t * t / nu) + np.log(np.cosh(u))
    growth = np.log(alpha * t * t * (nu - 2.0) / nu + beta)
    low, high = 2.0, nu  # the moment of order 2 is alpha + beta < 1, that of order nu is infinite
    for _ in range(40):
        s = (low + high) / 2.0
        with np.errstate(over="ignore"):  # a moment beyond the largest float is above 1 as well
            moment = 2.0 * np.trapezoid(np.exp(weight + s / 2.0 * growth), u)
        low, high = (s, high) if moment < 1.0 else (low, s)
    return low


def _theory(values: Values, price: float, dt: float) -> Theory:
    alpha, beta, nu = values["alpha"], values["beta"], values["nu"]
    kurtosis, squares = math.inf, None
    if (fourth := _fourth(values)) < 1.0:
        normal = 3.0 * (nu - 2.0) / (nu - 4.0)
        kurtosis = normal * (1.0 - (alpha + beta) ** 2) / (1.0 - fourth) - 3.0
        first = alpha * (1.0 - alpha * beta - beta**2) / (1.0 - 2.0 * alpha * beta - beta**2)
        squares = (first, alpha + beta)
    if alpha == 0.0:
        squares = (0.0, 0.0)
    return Theory(
        variance=values["sigma"] ** 2 * dt / YEAR,
        kurtosis=kurtosis,
        squares=squares,
        tail=tail_index(alpha, beta, nu),
    )


MODEL = Model(
    name="garch",
    title="GARCH(1,1), Student t",
    doc="Bursts of volatility that fade, and fat tails: the closest of these models to a market.",
    source=(
        "T. Bollerslev, A conditionally heteroskedastic time series model for speculative prices and rates of return, "
        "Review of Economics and Statistics 69, 1987"
    ),
    params=(
        MU,
        SIGMA,
        Param("alpha", 0.08, 0.0, 1.0, "per step", "How much a move adds to the variance of the next step."),
        Param("beta", 0.90, 0.0, 1.0, "per step", "How much of its variance a step passes to the next."),
        Param(
            "nu",
            8.0,
            2.0,
            1000.0,
            "",
            "Degrees of freedom of the innovations: the fewer, the fatter the tails.",
            low_open=True,
        ),
    ),
    begin=_begin,
    theory=_theory,
    rules=_rules,
    cautions=_cautions,
)
