"""Clearing of one batch: compared with the oracle, and properties of every batch."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.herd.rules.clearing import NO_CASH, NO_SHARES, TOO_HIGH, TOO_LOW, TOO_SHORT, Cleared, clear
from orderflow.herd.rules.curve import Curve, make_curve
from tests.herd import oracle
from tests.herd.oracle import OracleOrder, Trader

P0 = 100_000_000


@dataclass
class Case:
    curve: str
    p0: int
    k: str
    position: int
    orders: list[OracleOrder]
    traders: dict[str, Trader]
    short: int

    def made(self) -> Curve:
        return make_curve(self.curve, self.p0, self.k)

    def cleared(self) -> Cleared:
        return clear(self.made(), self.position, self.orders, self.traders, self.short)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    people = [f"p{i}" for i in range(1, draw(st.integers(1, 6)) + 1)]
    cash = st.one_of(st.integers(-10, 10**6), st.sampled_from([5_000_000_000, 100_050_016]), st.integers(0, 10**11))
    traders = {p: Trader(draw(cash), draw(st.integers(-5, 60))) for p in people}
    count = draw(st.integers(0, 14))
    orders = [
        OracleOrder(10 + i, draw(st.sampled_from(people)), draw(st.sampled_from([1, -1])), draw(st.integers(1, 40)))
        for i in range(count)
    ]
    name = draw(st.sampled_from(["exponential", "linear"]))
    p0 = draw(st.sampled_from([P0, 20_000, 10**11]))
    k = draw(st.sampled_from(["0.001", "0.05", "0.3", "0.000001"]))
    curve = make_curve(name, p0, k)
    position = draw(st.one_of(st.integers(-50, 50), st.sampled_from([curve.low, curve.high, curve.low + 7])))
    return Case(name, p0, k, max(curve.low, min(curve.high, position)), orders, traders, draw(st.sampled_from([0, 20])))


@given(cases())
@settings(max_examples=150, deadline=None)
def test_a_batch_agrees_with_the_oracle(case: Case) -> None:
    done, curve = case.cleared(), case.made()
    expected = oracle.clear(
        case.curve,
        case.p0,
        case.k,
        case.position,
        case.orders,
        case.traders,
        case.short,
        curve.low,
        curve.high,
    )
    assert {n: cash for n, cash, _ in done.fills} == expected.fills
    assert {n for n, _ in done.rejects} == expected.rejected
    assert (done.net, done.dust) == (expected.net, expected.dust)
    assert done.after == oracle.price(case.curve, case.p0, case.k, case.position + done.net)


@given(cases())
@settings(max_examples=100, deadline=None)
def test_properties_of_every_batch(case: Case) -> None:
    done, curve = case.cleared(), case.made()
    orders = {order.n: order for order in case.orders}
    assert sorted([n for n, _, _ in done.fills] + [n for n, _ in done.rejects]) == sorted(orders)
    assert [n for n, _, _ in done.fills] == sorted(n for n, _, _ in done.fills)
    assert done.dust >= 0
    assert sum(cash for _, cash, _ in done.fills) + done.dust + done.cost == 0
    assert done.cost == curve.cost(case.position + done.net) - curve.cost(case.position)
    assert sum(shares for _, _, shares in done.fills) == done.net == done.buys - done.sells
    for n, cash, shares in done.fills:
        assert shares == orders[n].sign * orders[n].quantity
        assert abs(abs(cash) - abs(shares) * done.price) <= abs(shares) + 1, "everybody trades at one price"
    for p, trader in case.traders.items():
        mine = [(cash, shares) for n, cash, shares in done.fills if orders[n].participant == p]
        assert trader.cash + sum(cash for cash, shares in mine if shares > 0) >= min(0, trader.cash)
        sold = -sum(shares for _, shares in mine if shares < 0)
        assert sold == 0 or sold <= trader.shares + case.short
    assert curve.contains(case.position + done.net)


@given(st.lists(st.tuples(st.integers(1, 10**10), st.integers(-40, 40)), min_size=1, max_size=9), st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_arrival_does_not_matter_if_limits_differ(wanted: list[tuple[int, int]], random: object) -> None:
    """One order per trader and distinct limits: any order of arrival gives the same fills at the same price."""
    limits = {cash // q for cash, q in wanted if q > 0}
    if len(limits) < sum(q > 0 for _, q in wanted):
        return
    rows = [(f"p{i}", cash, q) for i, (cash, q) in enumerate(wanted) if q]
    traders = {p: Trader(cash, 30) for p, cash, _ in rows}
    curve = make_curve("exponential", P0, "0.001")

    def fills(order: list[tuple[str, int, int]]) -> tuple[dict[str, int], int]:
        orders = [OracleOrder(i, p, 1 if q > 0 else -1, abs(q)) for i, (p, _, q) in enumerate(order)]
        done = clear(curve, 17, orders, traders)
        return {orders[n].participant: cash for n, cash, _ in done.fills}, done.price

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis names no type for it
    assert fills(rows) == fills(shuffled)


def one(curve: Curve, *orders: OracleOrder, cash: int = 5_000_000_000, shares: int = 50, short: int = 0) -> Cleared:
    return clear(curve, 0, orders, {p: Trader(cash, shares) for p in ("a", "b", "c")}, short)


def test_one_buyer_pays_the_cost_function() -> None:
    curve = make_curve("exponential", P0, "0.001")
    done = one(curve, OracleOrder(1, "a", 1, 10))
    assert done.fills == [(1, -curve.cost(10), 10)]
    assert (done.dust, done.after, done.price) == (0, curve.price(10), curve.cost(10) // 10)


def test_opposite_orders_fill_at_the_present_price() -> None:
    done = one(make_curve("exponential", P0, "0.001"), OracleOrder(1, "a", 1, 7), OracleOrder(2, "b", -1, 7))
    assert done.fills == [(1, -7 * P0, 7), (2, 7 * P0, -7)]
    assert (done.net, done.price, done.after, done.dust) == (0, P0, P0, 0)


def test_rounding_is_against_the_trader_and_becomes_dust() -> None:
    curve = make_curve("exponential", P0, "0.001")
    done = one(curve, OracleOrder(1, "a", 1, 3), OracleOrder(2, "b", 1, 3), OracleOrder(3, "c", -1, 2))
    cost = curve.cost(4)
    assert cost % 4 == 3
    assert [cash for _, cash, _ in done.fills] == [-(3 * cost + 3) // 4, -(3 * cost + 3) // 4, (2 * cost - 2) // 4]
    assert done.dust == 2


def test_among_equal_limits_the_later_order_is_left_out() -> None:
    done = one(
        make_curve("exponential", P0, "0.001"), *(OracleOrder(n, p, 1, 48) for n, p in ((5, "a"), (6, "b"), (7, "c")))
    )
    assert [n for n, _, _ in done.fills] == [5]
    assert done.rejects == [(6, NO_CASH), (7, NO_CASH)]


def test_cash_from_a_sale_cannot_be_spent_in_the_same_batch() -> None:
    done = one(make_curve("exponential", P0, "0.001"), OracleOrder(1, "a", -1, 50), OracleOrder(2, "a", 1, 5), cash=0)
    assert done.rejects == [(2, NO_CASH)]
    done = one(make_curve("exponential", P0, "0.001"), OracleOrder(1, "a", 1, 5), OracleOrder(2, "a", -1, 5), shares=0)
    assert done.rejects == [(2, NO_SHARES)]


def test_sells_fill_in_order_while_the_shares_last() -> None:
    curve = make_curve("exponential", P0, "0.001")
    orders = [OracleOrder(1, "a", -1, 30), OracleOrder(2, "a", -1, 30), OracleOrder(3, "a", -1, 20)]
    done = one(curve, *orders)
    assert [n for n, _, _ in done.fills] == [1, 3]
    assert done.rejects == [(2, NO_SHARES)]
    assert one(curve, *orders, short=10).rejects == [(3, TOO_SHORT)]


def test_the_market_stays_within_its_range() -> None:
    steep = make_curve("exponential", P0, "1")
    assert (steep.low, steep.high) == (-9, 18)
    done = one(steep, OracleOrder(1, "a", -1, 5), OracleOrder(2, "b", -1, 4), OracleOrder(3, "c", -1, 1))
    assert done.rejects == [(3, TOO_LOW)]
    assert done.net == -9
    rich = one(steep, OracleOrder(1, "a", 1, 18), OracleOrder(2, "b", 1, 5), cash=10**17)
    assert [n for n, _, _ in rich.fills] == [2]
    assert rich.rejects == [(1, TOO_HIGH)]
    assert one(steep, cash=1).fills == []
