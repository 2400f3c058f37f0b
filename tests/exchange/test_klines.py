"""Klines: equal to recorded ones, flat without trades, paged as at Binance."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderflow.exchange.dialect import INTERVALS
from orderflow.exchange.exchange import Exchange
from orderflow.exchange.klines import quote_sums
from orderflow.market import buffer
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from tests.clocks import ManualClock
from tests.exchange.asking import ask
from tests.exchange.trades import BEGIN, Fill, ingest_recorded, send, some

MS = 10**6
T0 = BEGIN // MS


def klines(exchange: Exchange, interval: str, **query: Any) -> list[list[Any]]:
    found: list[list[Any]] = ask(exchange, "klines", symbol="BTCUSDT", interval=interval, **query)
    return found


def test_complete_minutes_equal_the_recorded_klines(exchange: Exchange, clock: ManualClock, shared_data: Path) -> None:
    trades = ingest_recorded(exchange.market, shared_data)
    theirs = {row[0]: row for row in json.loads((shared_data / "crypto_btcusdt_rest/klines_1m.json").read_text())}
    mine = klines(exchange, "1m")
    covered = [row for row in mine if row[0] > trades[0]["time"] and row[6] < trades[-1]["time"]]
    assert len(covered) == 2
    assert [theirs[row[0]] for row in covered] == covered
    assert [type(value) for value in covered[0]] == [type(value) for value in theirs[covered[0][0]]]


def test_interval_without_trades_is_flat(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(5, 10_000, 1500), Fill(6, 10_100, 500, -1), Fill(190, 9_900, 1000, -1))
    clock.advance(250)
    rows = klines(exchange, "1m")
    assert [row[0] - T0 for row in rows] == [0, 60_000, 120_000, 180_000, 240_000]
    assert rows[0] == [
        T0, "100.00000000", "101.00000000", "100.00000000", "101.00000000", "2.00000000", T0 + 59_999,
        "200.50000000", 2, "1.50000000", "150.00000000", "0",
    ]  # fmt: skip
    assert rows[1][1:] == [
        "101.00000000", "101.00000000", "101.00000000", "101.00000000", "0.00000000", T0 + 119_999,
        "0.00000000", 0, "0.00000000", "0.00000000", "0",
    ]  # fmt: skip
    assert {tuple(row[1:6]) for row in rows[1:3]} == {("101.00000000",) * 4 + ("0.00000000",)}
    assert rows[4][4:6] == ["99.00000000", "0.00000000"]


def test_page_that_starts_without_trades_uses_the_last_close(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(5, 10_000, 1), Fill(5.5, 10_200, 1), Fill(80_000, 10_000, 1))
    clock.advance(80_100)
    for interval, start in (("1s", 6), ("1s", 7_000), ("1m", 60), ("1m", 69_960), ("1h", 3600)):
        first = klines(exchange, interval, startTime=T0 + start * 1000, limit=1)[0]
        assert (first[0], first[4], first[8]) == (T0 + start * 1000, "102.00000000", 0), interval


def test_ended_instrument_has_no_klines_after_its_last_trade(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(5, 10_000, 1), Fill(200, 10_000, 1))
    clock.advance(86_400 * 3)
    assert len(klines(exchange, "1m")) == 4
    assert ask(exchange, "exchangeInfo", symbol="BTCUSDT")["symbols"][0]["status"] == "BREAK"


def test_pages_by_start_end_and_limit(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, *(Fill(60 * i + 1, 10_000 + i, 1) for i in range(20)))
    clock.advance(19 * 60 + 30)
    opens = [row[0] for row in klines(exchange, "1m")]
    assert opens == [T0 + 60_000 * i for i in range(20)]

    def got(**query: int) -> list[int]:
        return [(row[0] - T0) // 60_000 for row in klines(exchange, "1m", **query)]

    assert got(limit=3) == [17, 18, 19]
    assert got(startTime=T0 + 120_000, limit=3) == [2, 3, 4]
    assert got(startTime=T0 + 120_001, limit=3) == [3, 4, 5]
    assert got(endTime=T0 + 120_000, limit=2) == [1, 2]
    assert got(endTime=T0 + 119_999) == [0, 1]
    assert got(startTime=T0 + 60_000, endTime=T0 + 180_000) == [1, 2, 3]
    assert got(startTime=T0 + 180_000, endTime=T0 + 60_000) == []
    assert got(startTime=T0 + 60_000 * 20) == []
    assert got(endTime=T0 - 1) == []
    assert got(startTime=0, limit=2) == [0, 1]
    assert got(startTime=2**63 - 1) == []
    assert len(got(limit=9999)) == 20


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval_is_the_sum_of_its_seconds(exchange: Exchange, clock: ManualClock, interval: str) -> None:
    send(exchange.market, *some(7, 400, span=90_000.0), symbol="BTC_USDT")
    clock.advance(90_000)
    ns = INTERVALS[interval]
    length = ns // MS
    expected: dict[int, list[Any]] = {}
    for trade in ask(exchange, "trades", symbol="BTCUSDT", limit=1000):
        start = trade["time"] // length * length
        bar = expected.setdefault(start, [Decimal(0), Decimal(0), 0, Decimal(0), Decimal(0)])
        bar[0] += Decimal(trade["qty"])
        bar[1] += Decimal(trade["quoteQty"])
        bar[2] += 1
        if not trade["isBuyerMaker"]:
            bar[3] += Decimal(trade["qty"])
            bar[4] += Decimal(trade["quoteQty"])
    start = min(expected)
    rows: list[list[Any]] = []
    while page := klines(exchange, interval, startTime=start, limit=1000):
        rows += page
        start = page[-1][0] + length
        if interval == "1s" and len(rows) > 3000:
            break
    found = {row[0]: [Decimal(row[5]), Decimal(row[7]), row[8], Decimal(row[9]), Decimal(row[10])] for row in rows}
    traded = {start: bar for start, bar in found.items() if bar[2]}
    assert traded == {start: bar for start, bar in expected.items() if start <= rows[-1][0]}
    assert [row[0] for row in rows] == list(range(rows[0][0], rows[-1][0] + 1, length))


def test_intervals_follow_utc_not_the_session(exchange: Exchange, clock: ManualClock) -> None:
    exchange.market.configure("BTC_USDT", session="America/Chicago 17:00")
    send(exchange.market, *some(3, 50, span=86_400 * 2.0))
    clock.advance(86_400 * 2)
    assert [row[0] for row in klines(exchange, "1d")] == [T0, T0 + 86_400_000, T0 + 2 * 86_400_000]
    assert all(row[0] % (4 * 3_600_000) == 0 for row in klines(exchange, "4h"))


@pytest.mark.parametrize(("zone", "minutes"), [("8", 480), ("-1:00", -60), ("05:45", 345), ("0", 0), ("+3:07", 187)])
def test_time_zone_shifts_the_intervals(exchange: Exchange, clock: ManualClock, zone: str, minutes: int) -> None:
    send(exchange.market, *some(3, 80, span=86_400.0))
    clock.advance(86_400)
    for interval in ("1h", "4h", "1d"):
        rows = klines(exchange, interval, timeZone=zone)
        assert all((row[0] + minutes * 60_000) % (INTERVALS[interval] // MS) == 0 for row in rows)
        assert sum(row[8] for row in rows) == 80


def test_sums_beyond_64_bits_are_exact() -> None:
    market = Market()
    send(market, *(Fill(i, 2**31 - 1, 2**48) for i in range(40)))
    table = market.bars("BTC_USDT", Frame.parse("1min"))
    assert quote_sums(table, table.level_ask) == [40 * (2**31 - 1) * 2**48]


def test_evicted_trades_are_not_filled_in(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    market, workers = Market(max_ticks=100, max_candles=2), Workers(1)
    for i in range(40):
        send(market, *(Fill(60 * i + k, 10_000, 1) for k in range(10)))
    clock.advance(40 * 60)
    exchange = Exchange(market, workers, clock)
    gone = market.lost_until("BTC_USDT")
    assert gone is not None
    first = klines(exchange, "1m", startTime=0)[0]
    assert first[0] * MS > gone
    assert first[8] == 10
    workers.stop()
