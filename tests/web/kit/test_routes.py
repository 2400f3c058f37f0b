"""Every address is a Flask route, and the direct views in front of Flask answer as Flask does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import flask
import pytest
from flask.testing import FlaskClient

from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.kit.routes import Direct, Route

TICK = {"timestamp": "2025-10-09T18:00:00Z", "price": 10.5, "size": 2, "side": "buy"}
DIRECT = {("POST", "/tick"), ("POST", "/herd/orders")}


@pytest.fixture
def both(make_services: Callable[..., Services]) -> list[FlaskClient]:
    """Clients of two fresh servers: with the direct views, and with Flask alone."""
    return [create_server(make_services(), shortcuts=shortcuts).test_client() for shortcuts in (True, False)]


def test_the_url_map_lists_what_takes_ticks_and_orders(web: flask.Flask) -> None:
    listed = {(method, rule.rule) for rule in web.url_map.iter_rules() for method in rule.methods or ()}
    assert {*DIRECT, ("POST", "/ticks")} <= listed
    routes: tuple[Route, ...] = web.extensions["orderflow.routes"]
    assert {(route.method, route.path) for route in routes if route.direct is not None} == DIRECT


def test_what_is_direct_does_not_reach_flask_and_the_rest_does() -> None:
    reached: list[str] = []

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        reached.append(environ["PATH_INFO"])
        return []

    route = Route("POST", "/x", None, "X", direct=lambda environ, values: (202, b"{}"))
    front = Direct(application, [route])
    started: list[Any] = []
    for method, path in (("POST", "/x"), ("GET", "/x"), ("POST", "/y")):
        list(front({"REQUEST_METHOD": method, "PATH_INFO": path}, lambda *told: started.append(told)))
    assert reached == ["/x", "/y"]
    assert started == [("202 Accepted", [("Content-Type", "application/json"), ("Content-Length", "2")])]


@pytest.mark.parametrize(
    ("query", "body", "headers"),
    [
        ("", TICK, {}),
        ("?symbol=ES&side=flag", TICK, {}),
        ("", TICK, {"Idempotency-Key": "one"}),
        ("", {**TICK, "price": "x"}, {}),
        ("", [TICK, TICK], {}),
        ("", b"", {}),
        ("", b"{", {}),
        ("?simbol=ES", TICK, {}),
        ("?symbol=ES&symbol=NQ", TICK, {}),
        ("?symbol=", TICK, {}),
        ("?" + "a=1&" * 60 + "b=1", TICK, {}),
        ("", TICK, {"Content-Type": "text/csv"}),
        ("", TICK, {"Content-Encoding": "br"}),
        ("", TICK, {"Idempotency-Key": "x" * 256}),
        ("", TICK, {"Authorization": "Bearer anything"}),
    ],
)
def test_a_direct_view_answers_as_the_route_in_flask(
    both: list[FlaskClient], query: str, body: Any, headers: dict[str, str]
) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body)
    answers = [
        client.post(f"/tick{query}", data=data, headers={"Content-Type": "application/json", **headers})
        for client in both
        for _ in range(2)
    ]
    told = [(each.status_code, each.data, each.content_type, each.headers.get("Retry-After")) for each in answers]
    assert told[:2] == told[2:]
    assert told[0][0] < 500


def test_orders_answer_the_same_too(both: list[FlaskClient]) -> None:
    name = str(uuid4())
    good = {"client_id": name, "side": "buy", "quantity": 1}
    found = []
    for client in both:
        told = [client.post("/herd/orders", json=good)]
        client.post("/herd/join", json={"nickname": "Ada"})
        told += [client.post("/herd/orders", json=body) for body in (good, {**good, "side": "up"}, {})]
        until = time.monotonic() + 60
        while client.get(f"/herd/orders/{name}").json["status"] != "filled":  # at the end of the batch
            assert time.monotonic() < until
            time.sleep(0.01)
        told.append(client.post("/herd/orders", json=good))
        assert client.post("/herd/control", json={"action": "freeze"}).status_code == 200
        told.append(client.post("/herd/orders", json={**good, "client_id": str(uuid4())}))
        found.append([(each.status_code, each.data) for each in told])
    assert found[0] == found[1]
    assert [status for status, _ in found[0]] == [401, 202, 422, 422, 200, 409]


def test_an_internal_error_has_the_common_shape(both: list[FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.web.market.ingest.read_body", lambda *_: 1 / 0)
    for client in both:
        answer = client.post("/tick", json=TICK)
        assert (answer.status_code, list(answer.get_json())) == (500, ["detail"])
