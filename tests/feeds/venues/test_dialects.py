"""The dialects of Coinbase, Kraken, Bybit and OKX, against the examples of their documentation.

The recorded frames have none of these venues.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from orderflow.feeds.tick_columns import tick_batch
from orderflow.feeds.venues.bybit import Bybit
from orderflow.feeds.venues.coinbase import Coinbase
from orderflow.feeds.venues.kraken import Kraken
from orderflow.feeds.venues.okx import Okx
from orderflow.feeds.venues.registry import VENUES
from orderflow.feeds.venues.venue import (
    BadMessage,
    Heartbeat,
    Held,
    Problem,
    ShuttingDown,
    Subscribed,
    Trade,
    Venue,
)

COINBASE, KRAKEN, BYBIT, OKX = Coinbase(), Kraken(), Bybit(), Okx()
DIALECTS: tuple[Venue, ...] = (COINBASE, KRAKEN, BYBIT, OKX)
each = pytest.mark.parametrize("venue", DIALECTS, ids=lambda venue: venue.facts.name)


def text(**members: Any) -> str:
    return json.dumps(members)


@each
def test_it_is_registered_and_its_pairs_are_its_own(venue: Venue) -> None:
    assert type(venue) in [type(known) for known in VENUES]
    assert venue.is_pair(venue.default_pair("btc"))
    for wrong in ("", "BTC", "btc-usd", "BTC USD", "../x", "BTC-USD?x=1", "BTC/USD/EUR", "WBTCX"):
        assert not venue.is_pair(wrong)
    assert venue.facts.rest_url.startswith("https://")
    assert venue.facts.ws_url.startswith("wss://")


@each
def test_what_is_no_message_of_the_venue_is_refused_or_ignored(venue: Venue) -> None:
    for junk in (
        "",
        "{",
        "[1]",
        '"x"',
        "1",
        "null",
        "[" * 100_000,
        b"\xff\xfe",
        '{"channel": 5}' if venue is KRAKEN else "[",
    ):
        with pytest.raises(BadMessage):
            venue.read(junk)
    assert list(venue.read("{}")) == []
    assert list(venue.read('{"some": {"other": "thing"}}')) == []
    for junk in (b"", b"{", b'"x"', b"null", b"<html>"):
        with pytest.raises(BadMessage):
            venue.read_trades("BTC-USD", junk)
        with pytest.raises(BadMessage):
            venue.read_time(junk)
    assert venue.used_weight({}) is None


def test_coinbase_side_is_the_makers() -> None:
    match = {
        "type": "match", "trade_id": 10, "sequence": 50, "maker_order_id": "ac928c66", "taker_order_id": "132fb6ae",
        "time": "2014-11-07T08:19:27.028459Z", "product_id": "BTC-USD", "size": "5.23512", "price": "400.23",
        "side": "sell",
    }  # fmt: skip
    expected = Trade("BTC-USD", 10, 1_415_348_367_028_459_000, "400.23", "5.23512", 1, 10, 10)
    assert list(COINBASE.read(json.dumps(match))) == [expected]
    (last,) = COINBASE.read(json.dumps({**match, "type": "last_match", "side": "buy"}))
    assert isinstance(last, Trade)
    assert last.side == -1
    assert list(COINBASE.read(text(type="heartbeat", sequence=90, last_trade_id=20, product_id="BTC-USD"))) == [
        Heartbeat()
    ]
    assert list(COINBASE.read(text(type="subscriptions", channels=[]))) == [Subscribed()]
    (problem,) = COINBASE.read(text(type="error", message="Failed to subscribe", reason="XYZ-USD is not valid"))
    assert problem == Problem("Failed to subscribe: XYZ-USD is not valid")


def test_coinbase_pages_go_back_from_an_id() -> None:
    row = {"trade_id": 74, "time": "2014-11-07T22:19:28.578544Z", "price": "10.00000000", "size": "0.01", "side": "buy"}
    older = {**row, "trade_id": 73, "side": "sell"}
    trades = COINBASE.read_trades("BTC-USD", json.dumps([row, older]).encode())
    assert [(trade.id, trade.side) for trade in trades] == [(73, 1), (74, -1)]
    request = COINBASE.trades_request("BTC-USD", Held(73, 0))
    assert (request.path, request.query) == ("/products/BTC-USD/trades", {"limit": "1000", "after": "1073"})
    assert "after" not in COINBASE.trades_request("BTC-USD", None).query
    (call,) = COINBASE.subscribe(["BTC-USD", "ETH-USD"])
    assert json.loads(call) == {
        "type": "subscribe", "product_ids": ["BTC-USD", "ETH-USD"], "channels": ["matches", "heartbeat"],
    }  # fmt: skip
    assert (
        COINBASE.read_time(b'{"iso": "2015-01-07T23:47:25.201Z", "epoch": 1420674445.201}') == 1_420_674_445_201_000_000
    )


def test_kraken_numbers_are_read_digit_by_digit() -> None:
    message = (
        '{"channel": "trade", "type": "update", "data": [{"symbol": "MATIC/USD", "side": "sell", "price": 0.5117, '
        '"qty": 40.10000000000000001, "ord_type": "market", "trade_id": 4665906, '
        '"timestamp": "2023-09-25T07:49:37.708706Z"}, {"symbol": "MATIC/USD", "side": "buy", "price": 1e-7, "qty": 3, '
        '"ord_type": "limit", "trade_id": 4665907, "timestamp": "2023-09-25T07:49:37Z"}]}'
    )
    first, second = KRAKEN.read(message)
    assert first == Trade(
        "MATIC/USD", 4_665_906, 1_695_628_177_708_000_000, "0.5117", "40.10000000000000001", -1, 4_665_906, 4_665_906
    )
    assert isinstance(second, Trade)
    assert (second.price, second.size, second.side, second.time % 10**9) == ("0.0000001", "3", 1, 0)
    assert list(KRAKEN.read(text(channel="heartbeat"))) == [Heartbeat()]
    assert list(KRAKEN.read(text(method="subscribe", success=True, result={"channel": "trade"}))) == [Subscribed()]
    assert list(KRAKEN.read(text(channel="status", type="update", data=[{"system": "online"}]))) == []
    refused = text(error="Currency pair not supported BTC/XYZ", method="subscribe", success=False, symbol="BTC/XYZ")
    assert list(KRAKEN.read(refused)) == [Problem("Currency pair not supported BTC/XYZ", "BTC/XYZ")]


def test_kraken_answers_agree_with_its_messages() -> None:
    rows = (
        b'{"error": [], "result": {"XXBTZUSD": ['
        b'["30243.40000", "0.34507674", 1688669597.8277369, "b", "m", "", 61044952],'
        b'["30243.30000", "0.00376960", 1688669598.2804112, "s", "l", "", 61044953]], "last": "1688671969993150842"}}'
    )
    trades = KRAKEN.read_trades("BTC/USD", rows)
    assert trades[0] == Trade(
        "BTC/USD", 61_044_952, 1_688_669_597_827_000_000, "30243.40000", "0.34507674", 1, 61_044_952, 61_044_952
    )
    assert trades[1].side == -1
    request = KRAKEN.trades_request("BTC/USD", Held(61_044_952, trades[0].time))
    assert request.query == {"pair": "BTCUSD", "count": "1000", "since": "1688669597826000000"}
    with pytest.raises(BadMessage, match="Unknown asset pair"):
        KRAKEN.read_trades("X/Y", b'{"error": ["EQuery:Unknown asset pair"]}')
    with pytest.raises(BadMessage, match="no trades"):
        KRAKEN.read_trades("X/Y", b'{"error": [], "result": {"last": "1"}}')
    assert (
        KRAKEN.read_time(b'{"error": [], "result": {"unixtime": 1688669448, "rfc1123": "x"}}') == 1_688_669_448 * 10**9
    )
    assert json.loads(KRAKEN.subscribe(["BTC/USD"])[0]) == {
        "method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"], "snapshot": False},
    }  # fmt: skip


def test_bybit_ids_may_be_words_and_topics_come_in_tens() -> None:
    message = text(
        topic="publicTrade.BTCUSDT", type="snapshot", ts=1672304486868,
        data=[
            {"T": 1672304486865, "s": "BTCUSDT", "S": "Buy", "v": "0.001", "p": "16578.50", "L": "PlusTick",
             "i": "20f43950-d8dd-5b31-9112-a178eb6023af", "BT": False},
            {"T": 1672304486866, "s": "BTCUSDT", "S": "Sell", "v": "0.002", "p": "16578.40", "i": "2290000000068683805",
             "BT": False},
        ],
    )  # fmt: skip
    first, second = BYBIT.read(message)
    assert isinstance(first, Trade)
    assert isinstance(second, Trade)
    assert (first.time, first.price, first.size, first.side) == (1_672_304_486_865_000_000, "16578.50", "0.001", 1)
    assert first.id < 0
    assert (second.id, second.side) == (2_290_000_000_068_683_805, -1) or second.id < 0
    assert second.first == second.last == second.id
    assert not BYBIT.facts.contiguous
    calls = BYBIT.subscribe([f"T{n}USDT" for n in range(25)])
    assert [len(json.loads(call)["args"]) for call in calls] == [10, 10, 5]
    assert list(BYBIT.read(text(success=True, ret_msg="subscribe", conn_id="x", op="subscribe"))) == [Subscribed()]
    assert list(BYBIT.read(text(success=True, ret_msg="pong", op="ping"))) == []
    refused = text(success=False, ret_msg="error:handler not found,topic:publicTrade.XUSDT", op="subscribe")
    (problem,) = BYBIT.read(refused)
    assert isinstance(problem, Problem)
    assert problem.pair == "XUSDT"


def test_bybit_answers_have_the_ids_of_its_messages() -> None:
    body = {
        "retCode": 0, "retMsg": "OK",
        "result": {"category": "spot", "list": [
            {"execId": "2100000000007764264", "symbol": "BTCUSDT", "price": "16618.5", "size": "0.00012", "side": "Buy",
             "time": "1672052955759", "isBlockTrade": False},
            {"execId": "2100000000007764263", "symbol": "BTCUSDT", "price": "16618.49", "size": "0.1", "side": "Sell",
             "time": "1672052955758", "isBlockTrade": False},
        ]},
    }  # fmt: skip
    trades = BYBIT.read_trades("BTCUSDT", json.dumps(body).encode())
    assert [(trade.price, trade.side, trade.time) for trade in trades] == [
        ("16618.49", -1, 1_672_052_955_758_000_000), ("16618.5", 1, 1_672_052_955_759_000_000),
    ]  # fmt: skip
    live = {"T": 1672052955759, "s": "BTCUSDT", "S": "Buy", "v": "0.00012", "p": "16618.5", "i": "2100000000007764264"}
    assert list(BYBIT.read(text(topic="publicTrade.BTCUSDT", data=[live]))) == [trades[1]]
    with pytest.raises(BadMessage, match="params error"):
        BYBIT.read_trades("X", b'{"retCode": 10001, "retMsg": "params error", "result": {}}')
    assert (
        BYBIT.read_time(b'{"retCode": 0, "result": {"timeSecond": "1688639403", "timeNano": "1688639403423213947"}}')
        == 1_688_639_403_423_213_947
    )
    assert BYBIT.facts.keep_alive == ('{"op":"ping"}', 20.0)


def test_okx_has_a_message_for_each_trade() -> None:
    row = {"instId": "BTC-USDT", "tradeId": "130639474", "px": "42219.9", "sz": "0.12060306", "side": "buy",
           "ts": "1630048897897", "source": "0"}  # fmt: skip
    message = text(arg={"channel": "trades-all", "instId": "BTC-USDT"}, data=[row])
    expected = Trade(
        "BTC-USDT", 130_639_474, 1_630_048_897_897_000_000, "42219.9", "0.12060306", 1, 130_639_474, 130_639_474
    )
    assert list(OKX.read(message)) == [expected]
    older = {**row, "tradeId": "130639473", "side": "sell"}
    trades = OKX.read_trades("BTC-USDT", text(code="0", msg="", data=[row, older]).encode())
    assert [(trade.id, trade.side) for trade in trades] == [(130_639_473, -1), (130_639_474, 1)]
    assert OKX.trades_request("BTC-USDT", Held(7, 0)).query == {
        "instId": "BTC-USDT", "limit": "100", "type": "1", "after": "107",
    }  # fmt: skip
    assert OKX.trades_request("BTC-USDT", None).query == {"instId": "BTC-USDT", "limit": "100"}
    assert list(OKX.read("pong")) == []
    assert list(OKX.read(text(event="subscribe", arg={"channel": "trades-all", "instId": "BTC-USDT"}))) == [
        Subscribed()
    ]
    assert list(OKX.read(text(event="notice", code="64008", msg="The connection will soon be closed."))) == [
        ShuttingDown()
    ]
    refused = text(
        event="error", code="60018", msg="wrong URL or channel", arg={"channel": "trades-all", "instId": "X-Y"}
    )
    assert list(OKX.read(refused)) == [Problem("wrong URL or channel (60018)", "X-Y")]
    with pytest.raises(BadMessage, match="Instrument ID does not exist"):
        OKX.read_trades("X", b'{"code": "51001", "msg": "Instrument ID does not exist", "data": []}')
    assert OKX.read_time(b'{"code": "0", "msg": "", "data": [{"ts": "1597026383085"}]}') == 1_597_026_383_085_000_000
    with pytest.raises(BadMessage):
        OKX.read_time(b'{"code": "0", "msg": "", "data": []}')


@pytest.mark.parametrize(
    "time", ["", "2023-09-25", "2023-09-25T07:49:37", "yesterday", "2023-09-25T07:49:37.1234567890Z"]
)
def test_a_wrong_time_is_a_bad_message(time: str) -> None:
    with pytest.raises(BadMessage, match="is not a time"):
        COINBASE.read(text(type="match", trade_id=1, product_id="A-B", time=time, price="1", size="1", side="buy"))


def test_trades_become_exact_ticks() -> None:
    (trade,) = OKX.read(
        text(arg={"channel": "trades-all", "instId": "A-B"}, data=[
            {"instId": "A-B", "tradeId": "5", "px": "0.00001234", "sz": "123456789.5", "side": "sell", "ts": "5"}
        ])
    )  # fmt: skip
    assert isinstance(trade, Trade)
    batch, refused = tick_batch("okx:A-B", [trade])
    assert (int(batch.price[0]), batch.price_decimals, int(batch.size[0]), batch.size_decimals) == (
        1234,
        8,
        1234567895,
        1,
    )
    assert (int(batch.side[0]), int(batch.id[0]), int(batch.time[0]), refused) == (-1, 5, 5_000_000, 0)
