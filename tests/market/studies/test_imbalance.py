"""Diagonal imbalance, including tests of defects known from other tools."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.imbalance import imbalance
from tests.oracle import oracle
from tests.oracle.ladders import TICK, Ladder, ladder, ladders


def levels(bar: Ladder, **options: Any) -> tuple[list[int], list[int]]:
    buy, sell = imbalance(bar.level, bar.bid, bar.ask, **options)
    return bar.level[buy].tolist(), bar.level[sell].tolist()


@given(
    ladders(),
    st.sampled_from([Fraction(3), Fraction(5, 2), Fraction(1), Fraction(1, 3), Fraction(4)]),
    st.integers(0, 6),
    st.sampled_from(["dominant", "never"]),
)
def test_equals_the_oracle(bar: Ladder, ratio: Fraction, minimum: int, zero: str) -> None:
    buy, sell = levels(bar, ratio=ratio, minimum=minimum, zero=zero)
    expected = oracle.imbalances(bar.cells, TICK, ratio=ratio, minimum=Decimal(minimum), zero=zero)
    assert ({level * TICK for level in buy}, {level * TICK for level in sell}) == expected


def test_never_across_bars() -> None:
    # a tool that shifts one long table compares a bar's lowest ask with the bar before's highest bid
    first = ladder([(100, 1, 1, 0), (101, 0, 1, 0)])
    second = ladder([(102, 0, 90, 0), (103, 1, 1, 0)])
    both = levels(ladder([(100, 1, 1, 0), (101, 0, 1, 0), (102, 0, 90, 0), (103, 1, 1, 0)]))
    assert 102 in both[0]
    assert 102 not in levels(first)[0] + levels(second)[0]


def test_never_beyond_the_bars_low_and_high() -> None:
    bar = ladder([(100, 5, 90, 0), (101, 90, 5, 0)])
    assert levels(bar) == ([], [])  # 90 bought at the low has no tick below it, 90 sold at the high none above


def test_volume_counts_and_not_trades() -> None:
    # one trade of 40 against nine of 1: a tool that counts trades marks the sellers
    bar = ladder([(100, 9, 0, 0), (101, 0, 40, 0)])
    assert levels(bar) == ([101], [])


def test_ticks_must_touch() -> None:
    # a tool that compares with the next *existing* row sets 50 at 103 against 20 at 100: no imbalance
    bar = ladder([(100, 20, 0, 0), (103, 0, 50, 0)])
    assert levels(bar) == ([103], [100])
    assert levels(bar, zero="never") == ([], [])
    near = ladder([(100, 20, 0, 0), (101, 0, 50, 0)])
    assert levels(near) == ([], [])


def test_equal_to_the_ratio_is_no_imbalance() -> None:
    assert levels(ladder([(100, 10, 0, 0), (101, 0, 30, 0)])) == ([], [])
    assert levels(ladder([(100, 10, 0, 0), (101, 0, 31, 0)])) == ([101], [])


def test_a_ratio_is_taken_at_its_word() -> None:
    bar = ladder([(100, 10, 0, 0), (101, 0, 33, 0)])
    for ratio in (3.3, Decimal("3.3"), Fraction(33, 10), (33, 10)):
        assert levels(bar, ratio=ratio) == ([], [])  # the float 3.3 is a little less than 3.3, and 33 is not more
    assert levels(bar, ratio=3) == levels(bar, ratio=3.0) == ([101], [])


def test_minimum_is_of_the_dominant_side() -> None:
    bar = ladder([(100, 0, 0, 0), (101, 0, 4, 0), (102, 9, 0, 0), (103, 0, 0, 0)])
    assert levels(bar) == ([101], [102])
    assert levels(bar, minimum=5) == ([], [102])
    assert levels(bar, minimum=0) == ([101], [102])  # zero against zero is not an imbalance


def test_sizes_that_overflow_64_bits_when_multiplied() -> None:
    big = 2**61
    bar = ladder([(100, big // 3, 0, 0), (101, 0, big, 0)])
    assert levels(bar) == ([101], [])
    assert levels(bar, ratio=(2**40 * 3 + 1, 2**40)) == ([], [])


def test_unknown_sides_take_no_part() -> None:
    assert levels(ladder([(100, 1, 0, 900), (101, 0, 4, 900)])) == ([101], [])


def test_a_single_level_has_no_neighbour() -> None:
    assert levels(ladder([(100, 5, 0, 0)])) == ([], [])


@pytest.mark.parametrize("ratio", [0, -1, (3, 0), float("nan"), float("inf")])
def test_a_ratio_without_a_meaning(ratio: object) -> None:
    with pytest.raises(ValueError, match="is not a ratio"):
        levels(ladder([(100, 1, 1, 0)]), ratio=ratio)


def test_flags_are_columns_of_their_own() -> None:
    bar = ladder([(100, 5, 0, 0)])
    buy, sell = imbalance(bar.level, bar.bid, bar.ask)
    assert buy.dtype == sell.dtype == np.bool_
    assert buy is not sell
