"""Clearing of one batch: which orders fill, at what price, and what each trader pays or gets.

All orders of a batch fill at one uniform price, P = (C(q + Q) - C(q)) / Q, where Q is the net quantity of the orders
that fill, or p(q) if Q = 0. So a few milliseconds of speed give no advantage. An order fills completely or not at all:

1. Sells fill in order of arrival while the seller's shares at the start of the batch (and the short allowance) last.
2. A buy has a limit price: the buyer's cash at the start of the batch, divided by the quantity of the buyer's buys up
   to this one. The largest set of buys fills for which every limit is at least the P of that set: the lowest limit is
   left out first, among equal limits the later order. Less demand means a lower P, so the set is unique.
3. If the market would leave the range of its curve, the buys with the lowest limits or the latest sells are left out.

Settlement: P is the ratio of two integers. A buyer pays P times the quantity rounded up, a seller gets it rounded down.
The difference is the dust, which is at least 0, so Σ cash + dust + C(q) does not change.

`clear` is a pure function.
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
    """A trader as clearing sees one: cash in micro-units, shares."""

    @property
    def cash(self) -> int: ...

    @property
    def shares(self) -> int: ...


class OrderLike(Protocol):
    """An order as clearing sees one. n: number (order of arrival); sign: 1 buys, -1 sells."""

    @property
    def n(self) -> int: ...

    @property
    def participant(self) -> str: ...

    @property
    def sign(self) -> int: ...

    @property
    def quantity(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result of one batch; money in micro-units.

    net: Q. price: P rounded down. after: p(q + Q). cost: C(q + Q) - C(q). fills: (order number, change of cash, change
    of shares), by number. rejects: (order number, reason), by number. buys, sells: quantities that filled.
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
    """A buy with its limit price `money` / `total`. rank: sorts by falling limit."""

    order: OrderLike
    money: int
    total: int
    rank: int


def clear(
    curve: Curve, position: int, orders: Sequence[OrderLike], accounts: Mapping[str, Account], short: int = 0
) -> Cleared:
    """Clear `orders` (sorted by number) from net position `position`. short: largest short position, 0 = none."""
    rejects: list[tuple[int, str]] = []
    buys = _buys_by_limit(orders, accounts)
    sells = _covered_sells(orders, accounts, short, rejects)
    totals = [0, *accumulate(buy.order.quantity for buy in buys)]
    sold = sum(order.quantity for order in sells)
    while True:
        kept = _count_filled_buys(curve, position, buys, totals, sold)
        lacking = curve.low - (position + totals[kept] - sold)
        if lacking <= 0 or not sells:
            break
        while lacking > 0 and sells:
            last = sells.pop()
            rejects.append((last.n, TOO_LOW))
            sold -= last.quantity
            lacking -= last.quantity
    net = totals[kept] - sold
    cost, money, per = _terms(curve, position, net)
    room = curve.high - (position + net)
    for buy in buys[kept:]:
        stopped = buy.order.quantity > room and buy.money * per >= money * buy.total
        rejects.append((buy.order.n, TOO_HIGH if stopped else NO_CASH))
    fills = [(order.n, order.quantity * money // per, -order.quantity) for order in sells]
    fills += [
        (buy.order.n, -buy.order.quantity * money // per, buy.order.quantity) for buy in buys[:kept]
    ]  # floor division: rounded up for the payer
    fills.sort()
    rejects.sort()
    dust = -sum(cash for _, cash, _ in fills) - cost
    price = money // per
    return Cleared(net, price, curve.price(position + net), cost, dust, fills, rejects, totals[kept], sold)


def _buys_by_limit(orders: Sequence[OrderLike], accounts: Mapping[str, Account]) -> list[_Buy]:
    """The buys by falling limit, among equal limits the earlier first.

    The limit of a trader's i-th buy is (cash - (i - 1)) / quantity so far: each payment is rounded up separately, and
    the sum of i of them is at most i - 1 above the rounded sum.
    """
    spent: dict[str, tuple[int, int]] = {}
    buys: list[_Buy] = []
    for order in orders:
        if order.sign > 0:
            before, total = spent.get(order.participant, (0, 0))
            total += order.quantity
            spent[order.participant] = (before + 1, total)
            money = accounts[order.participant].cash - before
            buys.append(_Buy(order, money, total, -((money << _SHIFT) // total)))
    buys.sort(key=lambda buy: (buy.rank, buy.order.n))
    return buys


def _covered_sells(
    orders: Sequence[OrderLike], accounts: Mapping[str, Account], short: int, rejects: list[tuple[int, str]]
) -> list[OrderLike]:
    """The sells that the sellers' shares cover, in order of arrival; the others are added to `rejects`."""
    left: dict[str, int] = {}
    sells: list[OrderLike] = []
    for order in orders:
        if order.sign < 0:
            have = left.get(order.participant)
            if have is None:
                have = accounts[order.participant].shares + short
            if order.quantity <= have:
                sells.append(order)
                have -= order.quantity
            else:
                rejects.append((order.n, TOO_SHORT if short else NO_SHARES))
            left[order.participant] = have
    return sells


def _count_filled_buys(curve: Curve, position: int, buys: Sequence[_Buy], totals: Sequence[int], sold: int) -> int:
    """How many buys fill: the largest number for which the lowest limit is at least P.

    Floats, which are off by at most about 10^-9 and the rounding of C, skip most candidates; integers decide.
    """
    for kept in range(len(buys), 0, -1):
        net = totals[kept] - sold
        if position + net > curve.high:
            continue
        if position + net < curve.low:
            return kept  # the caller leaves out sells, which only raises P
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
