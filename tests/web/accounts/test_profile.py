"""Changing, exporting and deleting one's account, and second factors, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import time
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.sessions import OVER
from orderflow.storage.records import models as tables
from orderflow.storage.records.records import Records
from orderflow.storage.records.session_store import StoredSession
from orderflow.storage.records.user_store import StoredUser
from orderflow.web.kit.current_user import USERS
from orderflow.web.kit.routes import Route
from tests.accounts.authenticator import Authenticator
from tests.web.accounts.conftest import ANN, bearer, csrf, login, register, server_of

NEW = "four entirely different words"


@pytest.fixture
def mine(client: FlaskClient) -> dict[str, str]:
    """The header of Ann, who is logged in."""
    register(client)
    return bearer(login(client))


def test_password_and_e_mail_address_are_changed(client: FlaskClient, mine: dict[str, str]) -> None:
    given = {"password": ANN["password"], "new_password": NEW}
    assert client.post("/auth/password", json={**given, "password": "no"}, headers=mine).status_code == 401
    answer = client.post("/auth/password", json={**given, "new_password": "short"}, headers=mine)
    assert (answer.status_code, answer.json["errors"][0]["loc"]) == (422, ["body", "new_password"])
    assert client.post("/auth/password", json=given, headers=mine).status_code == 200
    answer = client.post("/auth/email", json={"password": NEW, "email": "a@example.org"}, headers=mine)
    assert answer.json["email"] == "a@example.org"
    assert login(client, {"email": "a@example.org", "password": NEW})


def test_an_account_is_exported_and_deleted(client: FlaskClient, mine: dict[str, str]) -> None:
    answer = client.get("/auth/export", headers=mine)
    assert answer.headers["Content-Disposition"] == "attachment; filename=orderflow-account.json"
    assert answer.json["user"]["email"] == "ann@example.org"
    assert [each["device"] for each in answer.json["sessions"]] == ["script"]
    user: StoredUser = server_of(client).extensions[USERS].accounts.user(answer.json["user"]["id"])
    kept: StoredSession = server_of(client).extensions[USERS].accounts.sessions.list(user.id)[0]
    secrets = ("argon2", user.password, kept.csrf, kept.refresh)
    assert [each for each in secrets if each in answer.text] == []
    assert client.post("/auth/delete", json={"password": ANN["password"]}, headers=mine).status_code == 200
    assert client.get("/auth/me", headers=mine).status_code == 401


def test_an_app_is_added_used_and_removed(client: FlaskClient, mine: dict[str, str]) -> None:
    confirmed = {"password": ANN["password"]}
    made = client.post("/auth/totp", json=confirmed, headers=mine).json
    assert made["uri"].startswith("otpauth://totp/Orderflow:ann%40example.org?secret=")
    app, now = pyotp.TOTP(made["secret"]), int(time())
    assert client.post("/auth/totp/confirm", json={"code": "1"}, headers=mine).status_code == 422
    codes = client.post("/auth/totp/confirm", json={"code": app.at(now)}, headers=mine).json["recovery_codes"]
    answer = client.post("/auth/login", json=ANN)
    assert (answer.status_code, answer.json["errors"]) == (401, [{"loc": ["body", "code"], "msg": "is needed"}])
    assert client.post("/auth/login", json={**ANN, "code": app.at(now + 30)}).status_code == 200
    me = client.get("/auth/me", headers=mine).json
    assert (me["authenticator"], me["recovery_codes"]) == (True, len(codes))
    assert client.post("/auth/totp", json=confirmed, headers=mine).status_code == 409
    assert client.post("/auth/totp/remove", json=confirmed, headers=mine).json["authenticator"] is False
    assert client.post("/auth/recovery", json=confirmed, headers=mine).status_code == 409


def test_a_passkey_is_added_used_and_removed(client: FlaskClient, mine: dict[str, str]) -> None:
    device, confirmed = Authenticator("http://localhost"), {"password": ANN["password"]}
    asked = client.post("/auth/passkeys/options", json=confirmed, headers=mine).json
    given = {"id": asked["id"], "name": "phone", "credential": device.create(asked["options"])}
    made = client.post("/auth/passkeys", json=given, headers=mine)
    assert made.status_code == 201, made.text
    assert len(made.json["recovery_codes"]) == 10
    asked = client.post("/auth/passkeys/login/options").json
    answer = client.post("/auth/passkeys/login", json={"id": asked["id"], "credential": device.get(asked["options"])})
    assert answer.status_code == 200
    assert client.get("/auth/me").json["passkeys"] == 1
    found = client.get("/auth/passkeys", headers=mine).json
    assert [each["name"] for each in found] == ["phone"]
    assert client.get("/auth/export", headers=mine).json["passkeys"] == found
    assert found[0]["last_used"] is not None
    removal = {**confirmed, "passkey": found[0]["id"]}
    assert client.post("/auth/passkeys/remove", json=removal, headers=mine).json["passkeys"] == 0


CHANGES = (
    ("/auth/password", {"password": ANN["password"], "new_password": NEW}),
    ("/auth/email", {"password": ANN["password"], "email": "a@example.org"}),
    ("/auth/delete", {"password": ANN["password"]}),
    ("/auth/totp", {"password": ANN["password"]}),
    ("/auth/totp/confirm", {"code": "123456"}),
    ("/auth/totp/remove", {"password": ANN["password"]}),
    ("/auth/recovery", {"password": ANN["password"]}),
    ("/auth/passkeys/options", {"password": ANN["password"]}),
    ("/auth/passkeys", {"id": "x", "credential": {}}),
    ("/auth/passkeys/remove", {"password": ANN["password"], "passkey": "x"}),
)


def test_a_stolen_cookie_changes_nothing_without_the_csrf_token(client: FlaskClient) -> None:
    routes: tuple[Route, ...] = server_of(client).extensions["orderflow.routes"]
    mine = {route.path for route in routes if route.user and route.path.startswith("/auth/")}
    assert mine == {path for path, _ in CHANGES} | {"/auth/sessions/{id}"}
    made = register(client)
    client.post("/auth/login", json=ANN)
    assert client.delete("/auth/sessions/others").status_code == 403
    for path, body in CHANGES:
        answer = client.post(path, json=body)
        assert answer.status_code == 403, path
        assert "X-CSRF-Token" in answer.json["detail"]
    assert client.get("/auth/me").json == made
    assert client.post("/auth/delete", json={"password": ANN["password"]}, headers=csrf(client)).status_code == 200


def stored(client: FlaskClient) -> list[Any]:
    """All that the records hold of accounts but when a session was last used."""
    records: Records = server_of(client).extensions[USERS].accounts._users._records
    of_users = (tables.USERS, tables.SESSIONS, tables.PASSKEYS, tables.PASSWORD_RESETS)
    asked = [select(*(column for column in table.c if column.name != "used")) for table in of_users]
    return records.read(lambda connection: [sorted(map(repr, connection.execute(each))) for each in asked])


def test_what_is_read_changes_nothing(client: FlaskClient, mine: dict[str, str]) -> None:
    routes: tuple[Route, ...] = server_of(client).extensions["orderflow.routes"]
    paths = {route.path.replace("{id}", "others") for route in routes if route.path.startswith("/auth/")}
    assert len(paths) >= 20
    before = stored(client)
    for path in paths:
        answer = client.get(path, headers=mine, query_string={"password": ANN["password"], "email": "x@example.org"})
        assert answer.status_code in (200, 400, 405), path
    assert stored(client) == before


def test_fields_that_a_call_does_not_have_change_nothing(client: FlaskClient) -> None:
    more: dict[str, Any] = {"id": "f" * 32, "created": 1, "password_changed": 1, "totp": "A" * 32, "disabled": True}
    made = register(client, {**ANN, **more, "recovery": "[1]"})
    accounts: Accounts = server_of(client).extensions[USERS].accounts
    found = accounts.user(made["id"])
    assert (found.totp, found.recovery, found.disabled) == ("", "[]", False)
    assert min(found.created, found.password_changed) > 1
    given = {**more, "nickname": "Other", "user": "f" * 32, "password": ANN["password"], "email": "a@example.org"}
    answer = client.post("/auth/email", json=given, headers=bearer(login(client)))
    assert answer.json == {**made, "email": "a@example.org"}
    assert accounts.user(made["id"]) == replace(found, email="a@example.org", email_key="a@example.org")


@pytest.mark.parametrize("settings", [{}, {"api_key": "a key of the operator"}, {"lan": True}])
def test_nobody_and_no_operator_changes_an_account(
    make_client: Callable[..., FlaskClient], settings: dict[str, object]
) -> None:
    client = make_client(**settings)
    register(client)
    for headers in ({}, {"Authorization": "Bearer a key of the operator"}):
        for path, body in CHANGES:
            assert client.post(path, json=body, headers=headers).status_code in (401, 403), path
    assert login(client)


def test_without_e_mail_a_reset_names_the_operator(client: FlaskClient) -> None:
    answer = client.post("/auth/reset", json={"email": "ann@example.org"})
    assert answer.status_code == 409
    assert "orderflow user reset" in answer.json["detail"]
    answer = client.post("/auth/reset/confirm", json={"code": "x", "new_password": NEW})
    assert answer.status_code == 401


WRITES = {
    "password": {"new_password": NEW},
    "email": {"email": "new@example.org"},
    "delete": {},
    "totp/remove": {},
    "recovery": {},
    "passkeys/remove": {"passkey": "x"},
    "totp/confirm": {},
    "passkeys": {},
}


@pytest.mark.parametrize("path", WRITES)
def test_a_session_that_is_revoked_while_its_password_is_checked_changes_nothing(
    client: FlaskClient, mine: dict[str, str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts: Accounts = server_of(client).extensions[USERS].accounts
    user = client.get("/auth/me", headers=mine).json["id"]
    given = {"password": ANN["password"], **WRITES[path]}
    if path == "totp/confirm":
        secret = client.post("/auth/totp", json=given, headers=mine).json["secret"]
        given = {"code": pyotp.TOTP(secret).now()}
    elif path == "passkeys":
        asked = client.post("/auth/passkeys/options", json=given, headers=mine).json
        given = {"id": asked["id"], "credential": Authenticator("http://localhost").create(asked["options"])}
    write = Records.write

    def overtaken(records: Records, fn: Callable[[Any], Any]) -> Any:
        monkeypatch.undo()
        accounts.sessions.end_all(user)
        return write(records, fn)

    monkeypatch.setattr(Records, "write", overtaken)
    answer = client.post(f"/auth/{path}", json=given, headers=mine)
    assert (answer.status_code, answer.json["detail"]) == (401, OVER)
    assert login(client)
