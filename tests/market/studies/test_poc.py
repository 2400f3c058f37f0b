from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.poc import poc, poc_of_bars
from tests.oracle import oracle
from tests.oracle.ladders import Ladder, ladder, ladders


def of(bar: Ladder) -> int:
    return poc(bar.level, bar.bid, bar.ask, bar.unknown)


@given(ladders())
def test_equals_the_oracle(bar: Ladder) -> None:
    assert bar.price(of(bar)) == oracle.poc(bar.cells)


@given(ladders(volume=2))
def test_equals_the_oracle_where_nearly_all_levels_tie(bar: Ladder) -> None:
    assert bar.price(of(bar)) == oracle.poc(bar.cells)


def test_a_tie_goes_to_the_level_nearest_to_the_mid() -> None:
    assert of(ladder([(10, 5, 5, 0), (11, 0, 1, 0), (13, 10, 0, 0), (18, 1, 0, 0)])) == 2  # the mid is 14


def test_then_to_the_larger_delta() -> None:
    assert of(ladder([(10, 1, 0, 0), (12, 5, 5, 0), (14, 2, 8, 0), (16, 0, 1, 0)])) == 2
    assert of(ladder([(10, 1, 0, 0), (12, 9, 1, 0), (14, 2, 8, 0), (16, 0, 1, 0)])) == 1


def test_then_to_the_lower_price() -> None:
    assert of(ladder([(10, 1, 0, 0), (12, 8, 2, 0), (14, 2, 8, 0), (16, 0, 1, 0)])) == 1


def test_unknown_sides_count_as_volume() -> None:
    assert of(ladder([(10, 3, 3, 0), (11, 0, 0, 7)])) == 1


def test_one_level_and_no_volume() -> None:
    assert of(ladder([(10, 0, 0, 0)])) == 0
    assert of(ladder([(10, 0, 0, 0), (11, 0, 0, 0), (14, 0, 0, 0)])) == 1


@given(st.lists(st.one_of(ladders(most=8, volume=4), ladders(most=3, volume=1)), min_size=1, max_size=9))
def test_the_pocs_of_many_bars_are_those_of_each(bars: list[Ladder]) -> None:
    bounds = np.cumsum([0, *(len(bar.level) for bar in bars)])
    cells = np.concatenate([np.array([bar.ask, bar.bid, bar.unknown, bar.volume]).T for bar in bars])
    found = poc_of_bars(bounds, np.concatenate([bar.level for bar in bars]), cells)
    assert found.tolist() == [int(bar.level[of(bar)]) for bar in bars]
