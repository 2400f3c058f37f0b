"""The cost function: compared with the oracle, exact digits on every platform, and the range."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.errors import BadInput
from orderflow.herd.rules.curve import MAX_GROWTH, MAX_MONEY, MAX_POSITION, Curve, Exponential, Linear, make_curve
from tests.herd import oracle

names = st.sampled_from(["exponential", "linear"])
impacts = st.sampled_from(["0.001", "0.0005", "0.01", "0.0000001", "0.3"])
prices = st.integers(10_000, 10**12)


@given(names, prices, impacts, st.integers(-3_000, 3_000))
@settings(max_examples=150, deadline=None)
def test_cost_and_price_agree_with_the_definition(name: str, p0: int, k: str, q: int) -> None:
    curve = make_curve(name, p0, k)
    q = max(curve.low, min(curve.high, q))
    assert curve.cost(q) == oracle.cost(name, p0, k, q)
    assert curve.price(q) == oracle.price(name, p0, k, q)


def test_the_digits_are_the_same_on_every_platform() -> None:
    """Fixed values: `decimal` rounds its exponential correctly in its C and its Python implementation."""
    curve = make_curve("exponential", 100_000_000, "0.001")
    assert [curve.cost(q) for q in (-4_000, -1, 0, 1, 137, 5_000)] == [
        -98_168_436_112,
        -99_950_017,
        0,
        100_050_016,
        14_682_814_852,
        14_741_315_910_257,
    ]
    assert [curve.price(q) for q in (-4_000, -1, 0, 1, 137, 5_000)] == [
        1_831_563,
        99_900_049,
        100_000_000,
        100_100_050,
        114_682_814,
        14_841_315_910,
    ]


def test_the_decimal_context_of_the_thread_does_not_matter() -> None:
    with decimal.localcontext() as context:
        context.prec = 3
        context.rounding = decimal.ROUND_UP
        narrow = make_curve("exponential", 100_000_000, "0.001").cost(1_234)
    assert narrow == make_curve("exponential", 100_000_000, "0.001").cost(1_234)


@given(names, prices, impacts)
@settings(max_examples=60, deadline=None)
def test_the_range_keeps_price_and_money_within_bounds(name: str, p0: int, k: str) -> None:
    curve = make_curve(name, p0, k)

    def is_valid(q: int) -> bool:
        price = oracle.price(name, p0, k, q)
        return curve.floor <= price <= p0 * MAX_GROWTH and abs(oracle.cost(name, p0, k, q)) <= MAX_MONEY

    assert curve.low < 0 < curve.high
    assert is_valid(curve.low)
    assert is_valid(curve.high)
    assert curve.low == -MAX_POSITION or not is_valid(curve.low - 1)
    assert curve.high == MAX_POSITION or not is_valid(curve.high + 1)
    assert curve.contains(curve.high)
    assert not curve.contains(curve.high + 1)


@given(names, impacts, st.integers(-500, 500), st.integers(-300, 300))
@settings(max_examples=100, deadline=None)
def test_the_average_in_floats_is_close(name: str, k: str, q: int, net: int) -> None:
    curve = make_curve(name, 100_000_000, k)
    if not (curve.contains(q) and curve.contains(q + net)):
        return
    exact = Decimal(curve.cost(q + net) - curve.cost(q)) / net if net else Decimal(curve.price(q))
    assert abs(Decimal(curve.average(q, net)) - exact) <= exact * Decimal("1e-9") + 2


@pytest.mark.parametrize(
    ("name", "price", "k", "field"),
    [
        ("cubic", 10**8, "0.001", "curve"),
        ("linear", 99, "0.001", "price"),
        ("linear", 10**16, "0.001", "price"),
        ("exponential", 10**8, "0", "impact"),
        ("exponential", 10**8, "NaN", "impact"),
        ("exponential", 10**8, "2", "impact"),
    ],
)
def test_a_bad_argument_is_refused_by_name(name: str, price: int, k: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        make_curve(name, price, k)
    assert caught.value.errors[0].field == field


@pytest.mark.parametrize("kind", [Exponential, Linear])
def test_the_price_is_the_slope_of_the_cost(kind: type[Curve]) -> None:
    curve = kind(100_000_000, Decimal("0.001"))
    for q in (-700, 0, 900):
        between = (curve.cost(q + 1) - curve.cost(q - 1)) / 2
        assert between == pytest.approx(curve.price(q), rel=1e-5)
