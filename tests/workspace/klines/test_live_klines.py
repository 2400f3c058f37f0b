"""Klines of ticks, and those that another process stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from orderflow.errors import NotFound
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, TickBatch
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.services import Services
from orderflow.storage.records.kline_store import KlineStore
from orderflow.workspace.klines.engine_klines import EngineKlines
from orderflow.workspace.klines.ingest import status
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.klines.stored_series import LIVELY_NS, RARELY, StoredBackfills, StoredSeries
from orderflow.workspace.klines.venue_klines import VenueKlines
from tests.clocks import ManualClock
from tests.storage.records.klines import KEY, MINUTE, T0, klines

Make = Callable[..., Services]
END = 2**53


def ms(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]


def put(market: Market, *ticks: tuple[int, int, int, int], symbol: str = "X") -> None:
    """Ticks: (ms, price in cents, size, side)."""
    rows = np.array(ticks, np.int64)
    side, none = rows[:, 3].astype(np.int8), np.full(len(rows), NO_ID)
    batch = TickBatch(symbol, rows[:, 0] * 10**6, rows[:, 1], rows[:, 2], side, np.abs(side), none, 2, 0)
    market.ingest([batch])


@pytest.mark.parametrize("frame", ["1s", "1m", "1h", "2h", "1d", "1w", "1M"])
def test_klines_of_ticks_with_years_between_them_are_found_from_both_ends(market: Market, frame: str) -> None:
    dates = [(2019, 1, 7, 0, 0), (2019, 1, 7, 9, 30), (2021, 5, 3, 1, 0), (2024, 2, 29, 23, 59)]
    put(market, *((ms(*date), 100 + number, 5, 1) for number, date in enumerate(dates)))
    engine, found = EngineKlines(market), TIMEFRAMES[frame]
    expected = sorted({found.floor(ms(*date)) for date in dates})
    now = ms(2024, 3, 1)
    assert engine.newest("X", found, 0, END, 100, now).time.tolist() == expected
    assert engine.oldest("X", found, 0, END, 100, now).time.tolist() == expected
    assert engine.newest("X", found, 0, END, 2, now).time.tolist() == expected[-2:]
    assert engine.oldest("X", found, 0, END, 2, now).time.tolist() == expected[:2]
    some = engine.oldest("X", found, expected[1], expected[-1], 100, now).time.tolist()
    assert some == expected[1:-1]


def test_a_kline_of_ticks_is_closed_by_a_later_trade_or_by_the_clock(market: Market) -> None:
    at = ms(2026, 1, 5, 12, 0)
    put(market, (at, 100, 1, 1), (at + MINUTE, 101, 2, -1))
    engine, minute = EngineKlines(market), TIMEFRAMES["1m"]

    def closed(now: int) -> list[bool]:
        return engine.newest("X", minute, 0, END, 9, now).closed.tolist()  # type: ignore[no-any-return]

    assert closed(at + MINUTE + 1) == [True, False]
    assert closed(at + 2 * MINUTE + 1_999) == [True, False]
    assert closed(at + 2 * MINUTE + 2_000) == [True, True]
    assert closed(at + 90_000 * MINUTE) == [True, False]  # it is replayed: more may come


def test_sums_of_longer_klines_are_those_of_their_minutes(market: Market) -> None:
    random = np.random.default_rng(3)
    begin = ms(2025, 12, 28, 22, 30)
    times = np.sort(random.integers(begin, begin + 6 * 86_400_000, 2_000)).tolist()
    put(market, *((at, int(random.integers(90, 110)), int(random.integers(1, 9)), 1 if at % 3 else -1) for at in times))
    engine, now = EngineKlines(market), begin + 10 * 86_400_000
    minutes = engine.newest("X", TIMEFRAMES["1m"], 0, END, 10_000, now)
    for frame in list(TIMEFRAMES.values())[2:]:
        found = engine.newest("X", frame, 0, END, 10_000, now)
        index = frame.indices(minutes.time)
        assert found.time.tolist() == frame.opens(np.unique(index)).tolist()
        for number, one in enumerate(np.unique(index)):
            part = minutes.take(index == one)
            assert found.open[number] == part.open[0]
            assert found.close[number] == part.close[-1]
            assert (found.high[number], found.low[number]) == (part.high.max(), part.low.min())
            for name in ("volume", "trades", "taker_buy_volume"):
                assert getattr(found, name)[number] == getattr(part, name).sum()


def test_a_server_reads_what_another_process_fills(make_services: Make) -> None:
    services = make_services(klines=("BTCUSDT:1m",), klines_apart=True)
    assert services.part(VenueKlines).wanted == ()
    live, store = services.part(LiveKlines), services.part(KlineStore)
    with pytest.raises(NotFound):
        live.source("BTCUSDT", "1m")
    series = store.ensure(KEY, "binance")
    assert live.page("BTCUSDT", "1m").backfill.state == "idle"
    store.upsert(series.id, klines([*range(50), *range(60, 100)]))
    page = live.page("BTCUSDT", "1m", limit=30)
    assert (page.source, len(page.klines), page.backfill.state) == ("binance", 30, "running")
    assert page.backfill.missing == [(T0 + 50 * MINUTE, T0 + 60 * MINUTE)]
    fives = live.page("BTCUSDT", "5m")
    assert fives.source == "binance, from 1m"
    closed = dict(zip(fives.klines.time.tolist(), fives.klines.closed.tolist(), strict=True))
    may_change = {TIMEFRAMES["5m"].floor(T0 + minute * MINUTE) for minute in (*range(50, 60), 99)}
    assert [time for time, flag in closed.items() if not flag] == sorted(may_change & set(closed))
    source = live.source("BTCUSDT", "1m")
    version = source.recent().version
    store.upsert(series.id, klines(range(50, 60)))
    store.upsert(series.id, klines([100], closed=False))
    told = source.recent().changed_since(version)[1]
    assert told.time.tolist() == [T0 + 100 * MINUTE]
    found = store.get(series.id)
    clock = ManualClock(found.updated)
    backfills = StoredBackfills(store, clock)
    assert backfills.of(found).state == "done"
    clock.jump(2 * LIVELY_NS / 10**9)
    assert backfills.of(found).state == "idle"


def test_gaps_of_a_long_series_are_looked_for_rarely(make_services: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store, clock = make_services().part(KlineStore), ManualClock()
    series = store.ensure(KEY, "binance")
    find, looks = store.spans, []

    def slow(*args: Any) -> Any:
        looks.append(clock.monotonic())
        clock.advance(0.5)
        return find(*args)

    monkeypatch.setattr(store, "spans", slow)
    backfills = StoredBackfills(store, clock)

    def missing() -> Any:
        return backfills.of(store.get(series.id)).missing

    store.upsert(series.id, klines([*range(5), *range(8, 10)]))
    hole = (T0 + 5 * MINUTE, T0 + 8 * MINUTE)
    assert missing() == missing() == [hole]
    clock.advance(RARELY)
    assert missing() == [hole]
    assert looks == [0.0], "nothing was written"
    store.upsert(series.id, klines([12]))
    assert missing() == [hole, (T0 + 10 * MINUTE, T0 + 12 * MINUTE)]
    store.upsert(series.id, klines(range(5, 8)))
    assert len(missing()) == 2, "too early to look again"
    clock.advance(0.5 * RARELY)
    assert missing() == [(T0 + 10 * MINUTE, T0 + 12 * MINUTE)]
    assert len(looks) == 3


def test_a_stored_series_that_is_gone_is_said_to_be(make_services: Make) -> None:
    store = make_services().part(KlineStore)
    series = store.replace(replace(KEY, name="ETHUSDT"), [klines(range(9))], "binance")
    stored = StoredSeries(store, series)
    stored.refresh()
    store.delete(series.id)
    with pytest.raises(NotFound):
        stored.refresh()


def test_ingest_tells_the_state_of_every_series(make_services: Make) -> None:
    venue = make_services(klines=("BTCUSDT:1m", "ETHUSDT:1h"), klines_apart=False, binance_rest_url="http://127.0.0.1:9/x",
                          binance_ws_url="ws://127.0.0.1:9/x").part(VenueKlines)  # fmt: skip
    assert status(venue).startswith("BTCUSDT 1m ")
    assert "; ETHUSDT 1h " in status(venue)
