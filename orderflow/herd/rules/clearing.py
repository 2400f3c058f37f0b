"""One batch: which orders fill, at what price, and who pays what.

All orders of a batch fill at one price, P = (C(q + Q) - C(q)) / Q with Q the net of those that fill, or p(q) when
Q = 0, so nobody is ahead by being some milliseconds faster. An order fills whole or not at all:

1. Sells, in order of arrival, while the seller's shares of the batch's beginning (and the short allowance) last.
2. A buy has a limit price: the buyer's cash of the batch's beginning over the quantity of his buys up to this one. The
   largest set of buys fills in which every limit is at least P of that set: the lowest limit is left out first, of
   equal ones the later order. Less demand means a lower P, so the set is unique.
3. Where the market would leave the range of its curve, the lowest buys or the latest sells are left out.

Settlement: P is the ratio of two integers. A buyer pays its product with the quantity rounded up, a seller gets it
rounded down; what that leaves to the house is the dust, at least 0. So Σ cash + dust + C(q) does not change.

A pure function: changes nothing, writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from orderflow.herd.rules.curve import Curve

NO_CASH = "not enough cash"
NO_SHARES = "not enough shares"
TOO_SHORT = "that would be more than may be sold short"
TOO_HIGH = "the price cannot rise any further"
TOO_LOW = "the price cannot fall any further"

_SHIFT = 96


class Account(Protocol):
    """What clearing must know of a trader: cash in micro-units, shares."""

    @property
    def cash(self) -> int: ...

    @property
    def shares(self) -> int: ...


class Entered(Protocol):
    """What clearing must know of an order: its number (order of arrival), its trader, 1 | -1, its quantity."""

    @property
    def n(self) -> int: ...

    @property
    def p(self) -> str: ...

    @property
    def s(self) -> int: ...

    @property
    def q(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result of one batch; money in micro-units.

    net: Q. price: P rounded down. after: p(q + Q). cost: C(q + Q) - C(q). fills: (order number, change of cash, change
    of shares) by number. rejects: (order number, sentence) by number. buys, sells: quantities that filled.
    """

    net: int
    price: int
    after: int
    cost: int
    dust: int
    fills: list[tuple[int, int, int]]
    rejects: list[tuple[int, str]]
    buys: int
    sells: int


@dataclass(frozen=True, slots=True)
class _Buy:
    """A buy with its limit price `money` / `total`."""

    order: Entered
    money: int
    total: int
    rank: int


def clear(
    curve: Curve, position: int, orders: Sequence[Entered], accounts: Mapping[str, Account], short: int = 0
) -> Cleared:
    """Clear `orders` (by number) from net position `position`. short: the largest short position, 0 = none."""
    rejects: list[tuple[int, str]] = []
    buys = _limits(orders, accounts)
    sells = _sellable(orders, accounts, short, rejects)
    totals = [0, *accumulate(buy.order.q for buy in buys)]
    sold = sum(order.q for order in sells)
    while True:
        kept = _affordable(curve, position, buys, totals, sold)
        lacking = curve.low - (position + totals[kept] - sold)
        if lacking <= 0 or not sells:
            break
        while lacking > 0 and sells:
            last = sells.pop()
            rejects.append((last.n, TOO_LOW))
            sold -= last.q
            lacking -= last.q
    net = totals[kept] - sold
    cost, money, per = _terms(curve, position, net)
    room = curve.high - (position + net)
    for buy in buys[kept:]:
        stopped = buy.order.q > room and buy.money * per >= money * buy.total
        rejects.append((buy.order.n, TOO_HIGH if stopped else NO_CASH))
    fills = [(order.n, order.q * money // per, -order.q) for order in sells]
    fills += [(buy.order.n, -buy.order.q * money // per, buy.order.q) for buy in buys[:kept]]  # floored: pays up
    fills.sort()
    rejects.sort()
    dust = -sum(cash for _, cash, _ in fills) - cost
    price = money // per
    return Cleared(net, price, curve.price(position + net), cost, dust, fills, rejects, totals[kept], sold)


def _limits(orders: Sequence[Entered], accounts: Mapping[str, Account]) -> list[_Buy]:
    """The buys, highest limit first, of equal ones the earlier.

    Of a trader's i-th buy the limit is (cash - (i - 1)) / quantity so far: each payment is rounded up on its own, and
    the sum of i of them is at most i - 1 above the rounded sum.
    """
    spent: dict[str, tuple[int, int]] = {}
    buys: list[_Buy] = []
    for order in orders:
        if order.s > 0:
            before, total = spent.get(order.p, (0, 0))
            total += order.q
            spent[order.p] = (before + 1, total)
            money = accounts[order.p].cash - before
            buys.append(_Buy(order, money, total, -((money << _SHIFT) // total)))
    buys.sort(key=lambda buy: (buy.rank, buy.order.n))
    return buys


def _sellable(
    orders: Sequence[Entered], accounts: Mapping[str, Account], short: int, rejects: list[tuple[int, str]]
) -> list[Entered]:
    """The sells that the sellers' shares allow, in order of arrival."""
    left: dict[str, int] = {}
    sells: list[Entered] = []
    for order in orders:
        if order.s < 0:
            have = left.get(order.p)
            if have is None:
                have = accounts[order.p].shares + short
            if order.q <= have:
                sells.append(order)
                have -= order.q
            else:
                rejects.append((order.n, TOO_SHORT if short else NO_SHARES))
            left[order.p] = have
    return sells


def _affordable(curve: Curve, position: int, buys: Sequence[_Buy], totals: Sequence[int], sold: int) -> int:
    """How many of the buys fill: the most for which the last one's limit is at least P.

    Looked for with floats, which are at most some 10^-9 (and the rounding of C) off, and decided with integers.
    """
    for kept in range(len(buys), 0, -1):
        net = totals[kept] - sold
        if position + net > curve.high:
            continue
        if position + net < curve.low:
            return kept  # sells must be left out first, which only raises P
        buy = buys[kept - 1]
        rough = curve.average(position, net) * (1 - 1e-9) - 2 / max(1, abs(net))
        if buy.money < rough * buy.total:
            continue
        _, money, per = _terms(curve, position, net)
        if buy.money * per >= money * buy.total:
            return kept
    return 0


def _terms(curve: Curve, position: int, net: int) -> tuple[int, int, int]:
    """(C(q + Q) - C(q), and P as a ratio of two integers >= 0)."""
    if not net:
        return 0, curve.price(position), 1
    cost = curve.cost(position + net) - curve.cost(position)
    return cost, abs(cost), abs(net)
