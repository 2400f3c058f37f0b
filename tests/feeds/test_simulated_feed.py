"""The simulated feed: realistic trades, labelled, logged, in order whatever the clock does, and over restarts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from orderflow.errors import BadSetting, StorageFailed
from orderflow.feeds.live import State
from orderflow.feeds.simulated import LEAST_PAUSE, LEVELS, WARM_STEPS, SimulatedFeed, level_of
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from tests.clocks import ManualClock
from tests.market.memory_log import MemoryLog
from tests.storage.ticks.batches import batch

NOW = 1_790_000_000_000_000_000
HOUR = 3_600 * 10**9


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(threads=1)
    yield made
    assert made.stop(60.0) == []


def run(feed: SimulatedFeed, clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds):
        clock.advance(1)
        feed.turn()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def feed(market: Market, workers: Workers, clock: ManualClock) -> SimulatedFeed:
    return SimulatedFeed(market, workers, clock, seed=5)


def test_a_new_series_begins_with_an_hour_of_trades(feed: SimulatedFeed, market: Market) -> None:
    feed.add("BTC")
    feed.turn()
    info = market.info("sim:BTC")
    assert NOW - WARM_STEPS * 10**9 <= info.first < NOW - HOUR
    assert NOW - 10**10 < info.last <= NOW
    assert info.tick_size == "0.01"


def test_trades_come_at_the_time_that_they_are_stamped_with(
    feed: SimulatedFeed, market: Market, clock: ManualClock
) -> None:
    for name in ("BTC", "ETH", "DOGE"):
        feed.add(name)
    run(feed, clock, 3)
    begun, turns = clock.now(), 0
    held, before = market.info("sim:BTC").ticks, feed.status().total("trades")
    while clock.now() < begun + 120 * 10**9:
        pause = feed.turn()
        fresh = market.arrivals("sim:BTC", held, 1_000).ticks.time
        held, turns = held + len(fresh), turns + 1
        # turn() comes after the pause that the last one asked for, and trades closer than that come together
        assert ((clock.now() - fresh >= 0) & (clock.now() - fresh <= (LEAST_PAUSE + 0.001) * 1e9)).all()
        assert LEAST_PAUSE <= pause <= 1.0
        clock.advance(pause)
    assert turns < 2 * (feed.status().total("trades") - before)  # it sleeps in between


@pytest.mark.parametrize("name", ["BTC", "ETH", "DOGE"])
def test_levels_sizes_and_rates_are_those_of_a_pair(
    name: str, feed: SimulatedFeed, market: Market, clock: ManualClock
) -> None:
    level = LEVELS[name]
    feed.add(name)
    run(feed, clock, 120)
    table = market.ticks(f"sim:{name}")
    ticks, grid = table.ticks, table.grid
    seconds = (ticks.time[-1] - ticks.time[0]) / 1e9
    assert 0.6 * level.rate < len(ticks) / seconds < 1.5 * level.rate
    price = ticks.level * grid.tick_units / 10**grid.price_decimals
    assert abs(price / level.price - 1).max() < 0.1
    assert 0.5 < np.median(ticks.size) * 10 ** (level.size_decimals - grid.size_decimals) / level.size < 2
    assert (ticks.size > 0).all()
    assert 0.35 < (ticks.side == 1).mean() < 0.65
    assert set(np.unique(ticks.side)) == {-1, 1}


def test_an_unknown_name_has_a_level_of_its_own_that_does_not_change() -> None:
    assert level_of("PEPE") == level_of("PEPE")
    assert (level_of("PEPE").price, level_of("PEPE").decimals) == (1.1884, 4)
    assert level_of("LTC") != level_of("PEPE")
    assert level_of("BTCUSDT") == level_of("BTC-USD") == LEVELS["BTC"]
    for number in range(300):
        level = level_of(f"X{number}")
        assert 0.4 < level.price < 550
        assert level.price * 10**level.decimals > 1_000


def test_pairs_come_one_in_a_turn_and_go(feed: SimulatedFeed, market: Market, clock: ManualClock) -> None:
    for name in ("BTC", "ETH", "BTC"):
        feed.add(name)
    run(feed, clock, 1)
    assert [info.symbol for info in market.symbols()] == ["sim:BTC"]
    run(feed, clock, 1)
    assert [info.symbol for info in market.symbols()] == ["sim:BTC", "sim:ETH"]
    feed.remove("BTC")
    feed.remove("NEVER")
    before = market.info("sim:BTC").ticks
    run(feed, clock, 20)
    assert market.info("sim:BTC").ticks == before
    feed.add("BTC")  # goes on from its last price
    last = market.info("sim:BTC")
    run(feed, clock, 20)
    fresh = market.ticks("sim:BTC", start=last.last + 1)
    assert len(fresh.ticks)
    assert abs(market.info("sim:BTC").price / last.price - 1) < 0.01


def test_times_do_not_go_back_with_a_clock_that_is_corrected(
    feed: SimulatedFeed, market: Market, clock: ManualClock
) -> None:
    feed.add("BTC")
    run(feed, clock, 30)
    clock.jump(-50)
    run(feed, clock, 30)
    clock.jump(86_400 * 400)
    run(feed, clock, 30)
    clock.suspend(3_600)
    run(feed, clock, 30)
    arrivals = market.arrivals("sim:BTC", 0, 100_000).ticks.time
    assert (np.diff(arrivals) > 0).all()
    assert abs(int(arrivals[-1]) - clock.now()) < 10**11
    assert market.stats("sim:BTC")["late"] == 0


def test_a_clock_that_was_far_ahead_leaves_no_ticks_in_the_future(
    feed: SimulatedFeed, market: Market, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("BTC", "ETH"):
        feed.add(name)
    run(feed, clock, 30)
    clock.jump(86_400 * 400)
    run(feed, clock, 30)
    before, epoch = market.info("sim:BTC"), market.epoch
    clock.jump(-86_400 * 400)
    begun = clock.now()
    run(feed, clock, 30)
    for name in ("sim:BTC", "sim:ETH"):
        times = market.ticks(name).ticks.time
        assert ((times >= begun) & (times <= clock.now())).all()
        assert len(times) > 5
        assert market.stats(name)["late"] == 0
    assert abs(market.info("sim:BTC").price / before.price - 1) < 0.01
    assert market.epoch != epoch
    assert "sim:BTC begins anew: its ticks were up to +400.0 d from now" in caplog.text


def test_ticks_of_a_run_whose_clock_was_ahead_are_deleted_at_the_start(workers: Workers, clock: ManualClock) -> None:
    log = MemoryLog()
    first = SimulatedFeed(Market(log), workers, clock)
    first.add("ETH")
    clock.jump(86_400)
    run(first, clock, 10)
    clock.jump(-86_400)
    market = Market(log)
    market.load()
    price = market.info("sim:ETH").price
    again = SimulatedFeed(market, workers, clock)
    again.add("ETH")
    run(again, clock, 20)
    assert market.info("sim:ETH").last <= clock.now()
    assert abs(market.info("sim:ETH").price / price - 1) < 0.01


def test_ticks_of_the_future_that_cannot_be_deleted_stop_nothing(
    feed: SimulatedFeed, market: Market, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(symbol: str) -> None:
        raise StorageFailed("full")

    feed.add("BTC")
    clock.jump(3_600)
    run(feed, clock, 10)
    clock.jump(-3_600)
    monkeypatch.setattr(market, "reset", refuse)
    last = market.info("sim:BTC").last
    run(feed, clock, 10)
    assert market.info("sim:BTC").last > last
    assert market.stats("sim:BTC")["late"] == 0


def test_it_goes_on_after_a_restart_from_its_last_price(workers: Workers, clock: ManualClock) -> None:
    log = MemoryLog()
    first = SimulatedFeed(Market(log), workers, clock)
    first.add("ETH")
    run(first, clock, 10)
    market = Market(log)
    market.load()
    known = market.info("sim:ETH")
    clock.jump(-60)  # the machine's clock was corrected meanwhile
    again = SimulatedFeed(market, workers, clock)
    again.add("ETH")
    run(again, clock, 20)
    fresh = market.ticks("sim:ETH", start=known.last + 1)
    assert len(fresh.ticks) > 3
    assert abs(fresh.ticks.level[0] * 0.01 / known.price - 1) < 0.002
    assert market.stats("sim:ETH")["late"] == 0


def test_a_series_is_not_the_charts_default_and_comes_after_real_ones(
    feed: SimulatedFeed, market: Market, clock: ManualClock
) -> None:
    feed.add("BTC")
    feed.turn()
    assert market.active() is None
    market.ingest([batch(5, symbol="REAL")])
    feed.add("ETH")
    run(feed, clock, 1)
    assert market.active() == "REAL"
    assert [info.symbol for info in market.symbols()] == ["REAL", "sim:BTC", "sim:ETH"]


def test_a_full_disk_is_said_and_ends(workers: Workers, clock: ManualClock) -> None:
    log = MemoryLog()
    feed = SimulatedFeed(Market(log), workers, clock)
    feed.add("BTC")
    log.fail = True
    run(feed, clock, 3)
    row = feed.status().series[0]
    assert row.reason == "no space left"
    assert row.refused > 1_000
    log.fail = False
    run(feed, clock, 20)
    row = feed.status().series[0]
    assert (row.reason, row.trades > 0) == ("", True)


def test_the_status_says_simulated_and_how_old(feed: SimulatedFeed, clock: ManualClock) -> None:
    feed.add("BTC")
    assert (feed.status().simulated, feed.status().state) == (True, State.STOPPED)
    feed.start()
    try:
        until = time.monotonic() + 60
        while feed.status().series[0].state is not State.LIVE and time.monotonic() < until:
            time.sleep(0.01)
        row = feed.status().json()["series"][0]
        assert row["series"] == "sim:BTC"
        assert row["state"] == "live"
        assert 0 <= row["age"] < 10
        feed.start()
    finally:
        feed.stop()
    feed.stop()
    assert feed.status().state is State.STOPPED


def test_the_original_systems_list_does_not_have_them(make_services: Callable[..., Services]) -> None:
    services = make_services(feeds=("simulated",), tickers=("BTC",), ticker_count=1)
    client = create_server(services).test_client()
    until = time.monotonic() + 60
    while not services.market.revision("sim:BTC") and time.monotonic() < until:
        time.sleep(0.01)
    assert [row["id"] for row in client.get("/api/v1/tickers").get_json()] == ["ITEM_00"]
    assert client.get("/api/v1/tickers/sim:BTC/history").status_code == 404
    assert client.get("/api/v1/symbols").get_json()["symbols"][0]["symbol"] == "sim:BTC"
    assert client.get("/stats").get_json()["symbol"] is None


def test_ticks_are_logged(tmp_path: Path) -> None:
    services = build_services(Settings.of(data_dir=tmp_path, ticker_count=0, tickers=("DOGE",)))
    services.start()
    until = time.monotonic() + 60
    while not services.market.revision("sim:DOGE") and time.monotonic() < until:
        time.sleep(0.01)
    services.stop()
    again = build_services(Settings.of(data_dir=tmp_path, ticker_count=0, feeds=()))
    try:
        assert again.start() > 1_000
    finally:
        again.stop()


def test_it_has_no_parts() -> None:
    with pytest.raises(BadSetting, match="simulated:x is not allowed"):
        build_services(Settings.of(ephemeral=True, feeds=("simulated:x",)))
