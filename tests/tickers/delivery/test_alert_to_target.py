"""From a tick to a receiver: an alert fires, and its message arrives, signed, with the event's id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orderflow.services import Services
from orderflow.storage.records.delivery_store import delivery_id
from orderflow.web.app import create_server
from tests.tickers.delivery.conftest import Receiver
from tests.tickers.delivery.test_delivery import wait_for

TICKS = "timestamp,price,size,side\n2026-11-29T12:00:0{n}Z,{price},1,buy\n"


@pytest.mark.parametrize("database", ["file", "server"])
def test_a_fired_alert_reaches_its_target(
    make_services: Callable[..., Services],
    receive: Callable[..., Receiver],
    database: str,
    request: pytest.FixtureRequest,
) -> None:
    receiver = receive()
    url = {"database_url": request.getfixturevalue("postgresql")} if database == "server" else {}
    services = make_services(webhook_allow_http=True, webhook_allow_private=True, **url)
    client = create_server(services).test_client()

    def call(method: str, path: str, status: int, **body: Any) -> Any:
        answer = client.open(path, method=method, **body)
        assert answer.status_code == status, answer.text
        return answer.json

    def tick(n: int, price: float) -> None:
        call("POST", "/ticks?symbol=BTCX", 202, data=TICKS.format(n=n, price=price), content_type="text/csv")

    hook = {
        "name": "hook",
        "kind": "webhook",
        "url": f"http://127.0.0.1:{receiver.port}/hook",
        "secret": "0123456789abcdef",
    }
    target = call("POST", "/delivery/targets", 201, json=hook)
    tick(0, 100.0)
    message = '{"ticker": "{{ticker}}", "price": {{price}}, "id": "{{delivery_id}}"}'
    alert = {"ticker": "BTCX", "condition": "above", "price": 105, "message": message, "targets": [target["id"]]}
    call("POST", "/alerts", 201, json=alert)
    tick(1, 106.0)
    wait_for(lambda: len(receiver.got) == 1)
    wait_for(lambda: call("GET", "/delivery/deliveries", 200)[0]["state"] == "delivered")
    (event,) = call("GET", "/alerts/events", 200)
    (got,) = receiver.got
    made = delivery_id(event["id"], target["id"])
    assert got.body.decode() == f'{{"ticker": "BTCX", "price": 106, "id": "{made}"}}'
    assert (got.headers["x-orderflow-id"], got.headers["x-orderflow-event"]) == (made, event["id"])
    assert got.headers["content-type"].startswith("application/json")
    assert got.headers["x-orderflow-signature"].startswith("sha256=")
