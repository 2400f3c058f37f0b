"""Studies of single trades: big trades and speed of tape."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.big_trades import Percentile, big_trades
from orderflow.market.studies.tape_speed import SECOND, tape_speed
from tests.oracle import studies as oracle


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=60),
    st.sampled_from([Fraction(99, 100), Fraction(9, 10), Fraction(1, 2), Fraction(1)]),
    st.integers(1, 12),
)
def test_big_trades_equal_the_oracle(trades: list[tuple[int, int]], share: Fraction, warm: int) -> None:
    size = [size for size, _ in trades]
    session = sorted(session for _, session in trades)
    big, against = big_trades(np.array(size), np.array(session), percentile=100 * share, warm=warm)
    assert big.tolist() == oracle.big_trades(size, session, share, warm)
    assert ((against >= 0) | ~big).all()


def test_the_percentile_is_one_of_the_numbers() -> None:
    seen = Percentile()
    found = [seen.add(number) for number in range(1, 201)]
    assert found[98:102] == [99, 99, 100, 101]  # rank ⌈0.99·n⌉: 99 of 99, 99 of 100, 100 of 101
    assert found[-1] == 198


def test_no_trade_is_big_before_a_hundred() -> None:
    size = np.array([50] * 99 + [50, 1, 60])
    big, against = big_trades(size, np.zeros(102, np.int64))
    assert big.tolist() == [False] * 99 + [True, False, True]
    assert against.tolist() == [-1] * 99 + [50, 50, 50]


def test_a_fixed_size() -> None:
    big, against = big_trades(np.array([9, 10, 0, 11]), np.zeros(4, np.int64), fixed=10)
    assert big.tolist() == [False, True, False, True]
    assert against.tolist() == [10] * 4
    assert not big_trades(np.array([0]), np.zeros(1, np.int64), fixed=0)[0].any()


@pytest.mark.parametrize("share", [101, 0])
def test_a_percentile_without_a_meaning(share: int) -> None:
    with pytest.raises(ValueError, match=r"percentile|ratio"):
        Percentile(share)


@given(
    st.lists(st.integers(0, 40), max_size=30),
    st.lists(st.integers(0, 45), min_size=1, max_size=6),
    st.integers(1, 7),
)
def test_tape_speed_equals_the_oracle(seconds: list[int], moments: list[int], width: int) -> None:
    start = 1_760_000_000 * SECOND
    time = np.sort(np.array(seconds, np.int64)) * SECOND + start
    at = np.array(moments) * SECOND + start
    speed = tape_speed(time, at, np.full(len(at), start), seconds=width)
    for i, moment in enumerate(at.tolist()):
        expected = oracle.tape_speed(time.tolist(), moment, start, width * SECOND)
        assert (speed.count[i], speed.trades[i], speed.windows[i]) == expected


def test_speed_against_the_sessions_average() -> None:
    # 15 s windows: 4 trades, none, 2; then 3 in the window that still runs
    time = np.array([1, 2, 3, 14, 30, 31, 46, 47, 48]) * SECOND
    at = np.array([0, 48, 60]) * SECOND
    speed = tape_speed(time, at, np.zeros(3, np.int64))
    assert speed.count.tolist() == [0, 3, 3]
    assert speed.trades.tolist() == [0, 6, 9]
    assert speed.windows.tolist() == [0, 3, 4]
    assert np.isnan(speed.ratio[0])
    assert speed.ratio[1:].tolist() == [1.5, 3 * 4 / 9]


def test_the_time_before_the_first_trade_does_not_count() -> None:
    time = np.array([3600, 3610, 3620]) * SECOND
    speed = tape_speed(time, np.array([3630 * SECOND]), np.array([0]))
    assert (speed.trades.tolist(), speed.windows.tolist()) == ([3], [2])


def test_other_sessions_do_not_count() -> None:
    time = np.array([0, 1, 2, 100, 115]) * SECOND
    speed = tape_speed(time, np.array([130 * SECOND]), np.array([100 * SECOND]))
    assert (speed.trades.tolist(), speed.windows.tolist()) == ([2], [2])


def test_a_window_of_nothing() -> None:
    with pytest.raises(ValueError, match="a second at least"):
        tape_speed(np.array([0]), np.array([0]), np.array([0]), seconds=0)
