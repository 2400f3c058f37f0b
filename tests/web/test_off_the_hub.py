"""Answers that grow with what is asked for are made in worker threads: on the hub's thread they stop all others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from orderflow.instruments.scenario import Scenario
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.herd import sessions
from orderflow.web.tickers import alert_schemas, alerts_api, delivery_api, tickers_api
from orderflow.web.workspace import custom_api, klines_api

ALERT = {"ticker": "ES", "condition": "above", "price": 1}


@pytest.mark.parametrize(
    ("path", "module", "name"),
    [
        ("/alerts", alert_schemas, "alert_json"),
        ("/alerts/rehearsal", alert_schemas, "rehearsal_json"),
        ("/alerts/events?limit=10000", alerts_api, "encode"),
        ("/alerts/events?limit=10000&format=csv", alert_schemas, "events_csv"),
        ("/delivery/targets", delivery_api, "encode"),
        ("/delivery/deliveries?limit=1000", delivery_api, "encode"),
        ("/delivery/deliveries?limit=1000&format=csv", delivery_api, "_csv"),
        ("/api/v1/crypto", tickers_api, "encode"),
        ("/history/BTC?limit=10000", tickers_api, "encode"),
        ("/data/klines", klines_api, "encode"),
        ("/data/custom", custom_api, "encode"),
        ("/herd/sessions", sessions, "encode"),
        ("/herd/frames", sessions, "frames_json"),
        ("/herd/debrief.json?session=", sessions, "encode"),
    ],
)  # fmt: skip
def test_rows_are_made_in_a_worker_thread(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str, module: Any, name: str
) -> None:
    threads: list[int] = []
    fn = getattr(module, name)

    def noted(*args: Any) -> Any:
        threads.append(threading.get_ident())
        return fn(*args)

    assert (
        client.post("/tick", json={"timestamp": 1760032800, "price": 2, "size": 1, "symbol": "ES"}).status_code == 202
    )
    assert client.post("/alerts", json=ALERT).status_code == 201
    if path.endswith("session="):
        path += client.get("/herd/state").get_json()["session"]
    monkeypatch.setattr(module, name, noted)
    answer = client.post(path, json=ALERT) if path.endswith("rehearsal") else client.get(path)
    assert answer.status_code == 200, answer.text
    assert threads
    assert threading.get_ident() not in threads


def test_a_scenario_is_parsed_in_a_worker_thread(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    parse = Scenario.parse

    def noted(*args: Any) -> Scenario:
        threads.append(threading.get_ident())
        return parse(*args)

    monkeypatch.setattr(Scenario, "parse", staticmethod(noted))
    answer = client.post("/api/v1/simulation", json={"action": "scenario", "text": "a = 1"})
    assert answer.status_code == 422
    assert threads
    assert threading.get_ident() not in threads


def test_an_edit_with_thousands_of_members_is_refused_at_once(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(ticker_count=1)).test_client()
    many = {f"k{number}": 1 for number in range(201)}
    for body in (many, {"params": many}):
        answer = client.put("/api/v1/tickers/ITEM_00/model", json=body)
        assert (answer.status_code, answer.json["detail"]) == (422, "a table has 201 members, and 200 are the most")
