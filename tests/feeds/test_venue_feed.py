"""The feed of a venue over a real network: the simulated exchange of another server fills our market."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from orderflow.feeds import venue_feed
from orderflow.feeds.live import State
from orderflow.feeds.network import Network
from orderflow.feeds.transport import Answer, Socket
from orderflow.feeds.venue_feed import VenueFeed
from orderflow.feeds.venues.binance import Binance
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.exchange.inprocess import SimulatedExchange
from tests.worker_threads import not_patched, run_under_gevent

SERIES = "binance:BTCUSDT"


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the time is up"
        time.sleep(0.02)


def trade(venue: SimulatedExchange, begin: int, count: int) -> None:
    rows = (
        (at / 10, f"{100 + at % 7}.5", f"{1 + at % 3}.25", "buy" if at % 2 else "sell")
        for at in range(begin, begin + count)
    )
    venue.trade("BTCUSDT", *rows)


def ticks(market: Market) -> int:
    return market.info(SERIES).ticks if market.revision(SERIES) else 0


def assert_same(venue: SimulatedExchange, market: Market) -> None:
    """Our minutes are those of the exchange: open, high, low, close, volume and taker buy volume."""
    query = [("symbol", "BTCUSDT"), ("interval", "1m"), ("startTime", "0")]
    rows = [row for row in json.loads(venue.exchange.call("klines", query, "10.0.0.9").body) if row[8]]
    table = market.bars(SERIES, Frame.parse("1min"))
    scale, unit = table.grid.tick_units / 10**table.grid.price_decimals, 10**table.grid.size_decimals
    ours = zip(table.open, table.high, table.low, table.close, table.ask + table.bid, table.ask, strict=True)
    expected = [(*map(float, row[1:6]), float(row[9])) for row in rows]
    assert [(o * scale, h * scale, lo * scale, c * scale, v / unit, b / unit) for o, h, lo, c, v, b in ours] == expected


class NoTransport:
    """No socket is ever opened."""

    def __init__(self, made: list[NoTransport]) -> None:
        self.closed = False
        made.append(self)

    def connect(self, url: str) -> Socket:
        raise RuntimeError("nobody has thought of this")

    def get(self, url: str, query: Mapping[str, str]) -> Answer:
        raise AssertionError("nothing is asked without a socket")

    def close(self) -> None:
        self.closed = True


def test_an_unexpected_error_is_said_and_the_connection_made_anew(
    market: Market, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venue_feed, "RESTART_SECONDS", 0.05)
    made: list[NoTransport] = []
    feed = VenueFeed(Binance(), market, workers, SystemClock(), lambda workers: NoTransport(made))
    feed.add("BTCUSDT")
    feed.start()
    until(lambda: len(made) >= 3)
    until(lambda: feed.status().state is State.OFFLINE)
    assert "RuntimeError" in feed.status().reason
    feed.stop()
    assert feed.status().state is State.STOPPED
    assert all(transport.closed for transport in made)
    assert list(workers.errors()) == ["feed binance: RuntimeError"]


def test_a_feed_fills_the_market_and_goes_on_after_a_restart(tmp_path: Path, workers: Workers) -> None:
    binance = Binance()
    binance.facts = replace(Binance.facts, silence=5.0)  # type: ignore[misc]
    with SimulatedExchange() as venue:

        def make(market: Market) -> VenueFeed:
            feed = VenueFeed(
                binance, market, workers, SystemClock(), Network, rest_url=venue.url, ws_url=venue.ws, fill_hours=10**6
            )
            feed.add("BTCUSDT")
            assert feed.status().state is State.STOPPED
            feed.start()
            return feed

        trade(venue, 0, 50)
        log = DiskTickLog(tmp_path / "ticks", workers)
        market = Market(log, new_lock=workers.lock)
        feed = make(market)
        until(lambda: feed.status().state is State.LIVE and ticks(market) == 50)
        trade(venue, 50, 100)
        venue.exchange.add_faults([{"do": "drop", "after": 3}, {"do": "skip", "after": 1}])
        trade(venue, 150, 100)
        until(lambda: ticks(market) == 250)
        until(lambda: feed.status().reconnects >= 1 and feed.status().state is State.LIVE)
        until(lambda: feed.status().json()["trades"] == 250)  # they are counted when the market has them
        assert_same(venue, market)
        status = feed.status().json()
        assert (status["trades"], status["holes"], status["refused"]) == (250, 0, 0)
        feed.stop()
        assert feed.status().state is State.STOPPED
        log.close()

        trade(venue, 250, 120)  # while we are away
        log = DiskTickLog(tmp_path / "ticks", workers)
        market = Market(log, new_lock=workers.lock)
        assert market.load() == 250
        feed = make(market)
        until(lambda: ticks(market) == 370)
        assert_same(venue, market)
        assert feed.status().json()["holes"] == 0
        feed.stop()
        log.close()


@not_patched
def test_the_same_under_gevent() -> None:
    run_under_gevent(f"{__file__}::test_a_feed_fills_the_market_and_goes_on_after_a_restart")
