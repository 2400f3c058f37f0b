"""Bodies that are hard to read, sent to every route that takes one: an answer below 500, and no traceback."""

from __future__ import annotations

import re

import flask
import pytest

from orderflow.web.kit.routes import Route

BODIES = {
    "arrays in arrays": b"[" * 2000 + b"]" * 2000,
    "objects in objects": b'{"a":' * 700 + b"1" + b"}" * 700,
    "deep beside the keys": b'{"action":"news","price":' + b"[" * 1900 + b"]" * 1900 + b"}",
    "a number of many digits": b'{"price":' + b"9" * 4000 + b"}",
    "a long exponent": b'{"tick_size":1e' + b"9" * 300 + b',"quantity":1e400,"speed":-1e999}',
    "half a character": b'{"nickname":"\\ud800","name":"\\udfff"}',
    "no Unicode": b'{"nickname":"\xff"}',
    "a NUL": b'{"nickname":"\\u0000","name":"\\u0000","side":"\\u0000"}',
    "open": b'{"a":[',
    "nothing": b"",
    "null": b"null",
}


@pytest.mark.parametrize("name", BODIES)
def test_no_body_breaks_a_route(web: flask.Flask, name: str, caplog: pytest.LogCaptureFixture) -> None:
    client = web.test_client()
    client.post("/herd/join", json={})
    routes: tuple[Route, ...] = web.extensions["orderflow.routes"]
    taking = [route for route in routes if route.body]
    assert {"/tick", "/ticks", "/herd/join", "/herd/orders", "/herd/control", "/exchange/control"} <= {
        route.path for route in taking
    }
    for route in taking:
        path = re.sub(r"\{\w+\}", "X", route.path)
        for kind in route.body:
            answer = client.open(path, method=route.method, data=BODIES[name], content_type=kind)
            assert answer.status_code < 500, (route.method, path, kind)
    assert not [record for record in caplog.records if record.exc_info]


def test_settings_and_pages_take_small_bodies_only(web: flask.Flask) -> None:
    client = web.test_client()
    large = b'{"tick_size":1,"x":"' + b"x" * (1 << 22) + b'"}'
    for method, path in (("PUT", "/api/v1/symbols/X"), ("POST", "/api/v1/simulation"), ("POST", "/herd/control")):
        answer = client.open(path, method=method, data=large, content_type="application/json")
        assert answer.status_code == 413, path
