"""Fills arrive in the market as ticks of HERD: possibly late, never lost, never twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from orderflow.errors import Busy
from orderflow.herd.live import tick_feed
from orderflow.herd.live.tick_feed import SYMBOL, TickFeed, ticks
from orderflow.herd.rules.participants import Fills
from orderflow.market.idempotency import Receipt
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from orderflow.runtime.workers import Workers
from tests.herd.play import START

Start = Callable[[Market], TickFeed]


@pytest.fixture
def start(workers: Workers) -> Iterator[Start]:
    """Creates and starts a feed into a market."""
    made: list[TickFeed] = []

    def go(market: Market) -> TickFeed:
        made.append(TickFeed(market, workers))
        made[-1].start()
        return made[-1]

    yield go
    for one in made:
        one.stop()


def fills(*numbers: int, begin: int = START) -> Fills:
    made = Fills()
    for n in numbers:
        made.append(begin + n * 10**9, 10_000 + n, 1 + n, 1 if n % 2 else -1, n)
    return made


def held(market: Market) -> list[int]:
    if not market.revision(SYMBOL):
        return []
    return [int(n) for n in market.ticks(SYMBOL).ticks.id]


def eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not check():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.005)


def test_a_fill_is_a_tick() -> None:
    batch = ticks(fills(3, 4))
    assert (batch.symbol, batch.price_decimals, batch.size_decimals) == ("HERD", 2, 0)
    assert batch.time.tolist() == [START + 3 * 10**9, START + 4 * 10**9]
    assert (batch.price.tolist(), batch.size.tolist()) == ([10_003, 10_004], [4, 5])
    assert (batch.side.tolist(), batch.id.tolist()) == ([1, -1], [3, 4])
    assert batch.rule.tolist() == [SideRule.FLAG] * 2


def test_ticks_arrive_in_order_and_once(start: Start) -> None:
    market = Market()
    made = start(market)
    made.add(fills(1, 2))
    made.add(fills())
    made.add(fills(3))
    eventually(lambda: held(market) == [1, 2, 3])
    made.begin(fills(1, 2, 3, 4))
    eventually(lambda: held(market) == [1, 2, 3, 4])
    assert made.pending() == 0
    assert market.stats(SYMBOL)["duplicates"] == 0  # ticks that are there are not sent again


def test_a_busy_market_gets_the_ticks_later(start: Start, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick_feed, "_RETRY_PAUSE", 0.01)
    market = Market()
    refusals = 3
    ingest = market.ingest

    def busy(batches: Sequence[TickBatch]) -> Receipt:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            raise Busy("full")
        return ingest(batches)

    monkeypatch.setattr(market, "ingest", busy)
    made = start(market)
    made.add(fills(1))
    made.add(fills(2))
    eventually(lambda: held(market) == [1, 2])
    assert workers.errors() == {"herd ticks: Busy": 3}


def test_undone_ticks_are_removed(start: Start) -> None:
    market = Market()
    made = start(market)
    made.add(fills(1, 2, 3))
    eventually(lambda: held(market) == [1, 2, 3])
    epoch = market.epoch
    made.begin(fills(1), clear=True)
    made.add(fills(7))
    eventually(lambda: held(market) == [1, 7])
    assert market.epoch != epoch
    made.begin(fills(), clear=True)
    eventually(lambda: held(market) == [])


def test_ticks_of_another_session_with_the_same_ids_are_removed(start: Start) -> None:
    market = Market()
    market.ingest([ticks(fills(1, 2, begin=START - 10**15))])
    made = start(market)
    made.begin(fills())
    time.sleep(0.05)
    assert held(market) == [1, 2], "HERD is not cleared before there are fills"
    made.begin(fills(1, 2, 3))
    eventually(lambda: held(market) == [1, 2, 3])
    assert market.ticks(SYMBOL).ticks.time.min() > START
