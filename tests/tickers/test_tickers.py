"""The list of tickers: entries, aliases, changes that survive a restart, and feeds that are told what to take."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orderflow.errors import BadInput, BadSetting, Conflict, NotFound, StorageFailed
from orderflow.feeds.live import FeedStatus
from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.feeds.retention import Retention
from orderflow.market.market import Market
from orderflow.market.tick_log import NoLog
from orderflow.runtime.workers import Workers
from orderflow.storage.records.ticker_store import StoredTicker
from orderflow.tickers.tickers import MAX_TICKERS, Tickers
from tests.clocks import ManualClock


class FakeFeed:
    """Takes pairs of one form and remembers which."""

    def __init__(self, name: str, quote: str) -> None:
        self.name = name
        self._quote = quote
        self.pairs: list[str] = []

    def default_pair(self, ticker: str) -> str:
        return ticker + self._quote

    def is_pair(self, text: str) -> bool:
        return text.endswith(self._quote)

    def series(self, pair: str) -> str:
        return f"{self.name}:{pair}"

    def add(self, pair: str) -> None:
        if pair not in self.pairs:
            self.pairs.append(pair)

    def remove(self, pair: str) -> None:
        self.pairs.remove(pair)

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def status(self) -> FeedStatus:
        return FeedStatus(self.name, self.name.title())


class MemoryStore:
    """Keeps tickers in a list. fail: refuse everything. full: refuse writes. updates: number of writes."""

    def __init__(self) -> None:
        self.rows: list[StoredTicker] = []
        self.fail = self.full = False
        self.updates = 0

    def list(self) -> tuple[StoredTicker, ...]:
        self._check()
        return tuple(self.rows)

    def update(
        self,
        added: Sequence[StoredTicker] = (),
        changed: Sequence[tuple[str, str, str]] = (),
        order: Sequence[str] | None = None,
    ) -> None:
        self._check()
        self.updates += 1
        if self.full:
            raise StorageFailed("the disk is full")
        rows = {row.name: row for row in self.rows}
        assert not rows.keys() & {ticker.name for ticker in added}
        rows |= {ticker.name: ticker for ticker in added}
        rows |= {name: StoredTicker(name, series, feed, rows[name].added) for name, series, feed in changed}
        assert order is None or sorted(order) == sorted(rows)
        self.rows = [rows[name] for name in (rows if order is None else order)]

    def _check(self) -> None:
        if self.fail:
            raise StorageFailed("the records are closed")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


class Setup:
    """Tickers over two fake feeds."""

    def __init__(self, workers: Workers, store: MemoryStore, *entries: str, names: Sequence[str] = ("x", "y")) -> None:
        quotes = {"x": "USDT", "y": "-EUR", "ccxt:z": "/EUR"}
        self.feeds = {name: FakeFeed(name, quotes[name]) for name in names}
        log, given = NoLog(), entries or ("BTC", "ETH", "DOGE")
        market = Market(log)
        self.retention = Retention(market, log, workers, ManualClock(0), 30)
        feeds = LiveFeeds(list(self.feeds.values()), (), market)
        self.tickers = Tickers(feeds, self.retention, store, given, lambda: 7)
        self.tickers.start()

    def names(self) -> list[str]:
        return [ticker.name for ticker in self.tickers.all()]


@pytest.mark.parametrize(
    ("text", "name", "series"),
    [
        ("btc", "BTC", "x:btcUSDT"),
        ("BTCUSDT", "BTCUSDT", "x:BTCUSDT"),
        ("y:BTC-EUR", "BTC-EUR", "y:BTC-EUR"),
        (" LTC = LTCUSDT ", "LTC", "x:LTCUSDT"),
        ("B=Y:BTC-EUR", "B", "y:BTC-EUR"),
        ("S=ccxt:z:SOL/EUR", "S", "ccxt:z:SOL/EUR"),
        ("ccxt:z:SOL/EUR", "SOL-EUR", "ccxt:z:SOL/EUR"),
    ],
)
def test_an_entry_is_a_name_a_pair_or_both(
    text: str, name: str, series: str, workers: Workers, store: MemoryStore
) -> None:
    made = Setup(workers, store, names=("x", "y", "ccxt:z"))
    ticker = made.tickers.get("BTC") if name == "BTC" else made.tickers.add(text)
    assert (ticker.name, ticker.series.upper()) == (name, series.upper())


@pytest.mark.parametrize("text", ["", "B C", "A=", "=BTCUSDT", "é"])
def test_a_wrong_entry_is_refused_with_its_field(text: str, workers: Workers, store: MemoryStore) -> None:
    with pytest.raises(BadInput) as error:
        Setup(workers, store).tickers.add(text)
    assert error.value.errors[0].field == "ticker"


def test_a_ticker_is_an_alias_for_the_first_feeds_series(workers: Workers, store: MemoryStore) -> None:
    made = Setup(workers, store, "BTC", "LTC=LTCUSDT", "E=y:ETH-EUR")
    assert [(t.name, t.series) for t in made.tickers.all()] == [
        ("BTC", "x:BTCUSDT"), ("LTC", "x:LTCUSDT"), ("E", "y:ETH-EUR"),
    ]  # fmt: skip
    assert made.feeds["x"].pairs == ["BTCUSDT", "LTCUSDT"]
    assert made.feeds["y"].pairs == ["ETH-EUR"]
    assert made.retention.watched() == ["x:BTCUSDT", "x:LTCUSDT", "y:ETH-EUR"]
    assert made.tickers.get("btc").pair == "BTCUSDT"
    assert [t.name for t in made.tickers.of_series("y:ETH-EUR")] == ["E"]
    assert store.rows == []
    with pytest.raises(NotFound, match="Ticker NOPE not found"):
        made.tickers.get("NOPE")


def test_changes_survive_a_restart(workers: Workers, store: MemoryStore) -> None:
    made = Setup(workers, store)
    assert made.tickers.add("SOL").series == "x:SOLUSDT"
    made.tickers.add("EURO", "BTC-EUR", "y")
    made.tickers.remove("DOGE")
    made.tickers.reorder(["EURO", "btc", "SOL", "ETH"])
    assert made.names() == ["EURO", "BTC", "SOL", "ETH"]
    assert made.feeds["x"].pairs == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert store.rows[0] == StoredTicker("EURO", "y:BTC-EUR", "", 7)
    again = Setup(workers, store, "BTC", "ETH", "DOGE", "NEW")
    assert again.names() == ["EURO", "BTC", "SOL", "ETH", "NEW"]
    assert again.tickers.get("EURO").series == "y:BTC-EUR"
    again.tickers.add("DOGE")  # a removed ticker can come back, at the end
    assert again.names() == ["EURO", "BTC", "SOL", "ETH", "NEW", "DOGE"]
    assert Setup(workers, store).names() == ["EURO", "BTC", "SOL", "ETH", "NEW", "DOGE"]


def test_a_ticker_without_a_pair_follows_the_servers_first_feed(workers: Workers, store: MemoryStore) -> None:
    Setup(workers, store).tickers.reorder(["ETH", "BTC", "DOGE"])
    again = Setup(workers, store, names=("y",))
    assert [(t.name, t.series) for t in again.tickers.all()] == [
        ("ETH", "y:ETH-EUR"), ("BTC", "y:BTC-EUR"), ("DOGE", "y:DOGE-EUR"),
    ]  # fmt: skip


def test_an_alias_changes_and_the_old_series_is_no_longer_taken(workers: Workers, store: MemoryStore) -> None:
    made = Setup(workers, store)
    made.tickers.add("BITCOIN", "BTCUSDT")
    assert made.tickers.change("BTC", "BTC-EUR", "y").series == "y:BTC-EUR"
    assert "BTCUSDT" in made.feeds["x"].pairs  # BITCOIN still stands for it
    made.tickers.remove("BITCOIN")
    assert "BTCUSDT" not in made.feeds["x"].pairs
    assert Setup(workers, store).tickers.get("BTC").series == "y:BTC-EUR"


def test_bad_changes_name_the_field_and_change_nothing(workers: Workers, store: MemoryStore) -> None:
    made = Setup(workers, store)
    before = made.tickers.all()
    for call, field in (
        (lambda: made.tickers.add("B C"), "ticker"),
        (lambda: made.tickers.add("SOL", "SOL EUR"), "pair"),
        (lambda: made.tickers.add("SOL", None, "z"), "feed"),
        (lambda: made.tickers.change("BTC", "no pe", None), "pair"),
        (lambda: made.tickers.reorder(["BTC"]), "tickers"),
        (lambda: made.tickers.reorder(["BTC", "BTC", "ETH"]), "tickers"),
    ):
        with pytest.raises(BadInput) as error:
            call()
        assert error.value.errors[0].field == field
    with pytest.raises(Conflict, match="there is a ticker BTC"):
        made.tickers.add("btc")
    for call in (lambda: made.tickers.remove("NOPE"), lambda: made.tickers.change("NOPE", None, None)):
        with pytest.raises(NotFound):
            call()
    assert (made.tickers.all(), store.rows) == (before, [])


def test_there_is_a_most_number_of_tickers(workers: Workers, store: MemoryStore) -> None:
    made = Setup(workers, store, *(f"T{n}" for n in range(MAX_TICKERS)))
    with pytest.raises(BadInput, match="more than 200 tickers"):
        made.tickers.add("ONE")


def test_a_feed_that_is_not_in_use_is_said(workers: Workers, store: MemoryStore) -> None:
    made = Setup(workers, store, "BTC", "SOL=z:SOLUSDT", "ETH=OWN")
    assert made.tickers.get("SOL").problem == "'z' in 'SOL=z:SOLUSDT' is not a running feed; these are: x, y"
    assert made.tickers.get("SOL").series == "z:SOLUSDT"
    assert made.tickers.get("ETH").series == "x:OWN"  # a pair that is named in full is the venue's to know
    none = Setup(workers, store, names=())
    assert none.tickers.get("BTC").problem == "no feed is running; name one in the setting feeds"


def test_a_refused_change_changes_nothing_and_each_is_one_write(workers: Workers, store: MemoryStore) -> None:
    made = Setup(workers, store)
    for call in (
        lambda: made.tickers.add("SOL"),
        lambda: made.tickers.remove("ETH"),
        lambda: made.tickers.add("ETH", "ETH-EUR", "y"),
        lambda: made.tickers.change("BTC", None, "y"),
        lambda: made.tickers.reorder(made.names()[::-1]),
    ):
        before, rows, updates = made.tickers.all(), list(store.rows), store.updates
        pairs = {name: set(feed.pairs) for name, feed in made.feeds.items()}
        store.full = True
        with pytest.raises(StorageFailed):
            call()
        assert (made.tickers.all(), store.rows) == (before, rows)
        assert {name: set(feed.pairs) for name, feed in made.feeds.items()} == pairs
        store.full = False
        call()
        assert store.updates == updates + 2
        assert made.tickers.all() != before
        assert Setup(workers, store).names() == made.names()


def test_records_that_fail_do_not_stop_the_start(workers: Workers, store: MemoryStore) -> None:
    store.fail = True
    made = Setup(workers, store)
    assert made.names() == ["BTC", "ETH", "DOGE"]
    with pytest.raises(StorageFailed):
        made.tickers.add("SOL")
    assert made.names() == ["BTC", "ETH", "DOGE"]


@pytest.mark.parametrize(
    ("entries", "why"), [(("B C",), "tickers: ticker 'B C' must be"), (("BTC", "btc"), "BTC is there twice")]
)
def test_a_wrong_setting_stops_the_start(
    entries: tuple[str, ...], why: str, workers: Workers, store: MemoryStore
) -> None:
    with pytest.raises(BadSetting, match=why):
        Setup(workers, store, *entries)
