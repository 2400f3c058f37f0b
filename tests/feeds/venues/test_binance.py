"""The dialect of Binance, against recorded frames and its documentation."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from orderflow.feeds.venues.binance import Binance
from orderflow.feeds.venues.registry import VENUES
from orderflow.feeds.venues.venue import BadMessage, Held, Kline, Problem, ShuttingDown, Subscribed, Trade

FOLDER = Path(__file__).parents[3] / ".." / "shared" / "data" / "ws_recorded"
FILES = ("BINANCE.jsonl.gz", "BINANCE_FUTURES.jsonl.gz")
"""Spot, where hardly anything traded in these seconds, and futures, whose trades and klines have the same form."""
VENUE = Binance()


def recorded(file: str) -> list[str]:
    """The received messages of a recording, in order."""
    if not FOLDER.is_dir():
        pytest.skip("the recorded frames are not here: a clone has no shared/ folder")
    lines = (json.loads(line) for line in gzip.decompress((FOLDER / file).read_bytes()).splitlines())
    return [line["data"] for line in lines if line["t"] == "recv"]


@pytest.mark.parametrize("file", FILES)
def test_recorded_frames_give_every_trade_and_kline_with_the_numbers_of_the_venue(file: str) -> None:
    trades = klines = 0
    for text in recorded(file):
        message = json.loads(text)
        data = message["data"]
        kind = message["stream"].partition("@")[2]
        if kind == "aggTrade":
            side = -1 if data["m"] else 1
            expected = Trade(data["s"], data["a"], data["T"] * 10**6, data["p"], data["q"], side, data["f"], data["l"])
            assert list(VENUE.read(text)) == [expected]
            trades += 1
        elif kind.startswith("kline"):
            (kline,) = VENUE.read(text)
            k = data["k"]
            assert isinstance(kline, Kline)
            assert (kline.pair, kline.interval, kline.start, kline.end) == (k["s"], k["i"], k["t"], k["T"])
            assert (kline.open, kline.high, kline.low, kline.close) == (k["o"], k["h"], k["l"], k["c"])
            assert (kline.volume, kline.trades, kline.taker_buy_volume) == (k["v"], k["n"], k["V"])
            assert kline.closed == k["x"]
            klines += 1
    assert trades
    assert klines


def test_recorded_trades_of_a_pair_go_on_without_a_gap() -> None:
    last: dict[str, int] = {}
    for text in recorded(FILES[1]):
        if '@aggTrade"' in text:
            (trade,) = VENUE.read(text)
            assert isinstance(trade, Trade)
            assert trade.first == last.get(trade.pair, trade.first)
            last[trade.pair] = trade.last + 1


def test_other_messages() -> None:
    assert list(VENUE.read('{"result":null,"id":1}')) == [Subscribed()]
    assert list(VENUE.read('{"e":"serverShutdown","E":1770123456789}')) == [ShuttingDown()]
    assert list(VENUE.read('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}')) == [ShuttingDown()]
    refused = '{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":1}'
    assert list(VENUE.read(refused)) == [Problem("Invalid request: invalid stream (2)")]
    assert not VENUE.read('{"e":"24hrMiniTicker","E":1,"s":"BTCUSDT"}')


@pytest.mark.parametrize(
    "text", ["", "{", '{"stream":"btcusdt@aggTrade","data":{"e":"agg', "[]", '{"e":"aggTrade","a":"x"}']
)
def test_what_cannot_be_read_is_a_bad_message(text: str) -> None:
    with pytest.raises(BadMessage):
        VENUE.read(text)


def test_requests_and_answers() -> None:
    request = VENUE.trades_request("BTCUSDT", Held(41, 0))
    assert request.query == {"symbol": "BTCUSDT", "limit": "1000", "fromId": "41"}
    assert "fromId" not in VENUE.trades_request("BTCUSDT", None).query
    row = {"a": 41, "p": "0.10", "q": "2", "f": 100, "l": 103, "T": 1, "m": True, "M": True}
    assert list(VENUE.read_trades("X", json.dumps([row]).encode())) == [
        Trade("X", 41, 1_000_000, "0.10", "2", -1, 100, 103)
    ]
    with pytest.raises(BadMessage):
        VENUE.read_trades("X", b'{"code":-1121,"msg":"Invalid symbol."}')
    assert VENUE.read_time(b'{"serverTime":1499827319559}') == 1499827319559 * 10**6
    assert VENUE.used_weight({"x-mbx-used-weight-1m": "42"}) == 42
    assert VENUE.used_weight({}) is None


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.facts.name)
def test_every_venue_has_usable_facts(venue: Binance) -> None:
    facts = venue.facts
    assert facts.rest_url.startswith("https://")
    assert facts.ws_url.startswith("wss://")
    pair = venue.default_pair("BTC")
    assert venue.is_pair(pair)
    assert all(isinstance(text, str) for text in venue.subscribe([pair]))
    assert facts.silence > 0
    assert venue.trades_request(pair, None).path.startswith("/")
