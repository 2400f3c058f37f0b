"""Feeds of the streams with a manual clock: events shaped as recorded, each exactly once."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import NotFound
from orderflow.exchange.dialect import Refusal
from orderflow.exchange.exchange import Exchange
from orderflow.exchange.market_data import Quote
from orderflow.exchange.streams import BATCH
from tests.clocks import ManualClock
from tests.exchange.asking import ask, feed, look
from tests.exchange.trades import BEGIN, Fill, send, some

T0 = BEGIN // 10**6
Look = Callable[[], list[dict[str, Any]]]


def same_shape(mine: Any, theirs: Any, where: str = "") -> None:
    """Assert the same members and types, and the same number of decimals in texts."""
    assert type(mine) is type(theirs), where
    if isinstance(mine, dict):
        assert list(mine) == list(theirs), where
        for name in mine:
            same_shape(mine[name], theirs[name], f"{where}.{name}")
    elif isinstance(mine, str) and where[-1] not in "si":
        pattern = r"\d+\.\d{8}"
        assert bool(re.fullmatch(pattern, mine)) == bool(re.fullmatch(pattern, theirs)) or where.endswith("B"), where


@pytest.fixture(scope="module")
def frames(shared_data: Path) -> dict[str, dict[str, Any]]:
    """One recorded event of each kind of stream."""
    found: dict[str, dict[str, Any]] = {}
    with gzip.open(shared_data / "ws_recorded" / "BINANCE.jsonl.gz", "rt") as file:
        for line in map(json.loads, file):
            if line["t"] == "recv":
                frame = json.loads(line["data"])
                found.setdefault(frame["stream"].split("@")[1], frame["data"])
    return found


def test_events_are_shaped_like_the_recorded_ones(
    exchange: Exchange, clock: ManualClock, frames: dict[str, dict[str, Any]]
) -> None:
    send(exchange.market, Fill(1, 10_001, 1))
    exchange.quotes = lambda symbol: Quote(10_000, 5, 10_002, 6, 2, 0)
    made = {kind: feed(exchange, f"btcusdt@{kind}") for kind in ("aggTrade", "kline_1m", "bookTicker")}
    clock.advance(10)
    send(exchange.market, Fill(10, 10_002, 1500, -1))
    look(exchange, made["aggTrade"])
    clock.advance(0.2)
    for kind, one in made.items():
        same_shape(look(exchange, one)[0], frames[kind])


def test_aggregate_trades_equal_those_of_rest(exchange: Exchange, clock: ManualClock) -> None:
    fills = some(5, 300, span=20.0)
    send(exchange.market, *fills[:10])
    made, single = feed(exchange, "btcusdt@aggTrade"), feed(exchange, "btcusdt@trade")
    found: list[dict[str, Any]] = []
    trades: list[dict[str, Any]] = []
    for a in range(10, 300, 7):
        send(exchange.market, *fills[a : a + 7])
        found += look(exchange, made)
        trades += look(exchange, single)
        clock.advance(0.03)
    clock.advance(0.2)
    found += look(exchange, made)
    assert look(exchange, made) == look(exchange, single) == []
    assert [trade["t"] for trade in trades] == list(range(10, 300))
    assert [row["f"] for row in found] == [10, *(row["l"] + 1 for row in found[:-1])]
    rows = ask(exchange, "aggTrades", symbol="BTCUSDT", limit=1000)
    first = next(row for row in rows if row["l"] >= 10)
    mine = [{name: row[name] for name in "apqflTmM"} for row in found]
    assert mine[1:] == rows[first["a"] + 1 :]
    assert (mine[0]["a"], mine[0]["l"]) == (first["a"], first["l"])
    assert all(row["E"] >= T0 for row in found)


def test_trade_that_extends_a_sent_aggregate_trade_keeps_its_id(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(1, 10_001, 1))
    made = feed(exchange, "btcusdt@aggTrade")
    send(exchange.market, Fill(2, 10_001, 1), Fill(2, 10_001, 2))
    assert look(exchange, made) == []  # it may grow
    clock.advance(0.1)
    assert [(row["a"], row["q"], row["f"], row["l"]) for row in look(exchange, made)] == [(1, "0.00300000", 1, 2)]
    send(exchange.market, Fill(2, 10_001, 5), Fill(3, 10_001, 1))
    clock.advance(0.1)
    told = look(exchange, made)
    clock.advance(0.1)
    told += look(exchange, made)
    assert [(row["a"], row["q"], row["f"], row["l"]) for row in told] == [
        (1, "0.00500000", 3, 3), (2, "0.00100000", 4, 4),
    ]  # fmt: skip


def test_many_trades_are_sent_in_batches(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(1, 10_001, 1))
    made, single = feed(exchange, "btcusdt@aggTrade"), feed(exchange, "btcusdt@trade")
    send(exchange.market, *(Fill(2 + i / 100, 10_001 + i % 3, 1) for i in range(2500)))
    for one, letter in ((made, "a"), (single, "t")):
        turns = [look(exchange, one)]
        clock.advance(1)
        while turns[-1]:
            turns.append(look(exchange, one))
        assert max(map(len, turns)) == BATCH
        assert [row[letter] for turn in turns for row in turn] == list(range(1, 2501))


def test_kline_is_sent_every_two_seconds_and_when_closed(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(0, 10_000, 1000))
    made = feed(exchange, "btcusdt@kline_1m")
    told: list[tuple[float, dict[str, Any]]] = []
    for step in range(2000):  # 200 s
        at = step / 10
        if step % 3 == 0 and not 70 < at < 140:
            send(exchange.market, Fill(at, 10_000 + step % 50, 1000, 1 if step % 2 else -1))
        told += [(at, event) for event in look(exchange, made)]
        clock.advance(0.1)
    times = [at for at, event in told if not event["k"]["x"]]
    assert min(b - a for a, b in pairwise(times)) >= 2.0
    assert times[1] == 2.0
    closed = [event["k"] for _, event in told if event["k"]["x"]]
    assert [(kline["t"] - T0) // 60_000 for kline in closed] == [0, 1, 2]
    assert [at for at, event in told if event["k"]["x"]] == pytest.approx([60.0, 122.0, 180.0], abs=0.31)
    rows = ask(exchange, "klines", symbol="BTCUSDT", interval="1m")
    for kline, row in zip(closed, rows, strict=False):
        assert [kline[name] for name in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")] == row
    numbers = [(kline["f"], kline["L"], kline["n"]) for kline in closed]
    assert all(last - first + 1 == count for first, last, count in numbers)
    assert numbers[0][0] == 0
    assert numbers[2][0] == numbers[1][1] + 1


def test_kline_without_trades_is_closed_flat(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(0, 10_000, 1000))
    made = feed(exchange, "btcusdt@kline_1s")
    look(exchange, made)
    told = []
    for _ in range(63):
        clock.advance(0.1)
        told += look(exchange, made)
    assert [(event["k"]["t"] - T0, event["k"]["x"]) for event in told] == [
        (0, True), (1000, True), (2000, True), (3000, True),
    ]  # fmt: skip
    last = told[-1]["k"]
    assert (last["f"], last["L"], last["n"], last["v"], last["o"]) == (-1, -1, 0, "0.00000000", "100.00000000")


def test_old_ticks_close_their_klines(exchange: Exchange, clock: ManualClock) -> None:
    clock.advance(400 * 86_400)
    send(exchange.market, Fill(0, 10_000, 1000))
    made = feed(exchange, "btcusdt@kline_1m")
    told = []
    for minute in range(1, 6):
        send(exchange.market, Fill(60 * minute + 5, 10_000, 1000))
        clock.advance(1)
        told += look(exchange, made)
    assert [(e["k"]["t"] - T0) // 60_000 for e in told if e["k"]["x"]] == [0, 1, 2, 3, 4]
    assert look(exchange, made) == []


def test_mini_ticker_equals_that_of_rest(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(0, 10_000, 1000), Fill(1, 10_100, 1000))
    made = feed(exchange, "btcusdt@miniTicker")
    clock.advance(2)
    event = look(exchange, made)[0]
    assert look(exchange, made) == []
    day = ask(exchange, "ticker/24hr", symbol="BTCUSDT", type="MINI")
    assert event == {
        "e": "24hrMiniTicker", "E": T0 + 2000, "s": "BTCUSDT", "c": day["lastPrice"], "o": day["openPrice"],
        "h": day["highPrice"], "l": day["lowPrice"], "v": day["volume"], "q": day["quoteVolume"],
    }  # fmt: skip
    send(exchange.market, Fill(2, 10_100, 1000))
    assert look(exchange, made) == []
    clock.advance(1)
    assert len(look(exchange, made)) == 1


def test_quote_is_sent_when_it_changes(exchange: Exchange) -> None:
    send(exchange.market, Fill(0, 10_000, 1000))
    with pytest.raises(Refusal, match="invalid stream"):
        exchange.stream("btcusdt@bookTicker")
    quote = Quote(10_000, 5, 10_002, 6, 2, 0)
    exchange.quotes = lambda symbol: quote
    made = feed(exchange, "btcusdt@bookTicker")
    assert look(exchange, made)[0]["u"] == 1
    assert look(exchange, made) == []
    quote = Quote(10_000, 4, 10_002, 6, 2, 0)
    assert look(exchange, made)[0] == {
        "u": 2, "s": "BTCUSDT", "b": "100.00000000", "B": "4.00000000", "a": "100.02000000", "A": "6.00000000",
    }  # fmt: skip


def test_ids_start_again_after_a_reset(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, *some(1, 20))
    made = feed(exchange, "btcusdt@trade")
    exchange.market.reset("BTC_USDT")
    with pytest.raises(NotFound):
        look(exchange, made)
    assert not made.due(exchange.now())
    send(exchange.market, Fill(100, 10_000, 1), Fill(101, 10_000, 1))
    assert [event["t"] for event in look(exchange, made)] == [0, 1]


@pytest.mark.parametrize(
    "text",
    ["", "btcusdt", "btcusdt@depth", "BTCUSDT@trade", "nope@trade", "btcusdt@kline_7m", "btcusdt@kline_1m@+08:00"],
)
def test_unknown_stream_is_refused(exchange: Exchange, text: str) -> None:
    send(exchange.market, Fill(0, 10_000, 1000))
    with pytest.raises(Refusal, match="invalid stream"):
        exchange.stream(text)
