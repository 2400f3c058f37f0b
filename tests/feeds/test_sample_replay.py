"""The in-process replay: what it ingests, when, and how it starts, stops and restarts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import BadInput, Busy, NotFound
from orderflow.feeds.pacing import MAX
from orderflow.feeds.replay import SampleReplay
from orderflow.market.market import Market
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers

MINUTE = 60_000


class FakeMarket:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.times: list[int] = []
        self.symbols: set[str] = set()
        self.busy = 0
        self.broken = False

    def ingest(self, batches: Sequence[TickBatch], key: str | None = None) -> object:
        if self.broken:
            raise OSError("disk full")
        if self.busy:
            self.busy -= 1
            raise Busy("later", retry_after=0)
        for batch in batches:
            assert len(batch)
            self.symbols.add(batch.symbol)
            self.times += (batch.time // 1_000_000).tolist()
        self.log.append("ingest")
        return None

    def reset(self, symbol: str | None = None) -> None:
        assert symbol is not None
        self.log.append(f"reset {symbol}")
        if not self.times:
            raise NotFound("nothing there")
        self.times.clear()


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(threads=1)
    yield made
    assert made.stop(60.0) == []


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """100 minutes with a trade every 10 s, two of them swapped."""
    times = [1_760_032_800_000 + i * 10_000 for i in range(600)]
    times[50], times[51] = times[51], times[50]
    file = tmp_path / "tape.csv"
    file.write_text("timestamp,price,size,side\n" + "".join(f"{t},100,1,buy\n" for t in times))
    return file


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def state(feed: SampleReplay) -> Any:
    return (feed.status() or {}).get("state")


def test_all_ticks_are_replayed_in_order(workers: Workers, recording: Path) -> None:
    market = FakeMarket()
    feed = SampleReplay(market, workers, recording, MAX)
    assert feed.status() is None
    feed.start()
    until(lambda: state(feed) == "done")
    assert market.times == [1_760_032_800_000 + i * 10_000 for i in range(600)]
    assert market.symbols == {"tape-SAMPLE"}
    assert feed.status() == {
        "state": "done",
        "symbol": "tape-SAMPLE",
        "title": "tape.csv",
        "velocity": "max",
        "sent": 600,
        "total": 600,
        "time": 1_760_032_800_000 + 599 * 10_000,
        "lag": 0.0,
        "error": None,
    }


def test_warm_start_paces_only_the_last_minutes(workers: Workers, recording: Path) -> None:
    market = FakeMarket()
    feed = SampleReplay(market, workers, recording, 1.0, warm_start=30.0)
    feed.start()
    until(lambda: len(market.times) > 419)
    time.sleep(0.05)
    assert len(market.times) == 420  # the 70 minutes before, and the first of the 30 that is due at once
    assert market.log.count("ingest") == 2
    assert state(feed) == "replaying"
    feed.stop()
    assert state(feed) == "stopped"


def test_no_warm_start_paces_all(workers: Workers, recording: Path) -> None:
    market = FakeMarket()
    feed = SampleReplay(market, workers, recording, 60_000.0, warm_start=None)
    began = time.monotonic()
    feed.start()
    until(lambda: state(feed) == "done")
    assert time.monotonic() - began >= 0.09  # 5,990 s of market
    assert len(market.times) == 600


def test_starting_twice_only_changes_the_velocity(workers: Workers, recording: Path) -> None:
    market = FakeMarket()
    feed = SampleReplay(market, workers, recording, 1.0)
    feed.start()
    until(lambda: len(market.times) == 420)
    feed.start()
    feed.start(velocity=MAX)
    until(lambda: state(feed) == "done")
    assert len(market.times) == 600
    assert market.log.count("reset tape-SAMPLE") == 1
    assert (feed.status() or {})["velocity"] == "max"


def test_second_replay_resets_its_own_symbol(workers: Workers, recording: Path) -> None:
    market = FakeMarket()
    feed = SampleReplay(market, workers, recording, MAX, symbol="X")
    for _ in range(2):
        feed.start()
        until(lambda: state(feed) == "done")
        assert len(market.times) == 600
    assert market.log.count("reset X") == 2


def test_stop_without_start_does_nothing(workers: Workers, recording: Path) -> None:
    feed = SampleReplay(FakeMarket(), workers, recording)
    feed.stop()
    assert feed.status() is None


def test_repeat_starts_again(workers: Workers, recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.feeds.replay._LAP_REST", 0.01)
    market = FakeMarket()
    feed = SampleReplay(market, workers, recording, MAX, repeat=True)
    feed.start()
    until(lambda: market.log.count("reset tape-SAMPLE") >= 3)
    feed.stop()
    assert state(feed) == "stopped"


def test_busy_engine_still_gets_every_tick(workers: Workers, recording: Path) -> None:
    market = FakeMarket()
    market.busy = 3
    feed = SampleReplay(market, workers, recording, MAX)
    feed.start()
    until(lambda: state(feed) == "done")
    assert len(market.times) == 600


def test_failure_is_in_the_status(workers: Workers, recording: Path, caplog: pytest.LogCaptureFixture) -> None:
    market = FakeMarket()
    market.broken = True
    feed = SampleReplay(market, workers, recording, MAX)
    feed.start()
    until(lambda: state(feed) == "failed")
    assert (feed.status() or {})["error"] == "disk full"
    market.broken = False
    feed.start()
    until(lambda: state(feed) == "done")
    assert (feed.status() or {})["error"] is None


def test_a_velocity_is_above_zero(workers: Workers, recording: Path) -> None:
    with pytest.raises(BadInput, match="above 0"):
        SampleReplay(FakeMarket(), workers, recording, 0.0)
    feed = SampleReplay(FakeMarket(), workers, recording)
    with pytest.raises(BadInput, match="above 0"):
        feed.start(velocity=-1.0)


def test_the_bundled_sample_into_a_real_market(workers: Workers) -> None:
    market = Market()
    feed = SampleReplay(market, workers, velocity=MAX)
    feed.start()
    until(lambda: state(feed) == "done")
    (info,) = market.symbols()
    assert (info.symbol, info.ticks) == ("LTCUSDT-SAMPLE", 20_061)
