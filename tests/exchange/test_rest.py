"""REST calls: responses shaped as recorded, error codes, request weight and bans."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from orderflow.exchange.exchange import Exchange, Rules
from orderflow.exchange.market_data import Quote
from orderflow.exchange.symbols import assets, exchange_name
from tests.clocks import ManualClock
from tests.exchange.asking import ask, refused
from tests.exchange.trades import BEGIN, Fill, ingest_recorded, send, some

S = ("symbol", "BTCUSDT")
T0 = BEGIN // 10**6


def test_trades_equal_the_recorded_ones_with_own_ids(exchange: Exchange, shared_data: Path) -> None:
    theirs = ingest_recorded(exchange.market, shared_data)
    mine = ask(exchange, "trades", symbol="BTCUSDT", limit=1000)
    assert mine == [{**trade, "id": number} for number, trade in enumerate(theirs)]
    assert [list(row) for row in mine[:1]] == [list(row) for row in theirs[:1]]
    assert ask(exchange, "historicalTrades", symbol="BTCUSDT", fromId=500, limit=2) == mine[500:502]
    assert ask(exchange, "trades", symbol="BTCUSDT") == mine[500:]


def test_aggregate_trades_contain_every_trade_once(exchange: Exchange, shared_data: Path) -> None:
    theirs = ingest_recorded(exchange.market, shared_data)
    rows: list[dict[str, Any]] = []
    while page := ask(exchange, "aggTrades", symbol="BTCUSDT", limit=100, fromId=len(rows)):
        rows += page
    assert [row["a"] for row in rows] == list(range(len(rows)))
    assert [row["f"] for row in rows] == [0, *(row["l"] + 1 for row in rows[:-1])]
    assert rows[-1]["l"] == len(theirs) - 1
    for row in rows:
        parts = theirs[row["f"] : row["l"] + 1]
        assert {(t["price"], t["time"], t["isBuyerMaker"]) for t in parts} == {(row["p"], row["T"], row["m"])}
        assert round(sum(float(t["qty"]) for t in parts), 8) == float(row["q"])
    assert len(rows) < len(theirs)
    start, end = rows[10]["T"], rows[99]["T"]
    between = [row for row in rows if start <= row["T"] <= end]
    assert ask(exchange, "aggTrades", symbol="BTCUSDT", startTime=start, endTime=end, limit=1000) == between
    assert ask(exchange, "aggTrades", symbol="BTCUSDT") == rows[-500:]


def test_exchange_info_has_the_members_of_the_recorded_one(exchange: Exchange, shared_data: Path) -> None:
    send(exchange.market, Fill(1, 10_025, 1500), Fill(2, 10_050, 2500))
    send(exchange.market, Fill(1, 10_001, 1500), symbol="ITEM_00")
    with gzip.open(shared_data / "ws_recorded" / "BINANCE.jsonl.gz", "rt") as file:
        lines = [json.loads(line) for line in file]
    theirs = json.loads(next(line["data"] for line in lines if line["t"] == "http" and "exchangeInfo" in line["url"]))
    mine = ask(exchange, "exchangeInfo")
    assert mine.keys() == theirs.keys()
    assert mine["rateLimits"][0] == {**theirs["rateLimits"][0], "limit": 6000}
    assert theirs["symbols"][0].keys() <= mine["symbols"][0].keys()
    for name, value in theirs["symbols"][0].items():
        assert type(mine["symbols"][0][name]) is type(value), name
    kinds = {entry["filterType"]: entry for entry in mine["symbols"][0]["filters"]}
    known = {entry["filterType"]: entry for entry in theirs["symbols"][0]["filters"]}
    for kind, entry in kinds.items():
        assert entry.keys() == known[kind].keys()
    assert kinds["PRICE_FILTER"]["tickSize"] == "0.25000000"
    assert kinds["LOT_SIZE"]["stepSize"] == "0.00100000"
    names = [(entry["symbol"], entry["baseAsset"], entry["quoteAsset"]) for entry in mine["symbols"]]
    assert names == [("BTCUSDT", "BTC", "USDT"), ("ITEM00", "ITEM00", "USD")]
    only = ask(exchange, "exchangeInfo", symbols='["ITEM00"]')["symbols"]
    assert [entry["symbol"] for entry in only] == ["ITEM00"]


def test_exchange_names_and_assets() -> None:
    assert exchange_name("ITEM_00") == "ITEM00"
    assert exchange_name("btc-usdt") == "BTCUSDT"
    assert exchange_name("金") == ""
    assert assets("ETHBTC") == ("ETH", "BTC")
    assert assets("USDT") == ("USDT", "USD")


def test_symbol_spelled_like_its_name_is_listed_first(exchange: Exchange) -> None:
    send(exchange.market, Fill(1, 10_001, 1), symbol="item-1")
    send(exchange.market, Fill(1, 20_001, 1), symbol="ITEM_1")
    assert ask(exchange, "ticker/price", symbol="ITEM1")["price"] == "200.01000000"
    send(exchange.market, Fill(1, 30_001, 1), symbol="ITEM1")
    assert ask(exchange, "ticker/price") == [{"symbol": "ITEM1", "price": "300.01000000"}]


@pytest.mark.parametrize(
    ("path", "query", "code", "says"),
    [
        ("klines", [("symbol", "NOPE"), ("interval", "1m")], -1121, "Invalid symbol."),
        ("klines", [S, ("interval", "7m")], -1120, "Invalid interval."),
        ("klines", [S, ("interval", "1M")], -1120, "Invalid interval."),
        ("klines", [S], -1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed."),
        ("klines", [("symbol", ""), ("interval", "1m")], -1102, "Mandatory parameter 'symbol' was not sent"),
        ("klines", [("symbol", "btcusdt"), ("interval", "1m")], -1100, "Illegal characters found in parameter"),
        ("klines", [S, ("interval", "1m"), ("limit", "x")], -1100, "parameter 'limit'; legal range is '^[0-9]{1,20}$'"),
        ("klines", [S, ("interval", "1m"), ("limit", "-1")], -1100, "'limit'"),
        ("klines", [S, ("interval", "1m"), ("limit", "0")], -1130, "Data sent for parameter 'limit' is not valid."),
        ("klines", [S, ("interval", "1m"), ("limit", "")], -1105, "Parameter 'limit' was empty."),
        ("klines", [S, ("interval", "1m"), ("startTime", "9" * 20)], -1108, "Parameter 'startTime' overflowed."),
        ("klines", [S, ("interval", "1m"), ("timeZone", "15")], -1130, "'timeZone'"),
        ("klines", [S, S, ("interval", "1m")], -1101, "Duplicate values for a parameter detected."),
        ("klines", [S, ("interval", "1m"), ("foo", "1")], -1104, "read '2' parameter(s) but was sent '3'"),
        ("ping", [("x", "1")], -1101, "Too many parameters; expected '0' and received '1'."),
        ("aggTrades", [S, ("fromId", "1"), ("startTime", "1")], -1128, "Combination of optional parameters invalid."),
        ("ticker/price", [S, ("symbols", '["BTCUSDT"]')], -1128, "Combination"),
        ("ticker/price", [("symbols", '["BTCUSDT","BTCUSDT"]')], -1151, "Symbol is present multiple times"),
        ("ticker/price", [("symbols", "BTCUSDT")], -1100, "'symbols'"),
        ("ticker/price", [("symbols", "[" * 5000)], -1100, "'symbols'"),
        ("ticker/24hr", [S, ("type", "SMALL")], -1139, "Invalid ticker type."),
        ("ticker/bookTicker", [S], -1112, "No orders on book for symbol."),
        ("exchangeInfo", [("symbol", "NOPE")], -1121, "Invalid symbol."),
    ],
)  # fmt: skip
def test_error_codes(exchange: Exchange, path: str, query: list[tuple[str, str]], code: int, says: str) -> None:
    send(exchange.market, Fill(1, 10_001, 1))
    status, found, text = refused(exchange, path, *query)
    assert (status, found) == (400, code)
    assert says in text


def test_24_hour_ticker_equals_a_plain_sum(exchange: Exchange, clock: ManualClock) -> None:
    fills = some(4, 300, span=100_000.0)
    send(exchange.market, *fills[:200])
    clock.advance(100_000)
    ask(exchange, "ticker/24hr", symbol="BTCUSDT")
    send(exchange.market, *fills[200:])
    for _ in range(3):
        found = ask(exchange, "ticker/24hr", symbol="BTCUSDT")
        begin = (exchange.now() - BEGIN) / 1e9 - 86_400
        inside = [fill for fill in fills if fill.at >= begin]
        assert found["count"] == len(inside)
        assert found["openPrice"] == f"{inside[0].price / 100:.8f}"
        assert found["lastPrice"] == f"{inside[-1].price / 100:.8f}"
        assert found["highPrice"] == f"{max(fill.price for fill in inside) / 100:.8f}"
        assert found["volume"] == f"{sum(fill.size for fill in inside) / 1000:.8f}"
        assert found["quoteVolume"] == f"{sum(fill.size * fill.price for fill in inside) / 100_000:.8f}"
        assert found["prevClosePrice"] == f"{[fill for fill in fills if fill.at < begin][-1].price / 100:.8f}"
        assert (found["firstId"], found["lastId"]) == (len(fills) - len(inside), len(fills) - 1)
        assert found["closeTime"] - found["openTime"] == 86_400_000
        assert found["bidPrice"] == "0.00000000"
        assert ask(exchange, "ticker/24hr", symbol="BTCUSDT", type="MINI").items() <= found.items()
        clock.advance(1234.5)


def test_24_hour_ticker_of_an_ended_instrument(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(0, 20_001, 1), Fill(80_000, 10_001, 7), Fill(90_000, 10_002, 3))
    clock.advance(10 * 86_400)
    found = ask(exchange, "ticker/24hr", symbol="BTCUSDT")
    assert (found["closeTime"], found["count"], found["volume"]) == (T0 + 90_000_000, 2, "0.01000000")
    assert (found["firstId"], found["lastId"], found["prevClosePrice"]) == (1, 2, "200.01000000")


def test_quotes_of_instruments_with_a_book(exchange: Exchange) -> None:
    send(exchange.market, Fill(1, 10_001, 7))
    send(exchange.market, Fill(1, 10_001, 7), symbol="OTHER")
    exchange.quotes = lambda symbol: Quote(10_000, 5, 10_002, 6, 2, 0) if symbol == "BTC_USDT" else None
    expected = {
        "symbol": "BTCUSDT", "bidPrice": "100.00000000", "bidQty": "5.00000000", "askPrice": "100.02000000",
        "askQty": "6.00000000",
    }  # fmt: skip
    assert ask(exchange, "ticker/bookTicker", symbol="BTCUSDT") == expected
    assert ask(exchange, "ticker/bookTicker") == [expected]
    assert ask(exchange, "ticker/24hr", symbol="BTCUSDT")["bidPrice"] == "100.00000000"


def test_average_price_covers_five_minutes(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(1, 50_000, 9), Fill(400, 10_000, 1), Fill(401, 10_300, 2))
    clock.advance(410)
    found = ask(exchange, "avgPrice", symbol="BTCUSDT")
    assert found == {"mins": 5, "price": "102.00000000", "closeTime": T0 + 401_000}


def test_weight_is_counted_by_address_and_minute(exchange: Exchange, clock: ManualClock) -> None:
    send(exchange.market, Fill(1, 10_001, 1))

    def used(path: str, address: str = "a", *query: tuple[str, str]) -> str:
        return exchange.call(path, query, address).headers["X-MBX-USED-WEIGHT-1M"]

    assert [used("ping"), used("klines"), used("exchangeInfo"), used("aggTrades", "b")] == ["1", "3", "23", "4"]
    assert used("ticker/24hr", "c") == "80"
    assert used("ticker/24hr", "c", S) == "82"
    assert used("ticker/24hr", "c", ("symbols", json.dumps([f"S{i}" for i in range(30)]))) == "122"
    clock.advance(60)
    assert used("ping") == "1"


def test_excess_weight_gives_429_then_growing_bans(exchange: Exchange, clock: ManualClock) -> None:
    exchange.rules = Rules(weight=3)
    clock.advance(20)
    for _ in range(3):
        ask(exchange, "ping")
    reply = exchange.call("ping", [], "10.0.0.1")
    assert (reply.status, reply.headers["Retry-After"]) == (429, "40")
    assert json.loads(reply.body)["code"] == -1003
    assert "current limit is 3 request weight per 1 MINUTE" in json.loads(reply.body)["msg"]
    ask(exchange, "ping", address="10.0.0.2")
    waits = []
    for _ in range(3):
        while (reply := exchange.call("ping", [], "10.0.0.1")).status != 418:
            assert reply.status in (200, 429)
        waits.append(int(reply.headers["Retry-After"]))
        clock.advance(waits[-1] - 1)
        assert exchange.call("ping", [], "10.0.0.1").headers["Retry-After"] == "1"
        clock.advance(1)
        assert exchange.call("ping", [], "10.0.0.1").status == 200
    assert waits == [120, 240, 480]


def test_removed_symbol_is_invalid(exchange: Exchange) -> None:
    send(exchange.market, Fill(1, 10_001, 1))
    ask(exchange, "aggTrades", symbol="BTCUSDT")
    exchange.market.reset("BTC_USDT")
    assert refused(exchange, "aggTrades", S)[1] == -1121
