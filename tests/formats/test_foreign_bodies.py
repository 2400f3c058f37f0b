"""JSON bodies with the keys of venues: read like JSON files, or refused with what is missing."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats import ReadOptions, parse_body
from tests.formats.suite import ticks_of

FOREIGN: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "bybit stream": (
        {"topic": "publicTrade.XYZ", "data": [{"T": 1760032800865, "s": "XYZ", "S": "Sell", "v": "0.5", "p": "10.50"}]},
        ("10.50", "0.5", "sell"),
    ),
    "binance": (
        {"a": 1, "p": "10.5", "q": "0.5", "f": 1, "l": 1, "T": 1760032800865, "m": True},
        ("10.5", "0.5", "sell"),
    ),
    "ccxt": ({"timestamp": 1760032800865, "price": 10.5, "amount": 0.5, "side": "sell"}, ("10.5", "0.5", "sell")),
    "bitstamp": (
        {"date": "1760032800", "tid": "1", "price": "10.5", "amount": "0.5", "type": "1"},
        ("10.5", "0.5", "sell"),
    ),
    "upbit": (
        {"market": "XYZ", "timestamp": 1760032800865, "trade_price": 10.5, "trade_volume": 0.5, "ask_bid": "ASK"},
        ("10.5", "0.5", "sell"),
    ),
    "deribit": (
        {"timestamp": 1760032800865, "price": 10.5, "amount": 0.5, "direction": "sell", "instrument_name": "XYZ"},
        ("10.5", "0.5", "sell"),
    ),
    "lists of Kraken": (["10.5", "0.5", 1760032800.865, "s", "l", "", 7], ("10.5", "0.5", "sell")),
}


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("name", FOREIGN)
def test_json_with_the_keys_of_venues_is_read_like_a_file(name: str, lines: bool) -> None:
    row, (price, size, side) = FOREIGN[name]
    body = json.dumps(row) if lines else json.dumps([row, row])
    kind = "application/x-ndjson" if lines and isinstance(row, dict) else "application/json"
    if isinstance(row, list):
        body = json.dumps([row])
    for fast in (None, False):
        found = ticks_of(parse_body(body.encode(), kind, fast=fast))
        assert {(one.price, one.size, one.side) for one in found} == {(Decimal(price), Decimal(size), side)}


def test_json_with_unknown_keys_names_what_is_missing() -> None:
    found = parse_body(b'[{"colour": 1, "shape": "round"}]', "application/json")
    assert (found.rejected, found.errors[0].reason) == (1, "is missing; every trade needs a time")


def test_options_name_the_keys_of_a_json_body() -> None:
    options = ReadOptions.of(columns="time=when,price=what,size=many")
    body = b'[{"when": 1760032800, "what": "0.10", "many": 3}, {"when": 1760032800, "what": "x", "many": 3}]'
    found = parse_body(body, "application/json", options=options)
    assert [(one.price, one.size) for one in ticks_of(found)] == [(Decimal("0.10"), Decimal(3))]
    assert (found.errors[0].row, found.errors[0].field) == (1, "what")
    with pytest.raises(BadInput, match="there is no column 'how'"):
        parse_body(body, "application/json", options=ReadOptions.of(columns="time=how,price=what,size=many"))
    with pytest.raises(UnknownFormat, match="does not fit format kraken"):
        parse_body(body, "application/json", format="kraken")


def test_json_with_other_keys_has_a_limit() -> None:
    row = json.dumps(FOREIGN["binance"][0])
    body = ("[" + ",".join([row] * (1 + (1 << 20) // len(row))) + "]").encode()
    with pytest.raises(BadInput, match=r"is read up to 1,048,576 bytes"):
        parse_body(body, "application/json")
