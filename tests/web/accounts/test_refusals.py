"""Calls that are refused are in the log, with the user, the address and the reason, and without a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from callbacks.app import create_app
from orderflow.accounts.accounts import Accounts
from orderflow.accounts.resets import WRONG
from orderflow.accounts.sessions import OVER
from orderflow.accounts.tokens import ACCESS_SECONDS, SECOND
from orderflow.runtime.log_limit import MOST, RepeatLimit
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.web.kit.refusals import NOT_THERE, log, write_refusal
from orderflow.web.kit.users import CSRF, LOG_IN
from tests.web.accounts.conftest import ANN, BOB, bearer, csrf, forget_cookies, login, register

Lines = Callable[[], list[str]]
Values = Mapping[str, Any]
NOTHING: Values = {}
NOT_VALID = "the token is not valid: log in again"
CALLBACK = "/_dash-update-component"
EXPIRED = "the token has expired: refresh it, or log in again"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """lines(): what the log has said of refused calls since the last call of it."""
    caplog.set_level(logging.INFO, log.name)

    def since() -> list[str]:
        found = [record for record in caplog.records if record.name == log.name]
        assert all(record.limited for record in found)  # type: ignore[attr-defined]  # see log_limit
        caplog.clear()
        return [record.getMessage() for record in found]

    return since


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    return make_services(accounts="required")


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_server(services).test_client()


def refused(status: int, who: str, call: str, why: str) -> str:
    method, path = call.split()
    return f"refused with {status}: {who} from 127.0.0.1, {method} {path!r}: {why}"


def test_a_users_refused_calls_are_logged(client: FlaskClient, lines: Lines) -> None:
    ann = f"user {register(client)['id']}"
    tokens = login(client)
    assert client.get("/data/custom/BTC/ohlcv?timeframe=1h", headers=bearer(tokens)).status_code == 404
    assert lines() == [refused(404, ann, "GET /data/custom/BTC/ohlcv", NOT_THERE)]
    client.get("/data/custom", headers=bearer(tokens))
    client.post("/auth/login", json=ANN)
    assert lines() == []
    assert client.post("/auth/logout").status_code == 403  # the cookies without their CSRF token
    assert lines() == [refused(403, ann, "POST /auth/logout", CSRF)]
    wrong = {"password": "a wrong one", "email": "new@example.org"}
    assert client.post("/auth/email", json=wrong, headers=csrf(client)).status_code == 401
    assert lines() == [refused(401, ann, "POST /auth/email", "the password is wrong")]


def test_tokens_that_are_not_valid_any_more_are_logged_with_whose_they_were(
    client: FlaskClient, services: Services, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = f"user {register(client)['id']}"
    ended, tokens = login(client), login(client)
    client.post("/auth/logout", headers=bearer(ended))
    forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}
    for headers in (bearer(ended), bearer(tokens, "refresh_token"), forged, {}):
        assert client.get("/data/custom", headers=headers).status_code == 401
    made = services.part(Accounts).sessions._tokens
    now = made._now()
    monkeypatch.setattr(made, "_now", lambda: now + (ACCESS_SECONDS + 1) * SECOND)
    assert client.get("/data/custom", headers=bearer(tokens)).status_code == 401
    found = lines()
    call = "GET /data/custom"
    assert found == [
        refused(401, ann, call, OVER),
        refused(401, ann, call, NOT_VALID),
        refused(401, "nobody known", call, NOT_VALID),
        refused(401, "nobody known", call, LOG_IN),
        refused(401, ann, call, EXPIRED),
    ]
    assert [each for each in (*tokens.values(), *ended.values()) if str(each) in "".join(found)] == []


def test_what_a_login_says_is_not_said_twice(client: FlaskClient, lines: Lines) -> None:
    assert client.post("/auth/login", json=ANN).status_code == 401
    assert lines() == []


def test_a_missing_page_is_no_refusal(client: FlaskClient, lines: Lines) -> None:
    assert client.get("/data/nothing-here").status_code == 404
    assert lines() == []


def test_a_path_cannot_write_a_line_of_its_own(lines: Lines) -> None:
    write_refusal({"REQUEST_METHOD": "GET", "PATH_INFO": "/a\nuser x has logged in" + "c" * 300}, 401, "")
    (line,) = lines()
    assert "\n" not in line
    assert len(line) < 300


def test_a_token_in_a_path_is_not_logged(client: FlaskClient, lines: Lines) -> None:
    register(client)
    token = login(client)["access_token"]
    write_refusal({"REQUEST_METHOD": "GET", "PATH_INFO": f"/a/{token}"}, 404, "")
    assert lines() == [f"refused with 404: nobody known from an unknown address, GET '/a/…': {NOT_THERE}"]


def test_calls_without_the_key_are_logged(make_client: Callable[..., FlaskClient], lines: Lines) -> None:
    client = make_client(api_key="a key of the operator")
    user = register(client)["id"]
    for headers, who in (({}, "nobody known"), (bearer(login(client)), f"user {user}")):
        assert client.post("/reset", headers=headers).status_code == 401
        (line,) = lines()
        assert line.startswith(f"refused with 401: {who} from 127.0.0.1, POST '/reset': this request changes")


def test_calls_of_nobody_who_is_known_hide_none_of_a_users(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, log.name)
    limit = RepeatLimit()
    for user in ["", *["u1"] * 2]:
        for _ in range(MOST + 1):
            write_refusal({"REQUEST_METHOD": "GET", "PATH_INFO": "/x"}, 401, user)
    written = [record.getMessage() for record in caplog.records if limit.filter(record)]
    assert [sum(who in line for line in written) for who in ("nobody known", "user u1")] == [MOST, MOST]


# pages


PARTS = {"kind": "ohlcv", "frame": "1h"}
"""Parts of a button's id that are no ids; the others are 7, and there is nothing of that id."""


def press(
    client: FlaskClient, output: str, trigger: str, *, pressed: bool = True, given: Values = NOTHING, **headers: str
) -> None:
    """Run the callback of a page that `trigger` starts, as when it was pressed, or as when the page opens.

    given: values of components by their ids.
    """
    table = client.get("/_dash-dependencies").json
    entry = next(e for e in table if output in e["output"] and any(trigger in each["id"] for each in e["inputs"]))
    run(client, entry, next(each for each in entry["inputs"] if trigger in each["id"]), pressed, given, headers)


def run(
    client: FlaskClient, entry: dict[str, Any], changed: dict[str, Any], pressed: bool, given: Values, headers: Any
) -> None:
    def id_of(pattern: str) -> Any:
        return {name: PARTS.get(name, "7") if part == ["ALL"] else part for name, part in json.loads(pattern).items()}

    def part(each: dict[str, Any]) -> Any:
        value = given.get(each["id"], 1 if pressed and each is changed else None)
        if not each["id"].startswith("{"):
            return {**each, "value": value}
        return [{"id": id_of(each["id"]), "property": each["property"], "value": value}]

    places = [each.split("@")[0].rsplit(".", 1) for each in entry["output"].strip(".").split("...")]
    outputs = [
        [{"id": id_of(id), "property": name}] if id.startswith("{") else {"id": id, "property": name}
        for id, name in places
    ]
    name = changed["id"]
    if name.startswith("{"):
        name = json.dumps(id_of(name), sort_keys=True, separators=(",", ":"))
    body = {
        "output": entry["output"],
        "outputs": outputs if entry["output"].startswith("..") else outputs[0],
        "inputs": [part(each) for each in entry["inputs"]],
        "state": [part(each) for each in entry["state"]],
        "changedPropIds": [f"{name}.{changed['property']}"] if pressed else [],
    }
    answer = client.post("/_dash-update-component", json=body, headers=headers)
    assert answer.status_code in (200, 204), answer.text


@pytest.fixture(scope="module")
def bobs() -> Iterator[tuple[FlaskClient, str]]:
    """A client of a server with all pages, and the id of Bob, who is logged in."""
    services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=(), accounts="required", api_key="key"))
    services.start()
    server = create_server(services)
    create_app(services, server)
    client = server.test_client()
    client.get("/account/")  # Dash completes its table with the first page
    made = register(client, BOB)["id"]
    client.post("/auth/login", json=BOB)
    yield client, made
    services.stop()


OWNED = ("alert", "target", "session", "ws-own-undo", "ws-own-sure")
"""Parts of a button's id, or its type, that name something with an owner. A notice that is gone is read, no refusal."""


def test_every_button_about_what_is_not_there_is_logged(bobs: tuple[FlaskClient, str], lines: Lines) -> None:
    client, user = bobs
    buttons = [
        (entry, each)
        for entry in client.get("/_dash-dependencies").json
        for each in entry["inputs"]
        if each["id"].startswith("{") and each["property"] == "n_clicks" and not entry.get("clientside_function")
        if {*json.loads(each["id"]), json.loads(each["id"])["type"]} & {*OWNED}
    ]
    assert {json.loads(each["id"])["type"].partition("-")[0] for _, each in buttons} == {
        "account", "alert", "target", "ws",
    }  # fmt: skip
    for entry, each in buttons:
        run(client, entry, each, True, NOTHING, csrf(client))
        assert lines() == [refused(404, f"user {user}", f"POST {CALLBACK}", NOT_THERE)], each["id"]


@pytest.mark.parametrize(
    ("output", "trigger", "given"),
    [
        ("tickers-alert-fault", "tickers-alert-set", {"tickers-alert-edited": "7"}),
        ("chart-alerts", "chart-alert-moved", {"chart-alert-moved": {"id": "7:0", "price": 1}}),
        ("tickers-dialog-target.", "tickers-target-save", {"tickers-target-edited": {"target": 7}}),
        ("tickers-dialog-target-remove", "tickers-target-remove", {"tickers-target-removed": 7}),
        (
            "account-unkey",
            "account-unkey-go",
            {"account-unkey-passkey": "7", "account-unkey-password": BOB["password"]},
        ),
    ],
)
def test_every_form_about_what_is_not_there_is_logged(
    bobs: tuple[FlaskClient, str], lines: Lines, output: str, trigger: str, given: Values
) -> None:
    client, user = bobs
    press(client, output, trigger, given=given, **csrf(client))
    assert lines() == [refused(404, f"user {user}", f"POST {CALLBACK}", NOT_THERE)]


def test_a_session_that_another_process_has_ended_ends_no_other_on_the_page(
    make_services: Callable[..., Services], lines: Lines
) -> None:
    services = make_services(accounts="required")
    server = create_server(services)
    create_app(services, server)
    client = server.test_client()
    client.get("/account/")
    user = register(client)["id"]
    login(client)
    client.post("/auth/login", json=ANN)
    sessions = services.part(Accounts).sessions
    mine = next(each["id"] for each in client.get("/auth/sessions").json if each["current"])
    sessions._store.end(mine)  # what this process knows of it is some seconds old
    for button in ("account-end-others", '"account-end"'):
        press(client, "account-refresh", button, **csrf(client))
        assert lines() == [refused(401, f"user {user}", f"POST {CALLBACK}", OVER)]
    assert len(sessions.list(user)) == 1


def test_a_wrong_code_on_the_page_is_logged_and_a_login_once(
    make_services: Callable[..., Services], lines: Lines
) -> None:
    services = make_services(accounts="required")
    server = create_server(services)
    create_app(services, server)
    client = server.test_client()
    client.get("/account/")
    code = {"account-reset-code": "7", "account-reset-new_password": "four entirely different words"}
    press(client, "account-reset-fault", "account-reset-go", given=code)
    assert lines() == [refused(401, "nobody known", f"POST {CALLBACK}", WRONG)]
    wrong = {"account-login-email": BOB["email"], "account-login-password": "a wrong one"}
    press(client, "account-login-fault", "account-login-go", given=wrong)
    assert lines() == []


def test_what_is_pressed_on_a_page_is_logged_and_what_a_page_asks_by_itself_is_not(
    make_services: Callable[..., Services], lines: Lines
) -> None:
    services = make_services(accounts="required", api_key="a key of the operator")
    server = create_server(services)
    create_app(services, server)
    client = server.test_client()
    client.get("/account/")  # Dash completes its table with the first page
    who, call = f"user {register(client, BOB)['id']}", "POST /_dash-update-component"
    for pressed in (False, True):
        press(client, "account-refresh", "account-logout", pressed=pressed)
        press(client, "chart-sample-note", "chart-do-sample", pressed=pressed)
        press(client, "tickers-toasts", "alert-delete", pressed=pressed)
        found = lines()
        assert [line.partition(",")[0] for line in found] == [
            "refused with 401: nobody known from 127.0.0.1"
        ] * 3 * pressed
    client.post("/auth/login", json=BOB)
    press(client, "account-refresh", "account-end", **csrf(client))
    press(client, "account-refresh", "account-logout")
    press(client, "chart-sample-note", "chart-do-sample", **csrf(client))
    assert lines() == [
        refused(404, who, call, NOT_THERE),
        refused(403, who, call, CSRF),
        refused(401, who, call, "this needs the operator's key"),
    ]
    forget_cookies(client)
