"""Junk sent to the routes that Dash adds: refused with 4xx and a line in the log, never 5xx and a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from dash import Dash
from dash._utils import split_callback_id
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbacks.app import create_app
from orderflow.services import build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server

UPDATE = "/_dash-update-component"
ROUTES = ("_dash-layout", "_dash-dependencies", "_reload-hash", "_favicon.ico", "_dash-component-suites", "assets")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "FOO")

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
paths = st.builds(
    "/".join,
    st.lists(
        st.sampled_from([*ROUTES, "dash", "dcc", "dash_renderer", "os", "..", "%2e%2e", "%00", "", "x.js", "é"])
        | st.text(st.characters(exclude_characters="?#", exclude_categories=["Cs"]), max_size=6),
        max_size=4,
    ),
)
quick = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def app() -> Iterator[Dash]:
    """All pages, with a few ticks and instruments."""
    services = build_services(Settings.of(feeds=(), ephemeral=True, ticker_count=2))
    services.start()
    made = create_app(services, create_server(services))
    made.server.test_client().post("/tick", json={"timestamp": 1_790_000_000, "price": 5, "size": 1})
    yield made
    services.stop()


def resolved(identity: str) -> Any:
    """An id as a browser sends it, a wildcard filled in."""
    if not identity.startswith("{"):
        return identity
    return {name: "a" if isinstance(value, list) else value for name, value in json.loads(identity).items()}


def sent(app: Dash, output: str, value: Any) -> dict[str, Any]:
    """A request as a page makes it, but with `value` for everything."""
    callback = app.callback_map[output]

    def parts(declared: list[dict[str, str]]) -> list[Any]:
        found = [{"id": resolved(d["id"]), "property": d["property"], "value": value} for d in declared]
        return [[one] if '["ALL"]' in d["id"] else one for one, d in zip(found, declared, strict=True)]

    outputs = split_callback_id(output)
    several = isinstance(outputs, list)
    made = parts([{**one, "id": one["id"].replace("\\.", ".")} for one in (outputs if several else [outputs])])
    return {
        "output": output,
        "outputs": made if several else made[0],
        "inputs": parts(callback["inputs"]),
        "state": parts(callback["state"]),
        "changedPropIds": [],
    }


def outputs(app: Dash) -> list[str]:
    return [name for name, callback in app.callback_map.items() if "callback" in callback]


@quick
@given(method=st.sampled_from(METHODS), prefix=st.sampled_from(ROUTES), path=paths)
def test_any_method_and_path(app: Dash, method: str, prefix: str, path: str) -> None:
    for url in (f"/{prefix}/{path}", f"/{prefix}{path}"):
        assert app.server.test_client().open(url, method=method).status_code < 500, (method, url)


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("POST", "OPTIONS")])
def test_a_callback_is_called_by_post_only(app: Dash, method: str) -> None:
    assert app.server.test_client().open(UPDATE, method=method).status_code == 405


@quick
@given(body=st.binary(max_size=60) | values.map(json.dumps).map(str.encode))
def test_any_body(app: Dash, body: bytes) -> None:
    for kind in ("application/json", "text/plain"):
        answer = app.server.test_client().post(UPDATE, data=body, content_type=kind)
        assert 400 <= answer.status_code < 500


@quick
@given(data=st.data(), value=values)
def test_a_request_with_a_part_replaced(app: Dash, data: st.DataObject, value: Any) -> None:
    output = data.draw(st.sampled_from(outputs(app)))
    body = sent(app, output, data.draw(values))
    name = data.draw(st.sampled_from([*body, ""]))
    if name:
        body[name] = value
    answer = app.server.test_client().post(UPDATE, json=body)
    assert answer.status_code < 500, (body, answer.text)


def test_every_callback_takes_any_values(app: Dash) -> None:
    client = app.server.test_client()
    for output in outputs(app):
        for value in (None, 1, 2**70, -1e308, "x", "\x00", [1], [{}], {"a": 1}, {}, True):
            answer = client.post(UPDATE, json=sent(app, output, value))
            assert answer.status_code in (200, 204), (output, value, answer.text)


@pytest.mark.parametrize("body", ["[" * 50_000, '{"output": "\\ud800"}', "{}", "null", '{"output": "page.children"}'])
def test_a_refusal_is_one_line_of_the_log(app: Dash, body: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answer = app.server.test_client().post(UPDATE, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is None


@pytest.mark.parametrize("path", ["os/path.py", "dash/..%2f..%2fsetup.py", "dash/nothing.js", "dash/%00", "x/y"])
def test_a_script_that_is_not_there_is_not_found(app: Dash, path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = app.server.test_client().get(f"/_dash-component-suites/{path}")
    assert (answer.status_code, answer.json.keys()) == (404, {"detail"})
    assert [record.exc_info for record in caplog.records] == [None]
