"""The cost function C(q): what the crowd has paid in total when its net position is q shares.

The market maker is a formula, as in Hanson's market scoring rules ("Combinatorial information market design", 2003;
"Logarithmic market scoring rules", 2007): a trade from q to q + Q costs C(q + Q) - C(q), regardless of the trader and
of how it is split. So a sequence of trades that ends at its starting position earns nothing. Permanent impact that
depends on the path, or that is not linear in size in the log price, can be exploited for money (Huberman & Stanzl,
"Price manipulation and quasi-arbitrage", Econometrica 72, 2004).

    exponential (default)  C(q) = (p0 / k) (e^(kq) - 1)     p(q) = p0 e^(kq)
    linear                 C(q) = p0 q + lambda q² / 2      p(q) = p0 + lambda q, lambda = p0 k

C is a whole number of micro-units, rounded down. It is computed with 60 decimal digits in a fixed context, and
`decimal` rounds its exponential correctly, so every platform gets the same digits.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from decimal import ROUND_FLOOR, Decimal

from orderflow.errors import BadInput, FieldError
from orderflow.herd.rules.money import CENT, EXACT

MAX_MONEY = 2**53
"""Micro-units, the bound of |C(q)|: every browser represents such a JSON number exactly."""

MAX_POSITION = 10**9
"""Shares, the bound of |q|."""

MAX_GROWTH = 10**9
"""The bound of the price as a multiple of p0."""

_CACHE = 64


class Curve(ABC):
    """C and p over whole positions. p0: price at q = 0, micro-units; k: relative impact of one share, > 0.

    low, high: between these positions the price is between its floor (0.01, or p0 / 100 if that is lower) and
    `MAX_GROWTH` times p0, and |C| is at most `MAX_MONEY`.
    """

    name: str

    def __init__(self, p0: int, k: Decimal) -> None:
        if not (k.is_finite() and Decimal("1e-9") <= k <= 1):
            reason = "must be from 0.000000001 to 1"
            raise BadInput(f"impact {reason}", [FieldError(None, "impact", reason)])
        if not 100 <= p0 <= MAX_MONEY // 1000:
            reason = "must be from 0.0001 to 9,000,000"
            raise BadInput(f"price {reason}", [FieldError(None, "price", reason)])
        self.p0 = p0
        self.k = k
        self._rate = float(k)
        self.floor = min(CENT, p0 // 100)
        self.high = self._furthest(1)
        self.low = self._furthest(-1)

    @abstractmethod
    def cost(self, q: int) -> int:
        """C(q) in micro-units, rounded down."""

    @abstractmethod
    def price(self, q: int) -> int:
        """p(q) in micro-units, rounded down."""

    @abstractmethod
    def average(self, q: int, net: int) -> float:
        """(C(q + net) - C(q)) / net in micro-units (p(q) for net 0), to about ten digits: an estimate, never money."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Curve) and (self.p0, self.k) == (other.p0, other.k)

    def __hash__(self) -> int:
        return hash((self.name, self.p0, self.k))

    def contains(self, q: int) -> bool:
        """Whether q is between `low` and `high`."""
        return self.low <= q <= self.high

    def _is_valid(self, q: int) -> bool:
        if abs(q) > MAX_POSITION:
            return False
        price = self.price(q)
        return self.floor <= price <= self.p0 * MAX_GROWTH and abs(self.cost(q)) <= MAX_MONEY

    def _furthest(self, sign: int) -> int:
        """The furthest valid position in one direction, by doubling and then bisection: C and p are monotonic."""
        step = 1
        while self._is_valid(sign * step * 2):
            step *= 2
        good, bad = (step if self._is_valid(sign * step) else 0), step * 2
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if self._is_valid(sign * middle) else (good, middle)
        return sign * good


class Exponential(Curve):
    """p0 e^(kq): every share moves the price by the same percentage; the price is always above zero."""

    name = "exponential"

    def __init__(self, p0: int, k: Decimal) -> None:
        self._growths: dict[int, Decimal] = {}
        super().__init__(p0, k)

    def cost(self, q: int) -> int:
        grown = EXACT.multiply(self.p0, EXACT.subtract(self._growth(q), 1))
        return _floor(EXACT.divide(grown, self.k))

    def price(self, q: int) -> int:
        return _floor(EXACT.multiply(self.p0, self._growth(q)))

    def average(self, q: int, net: int) -> float:
        rise = self._rate * net
        return self.p0 * math.exp(self._rate * q) * (math.expm1(rise) / rise if net else 1.0)

    def _growth(self, q: int) -> Decimal:
        found = self._growths.get(q)
        if found is None:
            if len(self._growths) >= _CACHE:
                self._growths.clear()
            found = self._growths[q] = EXACT.exp(EXACT.multiply(self.k, q))
        return found


class Linear(Curve):
    """p0 (1 + kq): every share moves the price by the same amount; `low` keeps it from zero at q = -1/k."""

    name = "linear"

    def cost(self, q: int) -> int:
        slope = EXACT.divide(EXACT.multiply(EXACT.multiply(self.k, self.p0), q * q), 2)
        return _floor(EXACT.add(self.p0 * q, slope))

    def price(self, q: int) -> int:
        return _floor(EXACT.multiply(self.p0, EXACT.add(1, EXACT.multiply(self.k, q))))

    def average(self, q: int, net: int) -> float:
        return self.p0 * (1 + self._rate * (q + net / 2))


CURVES: dict[str, type[Curve]] = {Exponential.name: Exponential, Linear.name: Linear}


def make_curve(name: str, p0: int, impact: str) -> Curve:
    """The curve with that name. p0: micro-units; impact: k as decimal text. Raises BadInput naming the field."""
    if name not in CURVES:
        reason = f"{name!r} is not a curve; choose one of {', '.join(CURVES)}"
        raise BadInput(reason, [FieldError(None, "curve", reason)])
    return CURVES[name](p0, Decimal(impact))


def _floor(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_FLOOR, context=EXACT))
