"""The uniform random walk of the ticker server that this program replaces, for clients that expect it.

Each step adds a uniform number from [-range, range], in units of price, whatever the price is. At the floor of one cent
the walk is reflected, which the original did not ensure. The step does not depend on its duration: the model has no
time. The uniform number is made from a normal one, as the share of all normals below it, so that the members of a group
can move together.
"""

from __future__ import annotations

import math

from orderflow.instruments.models.model import Model, Path, Theory, Values, usable, within
from orderflow.instruments.params import Param
from orderflow.instruments.rng import Noise

FLOOR = 0.01
_HALF = math.sqrt(0.5)


class _Uniform(Path):
    __slots__ = ("_normal", "_reach")

    def __init__(self, values: Values, price: float, noise: Noise) -> None:
        self.values = values
        self.price = max(price, FLOOR)
        self._normal = noise.normal
        self.volatility(1.0)

    def step(self) -> float:
        price = self.price + self._reach * math.erf(self._normal() * _HALF)
        if price < FLOOR:
            price = 2.0 * FLOOR - price
        self.price = within(price)
        return price

    def scale(self, factor: float) -> None:
        self.price = max(within(self.price * usable(factor, zero=False)), FLOOR)

    def volatility(self, factor: float) -> None:
        self._reach = usable(factor, zero=True) * self.values["range"]


def _begin(values: Values, price: float, dt: float, noise: Noise) -> Path:
    return _Uniform(values, price, noise)


def _theory(values: Values, price: float, dt: float) -> Theory:
    # of returns small against 1: the law of U(-range, range) / price, variance range² / 3 and kurtosis 9/5
    return Theory(variance=(values["range"] / max(price, FLOOR)) ** 2 / 3.0, kurtosis=-1.2)


MODEL = Model(
    name="uniform",
    title="Uniform walk",
    doc="Each step adds a uniform number from -range to range: simple, with thinner tails than any market.",
    source="the ticker server that this program replaces; a random walk in the sense of K. Pearson, Nature 72, 1905",
    params=(Param("range", 1.0, 0.0, 1e6, "price", "Largest change of one step, up or down, in units of price."),),
    begin=_begin,
    theory=_theory,
)
