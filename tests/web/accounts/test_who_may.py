"""Who may do what on a server that others reach: each cell of the table in docs/security.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import flask
import pytest
from flask.testing import FlaskClient

from orderflow.services import build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from tests.conftest import ROOT
from tests.web.accounts.conftest import ANN, bearer, login, register

KEY = {"Authorization": "Bearer a key of the operator"}
TICK = {"timestamp": 1_790_000_000, "price": 1, "size": 1, "symbol": "ES"}
ALERT = {"ticker": "ES", "condition": "above", "price": 100}
HOOK = {"name": "hook", "kind": "webhook", "url": "https://hooks.example.org/x"}
PASSWORD = {"password": ANN["password"]}
YES, NO = "yes", "401"
WITHOUT_MAIL = "/auth/reset", 409
"""What a server answers to anybody that sends no e-mail."""
FIRST_COLUMNS = "| | nobody | a user | the operator |\n|---|---|---|---|\n"


def order(client: FlaskClient) -> dict[str, Any]:
    """An order of somebody who has joined."""
    assert client.post("/herd/join", json={}).status_code == 200
    return {"client_id": str(uuid4()), "side": "buy", "quantity": 1}


def somebody(client: FlaskClient) -> dict[str, str]:
    """Somebody who is not registered yet."""
    name = uuid4().hex
    return {"nickname": name, "email": f"{name}@example.org", "password": ANN["password"]}


def refresh(client: FlaskClient) -> dict[str, str]:
    return {"refresh_token": login(client)["refresh_token"]}


GROUPS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "reading: pages, charts, `/api/v1/…`, `/stats`, `/data/klines/…`": (
        ("GET", "/stats", None),
        ("GET", "/api/v1/symbols", None),
        ("GET", "/api/v1/bars/ES", None),
        ("GET", "/data/klines", None),
        ("GET", "/docs", None),
    ),
    "changing the server: `/tick`, `/ticks`, `/data/chart-files`, `/reset`, instruments, tickers, `/herd/control`, "
    "`/exchange/control`": (
        ("POST", "/tick", TICK),
        ("POST", "/data/chart-files", "timestamp,price,size\n1735689600,1,2\n"),
        ("POST", "/reset?symbol=ES", None),
        ("PUT", "/api/v1/tickers/ITEM_00/model", {}),
        ("PUT", "/api/v1/crypto", {"tickers": ["BTC", "ETH", "DOGE"]}),
        ("POST", "/ticks", [TICK]),
        ("POST", "/herd/control", {"action": "start"}),
        ("DELETE", "/exchange/control", None),
    ),
    "one's targets and deliveries: `/delivery/targets`, `/delivery/deliveries`": (
        ("GET", "/delivery/targets", None),
        ("GET", "/delivery/deliveries", None),
        ("POST", "/delivery/targets", HOOK),
    ),
    "one's alerts and their events: `/alerts`, `/alerts/events`": (
        ("GET", "/alerts", None),
        ("GET", "/alerts/events", None),
        ("POST", "/alerts", ALERT),
        ("POST", "/alerts/rehearsal", ALERT),
    ),
    "the herd game's phones: `/herd/join`, `/herd/orders`": (
        ("POST", "/herd/join", {}),
        ("POST", "/herd/orders", order),
    ),
    "logging in: `/auth/register`, `/auth/login`, `/auth/refresh`, `/auth/reset`, passkeys": (
        ("POST", "/auth/login", {"email": ANN["email"], **PASSWORD}),
        ("POST", "/auth/register", somebody),
        ("POST", "/auth/refresh", refresh),
        ("POST", "/auth/reset", {"email": ANN["email"]}),
        ("POST", "/auth/passkeys/login/options", None),
    ),
    "one's data: `/data/custom/…`, `/data/upload/…`": (
        ("GET", "/data/custom", None),
        ("POST", "/data/upload/ohlcv?name=mine", "timestamp,open,high,low,close,volume\n1735689600,1,2,0.5,1.5,10\n"),
        ("DELETE", "/data/custom/mine", None),
    ),
    "one's account: all else below `/auth/`": (
        ("GET", "/auth/me", None),
        ("GET", "/auth/sessions", None),
        ("GET", "/auth/export", None),
        ("GET", "/auth/passkeys", None),
        ("POST", "/auth/totp", PASSWORD),
    ),
}
ALLOWED = {
    "reading": (YES, YES, YES),
    "changing the server": (NO, NO, YES),
    "one's targets and deliveries": (NO, YES, YES),
    "one's alerts and their events": (NO, YES, YES),
    "the herd game's phones": (YES, YES, YES),
    "logging in": (YES, YES, YES),
    "one's data": (NO, YES, NO),
    "one's account": (NO, YES, NO),
}
"""Of each group: whether nobody, a user and the operator may."""


@pytest.fixture(scope="module")
def server() -> Iterator[flask.Flask]:
    services = build_services(
        Settings.of(ephemeral=True, ticker_count=1, feeds=(), lan=True, api_key="a key of the operator")
    )
    services.start()
    yield create_server(services)
    services.stop()


@pytest.fixture(scope="module")
def people(server: flask.Flask) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Headers of nobody, a user and the operator."""
    client = server.test_client()
    client.post("/tick", json=TICK, headers=KEY)
    register(client)
    return {}, bearer(login(client)), KEY


@pytest.mark.parametrize("group", GROUPS)
def test_who_may_do_what(server: flask.Flask, people: tuple[dict[str, str], ...], group: str) -> None:
    for method, path, body in GROUPS[group]:
        for headers, allowed in zip(people, ALLOWED[group.split(":")[0]], strict=True):
            client = server.test_client()
            client.post("/tick", json=TICK, headers=KEY)
            given = body(client) if callable(body) else body
            sent = {"data": given, "content_type": "text/csv"} if isinstance(given, str) else {"json": given}
            answer = client.open(path, method=method, headers=headers, **sent)
            fine = answer.status_code < 400 or (path, answer.status_code) == WITHOUT_MAIL
            expected = fine if allowed == YES else answer.status_code == 401
            assert expected, (method, path, allowed, answer.status_code, answer.text[:200])


def test_each_row_of_the_documentation_is_tried_and_no_other() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    table = text.partition(FIRST_COLUMNS)[2].partition("\n\n")[0]
    tried = [f"| {group} | {' | '.join(allowed)} |" for group, allowed in zip(GROUPS, ALLOWED.values(), strict=True)]
    assert table.splitlines() == tried


@pytest.mark.parametrize("group", GROUPS)
def test_each_address_that_a_row_names_is_tried(group: str) -> None:
    named = re.findall(r"`(/[^`…]*)", group.replace("all else below `/auth/`", ""))
    tried = [path for _, path, _ in GROUPS[group]]
    assert [each for each in named if not any(path.startswith(each.rstrip("/")) for path in tried)] == []
