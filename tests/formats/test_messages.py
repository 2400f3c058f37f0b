"""Messages of streams and answers whose trades lie in lists, by symbol or under other keys, and amendments in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orderflow import read_ticks
from orderflow.errors import BadInput
from orderflow.formats import open_ticks, parse_body
from tests.formats.suite import ticks_of

BITFINEX = (
    '{"event":"info","version":2}\n'
    '{"event":"subscribed","channel":"trades","chanId":17470,"symbol":"tBTCUSD","pair":"BTCUSD"}\n'
    '{"event":"subscribed","channel":"trades","chanId":5,"symbol":"tETHUSD","pair":"ETHUSD"}\n'
    "[17470,[[401597393,1574694475039,0.005,7244.9],[401597392,1574694475030,-0.015,7244.8]]]\n"
    '[17470,"hb"]\n'
    '[17470,"te",[401597395,1574694478808,0.005,7245.3]]\n'
    '[17470,"tu",[401597395,1574694478808,0.005,7245.3]]\n'
    '[5,"te",[401597396,1574694478908,-0.5,147.2]]\n'
    '[5,"tu",[401597396,1574694478908,-0.5,147.2]]\n'
)
GATE = {"channel": "spot.trades", "event": "update", "time": 1606292218}
GATE_SPOT = {"id": 309143071, "create_time": 1606292218, "create_time_ms": "1606292218213.4578", "side": "sell"}
GATE_FUTURES = {"id": 27753479, "create_time": 1545136464, "create_time_ms": 1545136464123, "contract": "BTC_USD"}
PHEMEX = {"sequence": 77702250, "symbol": "BTCUSDT", "type": "snapshot"}
ALPACA = {"x": "P", "c": ["@"], "z": "C"}
STREAM = {"T": "t", "S": "AAPL", "x": "D", "c": ["@", "I"], "z": "C"}
NOON = "2022-01-03T12:00:0"


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


READ = {
    "Bitfinex's stream": (
        BITFINEX,
        "bitfinex",
        [
            ("BTCUSD", "7244.8", "0.015", "sell"),
            ("BTCUSD", "7244.9", "0.005", "buy"),
            ("BTCUSD", "7245.3", "0.005", "buy"),
            ("ETHUSD", "147.2", "0.5", "sell"),
        ],
    ),
    "Bitfinex's updates alone": (
        '[1,"tu",[7,1574694478808,0.5,7245.3]]\n' * 2,
        "bitfinex",
        [("trades", "7245.3", "0.5", "buy")] * 2,
    ),
    "Gate's spot stream": (
        lines(
            {**GATE, "event": "subscribe", "result": {"status": "success"}},
            {**GATE, "result": {**GATE_SPOT, "currency_pair": "GT_USDT", "amount": "16.47", "price": "0.4705"}},
        ),
        "gate",
        [("GT_USDT", "0.4705", "16.47", "sell")],
    ),
    "Gate's futures stream": (
        lines(
            {
                **GATE,
                "channel": "futures.trades",
                "result": [{**GATE_FUTURES, "size": size, "price": "96.4"} for size in (-108, 5)],
            }
        ),
        "gate",
        [("BTC_USD", "96.4", "108", "sell"), ("BTC_USD", "96.4", "5", "buy")],
    ),
    "Phemex's answer with plain prices": (
        json.dumps(
            {
                "id": 0,
                "result": {
                    **PHEMEX,
                    "trades_p": [
                        [1573717116484024300, "Buy", "8673.5", "0.21"],
                        [1573717116400313759, "Sell", "8673", "0.53"],
                    ],
                },
            }
        ),
        "phemex",
        [("BTCUSDT", "8673", "0.53", "sell"), ("BTCUSDT", "8673.5", "0.21", "buy")],
    ),
    "Alpaca's answer for two symbols": (
        json.dumps(
            {
                "trades": {
                    "AAPL": [{"t": f"{NOON}1Z", "p": 178.26, "s": 246, **ALPACA}],
                    "MSFT": [{"t": f"{NOON}2Z", "p": 330.5, "s": 7, **ALPACA}],
                },
                "next_page_token": None,
            },
            indent=1,
        ),
        "alpaca",
        [("AAPL", "178.26", "246", ""), ("MSFT", "330.5", "7", "")],
    ),
    "Alpaca's answer for crypto": (
        json.dumps(
            {
                "trades": {
                    "BTC/USD": [{"t": f"{NOON}{k}Z", "p": 40000.5, "s": 0.25, "tks": "BS"[k], "i": k} for k in (0, 1)]
                }
            }
        ),
        "alpaca",
        [("BTC/USD", "40000.5", "0.25", "buy"), ("BTC/USD", "40000.5", "0.25", "sell")],
    ),
    "Alpaca's trades that were changed later": (
        json.dumps(
            [
                {"t": f"{NOON}{k}Z", "p": 10 + k, "s": 1, **ALPACA, **({"u": word} if word else {})}
                for k, word in enumerate(("", "canceled", "incorrect", "corrected"))
            ]
        ),
        "alpaca",
        [("trades", "10", "1", ""), ("trades", "13", "1", "")],
    ),
    "a cancel in Alpaca's stream": (
        lines(
            [{"T": "success", "msg": "connected"}],
            [{**STREAM, "i": 96921, "p": 126.55, "s": 1, "t": f"{NOON}1Z"}],
            [{**STREAM, "i": 96922, "p": 126.6, "s": 2, "t": f"{NOON}2Z"}],
            [{"T": "x", "S": "AAPL", "i": 96921, "x": "D", "p": 126.55, "s": 1, "a": "C", "z": "C", "t": f"{NOON}3Z"}],
        ),
        "alpaca",
        [("AAPL", "126.6", "2", "")],
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_of_messages(name: str, tmp_path: Path) -> None:
    text, format, wanted = READ[name]
    path = tmp_path / "trades.json"
    path.write_text(text)
    with open_ticks(path, max_bad=0.05) as reader:
        found = [
            (one.symbol, f"{one.price.normalize():f}", f"{one.size.normalize():f}", one.side)
            for one in ticks_of(*reader)
        ]
    assert (reader.format, found) == (format, wanted)


def test_all_messages_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "trades.json"
    path.write_text(BITFINEX)
    assert read_ticks(path).attrs["no_trades"] == {"other messages": 4, "repeats of trades (tu)": 2}


def test_a_line_that_is_no_message_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "trades.json"
    path.write_text(BITFINEX + '[17470,"te",[4015973\n')
    with open_ticks(path) as reader:
        errors = [error for chunk in reader for error in chunk.errors]
    assert "[17470" in errors[0].reason
    assert len({error.row for error in errors}) == 1


@pytest.mark.parametrize("wrapped", [True, False])
def test_scaled_prices_are_asked_for(wrapped: bool, tmp_path: Path) -> None:
    message = {**PHEMEX, "trades": [[1573717116484024300, "Buy", 86735000, 21]]}
    path = tmp_path / "trades.json"
    path.write_text(json.dumps({"error": None, "result": message}) if wrapped else lines(message, message))
    with pytest.raises(BadInput, match=r"a scale for each product.*--price-scale 10000"):
        open_ticks(path)
    columns = "time=timestamp,side=side,price=priceEp,size=size,symbol=symbol"
    found = read_ticks(path, columns=columns, price_scale=10_000)
    assert (found["price"].unique().tolist(), set(found["symbol"])) == ([8673.5], {"BTCUSDT"})


def test_a_correction_in_a_stream_without_ids_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trades.json"
    trade = {**STREAM, "i": 1, "p": 39.15, "s": 44, "t": f"{NOON}1Z"}
    path.write_text(lines([trade], [{"T": "c", "S": "AAPL", "oi": 1, "op": 39.15, "os": 44, "cp": 39.18, "cs": 44}]))
    with pytest.raises(BadInput, match=r"row 1 corrects a trade.*: take out this row and that trade"):
        open_ticks(path)


def test_a_request_with_a_message() -> None:
    body = json.dumps({**GATE, "result": {**GATE_SPOT, "currency_pair": "GT_USDT", "amount": "16.47", "price": "0.47"}})
    (one,) = ticks_of(parse_body(body.encode(), "application/json"))
    assert (one.symbol, str(one.price), one.side) == ("GT_USDT", "0.47", "sell")
    (one,) = ticks_of(parse_body(b'[17470,"te",[401597395,1574694478808,-0.5,7245.3]]', "application/json"))
    assert (str(one.price), str(one.size), one.side) == ("7245.3", "0.5", "sell")
