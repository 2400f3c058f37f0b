"""The script of the original system: register, log in, upload, read; and that users' data are apart."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.accounts.conftest import ANN, BOB, bearer, csrf, forget_cookies, login, register

CSV = "timestamp,open,high,low,close,volume\n2025-01-01T00:00:00Z,1,2,0.5,1.5,10\n2025-01-01T00:01:00Z,1.5,3,1,2,20\n"
SIGNALS = "timestamp,type,price,label,color,icon\n2025-01-01T00:00:00Z,buy,1.5,in,green,arrow-up\n"
KEY = "a key of the operator"


def upload(client: FlaskClient, headers: dict[str, str], name: str = "mine", kind: str = "ohlcv") -> Any:
    text = CSV if kind == "ohlcv" else SIGNALS
    form = {"file": (io.BytesIO(text.encode()), f"{name}.csv"), "name": name}
    return client.post(f"/data/upload/{kind}", data=form, headers=headers)


def names(client: FlaskClient, headers: dict[str, str]) -> set[str]:
    answer = client.get("/data/custom", headers=headers)
    assert answer.status_code == 200, answer.text
    return {name for name in ("mine", "hers", "his") if f'"{name}"' in answer.text}


def test_a_script_registers_logs_in_and_uploads(client: FlaskClient) -> None:
    register(client)
    headers = bearer(login(client))
    for kind in ("ohlcv", "signals"):
        answer = upload(client, headers, kind=kind)
        assert answer.status_code == 201, answer.text
        assert client.get(f"/data/custom/mine/{kind}", headers=headers).status_code == 200
    assert names(client, headers) == {"mine"}
    assert names(client, {}) == set()  # the local user has nothing


def test_on_this_machine_nothing_needs_a_login(client: FlaskClient) -> None:
    assert upload(client, {}).status_code == 201
    assert names(client, {}) == {"mine"}
    register(client)
    assert names(client, bearer(login(client))) == set()


@pytest.fixture
def shared(make_client: Callable[..., FlaskClient]) -> FlaskClient:
    """A server that others reach."""
    return make_client(lan=True, api_key=KEY)


def test_users_do_not_reach_each_others_data(shared: FlaskClient) -> None:
    register(shared)
    register(shared, BOB)
    ann, bob = bearer(login(shared)), bearer(login(shared, BOB))
    assert upload(shared, ann, "hers").status_code == 201
    assert upload(shared, bob, "his").status_code == 201
    assert (names(shared, ann), names(shared, bob)) == ({"hers"}, {"his"})
    assert shared.get("/data/custom/hers/ohlcv", headers=bob).status_code == 404
    assert shared.delete("/data/custom/hers", headers=bob).status_code == 404
    assert names(shared, ann) == {"hers"}
    for headers in ({}, {"Authorization": f"Bearer {KEY}"}):
        assert upload(shared, headers).status_code == 401
        assert shared.get("/data/custom", headers=headers).status_code == 401
        assert shared.get("/data/custom/hers/ohlcv", headers=headers).status_code == 401
        assert shared.delete("/data/custom/hers", headers=headers).status_code == 401


def test_a_browser_uploads_with_its_cookies_and_the_csrf_token(shared: FlaskClient) -> None:
    register(shared)
    shared.post("/auth/login", json=ANN)
    assert upload(shared, {}).status_code == 403
    assert upload(shared, csrf(shared)).status_code == 201
    assert names(shared, {}) == {"mine"}


def test_uploads_are_exported_and_go_with_the_account(shared: FlaskClient) -> None:
    made = register(shared)
    headers = bearer(login(shared))
    upload(shared, headers)
    assert '"mine"' in shared.get("/auth/export", headers=headers).text
    assert shared.post("/auth/delete", json={"password": ANN["password"]}, headers=headers).status_code == 200
    forget_cookies(shared)
    again = register(shared)
    assert again["id"] != made["id"]
    assert names(shared, bearer(login(shared))) == set()
