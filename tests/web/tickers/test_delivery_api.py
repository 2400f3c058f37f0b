"""Targets and deliveries over HTTP: the key for everything, no secret in any answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from orderflow.services import Services
from orderflow.storage.records.delivery_store import Message
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.web.app import create_server
from orderflow.web.tickers.csv_cells import cell

URL = "https://hooks.example.org/s3cret"
HOOK = {"name": "hook", "kind": "webhook", "url": URL, "secret": "s3cret-0123456789"}
KEY = {"Authorization": "Bearer a-key-of-the-operator"}


def add(client: FlaskClient, **fields: Any) -> Any:
    answer = client.post("/delivery/targets", json={**HOOK, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_target_is_added_changed_and_removed(client: FlaskClient) -> None:
    made = add(client)
    assert made | {"created": ""} == {
        "id": made["id"], "name": "hook", "kind": "webhook", "owner": "operator", "active": True, "created": "",
        "config": {"host": "hooks.example.org"}, "secrets": ["url", "secret"], "state": "ok", "failures": 0,
        "failing_since": None, "error": "", "dropped": 0,
    }  # fmt: skip
    one = f"/delivery/targets/{made['id']}"
    changed = client.patch(one, json={"name": "bot", "active": False, "secret": None})
    assert changed.json == made | {"name": "bot", "active": False, "secrets": ["url"], "state": "paused"}
    listed = client.get("/delivery/targets")
    assert listed.json == [changed.json]
    assert "s3cret" not in listed.text + changed.text
    assert client.delete(one).json == {"removed": made["id"], "cancelled": 0}
    assert [client.delete(one).status_code, client.patch(one, json={}).status_code] == [404, 404]
    assert client.post(f"{one}/test").status_code == 404


def test_what_is_wrong_is_named_and_not_repeated(client: FlaskClient) -> None:
    add(client)
    assert client.post("/delivery/targets", json=HOOK).status_code == 409
    answer = client.post("/delivery/targets", json={**HOOK, "name": "b", "url": "http://10.0.0.1/s3cret"})
    assert answer.status_code == 400
    assert answer.json["errors"] == [
        {"loc": ["body", "url"], "msg": "must begin with https://; WEBHOOK_ALLOW_HTTP allows http://"}
    ]
    for body in (b"s3cret", b'["s3cret"]', b"\xff", b'{"s3cret'):
        answer = client.post("/delivery/targets", data=body)
        assert (answer.status_code, "s3cret" in answer.text) == (400, False)
    assert client.post("/delivery/targets", data=b"x" * 20_000).status_code == 413
    for path in ("x", "-1", "1" * 30):
        assert client.patch(f"/delivery/targets/{path}", json={}).status_code == 400


def test_everything_needs_the_key(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(api_key=KEY["Authorization"].removeprefix("Bearer "))).test_client()
    calls = [
        ("GET", "/delivery/targets"),
        ("POST", "/delivery/targets"),
        ("PATCH", "/delivery/targets/1"),
        ("DELETE", "/delivery/targets/1"),
        ("POST", "/delivery/targets/1/test"),
        ("GET", "/delivery/deliveries"),
    ]
    assert {client.open(path, method=method, json={}).status_code for method, path in calls} == {401}
    assert client.get("/delivery/targets", headers=KEY).json == []
    assert client.get("/delivery/deliveries", headers=KEY).json == []


def test_kinds_say_their_fields_and_what_they_lack(client: FlaskClient) -> None:
    kinds = {kind["kind"]: kind for kind in client.get("/delivery/kinds").json}
    assert list(kinds) == ["webhook", "email", "telegram", "discord", "slack", "ntfy", "pushover"]
    assert kinds["webhook"]["missing"] == ""
    assert kinds["email"]["missing"] == "needs SMTP_URL, which is not set"
    assert [field["name"] for field in kinds["telegram"]["fields"] if field["secret"]] == ["token"]


def test_a_test_message_to_the_own_network_is_refused(client: FlaskClient) -> None:
    made = add(client, url="https://127.0.0.1:8443/s3cret")
    tested = client.post(f"/delivery/targets/{made['id']}/test")
    assert tested.json["delivered"] is False
    assert tested.json["error"] == "127.0.0.1 is not at a public address (loopback); WEBHOOK_ALLOW_PRIVATE allows it"


def test_deliveries_are_listed_with_their_attempts(client: FlaskClient, services: Services) -> None:
    delivery = services.part(Delivery)
    delivery.stop()
    made = add(client, url="https://127.0.0.1:8443/s3cret")
    delivery.outbox.enqueue("e1", [made["id"]], Message('=HYPERLINK("x")', "BTC"), 1_800_000_000_123_456_789)
    (found,) = client.get("/delivery/deliveries").json
    assert found | {"id": ""} == {
        "id": "", "event_id": "e1", "target": made["id"], "target_name": "hook", "kind": "webhook", "title": "BTC",
        "text": '=HYPERLINK("x")', "state": "pending", "created": "2027-01-15T08:00:00.123Z",
        "next_attempt": "2027-01-15T08:00:00.123Z", "finished": None, "error": "", "attempts": [],
    }  # fmt: skip
    assert client.get("/delivery/deliveries?state=failed").json == []
    assert client.get("/delivery/deliveries?before=2027-01-01").json == []
    assert client.get("/delivery/deliveries?limit=0").status_code == 400
    answer = client.get("/delivery/deliveries?format=csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["text"] == '\'=HYPERLINK("x")'
    assert client.delete(f"/delivery/targets/{made['id']}").json["cancelled"] == 1
    assert client.get("/delivery/deliveries").json[0]["state"] == "cancelled"


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", " =1", "＝1", "＠SUM(A1)"])
def test_text_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert [cell(value) for value in ("BTC", None, -5, 1.5)] == ["BTC", "", "-5", "1.5"]
