"""Feeds that ask: what is taken once, what an empty answer means, back-off, and the two libraries by stand-ins."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from orderflow.errors import BadSetting, OrderflowError, StorageFailed
from orderflow.feeds.ccxt_rest import CcxtRest, Session
from orderflow.feeds.live import State
from orderflow.feeds.polled import LONGEST_PAUSE, STALE_POLLS, PolledFeed
from orderflow.feeds.venues.venue import Held, Trade
from orderflow.feeds.yahoo import Yahoo, last_price
from orderflow.market import sessions
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID
from orderflow.runtime.workers import Workers
from orderflow.services import build_services
from orderflow.settings.settings import Settings
from orderflow.tickers.alerts.alert import Alert, AlertEvent, Kind, Source
from orderflow.tickers.alerts.bar_values import values
from orderflow.tickers.alerts.evaluation import Evaluation
from orderflow.tickers.alerts.parsing import study_columns
from orderflow.tickers.alerts.store import MemoryStore
from orderflow.tickers.quotes import Quotes
from tests.clocks import ManualClock
from tests.market.memory_log import MemoryLog

NOW = 1_790_000_000_000_000_000
SECOND = 10**9


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(threads=1)
    yield made
    assert made.stop(60.0) == []


class Answers:
    """Gives the answers of a list, one a poll; an exception is raised."""

    title = "Answers"

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Held | None] = []

    def default_pair(self, ticker: str) -> str:
        return ticker

    def is_pair(self, text: str) -> bool:
        return bool(text)

    def fetch(self, pair: str, newest: Held | None) -> Sequence[Trade]:
        self.asked.append(newest)
        found = self.answers.pop(0) if self.answers else ()
        if isinstance(found, Exception):
            raise found
        return list(found)


def trade(number: int, price: str = "1.5") -> Trade:
    return Trade("P", number, NOW + number * SECOND, price, "2", 1, number, number)


def feed_of(poller: Any, market: Market, workers: Workers, chance: float = 1.0) -> PolledFeed:
    feed = PolledFeed("p", poller, market, workers, ManualClock(NOW), 10.0, lambda: chance)
    feed.add("P")
    return feed


def test_trades_are_taken_once_also_over_a_restart(workers: Workers) -> None:
    log = MemoryLog()
    market = Market(log)
    poller = Answers([trade(1), trade(2)], [trade(2), trade(3)], [trade(3)])
    feed = feed_of(poller, market, workers)
    assert [feed.poll(), feed.poll(), feed.poll()] == [10.0, 10.0, 10.0]
    assert market.ticks("p:P").ticks.id.tolist() == [1, 2, 3]
    row = feed.status().series[0]
    assert (row.trades, row.repeated) == (3, 2)
    assert [held and held.id for held in poller.asked] == [None, 2, 3]
    again = Market(log)
    again.load()
    poller = Answers([trade(2), trade(3), trade(4)])
    feed_of(poller, again, workers).poll()
    assert poller.asked[0] == Held(3, NOW + 3 * SECOND)
    assert again.ticks("p:P").ticks.id.tolist() == [1, 2, 3, 4]


def test_an_empty_answer_is_unknown_and_never_a_price(market: Market, workers: Workers) -> None:
    feed = feed_of(Answers([trade(1)]), market, workers)
    for _ in range(STALE_POLLS + 1):
        feed.poll()
    assert len(market.ticks("p:P").ticks) == 1
    inner = feed._series["P"].status
    assert (inner.state, inner.reason) == (State.STALE, "the answer is empty, so the price is unknown")
    feed._poller.answers.append([trade(2)])  # type: ignore[attr-defined]
    feed.poll()
    assert feed._series["P"].status.state is State.LIVE


def test_failures_are_said_and_asked_again_later_and_later(market: Market, workers: Workers) -> None:
    feed = feed_of(Answers(*[OSError("no network")] * 8, [trade(1)]), market, workers)
    pauses = [feed.poll() for _ in range(8)]
    assert pauses == [20.0, 40.0, 80.0, 160.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert feed._series["P"].status.reason == "OSError: no network"
    assert feed.poll() == 10.0
    assert feed._series["P"].status.state is State.LIVE
    jittered = feed_of(Answers(OSError("x")), market, workers, chance=0.0)
    assert jittered.poll() == 10.0


def test_a_log_that_cannot_be_read_is_said_and_asked_again(
    market: Market, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers([trade(1)])
    feed = PolledFeed("p", answers, market, workers, ManualClock(NOW), 10.0, lambda: 0.0)
    feed.add("P")

    def broken(*args: object, **given: object) -> None:
        raise StorageFailed("the log cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr(market, "arrivals", broken)
        for _ in range(2):
            assert feed.poll() == 10.0
            row = feed._series["P"].status
            assert (row.state, row.reason) == (State.OFFLINE, "StorageFailed: the log cannot be read")
    assert not answers.asked
    feed.poll()
    assert market.info("p:P").ticks == 1


def test_it_runs_in_a_thread_and_ends(market: Market, workers: Workers) -> None:
    feed = feed_of(Answers([trade(1)]), market, workers)
    assert feed.status().state is State.STOPPED
    feed.start()
    feed.start()
    until = time.monotonic() + 60
    while not market.revision("p:P") and time.monotonic() < until:
        time.sleep(0.01)
    assert feed.status().state is State.LIVE
    feed.remove("P")
    feed.stop()
    feed.stop()
    assert (feed.status().state, list(feed.status().series)) == (State.STOPPED, [])


# yfinance


def table(*closes: float, pair: str | None = None) -> pd.DataFrame:
    index = pd.date_range("2026-09-21 14:00", periods=len(closes), freq="1min", tz="UTC")
    found = pd.DataFrame({"Open": closes, "Close": closes}, index=index)
    return found if pair is None else pd.concat({pair: found}, axis=1).swaplevel(axis=1)


@pytest.mark.parametrize("pair", [None, "BTC-USD"])
def test_the_last_close_is_the_price(pair: str | None) -> None:
    found = last_price(table(64_000.0, 64_123.4453125, float("nan"), pair=pair))
    assert found is not None
    assert (found[1], pd.Timestamp(found[0], tz="UTC").minute) == ("64123.445", 1)


@pytest.mark.parametrize(
    "nothing", [None, pd.DataFrame(), table(), table(float("nan")), table(0.0), table(-1.0), table(float("inf"))]
)
def test_what_tells_no_price_is_unknown(nothing: pd.DataFrame | None) -> None:
    assert last_price(nothing) is None


def test_a_price_is_a_point_without_volume(market: Market, workers: Workers) -> None:
    answers = [table(100.0), table(100.0), pd.DataFrame(), table(100.0, 100.5)]
    asked: list[tuple[Any, ...]] = []

    def download(*words: Any, **options: Any) -> pd.DataFrame:
        asked.append(words)
        return answers.pop(0)

    clock = ManualClock(NOW)
    feed = PolledFeed("yfinance", Yahoo(SimpleNamespace(download=download), clock.now), market, workers, clock, 15.0)
    feed.add(feed.default_pair("btc"))
    for _ in range(4):
        feed.poll()
        clock.advance(15)
    ticks = market.ticks("yfinance:BTC-USD").ticks
    assert (ticks.time - NOW).tolist() == [0, 45 * SECOND]
    assert (ticks.size.tolist(), ticks.id.tolist()) == ([0, 0], [NO_ID, NO_ID])
    assert market.info("yfinance:BTC-USD").price == 100.5
    assert asked == [("BTC-USD",)] * 4
    assert feed.is_pair("EURUSD=X")
    assert not feed.is_pair("BTC")


def points(market: Market, workers: Workers, *prices: float, begin: int = NOW) -> PolledFeed:
    """Points of yfinance, 15 s apart."""
    answers = [table(*prices[: n + 1]) for n in range(len(prices))]
    clock = ManualClock(begin)
    library = SimpleNamespace(download=lambda *words, **options: answers.pop(0))
    feed = PolledFeed("yfinance", Yahoo(library, clock.now), market, workers, clock, 15.0)
    feed.add("BTC-USD")
    for _ in prices:
        feed.poll()
        clock.advance(15)
    return feed


@pytest.mark.parametrize("frame", ["15s", "1min", "ticks:2", "range:5"])
def test_points_are_no_volume_for_any_study(market: Market, workers: Workers, frame: str) -> None:
    points(market, workers, 100.0, 100.5, 100.25, 101.0, 99.5, 100.0)
    bars = market.bars("yfinance:BTC-USD", Frame.parse(frame))
    assert len(bars) > 1
    sizes = (bars.volume, bars.delta, bars.cvd, bars.min_delta, bars.max_delta, bars.level_ask, bars.level_bid)
    assert not any(column.any() for column in (*sizes, bars.level_unknown))
    assert np.isnan(bars.vwap).all()
    seen = 0
    for study, columns in study_columns().items():
        for column in columns:
            found = values(market, Source(Kind.STUDY, study, column), bars, sessions.Session(), np.arange(len(bars)))
            assert len(found) == len(bars), (study, column)
            seen += 1
            if column in ("delta", "close", "max_delta", "min_delta", "big", "stacked"):
                assert not np.nan_to_num(found).any(), (study, column)
    assert seen > 10
    for mark in ("stacked_imbalance", "absorption", "unfinished_auction"):
        assert not values(market, Source(Kind.EVENT, mark), bars, sessions.Session(), np.arange(len(bars))).any()
    assert market.changed("yfinance:BTC-USD", Frame.parse(frame), 0, None)["rev"] > 0


def test_points_are_there_after_a_restart_and_fire_alerts_of_prices(workers: Workers) -> None:
    log = MemoryLog()
    market = Market(log)
    points(market, workers, 100.0, 100.5)
    again = Market(log)
    again.load()
    evaluation = Evaluation(again, MemoryStore(), ManualClock(NOW))
    evaluation.load()
    alert = Alert("a", "BTC", ("yfinance:BTC-USD",), "crossing_up", (Fraction(101),), NOW)
    evaluation.put(alert, evaluation.arm(alert))
    told: list[AlertEvent] = []
    evaluation.on_events = told.extend
    points(again, workers, 100.75, 102.0, begin=NOW + 60 * SECOND)
    evaluation.advance("yfinance:BTC-USD")
    assert [event.value for event in told] == ["102"]
    assert again.info("yfinance:BTC-USD").ticks == 4
    tickers = SimpleNamespace(get=lambda name: SimpleNamespace(name=name, series="yfinance:BTC-USD"))
    history = Quotes(again, cast(Any, tickers), cast(Any, None), ManualClock(NOW)).history("BTC", 100)
    assert [point.price for point in history] == [100.0, 100.5, 100.75, 102.0]


@pytest.mark.parametrize(("name", "extra"), [("yfinance", "yfinance"), ("ccxt:gate", "ccxt")])
def test_a_missing_library_stops_the_start_and_names_the_extra(
    name: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, extra, None)
    with pytest.raises(BadSetting, match=rf'pip install "orderflow\[{extra}\]"'):
        build_services(Settings.of(ephemeral=True, feeds=(name,)))


# ccxt


class FakeExchange:
    """Answers as ccxt's exchanges do."""

    id, name = "fake", "Fake"

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[tuple[str, int | None, int]] = []

    def fetch_trades(self, pair: str, since: int | None, limit: int) -> list[dict[str, Any]]:
        self.asked.append((pair, since, limit))
        return [row for row in self.rows if since is None or row["timestamp"] >= since]


def row(ms: int, price: float, **more: Any) -> dict[str, Any]:
    return {"timestamp": NOW // 10**6 + ms, "price": price, "amount": 0.1, "side": "sell", "id": str(ms), **more}


def test_ccxt_trades_are_taken_by_their_ids(market: Market, workers: Workers) -> None:
    exchange = FakeExchange([row(2, 0.2), row(1, 1e-7, id="a-b", side=None)])
    poller = CcxtRest(exchange)
    feed = PolledFeed("ccxt:fake", poller, market, workers, ManualClock(NOW), 5.0)
    feed.add(feed.default_pair("btc"))
    feed.poll()
    exchange.rows.append(row(2, 0.3, id="9"))
    feed.poll()
    ticks = market.ticks("ccxt:fake:BTC/USDT").ticks
    grid = market.ticks("ccxt:fake:BTC/USDT").grid
    assert [level * grid.tick_units for level in ticks.level.tolist()] == [1, 2_000_000, 3_000_000]
    assert grid.price_decimals == 7
    assert ticks.id.tolist()[1:] == [2, 9]
    assert ticks.id[0] < 0
    assert exchange.asked == [("BTC/USDT", None, 1000), ("BTC/USDT", NOW // 10**6 + 2, 1000)]
    assert poller.title == "Fake (ccxt)"


def test_ccxt_trades_without_ids_must_be_newer(market: Market, workers: Workers) -> None:
    exchange = FakeExchange([row(1, 1.0, id=None), row(2, 2.0, id=None)])
    feed = PolledFeed("ccxt:fake", CcxtRest(exchange), market, workers, ManualClock(NOW), 5.0)
    feed.add("X/Y")
    feed.poll()
    exchange.rows.append(row(3, 3.0, id=None))
    feed.poll()
    assert len(market.ticks("ccxt:fake:X/Y").ticks) == 3


def test_an_unknown_exchange_and_a_missing_one_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimpleNamespace(exchanges=["gate"], gate=lambda options: SimpleNamespace(id="gate", name="Gate", **options))
    monkeypatch.setitem(sys.modules, "ccxt", made)  # type: ignore[arg-type]  # a stand-in
    for name, why in (("ccxt:nope", "ccxt knows no exchange 'nope'"), ("ccxt", "name the exchange, as ccxt:gate")):
        with pytest.raises(BadSetting, match=why):
            build_services(Settings.of(ephemeral=True, feeds=(name,)))


def test_ccxts_session_reads_over_this_projects_client() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"path": self.path}).encode()
            self.send_response(418 if "bad" in self.path else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    session = Session()
    try:
        base = f"http://127.0.0.1:{server.server_port}/api"
        answer = session.request("GET", f"{base}/trades?symbol=BTC%2FUSDT&limit=5", timeout=60, data=None)
        answer.raise_for_status()
        assert json.loads(answer.text) == {"path": "/api/trades?symbol=BTC%2FUSDT&limit=5"}
        refused = session.request("GET", f"{base}/bad")
        assert refused.status_code == 418
        with pytest.raises(OrderflowError, match="answers 418"):
            refused.raise_for_status()
        with pytest.raises(OrderflowError, match="POST is not sent"):
            session.request("POST", base)
        session.cookies.clear()
    finally:
        session.close()
        server.shutdown()
        server.server_close()
        thread.join(60)
