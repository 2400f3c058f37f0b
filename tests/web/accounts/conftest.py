from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from orderflow.services import Services
from orderflow.web.app import create_server

ANN = {"nickname": "Ann", "email": "ann@example.org", "password": "correct horse battery"}
BOB = {"nickname": "Bob", "email": "bob@example.org", "password": "four other plain words"}


@pytest.fixture
def make_client(make_services: Callable[..., Services]) -> Callable[..., FlaskClient]:
    """make_client(**settings): a client of a new server."""
    return lambda **settings: create_server(make_services(**settings)).test_client()


def register(client: FlaskClient, user: dict[str, str] = ANN) -> dict[str, Any]:
    answer = client.post("/auth/register", json=user)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def login(client: FlaskClient, user: dict[str, str] = ANN, device: str = "script") -> dict[str, Any]:
    """Log in as a script does: its cookies are dropped."""
    given = {"email": user["email"], "password": user["password"]}
    answer = client.post("/auth/login", json=given, headers={"User-Agent": device})
    assert answer.status_code == 200, answer.text
    forget_cookies(client)
    tokens: dict[str, Any] = answer.json
    return tokens


def forget_cookies(client: FlaskClient) -> None:
    for name in ("orderflow_access", "orderflow_refresh", "orderflow_csrf"):
        client.delete_cookie(name)


def bearer(tokens: dict[str, Any], which: str = "access_token") -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens[which]}"}


def csrf(client: FlaskClient) -> dict[str, str]:
    cookie = client.get_cookie("orderflow_csrf")
    assert cookie is not None
    return {"X-CSRF-Token": cookie.value}


def server_of(client: FlaskClient) -> flask.Flask:
    found = client.application
    assert isinstance(found, flask.Flask)
    return found
