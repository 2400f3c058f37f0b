"""Junk sent to the routes that Dash adds: refused with 4xx and a line in the log, never 5xx and a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from itertools import cycle
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
from orderflow.web.kit.callback_requests import (
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_KEYS,
    MAX_PARTS,
    MAX_VALUES,
    check_values,
)

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


def resolved(identity: str, at: Any = "a") -> Any:
    """An id as a browser sends it. at: fills in its wildcards."""
    if not identity.startswith("{"):
        return identity
    return {name: at if isinstance(value, list) else value for name, value in json.loads(identity).items()}


def sent(
    app: Dash, output: str, value: Any, *, lengths: Sequence[int] = (1,), at: Any = "a", changed: bool = False
) -> dict[str, Any]:
    """A request as a page makes it, but with `value` for everything.

    lengths: how many components the patterns find, one after the other. at: what is in their ids. changed: the first
    input has changed.
    """
    callback, counts = app.callback_map[output], cycle(lengths)

    def parts(declared: list[dict[str, str]]) -> list[Any]:
        found = [{"id": resolved(d["id"], at), "property": d["property"], "value": value} for d in declared]
        return [[one] * next(counts) if '["ALL"]' in d["id"] else one for one, d in zip(found, declared, strict=True)]

    outputs = split_callback_id(output)
    several = isinstance(outputs, list)
    made = parts([{**one, "id": one["id"].replace("\\.", ".")} for one in (outputs if several else [outputs])])
    first = callback["inputs"][0]
    identity = resolved(first["id"], at)
    name = identity if isinstance(identity, str) else json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return {
        "output": output,
        "outputs": made if several else made[0],
        "inputs": parts(callback["inputs"]),
        "state": parts(callback["state"]),
        "changedPropIds": [f"{name}.{first['property']}"] if changed else [],
    }


def outputs(app: Dash) -> list[str]:
    return [name for name, callback in app.callback_map.items() if "callback" in callback]


def with_patterns(app: Dash, kind: str = "") -> list[str]:
    """Outputs of the callbacks with patterns of a kind, such as "ALL"."""
    found = []
    for name in outputs(app):
        callback = app.callback_map[name]
        ids = [name, *(part["id"] for part in (*callback["inputs"], *callback["state"]))]
        if any(f'["{kind}' in each for each in ids):
            found.append(name)
    return found


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
        value: Any
        for value in (None, 1, 2**69, -1e308, "x", "\x00", [1], [{}], {"a": 1}, {}, True, "9" * 5000, "٣"):
            answer = client.post(UPDATE, json=sent(app, output, value))
            assert answer.status_code in (200, 204), (output, value, answer.text)


VALUES = (None, 1, "1", {"index": 1.0}, {"index": 0, "key": "x"}, ["x"])


@pytest.mark.parametrize("lengths", [(0,), (2,), (0, 2), (2, 0), (2, 1, 4), (4, 2, 1)])
def test_patterns_may_find_any_number_of_components(app: Dash, lengths: tuple[int, ...]) -> None:
    client = app.server.test_client()
    for output in with_patterns(app, "ALL"):
        for value in VALUES:
            answer = client.post(UPDATE, json=sent(app, output, value, lengths=lengths, at=1, changed=True))
            assert answer.status_code in (200, 204), (output, value, answer.text)


def test_a_pattern_is_sent_as_a_list(app: Dash) -> None:
    for output in with_patterns(app, "ALL"):
        body = sent(app, output, 1)
        for place in ("inputs", "state"):
            single = [part[0] if isinstance(part, list) else part for part in body[place]]
            if single != body[place]:
                answer = app.server.test_client().post(UPDATE, json={**body, place: single})
                assert answer.status_code == 400, (output, answer.text)


IDS = (0, 1.0, 9, -1, 10**20, 10**4299, True, "1", "٣", "9" * 5000, "x")


@pytest.mark.parametrize("at", IDS, ids=[str(type(at).__name__) + str(at)[:3] for at in IDS])
def test_an_id_may_hold_anything(app: Dash, at: Any) -> None:
    client = app.server.test_client()
    for output in with_patterns(app):
        answer = client.post(UPDATE, json=sent(app, output, 1, at=at, changed=True))
        assert answer.status_code in (200, 204, 400), (output, answer.text)


@pytest.mark.parametrize("number", [10**21, -(10**21), 10**4299], ids=["high", "low", "long"])
def test_numbers_that_no_browser_writes_are_refused(app: Dash, number: int) -> None:
    for value in (number, {"a": [number]}):
        answer = app.server.test_client().post(UPDATE, json=sent(app, "page.children", value))
        assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**20, 10**21 - 1])
def test_numbers_beyond_64_bits_are_floats_as_in_a_browser(app: Dash, number: int) -> None:
    """An answer that repeats one could not be written."""
    client = app.server.test_client()
    for output in outputs(app):
        for value in (number, {"n": number, "at": number}):
            answer = client.post(UPDATE, json=sent(app, output, value, changed=True))
            assert answer.status_code in (200, 204), (output, answer.text)
    body: Any = {"a": [number, {"b": number}], "c": [2**63 - 1, -(2**63)]}
    check_values(body)
    assert repr(body["a"]) == repr([float(number), {"b": float(number)}])
    assert repr(body["c"]) == repr([2**63 - 1, -(2**63)])


BIG = {
    "lists": [[]] * MAX_CONTAINERS,
    "objects": [{}] * MAX_CONTAINERS,
    "keys": {str(n): 1 for n in range(MAX_KEYS + 1)},
    "values": [1] * (MAX_VALUES + 2),
}


@pytest.mark.parametrize("value", BIG.values(), ids=BIG)
def test_more_values_than_a_page_sends_are_refused_unread(
    app: Dash, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.server.json, "loads", None)
    answer = app.server.test_client().post(UPDATE, data=json.dumps(sent(app, "page.children", value)))
    assert (answer.status_code, list(json.loads(answer.text))) == (413, ["detail"])


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(("levels", "status"), [(MAX_DEPTH - 4, 200), (MAX_DEPTH + 1, 400), (900, 400)])
def test_nesting_is_bounded(app: Dash, levels: int, status: int) -> None:
    body = sent(app, "page.children", nested(levels))
    assert app.server.test_client().post(UPDATE, json=body).status_code == status


def test_changed_inputs_are_bounded(app: Dash) -> None:
    body = sent(app, "page.children", "/chart/", changed=True)
    for count, status in ((MAX_PARTS, 200), (MAX_PARTS + 1, 413)):
        changed = body["changedPropIds"] * count
        assert app.server.test_client().post(UPDATE, json={**body, "changedPropIds": changed}).status_code == status
    long = ['{"type":"' + "a" * 1000 + '"}.n_clicks']
    assert app.server.test_client().post(UPDATE, json={**body, "changedPropIds": long}).status_code == 400


def test_components_of_patterns_are_bounded(app: Dash) -> None:
    output = next(
        name
        for name in outputs(app)
        if "notices.children" in name and "notice-ok" in json.dumps(app.callback_map[name]["inputs"])
    )
    for count, status in ((MAX_PARTS // 2, 200), (MAX_PARTS, 413)):
        body = sent(app, output, 1, lengths=(count,))
        assert app.server.test_client().post(UPDATE, json=body).status_code == status


@pytest.mark.parametrize("body", ["[" * 20_000, '{"output": "\\ud800"}', "{}", "null", '{"output": "page.children"}'])
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
