from __future__ import annotations

import time

import pytest

from orderflow.feeds.sources import make_network
from orderflow.feeds.venues.binance import Binance
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.records import Records
from orderflow.workspace.klines import venue_klines
from orderflow.workspace.klines.kept_series import KeptSeries
from orderflow.workspace.klines.venue_klines import VenueKlines
from tests.exchange.inprocess import SimulatedExchange
from tests.workspace.klines.venue import PAIR, trade_minutes


class FastClock(SystemClock):
    """A wall clock that is ahead."""

    def now(self) -> int:
        return super().now() + 400 * 86_400 * 10**9


def test_klines_are_kept_although_the_clock_is_ahead(tmp_path: object, workers: Workers) -> None:
    """All that comes would be older than what is wanted, also when the clock is right again."""
    records = Records(address_of(tmp_path, ephemeral=True), workers)  # type: ignore[arg-type]
    records.start()
    store = KlineStore(records, time.time_ns)
    with SimulatedExchange() as venue:
        trade_minutes(venue, 20)
        made = VenueKlines(
            Binance(),
            store,
            workers,
            FastClock(),
            make_network,
            [(PAIR, TIMEFRAMES["1m"])],
            days=1,
            rest_url=venue.url,
            ws_url=venue.ws,
        )
        made.start()
        until = time.monotonic() + 60
        while (kept := made.kept(PAIR, "1m")) is None or len(store.read(kept.series.id, limit=100)) < 15:
            assert time.monotonic() < until
            time.sleep(0.01)
        made.stop()
    records.close()


def test_an_unexpected_error_is_said_and_the_klines_go_on(
    tmp_path: object, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venue_klines, "RESTART_SECONDS", 0.05)
    records = Records(address_of(tmp_path, ephemeral=True), workers)  # type: ignore[arg-type]
    records.start()
    failures = iter([KeyError("a"), KeyError("b")])
    looks: list[int] = []
    said: list[str] = []

    def look(kept: KeptSeries, connection: object) -> None:
        looks.append(kept.series.id)
        if (error := next(failures, None)) is not None:
            raise error

    monkeypatch.setattr(KeptSeries, "look", look)
    monkeypatch.setattr(KeptSeries, "stop", lambda kept, reason: said.append(reason))
    made = VenueKlines(
        Binance(),
        KlineStore(records, time.time_ns),
        workers,
        SystemClock(),
        make_network,
        [("BTCUSDT", TIMEFRAMES["1m"])],
        rest_url="http://127.0.0.1:9",
        ws_url="ws://127.0.0.1:9",
    )
    made.start()
    until = time.monotonic() + 60
    while len(looks) < 4:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert said.count("an error of this program, KeyError: see its log") == 2
    assert workers.errors()["klines of binance: KeyError"] == 2
    made.stop()
    assert made.state == "stopped"
    records.close()
