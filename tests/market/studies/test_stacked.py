from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.imbalance import imbalance
from orderflow.market.studies.stacked import stacked
from tests.oracle import oracle
from tests.oracle.ladders import TICK, Ladder, ladders


@given(ladders(), st.integers(1, 4))
def test_equals_the_oracle_on_imbalances(bar: Ladder, count: int) -> None:
    for flags, prices in zip(imbalance(bar.level, bar.bid, bar.ask), oracle.imbalances(bar.cells, TICK), strict=True):
        runs = [(bar.price(low), bar.price(high)) for low, high in stacked(bar.level, flags, stack=count)]
        assert runs == oracle.stacked(prices, TICK, count=count)


@given(ladders(), st.lists(st.sampled_from([True, True, False]), min_size=24, max_size=24), st.integers(1, 4))
def test_equals_the_oracle_on_any_flags(bar: Ladder, marks: list[bool], count: int) -> None:
    flags = np.array(marks[: len(bar.level)])
    prices = {bar.price(i) for i in np.flatnonzero(flags).tolist()}
    runs = [(bar.price(low), bar.price(high)) for low, high in stacked(bar.level, flags, stack=count)]
    assert runs == oracle.stacked(prices, TICK, count=count)


def test_a_gap_breaks_a_run() -> None:
    flags = np.ones(6, np.bool_)
    assert stacked(np.array([10, 11, 12, 14, 15, 16]), flags) == [(0, 2), (3, 5)]
    assert stacked(np.array([10, 11, 13, 14, 16, 17]), flags) == []


def test_three_by_default() -> None:
    level = np.arange(10, 15)
    assert stacked(level, np.array([True, True, False, True, True])) == []
    assert stacked(level, np.array([False, True, True, True, False])) == [(1, 3)]
    assert stacked(level, np.zeros(5, np.bool_), stack=1) == []
