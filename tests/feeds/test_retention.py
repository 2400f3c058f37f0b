"""Old trades of feeds are deleted, those of others never, over restarts too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderflow.errors import StorageFailed
from orderflow.feeds.retention import Retention
from orderflow.market.frames import DAY
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.clocks import ManualClock
from tests.storage.ticks.batches import batch, put

NOW = 1_790_000_000_000_000_000
TODAY = NOW // DAY * DAY


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(threads=1)
    yield made
    assert made.stop(60.0) == []


@pytest.fixture
def log(tmp_path: Path, workers: Workers) -> Iterator[DiskTickLog]:
    """Forty days of two series and of one that was sent by somebody."""
    made = DiskTickLog(tmp_path, workers)
    for day in range(40, -1, -1):
        put(made, *(batch(20, symbol=name, seed=day, start=TODAY - day * DAY) for name in ("sim:BTC", "x:BTC", "MINE")))
    yield made
    made.close()


def days_held(log: DiskTickLog, symbol: str) -> int:
    bounds = log.bounds(symbol)
    return 0 if bounds is None else (TODAY + DAY - 1 - bounds[0]) // DAY


def test_old_trades_go_before_the_start_and_others_stay(log: DiskTickLog, workers: Workers) -> None:
    market = Market(log)
    retention = Retention(market, log, workers, ManualClock(NOW), 30)
    retention.sweep_at_start()
    assert [days_held(log, name) for name in ("sim:BTC", "x:BTC", "MINE")] == [40, 40, 40]
    retention.watch("x:BTC")
    retention.watch("sim:BTC")
    again = Retention(market, log, workers, ManualClock(NOW), 30)  # the names are stored
    assert again.watched() == ["sim:BTC", "x:BTC"]
    again.sweep_at_start()
    assert [days_held(log, name) for name in ("sim:BTC", "x:BTC", "MINE")] == [7, 30, 40]
    assert again.status() == {"days": 30, "simulated_days": 7, "removed": 20 * (33 + 10)}
    assert market.load() == log.info().ticks


def test_fewer_days_than_a_week_hold_for_simulated_trades_too(log: DiskTickLog, workers: Workers) -> None:
    retention = Retention(Market(log), log, workers, ManualClock(NOW), 2)
    retention.watch("sim:BTC")
    retention.sweep_at_start()
    assert days_held(log, "sim:BTC") == 2


def test_while_the_server_runs_memory_goes_first(
    log: DiskTickLog, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderflow.market.buffer.SEGMENT", 100)  # five days
    market, clock = Market(log), ManualClock(NOW)
    market.load()
    retention = Retention(market, log, workers, clock, 30)
    retention.watch("sim:BTC")
    retention.sweep()
    assert days_held(log, "sim:BTC") == 10  # memory holds a segment that ends after the limit
    held = market.arrivals("sim:BTC", 0, 1).ticks.time[0]
    assert (TODAY + DAY - 1 - int(held)) // DAY == 10
    for _ in range(6):  # days pass
        clock.advance(86_400)
        day = clock.now() // DAY * DAY
        market.ingest([batch(20, symbol="sim:BTC", seed=int(day // DAY), start=day)])
        retention.sweep()
    assert days_held(log, "sim:BTC") <= 5
    assert len(market.ticks("sim:BTC").ticks) == sum(
        len(b) for entry in log.load() for b in entry.batches if b.symbol == "sim:BTC"
    )


def test_a_clock_that_is_ahead_for_some_hours_deletes_nothing(log: DiskTickLog, workers: Workers) -> None:
    clock = ManualClock(NOW)
    retention = Retention(Market(log), log, workers, clock, 30)
    retention.watch("x:BTC")
    retention.sweep()
    assert days_held(log, "x:BTC") == 30
    clock.jump(400 * 86_400)
    for _ in range(24):
        retention.sweep()
        clock.advance(3_600 - 1)
    assert days_held(log, "x:BTC") >= 29, "a day has passed, not 400"
    clock.advance(60)
    retention.sweep()
    assert days_held(log, "x:BTC") == 0, "a clock that stays there is right"


def test_a_disk_that_refuses_stops_nothing(log: DiskTickLog, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    market = Market(log)
    retention = Retention(market, log, workers, ManualClock(NOW), 30)
    retention.watch("sim:BTC")

    def refuse(*args: object) -> int:
        raise StorageFailed("full")

    with monkeypatch.context() as patch:
        patch.setattr(log, "trim", refuse)
        retention.sweep_at_start()
        retention.sweep()
    assert (days_held(log, "sim:BTC"), retention.removed) == (40, 0)
    retention.sweep()
    assert days_held(log, "sim:BTC") == 7
