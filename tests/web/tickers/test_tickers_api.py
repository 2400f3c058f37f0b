"""The tickers' routes: the original system's answers, the list's changes, and the socket's messages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from flask.testing import FlaskClient

from orderflow.market.ticks import NO_ID, TickBatch
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.tickers.alerts.alert import AlertEvent
from orderflow.tickers.quotes import Quote
from orderflow.web.app import create_server
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.scope import ALL, Scope
from orderflow.web.tickers import tickers_api
from orderflow.web.tickers.tickers_api import MOST_AT_ONCE, QuoteSource, TickersApi, stamp

Make = Callable[..., Services]
START = 1_790_000_000_000_000_000


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of one server with the simulated feed, whose tickers have trades; its list stays as it is."""
    services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=("simulated",), tickers=("BTC", "ETH")))
    services.start()
    try:
        until = time.monotonic() + 60
        while not (services.market.revision("sim:BTC") and services.market.revision("sim:ETH")):
            assert time.monotonic() < until
            time.sleep(0.01)
        yield create_server(services).test_client()
    finally:
        services.stop()


def test_all_tickers(client: FlaskClient) -> None:
    rows = client.get("/api/v1/crypto?any=thing").get_json()["tickers"]
    assert [row["ticker"] for row in rows] == ["BTC", "ETH"]
    btc = rows[0]
    assert set(btc) == {"ticker", "series", "price", "change_1h", "change_24h", "time", "source", "state"}
    assert (btc["series"], btc["source"], btc["state"]) == ("sim:BTC", "SIMULATED", "simulated")
    assert 50_000 < btc["price"] < 80_000
    assert abs(btc["change_1h"]) < 0.2
    assert btc["change_24h"] is None
    assert btc["time"].endswith("Z")


def test_history(client: FlaskClient) -> None:
    body = client.get("/history/BTC").get_json()
    assert set(body) == {"ticker", "history"}
    times = [row["timestamp"] for row in body["history"]]
    assert len(times) == 100
    assert times == sorted(times)
    assert all(set(row) == {"price", "timestamp"} for row in body["history"])
    assert len(client.get("/history/btc?limit=3&step=tick").get_json()["history"]) == 3
    assert len(client.get("/history/BTC?limit=10000&step=1min").get_json()["history"]) >= 60


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=x", "limit=-1", "step=3s", "step="])
def test_bad_limits_and_steps_are_422(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/history/BTC?{query}")
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["loc"] == ["query", query.split("=")[0]]


def test_an_unknown_ticker_is_404(client: FlaskClient) -> None:
    for answer in (client.get("/history/NOPE"), client.delete("/api/v1/crypto/NOPE"),
                   client.patch("/api/v1/crypto/NOPE", json={})):  # fmt: skip
        assert (answer.status_code, answer.get_json()["detail"]) == (404, "Ticker NOPE not found")


def test_adding_changing_ordering_and_removing(make_services: Make) -> None:
    client = create_server(make_services(feeds=("simulated",), tickers=("BTC", "ETH"))).test_client()
    made = client.post("/api/v1/crypto", json={"ticker": "sol"})
    assert (made.status_code, made.get_json()) == (
        201, {"ticker": "SOL", "feed": "simulated", "pair": "SOL", "series": "sim:SOL"},
    )  # fmt: skip
    assert client.post("/api/v1/crypto", json={"ticker": "SOL"}).status_code == 409
    assert client.patch("/api/v1/crypto/SOL", json={"pair": "XRP"}).get_json()["series"] == "sim:XRP"
    assert client.put("/api/v1/crypto", json={"tickers": ["SOL", "ETH", "BTC"]}).get_json() == {
        "tickers": ["SOL", "ETH", "BTC"]
    }
    assert client.delete("/api/v1/crypto/ETH").get_json() == {"tickers": ["SOL", "BTC"]}
    assert [row["ticker"] for row in client.get("/api/v1/crypto").get_json()["tickers"]] == ["SOL", "BTC"]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("post", "", {"ticker": "B C"}, "ticker"),
        ("post", "", {"ticker": "A", "feed": "nope"}, "feed"),
        ("post", "", {"ticker": "A", "pair": "b c"}, "pair"),
        ("patch", "/BTC", {"feed": "nope"}, "feed"),
        ("put", "", {"tickers": ["BTC"]}, "tickers"),
        ("post", "", {"tickre": "A"}, None),
        ("post", "", [], None),
        ("put", "", {"tickers": [1]}, None),
    ],
)
def test_bad_bodies_are_422(client: FlaskClient, method: str, path: str, body: Any, field: str | None) -> None:
    answer = getattr(client, method)(f"/api/v1/crypto{path}", json=body)
    assert answer.status_code == 422, answer.get_json()
    if field:
        assert answer.get_json()["errors"][0]["loc"][-1] == field


def test_changes_need_the_key(make_services: Make) -> None:
    client = create_server(make_services(api_key="open-sesame")).test_client()
    for method, path in (("post", ""), ("put", ""), ("patch", "/BTC"), ("delete", "/BTC")):
        assert getattr(client, method)(f"/api/v1/crypto{path}", json={}).status_code == 401
    assert client.get("/api/v1/crypto").status_code == 200


def test_the_feeds_and_how_long_their_trades_are_kept(client: FlaskClient) -> None:
    body = client.get("/api/v1/feeds").get_json()
    assert body["kept"] == {"days": 30, "simulated_days": 7, "removed": 0}
    assert (body["feeds"][0]["name"], body["feeds"][0]["simulated"]) == ("simulated", True)
    assert [row["series"] for row in body["feeds"][0]["series"]] == ["sim:BTC", "sim:ETH"]


def test_without_feeds_tickers_are_offline(make_services: Make) -> None:
    rows = create_server(make_services()).test_client().get("/api/v1/crypto").get_json()["tickers"]
    assert {(row["state"], row["price"]) for row in rows} == {("offline", None)}
    assert "no feed is running" in rows[0]["reason"]


def test_the_socket_sends_all_then_what_changed(make_services: Make) -> None:
    services = make_services(feeds=("simulated",), tickers=())
    shown = [
        Quote("A", "s:A", 1.0, None, None, START, "S", "live"),
        Quote("B", "s:B", 2.0, None, None, None, "S", "live"),
    ]

    class Some:
        def all(self) -> list[Quote]:
            return list(shown)

    source = QuoteSource(Some(), services.workers)  # type: ignore[arg-type]  # it reads all() only
    version = source.version()
    since, text = source.message(None)
    first = json.loads(text)
    assert (since, first["type"], [row["ticker"] for row in first["tickers"]]) == (version, "price", ["A", "B"])
    shown[1] = Quote("B", "s:B", 2.5, None, None, START, "S", "live")
    assert source.version() != since
    _, text = source.message(since)
    assert [(row["ticker"], row["price"]) for row in json.loads(text)["tickers"]] == [("B", 2.5)]


def test_the_socket_sends_alerts_as_they_fire(make_services: Make) -> None:
    services = make_services()
    api = TickersApi(services, Fanout(services.workers))
    sent: list[bytes] = []
    api._scopes[Mock(enqueue=sent.append)] = lambda: ALL
    event = AlertEvent("e1", "a1", "X", 1, "X", "101.5", START, START, 0.0, None, 7, "X", "up!")
    api.alert([event])
    found = json.loads(sent[0])
    assert {name: found[name] for name in ("type", "id", "alert_id", "ticker", "price", "late_s")} == {
        "type": "alert", "id": "e1", "alert_id": "a1", "ticker": "X", "price": 101.5, "late_s": 0.0
    }  # fmt: skip


def test_of_many_alerts_that_fire_together_a_client_gets_the_newest(
    make_services: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 of them for 1,000 clients held everybody up for seconds, and were more than may wait for one client."""
    services = make_services()
    api = TickersApi(services, Fanout(services.workers))
    sent: dict[str, list[str]] = {"all": [], "ann": [], "bob": []}
    for name, scope in (("all", ALL), ("ann", Scope("ann", "ann")), ("bob", Scope("bob", "bob"))):
        api._scopes[Mock(enqueue=sent[name].append)] = partial(replace, scope)
    api._scopes[Mock()] = lambda: None
    made = list[object]()
    monkeypatch.setattr(tickers_api, "encode", lambda value: made.append(value) or value["id"])
    fired = AlertEvent("", "a1", "X", 1, "X", "101.5", START, START, 0.0, None, 7, "X", "up!")
    api.alert([replace(fired, id=f"e{n}", owner="ann" if n % 2 else "") for n in range(200)])
    assert sent["all"] == [f"e{n}" for n in range(200 - MOST_AT_ONCE, 200)]
    assert sent["ann"] == [f"e{n}" for n in range(201 - 2 * MOST_AT_ONCE, 200, 2)]
    assert sent["bob"] == []
    assert len(made) == 2 * MOST_AT_ONCE


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (START, "2026-09-21T14:13:20Z"), (START + 5, "2026-09-21T14:13:20.000000005Z"),
        (START + 120_000_000, "2026-09-21T14:13:20.120Z"), (START + 1_000, "2026-09-21T14:13:20.000001Z"),
    ],
)  # fmt: skip
def test_times_have_as_many_digits_as_they_need(ns: int, text: str) -> None:
    assert stamp(ns) == text


def test_a_price_is_printed_exactly(make_services: Make) -> None:
    services = make_services(feeds=("simulated",), tickers=("X=A",))
    one = np.ones(1, np.int64)
    batch = TickBatch(
        "sim:A", one * START, one * 8101, one, one.astype(np.int8), one.astype(np.int8), one * NO_ID, 2, 0
    )
    services.market.ingest([batch], feed=True)
    answer = create_server(services).test_client().get("/history/X?step=tick&limit=10000").get_data(as_text=True)
    assert '{"price":81.01,"timestamp":"2026-09-21T14:13:20Z"}' in answer
