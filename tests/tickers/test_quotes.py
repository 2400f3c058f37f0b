"""Quotes and histories: what the trades say, and nothing that they do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from orderflow.errors import BadInput, NotFound
from orderflow.feeds.live import FeedStatus, SeriesStatus, State
from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.feeds.retention import Retention
from orderflow.market.frames import DAY, HOUR, MINUTE, SECOND
from orderflow.market.market import Market
from orderflow.market.tick_log import NoLog, TickLog
from orderflow.market.ticks import NO_ID, TickBatch
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog
from orderflow.tickers.quotes import Quotes
from orderflow.tickers.tickers import Tickers
from tests.clocks import ManualClock
from tests.tickers.test_tickers import FakeFeed, MemoryStore

NOW = 1_790_000_000_000_000_000 // DAY * DAY + 20 * HOUR + 30 * SECOND


class StatedFeed(FakeFeed):
    """A feed with a status that the test sets."""

    def __init__(self, state: State = State.LIVE, *, simulated: bool = False) -> None:
        super().__init__("x", "USDT")
        self.shown = FeedStatus("x", "Exchange X", state, simulated=simulated)

    def status(self) -> FeedStatus:
        self.shown.series = [SeriesStatus(f"x:{pair}", pair, self.shown.state) for pair in self.pairs]
        return self.shown


class Setup:
    """BTC at a feed, with trades that the test puts there."""

    def __init__(self, workers: Workers, feed: FakeFeed | None = None, log: TickLog | None = None) -> None:
        self.market = Market(log)
        self.clock = ManualClock(NOW)
        self.feed = feed or StatedFeed()
        retention = Retention(self.market, NoLog(), workers, self.clock, 30)
        feeds = LiveFeeds([self.feed], (), self.market)
        tickers = Tickers(feeds, retention, MemoryStore(), ["BTC", "ETH"], self.clock.now)
        tickers.start()
        self.quotes = Quotes(self.market, tickers, feeds, self.clock)

    def trade(self, *trades: tuple[int, int]) -> None:
        """Ingest (time, price in cents), in this order of arrival."""
        n = len(trades)
        time, price = (np.array(column, np.int64) for column in zip(*trades, strict=True))
        ones = np.ones(n, np.int64)
        self.market.ingest(
            [TickBatch("x:BTCUSDT", time, price, ones, ones.astype(np.int8), ones.astype(np.int8), ones * NO_ID, 2, 0)],
            feed=True,
        )

    def history(self, limit: int = 100, step: str = "2s") -> list[tuple[int, float]]:
        return [(point.time, point.price) for point in self.quotes.history("BTC", limit, step)]


def test_a_ticker_without_trades_has_no_price(workers: Workers) -> None:
    made = Setup(workers)
    quote = made.quotes.one("BTC")
    assert (quote.price, quote.change_1h, quote.change_24h, quote.time) == (None, None, None, None)
    assert (quote.series, quote.source, quote.state) == ("x:BTCUSDT", "Exchange X", "live")
    assert made.history() == []
    assert [each.ticker for each in made.quotes.all()] == ["BTC", "ETH"]
    with pytest.raises(NotFound):
        made.quotes.one("NOPE")


def test_changes_are_from_the_last_trade_before_that_time(workers: Workers) -> None:
    made = Setup(workers)
    made.trade((NOW - DAY - MINUTE, 8_000), (NOW - HOUR - 2 * MINUTE, 10_000), (NOW - HOUR + MINUTE, 11_000))
    made.trade((NOW - 10 * SECOND, 12_000))
    quote = made.quotes.one("BTC")
    assert (quote.price, quote.time) == (120.0, NOW - 10 * SECOND)
    assert quote.change_1h == pytest.approx(0.2)
    assert quote.change_24h == pytest.approx(0.5)
    made.trade((NOW - SECOND, 9_000))
    assert made.quotes.one("BTC").change_1h == pytest.approx(-0.1)


def test_a_change_is_unknown_where_no_trade_tells_it(workers: Workers) -> None:
    made = Setup(workers)
    made.trade((NOW - HOUR - 10 * MINUTE, 8_000), (NOW - 20 * MINUTE, 10_000), (NOW, 12_000))
    quote = made.quotes.one("BTC")  # the server was off an hour ago
    assert (quote.change_1h, quote.change_24h) == (None, None)
    made.clock.advance(20 * 60)
    assert made.quotes.one("BTC").change_1h is None
    made.clock.advance(21 * 60)
    assert made.quotes.one("BTC").change_1h == pytest.approx(0.2)


def test_a_reset_forgets_the_prices_before(workers: Workers) -> None:
    made = Setup(workers)
    made.trade((NOW - HOUR - MINUTE, 8_000), (NOW, 12_000))
    assert made.quotes.one("BTC").change_1h == pytest.approx(0.5)
    made.market.reset("x:BTCUSDT")
    made.trade((NOW, 12_000))
    assert made.quotes.one("BTC").change_1h is None


@pytest.mark.parametrize(
    ("state", "simulated", "word"),
    [
        (State.LIVE, False, "live"),
        (State.LIVE, True, "simulated"),
        (State.STALE, False, "stale"),
        (State.STALE, True, "stale"),
        (State.RECONNECTING, False, "reconnecting"),
        (State.BACKFILLING, False, "backfilling"),
        (State.CONNECTING, False, "connecting"),
        (State.OFFLINE, False, "offline"),
        (State.STOPPED, False, "offline"),
    ],
)
def test_the_state_in_a_word(workers: Workers, state: State, simulated: bool, word: str) -> None:
    quote = Setup(workers, StatedFeed(state, simulated=simulated)).quotes.one("BTC")
    assert quote.state == word
    assert quote.source == ("SIMULATED" if simulated else "Exchange X")


def test_a_step_is_its_last_trade_and_none_is_invented(workers: Workers) -> None:
    made = Setup(workers)
    t = NOW // MINUTE * MINUTE
    made.trade((t, 100), (t + SECOND, 101), (t + 2 * SECOND, 102), (t + 9 * SECOND, 103), (t + 70 * SECOND, 104))
    made.trade((t + SECOND + 1, 99))  # late
    assert made.history(step="tick") == [
        (t, 1.0), (t + SECOND, 1.01), (t + SECOND + 1, 0.99), (t + 2 * SECOND, 1.02), (t + 9 * SECOND, 1.03),
        (t + 70 * SECOND, 1.04),
    ]  # fmt: skip
    assert made.history(step="1s")[:2] == [(t, 1.0), (t + SECOND + 1, 0.99)]
    assert [price for _, price in made.history(step="2s")] == [0.99, 1.02, 1.03, 1.04]
    assert [price for _, price in made.history(step="1min")] == [1.03, 1.04]
    assert [price for _, price in made.history(2)] == [1.03, 1.04]


def expected(trades: Sequence[tuple[int, int]], limit: int, step: int) -> list[tuple[int, float]]:
    """A loop over all trades."""
    last: dict[int, tuple[int, float]] = {}
    for number, (time, price) in enumerate(sorted(trades, key=lambda trade: trade[0])):
        last[time // step if step else number] = (time, price / 100)
    return [last[key] for key in sorted(last)][-limit:]


@pytest.mark.parametrize("evicting", [False, True])
def test_histories_are_those_of_a_loop_from_memory_and_log(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, evicting: bool
) -> None:
    monkeypatch.setattr("orderflow.tickers.quotes.PIECE", 50)
    monkeypatch.setattr("orderflow.market.buffer.SEGMENT", 300)
    log = DiskTickLog(tmp_path, workers)
    made = Setup(workers, log=log)
    if evicting:
        made.market._max_ticks = 400
    rng = np.random.default_rng(3)
    times = NOW - DAY + np.cumsum(rng.integers(0, 3 * SECOND, 3_000))
    times[rng.random(3_000) < 0.01] -= 20 * SECOND  # late
    trades = list(zip(times.tolist(), rng.integers(5_000, 6_000, 3_000).tolist(), strict=True))
    for at in range(0, 3_000, 100):
        made.trade(*trades[at : at + 100])
    assert (made.market.arrivals("x:BTCUSDT", 0, 1).first > 0) == evicting
    for step, ns in (("tick", 0), ("1s", SECOND), ("2s", 2 * SECOND), ("1min", MINUTE)):
        for limit in (1, 7, 100, 2_000, 10_000):
            found = made.history(limit, step)
            wanted = expected(trades, limit, ns)
            assert [time for time, _ in found] == [time for time, _ in wanted], (step, limit)
            if ns:
                assert found == wanted
    log.close()


@pytest.mark.parametrize(
    ("limit", "step", "field"), [(0, "2s", "limit"), (10_001, "2s", "limit"), (5, "3s", "step"), (5, "", "step")]
)
def test_bad_limits_and_steps(workers: Workers, limit: int, step: str, field: str) -> None:
    with pytest.raises(BadInput) as error:
        Setup(workers).quotes.history("BTC", limit, step)
    assert error.value.errors[0].field == field
