"""Studies over several bars: naked POC, unfinished auctions, absorption, divergence."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.absorption import absorption, median_volume
from orderflow.market.studies.divergence import divergence
from orderflow.market.studies.naked_poc import naked_poc, untouched
from orderflow.market.studies.unfinished import finished_by, unfinished
from tests.oracle import studies as oracle
from tests.oracle.ladders import TICK, Ladder, ladder, ladders

BARS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 8), st.integers(0, 8), st.integers(-3, 3), st.booleans()),
    min_size=1,
    max_size=40,
)


def columns(bars: list[tuple[int, int, int, int, bool]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(POC, high, low) of bars given as (low, distance to the POC, distance from there to the high, …)."""
    low = np.array([bar[0] for bar in bars])
    between = low + [bar[1] for bar in bars]
    return between, between + [bar[2] for bar in bars], low


@given(BARS)
def test_naked_poc_equals_the_oracle(bars: list[tuple[int, int, int, int, bool]]) -> None:
    level, high, low = columns(bars)
    assert naked_poc(level, high, low).tolist() == oracle.naked_poc(level.tolist(), high.tolist(), low.tolist())


@given(BARS, st.sets(st.integers(-2, 50)))
def test_untouched_rows_are_those_that_no_bar_covers(
    bars: list[tuple[int, int, int, int, bool]], rows: set[int]
) -> None:
    _, high, low = columns(bars)
    expected = [all(not x <= row <= y for x, y in zip(low, high, strict=True)) for row in sorted(rows)]
    assert untouched(np.array(sorted(rows), np.int64), high, low).tolist() == expected


def test_the_first_touch_of_a_poc_fills_it() -> None:
    level, high, low = np.array([10, 20, 14, 10]), np.array([12, 22, 15, 10]), np.array([8, 18, 11, 9])
    assert naked_poc(level, high, low).tolist() == [3, -1, -1, -1]  # the second bar skips 14


@given(BARS)
def test_finished_by_equals_the_oracle(bars: list[tuple[int, int, int, int, bool]]) -> None:
    _, high, low = columns(bars)
    flags = np.array([bar[4] for bar in bars])
    at_high, at_low = finished_by(flags, ~flags, high, low)
    assert at_high.tolist() == oracle.beyond(flags.tolist(), high.tolist())
    assert at_low.tolist() == oracle.beyond((~flags).tolist(), (-low).tolist())


def test_an_unfinished_high_lasts_until_a_bar_trades_beyond_it() -> None:
    high, low = np.array([10, 10, 11]), np.array([5, 6, 7])
    at_high, at_low = finished_by(np.array([True, False, False]), np.array([True, False, True]), high, low)
    assert at_high.tolist() == [2, -1, -1]  # the second bar reaches 10 but not beyond
    assert at_low.tolist() == [-1, -1, -1]


@given(ladders())
def test_unfinished_equals_the_oracle(bar: Ladder) -> None:
    assert unfinished(bar.bid, bar.ask) == oracle.unfinished(bar.cells)


@given(st.lists(ladders(most=8), min_size=1, max_size=4), st.integers(0, 30), st.sampled_from([(4, 1), (3, 2)]))
def test_absorption_equals_the_oracle(bars: list[Ladder], close: int, times: tuple[int, int]) -> None:
    bar = bars[-1]
    at = int(bar.level[0]) + close
    median = median_volume(np.concatenate([one.volume for one in bars]))
    buyers, sellers = absorption(bar.level, bar.bid, bar.ask, at, median, times=times)
    expected = oracle.absorption(bar.cells, at * TICK, [one.cells for one in bars], Fraction(*times))
    assert {bar.price(i) for i in np.flatnonzero(buyers).tolist()} == expected[0]
    assert {bar.price(i) for i in np.flatnonzero(sellers).tolist()} == expected[1]


def test_absorption_needs_the_close_beyond_the_level() -> None:
    bar = ladder([(10, 9, 0, 0), (11, 1, 1, 0), (12, 0, 8, 0)])
    for close, buyers, sellers in ((11, [12], [10]), (12, [], [10]), (10, [12], [])):
        marks = absorption(bar.level, bar.bid, bar.ask, close, Fraction(2))
        assert [bar.level[m].tolist() for m in marks] == [buyers, sellers]


def test_a_median_of_halves_and_of_nothing() -> None:
    assert median_volume(np.array([0, 3, 1, 0, 2, 6])) == Fraction(5, 2)
    assert median_volume(np.array([5, 1, 9])) == 5
    assert median_volume(np.array([0, 0])) == 0
    bar = ladder([(10, 9, 0, 0), (12, 0, 8, 0)])
    assert not np.any(absorption(bar.level, bar.bid, bar.ask, 11, 0))


@given(BARS, st.integers(1, 6))
def test_divergence_equals_the_oracle(bars: list[tuple[int, int, int, int, bool]], count: int) -> None:
    _, high, low = columns(bars)
    delta = np.array([bar[3] for bar in bars])
    bearish, bullish = divergence(high, low, delta, bars=count)
    expected = oracle.divergence(high.tolist(), low.tolist(), delta.tolist(), count)
    assert (bearish.tolist(), bullish.tolist()) == expected


def test_a_new_high_is_above_the_five_before_it() -> None:
    low = np.zeros(7, np.int64)
    delta = np.full(7, -1)
    assert divergence(np.array([9, 1, 2, 3, 4, 5, 6]), low, delta)[0].tolist() == [False] * 6 + [True]
    assert not divergence(np.array([9, 6, 2, 3, 4, 5, 6]), low, delta)[0].any()  # equal is not new
    assert not divergence(np.array([1, 2, 3, 4, 5]), low[:5], delta[:5])[0].any()  # too few bars before
    with pytest.raises(ValueError, match="at least one"):
        divergence(low, low, delta, bars=0)
