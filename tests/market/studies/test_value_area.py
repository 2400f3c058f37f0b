from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.poc import poc
from orderflow.market.studies.study import Ratio
from orderflow.market.studies.value_area import value_area
from tests.oracle import oracle
from tests.oracle.ladders import TICK, Ladder, ladder, ladders


def of(bar: Ladder, *, share: Ratio = 70, rows: int = 2) -> tuple[int, int]:
    control = poc(bar.level, bar.bid, bar.ask, bar.unknown)
    return value_area(bar.level, bar.volume, control, share=share, rows=rows)


def column(*volumes: int) -> Ladder:
    """A ladder with these volumes at the levels 100, 101 and so on."""
    return ladder([(100 + i, volume, 0, 0) for i, volume in enumerate(volumes)])


@given(
    ladders(),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([Fraction(7, 10), Fraction(17, 25), Fraction(1), Fraction(1, 9)]),
)
def test_equals_the_oracle(bar: Ladder, rows: int, share: Fraction) -> None:
    low, high = of(bar, share=100 * share, rows=rows)
    assert (bar.price(low), bar.price(high)) == oracle.value_area(bar.cells, TICK, share=share, rows=rows)


@given(ladders(), st.sampled_from([1, 2]))
def test_an_absent_level_and_a_row_of_zero_mean_the_same(bar: Ladder, rows: int) -> None:
    levels = np.arange(bar.level[0], bar.level[-1] + 1)
    at = np.searchsorted(levels, bar.level)
    dense = np.zeros((3, len(levels)), np.int64)
    dense[:, at] = bar.bid, bar.ask, bar.unknown
    full = Ladder(levels, dense[0], dense[1], dense[2])
    if not bar.volume.any():
        return  # without volume the POC itself may stand on another level
    sparse = of(bar, rows=rows)
    filled = of(full, rows=rows)
    assert [bar.level[i] for i in sparse] == [full.level[i] for i in filled]


@given(ladders())
def test_it_holds_its_share(bar: Ladder) -> None:
    low, high = of(bar)
    assert 10 * int(bar.volume[low : high + 1].sum()) >= 7 * int(bar.volume.sum())


def test_a_tie_goes_up() -> None:
    assert of(column(10, 10, 90, 10, 10), share=75) == (2, 4)


def test_two_rows_are_taken_whole() -> None:
    # 50 of 100 inside; the first of the two rows above reaches 70, and the second is added with it
    assert of(column(5, 5, 50, 30, 10)) == (2, 4)
    assert of(column(5, 5, 50, 30, 10), rows=1) == (2, 3)


def test_a_single_row_left_is_compared_as_what_it_holds() -> None:
    # 20 is left above; 12 + 13 = 25 below is larger
    assert of(column(1, 13, 12, 40, 20)) == (1, 3)


def test_a_used_up_side_leaves_the_other() -> None:
    assert of(column(20, 20, 20, 40)) == (1, 3)


def test_a_row_of_zero_at_the_end_of_growth_is_no_bound() -> None:
    assert of(ladder([(100, 60, 0, 0), (101, 20, 0, 0), (103, 20, 0, 0)])) == (0, 1)
    assert of(ladder([(100, 60, 0, 0), (101, 20, 0, 0), (102, 0, 0, 0), (103, 20, 0, 0)])) == (0, 1)


def test_volume_on_both_sides_of_a_gap_pairs_rows_from_the_poc_on() -> None:
    # rows above come in pairs (101, 102), (103, 104), …: 105 and 106 are one pair, added whole
    bar = ladder([(100, 50, 0, 0), (105, 20, 0, 0), (106, 20, 0, 0), (107, 10, 0, 0)])
    assert of(bar) == (0, 2)


def test_a_gap_of_a_hundred_million_ticks_costs_nothing() -> None:
    bar = ladder([(1, 30, 0, 0), (50_000_000, 40, 0, 0), (100_000_001, 30, 0, 0)])
    began = time.thread_time()
    assert of(bar) == (1, 2)
    assert of(bar, rows=1) == (1, 2)
    assert time.thread_time() - began < 1  # of the processor; it must not go through them one by one


def test_no_volume_is_the_poc_alone() -> None:
    assert of(column(0, 0, 0)) == (1, 1)


def test_all_of_it() -> None:
    assert of(column(1, 5, 1, 0), share=100) == (0, 2)


@pytest.mark.parametrize(("share", "rows"), [(110, 2), (70, 0), (0, 2)])
def test_options_without_a_meaning(share: int, rows: int) -> None:
    with pytest.raises(ValueError, match=r"share|ratio"):
        of(column(1, 2, 1), share=share, rows=rows)
