"""Tickers as names of series, and the feeds that a server makes of its settings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from orderflow.errors import BadInput, BadSetting, Conflict
from orderflow.feeds.live import FeedStatus, SeriesStatus, State
from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.feeds.sequence import Hole
from orderflow.feeds.venues.binance import Binance
from orderflow.market.market import Market
from orderflow.market.ticks import TickBatch
from orderflow.services import Services


class Still:
    """A feed that does nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pairs: list[str] = []
        self.calls: list[str] = []

    def default_pair(self, ticker: str) -> str:
        return Binance().default_pair(ticker)

    def is_pair(self, text: str) -> bool:
        return Binance().is_pair(text)

    def series(self, pair: str) -> str:
        return f"{self.name}:{pair}"

    def add(self, pair: str) -> None:
        self.pairs.append(pair)

    def remove(self, pair: str) -> None:
        self.pairs.remove(pair)

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def status(self) -> FeedStatus:
        rows = [SeriesStatus(self.series(pair), pair, State.LIVE, trades=2) for pair in self.pairs]
        return FeedStatus(self.name, self.name, State.LIVE, series=rows)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("BTC", ("BTC", "one:BTCUSDT")),
        ("doge", ("doge", "one:DOGEUSDT")),
        ("WBTC", ("WBTC", "one:WBTCUSDT")),
        ("BTCUSDT", ("BTCUSDT", "one:BTCUSDT")),
        ("ETHBTC", ("ETHBTC", "one:ETHBTC")),
        ("GOLD=PAXGUSDT", ("GOLD", "one:PAXGUSDT")),
        ("two:SOLEUR", ("SOLEUR", "two:SOLEUR")),
        ("one:ITEM00", ("ITEM00", "one:ITEM00")),
        ("I=ITEM00", ("I", "one:ITEM00")),
        (" X = two:SOLEUR ", ("X", "two:SOLEUR")),
    ],
)
def test_entries(entry: str, expected: tuple[str, str]) -> None:
    found = LiveFeeds([Still("one"), Still("two")], [], Market()).parse(entry)
    assert (found.name, found.series) == expected
    assert found.series == f"{found.feed}:{found.pair}"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("three:BTCUSDT", "'three' in 'three:BTCUSDT' is not a running feed; these are: one, two"),
        ("X=nonsense", "'nonsense' in 'X=nonsense' is not a pair of one"),
        ("=BTCUSDT", "'=BTCUSDT' is not a ticker: write BTC, BTCUSDT, NAME=PAIR or NAME=feed:PAIR"),
    ],
)
def test_a_wrong_entry_has_one_sentence(entry: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        LiveFeeds([Still("one"), Still("two")], [], Market()).parse(entry)
    assert str(error.value) == reason
    with pytest.raises(BadSetting, match="tickers: "):
        LiveFeeds([Still("one"), Still("two")], [entry], Market())


def test_series_of_a_feed_take_no_other_ticks_and_feeds_start_and_stop_together() -> None:
    one, two, market = Still("one"), Still("two"), Market()
    feeds = LiveFeeds([one, two], ["BTC", "two:BTCUSDT"], market)
    assert (one.pairs, two.pairs) == (["BTCUSDT"], ["BTCUSDT"])
    batch = _batch("one:BTCUSDT")
    with pytest.raises(Conflict, match="is filled by a live feed"):
        market.ingest([batch])
    market.ingest([batch], feed=True)
    market.ingest([_batch("one:ETHUSDT")])
    feeds.start()
    feeds.stop()
    assert one.calls == two.calls == ["start", "stop"]
    found = feeds.series_status("two:BTCUSDT")
    assert found is not None
    assert found.state is State.LIVE
    assert feeds.series_status("two:NONE") is None
    assert feeds.status()[0].json()["trades"] == 2
    feeds.remove(feeds.tickers[0])
    assert one.pairs == []


def test_holes_are_shown_with_their_times_in_ms() -> None:
    hole = Hole(1_790_000_000_000_000_000, 1_790_000_001_500_000_000, 3, "the venue does not serve these trades")
    status = FeedStatus("one", "One", State.LIVE, series=[SeriesStatus("one:P", "P", holes=1, last_holes=[hole])])
    (row,) = status.json()["series"]
    assert row["last_holes"] == [
        {"after": 1_790_000_000_000, "until": 1_790_000_001_500, "missing": 3, "reason": hole.reason}
    ]
    assert status.json()["holes"] == 1


def _batch(symbol: str) -> TickBatch:
    one = np.ones(1, np.int64)
    return TickBatch(symbol, one, one, one, one.astype(np.int8), one.astype(np.int8), one, 0, 0)


def test_a_server_makes_the_feeds_of_its_settings(make_services: Callable[..., Services]) -> None:
    nowhere = {"binance_rest_url": "http://127.0.0.1:9", "binance_ws_url": "ws://127.0.0.1:9"}
    services = make_services(feeds=("binance",), tickers=("BTC", "ETH"), **nowhere)
    feeds = services.part(LiveFeeds)
    assert [ticker.series for ticker in feeds.tickers] == ["binance:BTCUSDT", "binance:ETHUSDT"]
    assert feeds.status()[0].state in (State.CONNECTING, State.OFFLINE)
    assert services.stop() == []
    assert feeds.status()[0].state is State.STOPPED
    with pytest.raises(BadSetting, match="feeds = 'nasdaq' is not allowed: the feeds are simulated, binance"):
        make_services(feeds=("nasdaq",))
