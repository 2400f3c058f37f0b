"""Layouts as their documents have them: older and newer files, messages, and what is refused by name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orderflow.errors import UnknownFormat
from orderflow.formats import open_ticks
from orderflow.formats.registry import REFUSALS, names
from tests.formats.suite import ticks_of

IQ = "2024-03-01 09:30:00.123456,5100.25,3,120003,5100.00,5100.25,4001,C,43,01,1,1"
FUTURES = "Date,Time,Price,Volume,Market Flag,Sales Condition,Exclude Record Flag,Unfiltered Price\n"
EQUITY = "01/02/2013,09:30:00.123,25.25,500,T,@,{},1001,N,C,,,25.25"
BITSTAMP = {"id": 1, "timestamp": "1643640186", "microtimestamp": "1643640186123000", "amount": 0.35, "price": 38000}
BYBIT = {"T": 1672304486865, "s": "BTCUSDT", "v": "0.001", "p": "16578.50", "L": "PlusTick", "i": "20f4", "BT": False}
READ: dict[str, tuple[str, str, list[tuple[str, str, str]]]] = {
    "MetaTrader without flags": (
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\n2024.03.01\t09:00:00.123\t1199.5\t1200\t\t\n"
        "2024.03.01\t09:00:00.124\t1199.5\t1200\t1200\t3\n2024.03.01\t09:00:00.125\t1199.5\t1201\t0.00\t0\n",
        "metatrader",
        [("1200", "3", "buy")],
    ),
    "IQFeed with LH": (f"LH,{IQ},\n" * 2, "iqfeed", [("5100.25", "3", "buy")] * 2),
    "Tick Data futures with names": (
        FUTURES + "01/02/2013,09:30:00.123,1426.25,5,E,,,1426.25\n01/02/2013,09:30:01.123,1426.00,200,E,B,X,1426\n",
        "tickdata",
        [("1426.25", "5", "")],
    ),
    "Tick Data futures of 2010": ("01/16/2010,09:30:00,1426.25,5,E\n", "tickdata", [("1426.25", "5", "")]),
    "Tick Data equities with 20 fields": (
        "".join(EQUITY.format(code) + ",,77,,,,,\n" for code in ("00", "08")),
        "tickdata",
        [("25.25", "500", "")],
    ),
    "Bitstamp's stream": (
        "".join(
            json.dumps({"event": event, "channel": "live_trades_btcusd", "data": {**BITSTAMP, "type": kind}}) + "\n"
            for event, kind in (("trade", 0), ("bts:heartbeat", 0), ("trade", 1))
        ),
        "bitstamp",
        [("38000", "0.35", "buy"), ("38000", "0.35", "sell")],
    ),
    "Bitstamp's transactions": (
        "date,tid,price,amount,type\n1643640186,1,38000,0.35,1\n1643640187,2,38000,0.25,1\n",
        "bitstamp",
        [("38000", "0.35", "sell"), ("38000", "0.25", "sell")],
    ),
    "Upbit": (
        "market,timestamp,trade_price,trade_volume,ask_bid\nKRW-BTC,1524046798000,8616000,0.03,ASK\n",
        "upbit",
        [("8616000", "0.03", "sell")],
    ),
    "Alpaca's answer": (
        json.dumps(
            {"trades": [{"t": "2022-01-03T09:00:00.08617Z", "x": "P", "p": 178.26, "s": 246, "c": ["@"], "z": "C"}]}
        ),
        "alpaca",
        [("178.26", "246", "")],
    ),
    "Finnhub's stream": (
        json.dumps({"data": [{"p": 7296.89, "s": "BTCUSDT", "t": 1575526691134, "v": 0.01}], "type": "trade"}) + "\n",
        "finnhub",
        [("7296.89", "0.01", "")],
    ),
    "Bybit's stream": (
        json.dumps({"topic": "publicTrade.BTCUSDT", "data": [{**BYBIT, "S": "Sell"}, {**BYBIT, "S": "Buy"}]})
        + '\n{"topic": "tickers.BTCUSDT", "data": {"symbol": "BTCUSDT"}}\n',
        "bybit",
        [("16578.5", "0.001", "sell"), ("16578.5", "0.001", "buy")],
    ),
}
REFUSED = {
    "HistData for NinjaTrader": ("DAT_NT_EURUSD_T_BID_201202.csv", "20120201 000004;1.306600;0\n", "HistData"),
    "LOBSTER with a cross and a halt": (
        "a.csv",
        "34200.1,6,-1,100,5853300,-1\n34201.2,7,0,0,-1,-1\n34202.3,4,16113575,18,5853300,1\n",
        "LOBSTER",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_read_as_documented(name: str, tmp_path: Path) -> None:
    text, format, wanted = READ[name]
    path = tmp_path / "trades.txt"
    path.write_text(text)
    with open_ticks(path) as reader:
        found = [(f"{one.price.normalize():f}", f"{one.size.normalize():f}", one.side) for one in ticks_of(*reader)]
    assert (reader.format, found) == (format, wanted)


def test_the_guide_names_the_document_of_each_format() -> None:
    guide = Path(__file__).parents[2].joinpath("docs/guide/files.md").read_text()
    section = guide.partition("## Documents")[2].partition("## Times")[0]
    documents = {
        name
        for row in section.split("\n")
        for name in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1:2][0] if "|" in row else "")
    }
    assert documents == {*names(), *(refusal.name for refusal in REFUSALS)}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name: str, tmp_path: Path) -> None:
    file, text, words = REFUSED[name]
    path = tmp_path / file
    path.write_text(text)
    with pytest.raises(UnknownFormat, match=words):
        open_ticks(path)
