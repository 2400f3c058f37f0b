"""Bubble measures against values computed by hand, and their periods."""

from __future__ import annotations

import numpy as np
import pytest

from orderflow.herd.debrief.bubbles import peak, periods, rad, rd
from orderflow.herd.debrief.columns import build_record
from tests.herd.logs import MICRO, SECOND, START, Log


def round_event(log: Log, second: float, number: int, state: str, value: float | None) -> None:
    micro = None if value is None else round(value * MICRO)
    kept = {"seconds": 10, "fundamental": micro, "preset": None, "dividend": None}
    log.add(second, "round", round=number, of=3, state=state, **kept)


def test_deviations_match_values_computed_by_hand() -> None:
    price, value = np.array([12.0, 10.0, np.nan, 5.0]), np.array([10.0, 8.0, 7.0, 6.0])
    # gaps 2, 2, −1 over the periods that traded; their mean value is 8
    assert rad(price, value) == pytest.approx(5 / 3 / 8)
    assert rd(price, value) == pytest.approx(1 / 8)
    assert rad(np.array([np.nan]), np.array([3.0])) is None
    assert rad(np.array([]), np.array([])) is None


def test_three_rounds_are_the_periods() -> None:
    log = Log()
    log.people(2)
    for number, (value, price) in enumerate(((30.0, 33.0), (20.0, 22.0), (10.0, 10.0)), 1):
        begin = (number - 1) * 10 + 1
        round_event(log, begin, number, "begin", value)
        first, second = log.order(begin + 2, "p1", 1, 3), log.order(begin + 4, "p2", 1, 1)
        log.batch(begin + 2.25, [first], price=price)
        log.batch(begin + 4.25, [second], price=price + 4)
        round_event(log, begin + 9, number, "end", value)
    found = periods(build_record(log.events))
    assert found.rounds
    np.testing.assert_allclose(found.price, [34.0, 23.0, 11.0])  # weighted by volume: (3 · 33 + 37) / 4
    assert found.value.tolist() == [30, 20, 10]
    assert rad(found.price, found.value) == pytest.approx((4 + 3 + 1) / 3 / 20)


def test_one_long_round_is_cut_into_slices() -> None:
    log = Log()
    log.people(1)
    round_event(log, 0, 1, "begin", 50.0)
    for second in range(1, 200, 2):
        log.trade(second, {"p1": 1 if second % 4 == 1 else -1}, price=60.0)
    round_event(log, 200, 1, "end", 50.0)
    found = periods(build_record(log.events))
    assert not found.rounds
    assert len(found.price) == 20
    assert (found.end - found.begin).tolist() == [10 * SECOND] * 20
    assert found.begin[0] == START
    assert rad(found.price, found.value) == pytest.approx(0.2)
    assert rd(found.price, found.value) == pytest.approx(0.2)


def test_slices_without_trades_have_no_price_and_games_without_value_no_periods() -> None:
    log = Log()
    log.people(1)
    log.trade(1, {"p1": 1})
    assert len(periods(build_record(log.events)).price) == 0
    round_event(log, 2, 1, "begin", 100.0)
    round_event(log, 12, 1, "end", 100.0)
    found = periods(build_record(log.events))
    assert np.isnan(found.price).tolist() == [True, True]
    assert rad(found.price, found.value) is None


def test_peak_and_trough() -> None:
    time = START + np.arange(6) * SECOND
    found = peak(time, np.array([100.0, 120.0, 150.0, 90.0, 150.0, 120.0]))
    assert found is not None
    assert (found.price, found.seconds, found.low) == (150.0, 2.0, 90.0)
    assert found.fall == pytest.approx(0.4)
    assert found.rise == pytest.approx(0.5)
    assert peak(time[:0], np.array([])) is None
