"""Whose data a request is about: every row of the table in docs/security.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import flask
import pytest
from flask.testing import FlaskClient

from orderflow.services import build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.web.kit.current_user import current_user
from tests.web.accounts.conftest import ANN, bearer, csrf, forget_cookies, login, register, server_of

KEY = "a key of the operator"
PEOPLE = ("nobody", "operator", "user", "user's browser", "operator's browser", "wrong token")


@pytest.fixture(scope="module", params=["optional", "required", "off"])
def mode(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module", params=[None, KEY], ids=["without a key", "with a key"])
def key(request: pytest.FixtureRequest) -> str | None:
    found: str | None = request.param
    return found


@pytest.fixture(scope="module")
def server(mode: str, key: str | None) -> Iterator[flask.Flask]:
    """A server with a route that tells whose data it would show, and with Ann's account."""
    services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=(), accounts=mode, api_key=key))
    services.start()
    made = create_server(services)
    made.add_url_rule("/whose", view_func=lambda: flask.Response(current_user()), methods=["GET"])
    if mode != "off":
        register(made.test_client())
    yield made
    services.stop()


@pytest.fixture
def asking(server: flask.Flask) -> FlaskClient:
    return server.test_client()


def headers_of(person: str, client: FlaskClient) -> tuple[dict[str, str], str]:
    """What a person sends, and the user's id. A browser's cookies are put into the client."""
    if person == "operator":
        return {"Authorization": f"Bearer {KEY}"}, ""
    if person == "operator's browser":
        client.get(f"/stats?key={KEY}")
        return {}, ""
    if person == "nobody":
        return {}, ""
    answer = client.post("/auth/login", json=ANN)
    if person == "wrong token" or answer.status_code == 404:  # no accounts
        forget_cookies(client)
        return {} if person == "user's browser" else {"Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"}, ""
    user = client.get("/auth/me").json["id"]
    if person == "user":
        forget_cookies(client)
        return bearer(answer.json), user
    return {}, user


def expected(person: str, mode: str, key: str | None, user: str) -> str:
    """A user's id, "local", or "" for 401."""
    if mode != "off":
        if person == "wrong token":
            return ""
        if person in ("user", "user's browser"):
            return user
        if mode == "required":
            return ""
    may_operate = key is None or person in ("operator", "operator's browser")
    return "local" if may_operate else ""


@pytest.mark.parametrize("person", PEOPLE)
def test_whose_data_a_request_is_about(asking: FlaskClient, person: str, mode: str, key: str | None) -> None:
    headers, user = headers_of(person, asking)
    answer = asking.get("/whose", headers=headers)
    wanted = expected(person, mode, key, user)
    assert (answer.status_code, answer.text if wanted else "") == (200 if wanted else 401, wanted)
    if not wanted:
        assert "log in" in answer.json["detail"]


@pytest.mark.parametrize("person", PEOPLE)
def test_a_route_of_users_takes_a_user_in_place_of_the_operator(
    asking: FlaskClient, person: str, mode: str, key: str | None
) -> None:
    headers, _ = headers_of(person, asking)
    if person == "user's browser" and mode != "off":
        headers = csrf(asking)
    answer = asking.delete("/auth/sessions/others", headers=headers)
    is_user = mode != "off" and person in ("user", "user's browser")
    may_operate = key is None or person in ("operator", "operator's browser")
    # 404: there are no accounts
    assert answer.status_code == (200 if is_user else 404 if mode == "off" and may_operate else 401)


@pytest.mark.parametrize("person", PEOPLE)
def test_a_user_is_not_an_operator(asking: FlaskClient, person: str, mode: str, key: str | None) -> None:
    headers, _ = headers_of(person, asking)
    answer = asking.post("/reset", headers=headers)
    may_operate = key is None or person in ("operator", "operator's browser")
    assert answer.status_code == (200 if may_operate else 401)


def test_a_bearer_of_a_tokens_form_is_never_the_key(make_client: Callable[..., FlaskClient]) -> None:
    key = "eyJhbGciOiJIUzI1NiJ9.e30.signature"
    client = make_client(api_key=key)
    assert client.post("/reset", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_login_is_required_once_others_reach_the_server(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(lan=True, api_key=KEY)
    server_of(client).add_url_rule("/whose", view_func=lambda: flask.Response(current_user()), methods=["GET"])
    assert client.get("/whose", headers={"Authorization": f"Bearer {KEY}"}).status_code == 401
    assert client.post("/herd/join", json={}).status_code == 200
    assert client.get("/stats").status_code == 200
    made = register(client)
    assert client.get("/whose", headers=bearer(login(client))).text == made["id"]
