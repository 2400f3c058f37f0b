"""Trade ids: consecutive, stable, and found by id and time as in a plain list."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from orderflow.exchange import ledger as module
from orderflow.exchange.ledger import Ledger
from orderflow.market import buffer
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from tests.exchange.trades import BEGIN, Fill, send, some

T0 = BEGIN // 10**6


def make(market: Market) -> Ledger:
    return Ledger(market, "BTC_USDT", threading.RLock())


def grouped(fills: list[Fill]) -> list[tuple[int, int, int, int, int, int, bool]]:
    """Aggregate trades of a plain loop: (number, first, last, ms, price, size, maker)."""
    found: list[list[Any]] = []
    before: tuple[int, int, int] | None = None
    for i, fill in enumerate(fills):
        key = (T0 + round(fill.at * 1000), fill.price, fill.side)
        if key == before:
            found[-1][2], found[-1][5] = i, found[-1][5] + fill.size
        else:
            found.append([len(found), i, i, key[0], fill.price, fill.size, fill.side < 0])
        before = key
    return [tuple(row) for row in found]


def plain(trades: list[module.Trade]) -> list[tuple[int, int, int, int, int, int, bool]]:
    return [(t.number, t.first, t.last, t.time, t.price, t.size, t.maker) for t in trades]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP", 8)
    monkeypatch.setattr(module, "PIECE", 5)
    monkeypatch.setattr(module, "CHUNK", 16)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_ids_equal_those_of_a_plain_list_for_all_queries(seed: int, late: bool) -> None:
    fills = some(seed, 300, span=5.0, late=late)
    market = Market()
    market.configure("BTC_USDT", tick_size=None)
    eager = None
    for a in range(0, 300, 37):
        send(market, *fills[a : a + 37])
        eager = eager or make(market)
        eager.advance()
    expected = grouped(fills)
    for found in (eager, make(market)):
        assert found is not None
        assert found.advance()[1:] == (300, len(expected))
        assert plain(found.aggregates(0, 1000)) == expected
        for number in (0, 1, 7, 8, 9, 63, len(expected) - 1, len(expected), 10**9):
            assert plain(found.aggregates(number, 11)) == expected[number : number + 11]
        for place in (0, 1, 150, 298, 299):
            rest = plain(found.since(place, 1000))
            assert [row[0] for row in rest] == [row[0] for row in expected if row[2] >= place]
            assert sum(row[5] for row in rest) == sum(fill.size for fill in fills[place:])
            assert rest[0][1] == place
        assert found.since(300, 10) == []


@pytest.mark.parametrize("seed", range(5))
def test_trades_are_found_by_time(seed: int) -> None:
    fills = some(seed, 300, span=5.0)
    market = Market()
    send(market, *fills)
    found, expected = make(market), grouped(fills)
    times = [row[3] for row in expected]
    for start in (T0 - 5, times[0], times[40], times[40] + 1, times[-1], times[-1] + 1):
        for end in (None, start, start + 500, times[-1], times[-1] + 9):
            wanted = [row for row in expected if start <= row[3] and (end is None or row[3] <= end)]
            assert plain(found.between(start, end, 1000)) == wanted
            assert plain(found.between(start, end, 7)) == wanted[:7]
        wanted = [row for row in expected if row[3] <= start]
        assert plain(found.between(None, start, 1000)) == wanted
        assert plain(found.between(None, start, 7)) == wanted[-7:]
        place = next((i for i, fill in enumerate(fills) if T0 + round(fill.at * 1000) >= start), 300)
        assert found.place_at(start * 10**6) == place
    assert plain(found.between(None, None, 5)) == expected[-5:]


def test_single_trades_have_consecutive_ids() -> None:
    market = Market()
    send(market, *some(1, 50))
    found = make(market)
    assert [trade.number for trade in found.trades(None, 10)] == list(range(40, 50))
    assert [trade.number for trade in found.trades(3, 4)] == [3, 4, 5, 6]
    assert found.trades(50, 4) == []


def test_aggregate_trade_longer_than_a_read() -> None:
    market = Market()
    fills = [Fill(1, 10_001, 1)] * 100 + [Fill(2, 10_001, 1)]
    send(market, *fills)
    found = make(market)
    assert plain(found.aggregates(0, 10)) == grouped(fills)
    assert found.advance()[2] == 2


def test_unknown_side_is_not_a_buy() -> None:
    market = Market()
    send(market, Fill(1, 10_000, 1, 0), Fill(1, 10_000, 1, 1))
    assert [trade.maker for trade in make(market).aggregates(0, 5)] == [True, False]


def test_late_trade_that_changes_a_side_changes_no_id() -> None:
    market = Market()
    send(market, Fill(0, 10_000, 1), Fill(5, 10_100, 1), Fill(5, 10_100, 1))
    base = market.arrivals("BTC_USDT")
    ticks = base.ticks
    none = ticks.side * 0
    market.reset("BTC_USDT")

    def again(where: slice, price: int | None = None) -> None:
        rows = slice(where.start, where.stop)
        market.ingest(
            [
                TickBatch(
                    "BTC_USDT", ticks.time[rows], ticks.level[rows] * 0 + (price or 10_100), ticks.size[rows],
                    none[rows], none[rows] + int(SideRule.TICK), ticks.id[rows], 2, 3,
                )
            ]
        )  # fmt: skip

    again(slice(1, 3))
    found = make(market)
    before = plain(found.aggregates(0, 9))
    again(slice(0, 1), 10_000)  # now the first of the two is an uptick
    after = plain(found.aggregates(0, 9))
    assert [row[:6] for row in after[: len(before)]] == [row[:6] for row in before]


def test_reset_starts_ids_at_zero() -> None:
    market = Market()
    send(market, *some(1, 50))
    found = make(market)
    found.advance()
    market.reset("BTC_USDT")
    send(market, Fill(1, 10_000, 1))
    assert plain(found.aggregates(0, 5))[0][:3] == (0, 0, 0)


def test_ids_stay_when_trades_are_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 32)
    market = Market(max_ticks=100)
    fills = some(2, 400, span=60.0)
    found = None
    for a in range(0, 400, 10):
        send(market, *fills[a : a + 10])
        found = found or make(market)
        found.advance()
    assert found is not None
    held = market.arrivals("BTC_USDT").first
    assert held > 0
    expected = grouped(fills)
    rest = plain(found.aggregates(0, 1000))
    assert rest == expected[rest[0][0] :]
    assert held <= rest[0][1] <= held + 40
    late = make(market)  # a later ledger counts from the oldest trade held
    assert [row[1:] for row in plain(late.aggregates(0, 1000))][-5:] == [row[1:] for row in expected[-5:]]
