"""Who makes a request: the key, the signed cookie, what is forged, and the decorator of Dash callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from itsdangerous import TimestampSigner

from orderflow.errors import Forbidden
from orderflow.services import Services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.web.kit import access
from orderflow.web.kit.access import (
    COOKIE,
    COOKIE_SECONDS,
    NOBODY,
    OPERATOR,
    Authenticator,
    current_identity,
    is_operator,
    operator_only,
)
from orderflow.web.kit.routes import Route

KEY = "correct-horse"
BEARER = {"Authorization": f"Bearer {KEY}"}


def with_cookie(value: str) -> dict[str, Any]:
    return {"HTTP_COOKIE": f"a=b; {COOKIE}={value}"}


@pytest.fixture
def authenticator() -> Authenticator:
    """That of a server with the key KEY."""
    return Authenticator(Settings(api_key=KEY))


def value_of(set_cookie: str) -> str:
    return set_cookie.split(";")[0].partition("=")[2]


def test_without_a_key_everybody_is_the_operator() -> None:
    authenticator = Authenticator(Settings())
    assert authenticator.key is None
    assert authenticator.identify({}) == OPERATOR
    assert not authenticator.is_key("")


def test_the_key_and_the_cookie_make_the_operator(authenticator: Authenticator) -> None:
    assert authenticator.identify({}) == NOBODY
    assert authenticator.identify({"HTTP_AUTHORIZATION": f"bearer  {KEY} "}) == OPERATOR
    cookie = value_of(authenticator.cookie(secure=False))
    assert KEY not in cookie
    assert authenticator.identify(with_cookie(cookie)) == OPERATOR
    assert Authenticator(Settings(api_key=KEY)).identify(with_cookie(cookie)) == OPERATOR  # outlives a restart
    assert Authenticator(Settings(api_key="another")).identify(with_cookie(cookie)) == NOBODY


def test_a_wrong_bearer_token_is_an_error(authenticator: Authenticator) -> None:
    cookie = value_of(authenticator.cookie(secure=False))
    with pytest.raises(Forbidden):
        authenticator.identify({"HTTP_AUTHORIZATION": "Bearer wrong", **with_cookie(cookie)})
    assert authenticator.identify({"HTTP_AUTHORIZATION": "Basic xyz", "HTTP_COOKIE": "a=b; ="}) == NOBODY


def test_a_forged_cookie_is_anonymous(authenticator: Authenticator) -> None:
    good = value_of(authenticator.cookie(secure=False))
    other_salt = TimestampSigner(KEY, "another use").sign("operator").decode()
    for forged in ("", "operator", KEY, good[:-1], good + "x", good.replace("operator", "user"), "é", "." * 300,
                   value_of(Authenticator(Settings(api_key="x")).cookie(secure=False)), other_salt):  # fmt: skip
        assert authenticator.identify(with_cookie(forged)) == NOBODY, forged


def test_an_expired_cookie_is_anonymous(authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = value_of(authenticator.cookie(secure=False))
    now = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) + COOKIE_SECONDS + 60)
    assert authenticator.identify(with_cookie(cookie)) == NOBODY


def test_the_identity_is_made_once_per_request(authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch) -> None:
    environ: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {KEY}"}
    assert authenticator.identify(environ) is OPERATOR
    monkeypatch.setattr(access.Authenticator, "_identify", lambda *_: pytest.fail("asked again"))
    assert authenticator.identify(environ) is OPERATOR


def test_routes_and_callbacks_ask_for_themselves(make_services: Callable[..., Services]) -> None:
    server = create_server(make_services(api_key=KEY))
    done: list[str] = []

    @operator_only(lambda: "refused")
    def change(word: str) -> str:
        done.append(word)
        return "done"

    assert change.operator_only  # type: ignore[attr-defined]  # what the decorator adds
    server.add_url_rule("/_dash-update-component", "dash", lambda: {"said": change("x")}, methods=["POST"])
    server.add_url_rule("/who", "who", lambda: {"role": current_identity().role})
    client = server.test_client()
    assert client.post("/_dash-update-component").get_json() == {"said": "refused"}
    assert done == []
    assert client.post("/_dash-update-component", headers=BEARER).get_json() == {"said": "done"}
    assert done == ["x"]
    assert client.post("/_dash-update-component", headers={"Authorization": "Bearer x"}).status_code == 403
    assert client.get("/who").get_json() == {"role": "nobody"}
    client.get(f"/?key={KEY}")
    assert client.get("/who").get_json() == {"role": "operator"}


def test_only_the_address_of_the_callbacks_is_let_through(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(api_key=KEY)).test_client()
    assert client.post("/_dash-update-component").status_code == 404  # past the gate: no page is on this server
    for path in ("/_dash-other", "/_dash-update-component/", "/_dash-update-componentx"):
        assert client.post(path).status_code == 401, path
    assert client.put("/_dash-update-component").status_code == 401


def test_without_a_key_callbacks_may_change(web: flask.Flask) -> None:
    with web.test_request_context():
        assert is_operator()


def test_only_a_changing_route_with_a_fixed_path_can_be_open(web: flask.Flask) -> None:
    routes: tuple[Route, ...] = web.extensions["orderflow.routes"]
    auth = {f"/auth/{name}" for name in ("register", "login", "refresh", "logout", "reset", "reset/confirm")}
    auth |= {"/auth/passkeys/login", "/auth/passkeys/login/options"}
    assert {route.path for route in routes if route.open} == {"/herd/join", "/herd/orders", "/sign-out", *auth}
    assert all(route.needs_key == (route.method != "GET" and not route.open) for route in routes)
    for method, path in (("GET", "/x"), ("POST", "/x/{id}")):
        with pytest.raises(ValueError, match="can be open"):
            Route(method, path, None, "X", open=True)
