"""Gaps that stay are kept in the records over a restart, for as long as the trades around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from callbacks.tickers_holes import shown
from orderflow.errors import StorageFailed
from orderflow.feeds.holes import Holes
from orderflow.feeds.live import FeedStatus, SeriesStatus
from orderflow.feeds.sequence import Hole
from orderflow.market.frames import DAY
from orderflow.runtime.workers import Workers
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.storage.records.hole_store import HoleStore, StoredHole
from orderflow.web.app import create_server
from tests.clocks import ManualClock
from tests.layouts.test_tickers import texts

NOW = 1_790_000_000_000_000_000
SECOND = 10**9


class MemoryHoles:
    """A store of holes that can fail."""

    def __init__(self) -> None:
        self.rows: list[StoredHole] = []
        self.fail = False

    def add(self, holes: Iterable[StoredHole]) -> int:
        if self.fail:
            raise StorageFailed("no space left")
        self.rows += holes
        return 1

    def newest(self, limit: int) -> tuple[StoredHole, ...]:
        return tuple(sorted(self.rows, key=lambda hole: -hole.ended)[:limit])

    def forget(self, series: str, before: int) -> int:
        self.rows = [hole for hole in self.rows if hole.ended >= before or hole.series != series]
        return 0


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(threads=1)
    yield made
    assert made.stop(60.0) == []


def status(*holes: Hole) -> list[FeedStatus]:
    return [FeedStatus("x", "X", series=[SeriesStatus("x:BTC", "BTC", last_holes=list(holes))])]


def hole(seconds: int, missing: int | None = 3) -> Hole:
    return Hole(NOW - seconds * SECOND, NOW - seconds * SECOND + SECOND, missing, "the venue has them no more")


def test_holes_are_kept_once_and_shown_after_a_restart(workers: Workers) -> None:
    feeds, store, clock = status(hole(20)), MemoryHoles(), ManualClock(NOW)
    holes = Holes(lambda: feeds, lambda series: 7, store, workers, clock)
    holes.look()
    feeds[:] = status(hole(20), hole(10, None))
    holes.look()
    holes.look()
    assert [each.begun for each in holes.all()] == [NOW - 10 * SECOND, NOW - 20 * SECOND]
    assert len(store.rows) == 2
    again = Holes(lambda: [], lambda series: 7, store, workers, clock)
    again.start()
    again.stop()
    assert again.all() == holes.all()
    rows, title, hidden, number = shown(again, None)
    assert (title, hidden) == ("Gaps in the trades: 2", False)
    assert " ".join(texts(rows[0])).startswith(
        "x:BTC: an unknown number of trades missing in 1 s from 2026-09-21 14:13:10"
    )
    assert shown(again, number)[3] == number


def test_old_ones_go_with_their_trades(workers: Workers) -> None:
    store, clock = MemoryHoles(), ManualClock(NOW)
    store.rows = [StoredHole("x:BTC", NOW - 9 * DAY, NOW - 8 * DAY, 1, "x")]
    holes = Holes(lambda: status(hole(5)), lambda series: 7, store, workers, clock)
    holes.start()
    assert holes.all() == ()
    holes.stop()
    assert [each.begun for each in holes.all()] == [NOW - 5 * SECOND]
    assert len(store.rows) == 1


def test_records_that_refuse_are_tried_again(workers: Workers) -> None:
    store = MemoryHoles()
    holes = Holes(lambda: status(hole(5)), lambda series: 7, store, workers, ManualClock(NOW))
    store.fail = True
    holes.look()
    assert holes.all() == ()
    store.fail = False
    holes.look()
    assert len(holes.all()) == 1


def test_the_api_has_those_of_earlier_starts(tmp_path: Path, make_services: Callable[..., Services]) -> None:
    settings = Settings.of(data_dir=tmp_path, ticker_count=0, feeds=("simulated",), tickers=("BTC",))
    first = build_services(settings)
    first.start()
    time = first.clock.now() - 60 * SECOND
    HoleStore(first.records).add([StoredHole("binance:BTCUSDT", time, time + SECOND, 5, "older than 24 h")])
    first.stop()
    again = build_services(settings)
    again.start()
    try:
        found = create_server(again).test_client().get("/api/v1/feeds").json["holes"]
    finally:
        again.stop()
    assert [(row["series"], row["missing"], row["reason"]) for row in found] == [
        ("binance:BTCUSDT", 5, "older than 24 h")
    ]
