"""Arrival indices of ticks: unchanged by late ticks, and counted from 0 again after a reset."""

from __future__ import annotations

import numpy as np
import pytest

from orderflow.market import buffer
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch


def send(market: Market, *seconds: int, rule: SideRule = SideRule.NONE) -> None:
    count = len(seconds)
    none = np.zeros(count, np.int8)
    market.ingest(
        [
            TickBatch(
                "X",
                np.array(seconds, np.int64) * 10**9,
                np.arange(100, 100 + count),
                np.ones(count, np.int64),
                none,
                none + np.int8(rule),
                np.full(count, NO_ID),
                0,
                0,
            )
        ]
    )


def test_a_late_tick_comes_last() -> None:
    market = Market()
    send(market, 10, 11)
    send(market, 5)
    found = market.arrivals("X")
    assert (found.first, found.total, found.ticks.time.tolist()) == (0, 3, [10 * 10**9, 11 * 10**9, 5 * 10**9])
    part = market.arrivals("X", 1, 1)
    assert (part.first, part.total, part.ticks.time.tolist()) == (1, 3, [11 * 10**9])
    assert len(market.arrivals("X", 7)) == 0


def test_the_tick_rule_has_been_applied() -> None:
    market = Market()
    send(market, 10, 11, 12, rule=SideRule.TICK)
    assert market.arrivals("X").ticks.side.tolist() == [Side.UNKNOWN, Side.BUY, Side.BUY]


def test_a_reset_begins_again() -> None:
    market = Market()
    send(market, 10, 11)
    before = market.arrivals("X").epoch
    market.reset("X")
    send(market, 12)
    found = market.arrivals("X")
    assert (found.first, found.total) == (0, 1)
    assert found.epoch != before


def test_places_count_what_memory_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 8)
    market = Market(max_ticks=10)
    for second in range(30):
        send(market, second)
    found = market.arrivals("X")
    assert found.total == 30
    assert found.first > 0
    assert found.ticks.time.tolist() == [second * 10**9 for second in range(found.first, 30)]
