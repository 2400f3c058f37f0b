"""The exchange on a whole server: it lists the simulated instruments, with quotes of those with a book."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import flask
import pytest

from orderflow.services import Services
from orderflow.web.app import create_server

Make = Callable[..., Services]
API = "/exchange/api/v3"


@pytest.fixture
def web(make_services: Make) -> flask.Flask:
    services = make_services(
        ticker_count=2, price_update_interval=0.02, simulated={"ITEM_01": {"book": True}}, api_key="long-enough-key"
    )
    until = time.monotonic() + 60
    while len(services.market.symbols()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    return create_server(services)


def test_instruments_are_listed_with_quotes_of_those_with_a_book(web: flask.Flask) -> None:
    client = web.test_client()
    names = [entry["symbol"] for entry in client.get(f"{API}/exchangeInfo").get_json()["symbols"]]
    assert names == ["ITEM00", "ITEM01"]
    quotes = client.get(f"{API}/ticker/bookTicker").get_json()
    assert [quote["symbol"] for quote in quotes] == ["ITEM01"]
    assert 0 < Decimal(quotes[0]["bidPrice"]) < Decimal(quotes[0]["askPrice"])
    assert client.get(f"{API}/ticker/bookTicker?symbol=ITEM00").get_json()["code"] == -1112


def test_fault_script_needs_the_key(web: flask.Flask) -> None:
    client = web.test_client()
    script = {"steps": [{"do": "skip"}]}
    assert client.post("/exchange/control", json=script).status_code == 401
    assert client.delete("/exchange/control").status_code == 401
    key = {"Authorization": "Bearer long-enough-key"}
    assert client.post("/exchange/control", json=script, headers=key).status_code == 200
    assert client.get("/exchange/control").get_json()["steps"][0]["do"] == "skip"


def test_errors_outside_the_exchange_keep_their_form(web: flask.Flask) -> None:
    client = web.test_client()
    assert client.get(f"{API}/klines?symbol=X&interval=1m").get_json() == {"code": -1121, "msg": "Invalid symbol."}
    assert client.get("/exchange/nothing").get_json().keys() == {"detail"}
    assert client.get(f"{API}/ping", headers={"Host": "evil.example"}).get_json().keys() == {"detail"}
