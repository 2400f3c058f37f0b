"""An oracle for the arithmetic of the market: slow, straight from the definition, no code shared with the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from math import floor

WIDE = Context(prec=120, Emin=-9_999_999, Emax=9_999_999)


def cost(curve: str, p0: int, k: str, q: int) -> int:
    """C(q) in micro-units, rounded down, from the series of the exponential."""
    slope = Fraction(k)
    if curve == "linear":
        return floor(p0 * q + slope * p0 * q * q / 2)
    return floor(p0 / slope * (Fraction(exponential(slope * q)) - 1))


def price(curve: str, p0: int, k: str, q: int) -> int:
    slope = Fraction(k)
    if curve == "linear":
        return floor(p0 * (1 + slope * q))
    return floor(p0 * Fraction(exponential(slope * q)))


def exponential(x: Fraction) -> Decimal:
    """e^x = (e^(x / 2^n))^(2^n), the inner power from its series, with 120 digits."""
    halvings = 12
    small = WIDE.divide(Decimal(x.numerator), Decimal(x.denominator * 2**halvings))
    total = term = Decimal(1)
    for i in range(1, 80):
        term = WIDE.divide(WIDE.multiply(term, small), Decimal(i))
        total = WIDE.add(total, term)
    for _ in range(halvings):
        total = WIDE.multiply(total, total)
    return total


@dataclass
class Trader:
    cash: int
    shares: int


@dataclass
class OracleOrder:
    n: int
    participant: str
    sign: int
    quantity: int


@dataclass
class Outcome:
    net: int
    fills: dict[int, int]
    """Change of cash by order number."""
    rejected: set[int]
    dust: int


def clear(
    curve: str,
    p0: int,
    k: str,
    position: int,
    orders: Sequence[OracleOrder],
    traders: Mapping[str, Trader],
    short: int,
    low: int,
    high: int,
) -> Outcome:
    """Leave out one order after the other until all the others fill."""

    def uniform(net: int) -> Fraction:
        if net == 0:
            return Fraction(price(curve, p0, k, position))
        return Fraction(cost(curve, p0, k, position + net) - cost(curve, p0, k, position), net)

    sells: list[OracleOrder] = []
    for order in orders:
        mine = sum(sell.quantity for sell in sells if sell.participant == order.participant)
        if order.sign < 0 and mine + order.quantity <= traders[order.participant].shares + short:
            sells.append(order)
    limits: dict[int, Fraction] = {}
    for i, order in enumerate(orders):
        if order.sign > 0:
            until = [w.quantity for w in orders[: i + 1] if w.participant == order.participant and w.sign > 0]
            limits[order.n] = Fraction(traders[order.participant].cash - (len(until) - 1), sum(until))
    while True:
        buys = [order for order in orders if order.sign > 0]
        while buys:
            net = sum(buy.quantity for buy in buys) - sum(sell.quantity for sell in sells)
            worst = min(buys, key=lambda buy: (limits[buy.n], -buy.n))
            if position + net <= high and limits[worst.n] >= uniform(net):
                break
            buys.remove(worst)
        net = sum(buy.quantity for buy in buys) - sum(sell.quantity for sell in sells)
        if position + net >= low or not sells:
            break
        sells.pop()
    at = uniform(net)
    fills = {buy.n: int(-buy.quantity * at // 1) for buy in buys}
    fills |= {sell.n: int(sell.quantity * at // 1) for sell in sells}
    spent = cost(curve, p0, k, position + net) - cost(curve, p0, k, position)
    return Outcome(net, fills, {order.n for order in orders} - fills.keys(), -sum(fills.values()) - spent)
