"""Registering, logging in and out, as scripts with a Bearer and as browsers with cookies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from orderflow.accounts.accounts import Accounts
from orderflow.services import Services
from orderflow.web.app import create_server
from tests.web.accounts.conftest import ANN, BOB, bearer, csrf, forget_cookies, login, register


def test_a_script_registers_logs_in_and_asks_who_it_is(client: FlaskClient) -> None:
    made = register(client)
    tokens = login(client)
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 600
    me = client.get("/auth/me", headers=bearer(tokens)).json
    assert me == made
    assert {name: me[name] for name in ("nickname", "email")} == {"nickname": "Ann", "email": "ann@example.org"}
    assert "password" not in me


def test_without_a_login_nobody_is_shown(client: FlaskClient) -> None:
    for path in ("/auth/me", "/auth/sessions"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.json["detail"] == "log in first: POST /auth/login"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("nickname", "", "nickname is missing"),
        ("nickname", 5, "nickname must be text"),
        ("nickname", "x" * 65, "nickname must be 1 to 64 visible characters"),
        ("nickname", "a\u202eb", "nickname must be 1 to 64 visible characters"),
        ("email", "ann", "email is not an e-mail address"),
        ("email", None, "email is missing"),
        ("password", "fourteen chars", "password must have at least 15 characters"),
        ("password", "x" * 257, "password must have at most 256 characters"),
        ("password", "abababababababab", "password is one that is tried first"),
        ("password", "ann@example.org", "password is one that is tried first"),
    ],
)
def test_a_wrong_field_is_named(client: FlaskClient, field: str, value: object, words: str) -> None:
    answer = client.post("/auth/register", json={**ANN, field: value})
    assert answer.status_code == 422
    assert words in answer.json["detail"]
    assert answer.json["errors"][0]["loc"] == ["body", field]


def test_browsers_keep_no_answer_about_an_account(client: FlaskClient) -> None:
    register(client)
    answers = [client.post("/auth/login", json={"email": ANN["email"], "password": ANN["password"]})]
    answers += [client.get(f"/auth/{path}") for path in ("me", "sessions", "export", "passkeys")]
    answers.append(client.get("/data/custom"))
    assert {(answer.status_code, answer.headers["Cache-Control"]) for answer in answers} == {(200, "no-store")}


def test_a_token_in_an_address_is_none(client: FlaskClient) -> None:
    register(client)
    token = login(client)["access_token"]
    for name in ("access_token", "token", "key"):
        assert client.get(f"/auth/me?{name}={token}").status_code in (400, 401)
    assert client.get("/auth/me").status_code == 401


def test_a_password_may_be_long_and_of_any_characters(client: FlaskClient) -> None:
    user = {**ANN, "password": "пароль из многих слов ✓ " * 8}
    register(client, user)
    assert login(client, user)


@pytest.mark.parametrize("name", ["'; DROP TABLE users; --", "<script>alert(1)</script>", "../../etc", "Ån☃"])
def test_a_name_of_any_characters_is_only_text(client: FlaskClient, name: str) -> None:
    register(client, {**ANN, "nickname": name})
    assert client.get("/auth/me", headers=bearer(login(client))).json["nickname"] == name


def test_e_mail_addresses_and_nicknames_are_there_once_whatever_their_case(client: FlaskClient) -> None:
    register(client)
    again = client.post("/auth/register", json={**BOB, "email": "ANN@Example.ORG"})
    assert (again.status_code, again.json["detail"]) == (
        409,
        "there is an account with this e-mail address already",
    )
    again = client.post("/auth/register", json={**BOB, "nickname": "aNN"})
    assert (again.status_code, again.json["detail"]) == (409, "this nickname is taken")
    assert login(client, {**ANN, "email": "ANN@example.org"})


def test_a_browser_stays_logged_in_by_cookies(client: FlaskClient) -> None:
    register(client)
    answer = client.post("/auth/login", json=ANN)
    cookies = answer.headers.getlist("Set-Cookie")
    access, refresh, token = (next(each for each in cookies if each.startswith(f"orderflow_{name}=")) for name in
                              ("access", "refresh", "csrf"))  # fmt: skip
    assert "HttpOnly" in access
    assert "HttpOnly" in refresh
    assert "HttpOnly" not in token
    assert all("SameSite=Lax" in each and "Path=/" in each for each in cookies)
    assert client.get("/auth/me").json["nickname"] == "Ann"


def test_behind_https_cookies_belong_to_this_host_alone(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(public_url="https://flow.example.org")
    register(client)
    cookies = client.post("/auth/login", json=ANN).headers.getlist("Set-Cookie")
    assert sorted(each.partition("=")[0] for each in cookies) == [
        "__Host-orderflow_access", "__Host-orderflow_refresh", "orderflow_csrf",
    ]  # fmt: skip
    assert all("; Secure" in each and "Domain" not in each for each in cookies)
    assert client.get("/auth/me", base_url="https://localhost").json["nickname"] == "Ann"


def test_a_changing_call_with_cookies_needs_the_csrf_token(client: FlaskClient) -> None:
    register(client)
    client.post("/auth/login", json=ANN)
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x" * 32}):
        for method, path in (("POST", "/auth/refresh"), ("POST", "/auth/logout"), ("DELETE", "/auth/sessions/others")):
            answer = client.open(path, method=method, headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "X-CSRF-Token" in answer.json["detail"]
    assert client.get("/auth/me").status_code == 200
    assert client.post("/auth/refresh", headers=csrf(client)).status_code == 200
    assert client.post("/auth/logout", headers=csrf(client)).json == {"ended": 1}
    assert client.get_cookie("orderflow_access") is None


def test_the_csrf_token_of_another_session_is_none(client: FlaskClient) -> None:
    register(client)
    client.post("/auth/login", json=ANN)
    other = csrf(client)
    forget_cookies(client)
    client.post("/auth/login", json=ANN)
    assert client.post("/auth/logout", headers=other).status_code == 403


def test_a_login_never_takes_over_a_session_that_it_is_given(client: FlaskClient) -> None:
    register(client)
    register(client, BOB)
    client.post("/auth/login", json=BOB)
    planted = client.get_cookie("orderflow_access")
    assert planted is not None
    before = client.get("/auth/sessions").json[0]["id"]
    client.post("/auth/login", json=ANN)
    found = client.get("/auth/sessions").json
    assert [each["id"] for each in found if each["current"]] != [before]
    assert client.get("/auth/me").json["nickname"] == "Ann"
    forget_cookies(client)
    client.set_cookie("orderflow_access", planted.value)
    assert client.get("/auth/me").json["nickname"] == "Bob"


def test_logging_out_ends_the_session_at_once(client: FlaskClient) -> None:
    register(client)
    tokens = login(client)
    assert client.post("/auth/logout", headers=bearer(tokens)).json == {"ended": 1}
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401
    assert client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert client.post("/auth/logout", headers=bearer(tokens)).json == {"ended": 0}


def test_sessions_are_listed_and_ended_one_by_one(client: FlaskClient) -> None:
    register(client)
    first = login(client, device="Script")
    second = login(client, device="Phone")
    found = client.get("/auth/sessions", headers=bearer(second)).json
    assert [each["current"] for each in found].count(True) == 1
    assert sorted(each["device"] for each in found) == ["Phone", "Script"]
    other = next(each for each in found if not each["current"])
    assert client.delete(f"/auth/sessions/{other['id']}", headers=bearer(second)).json == {"ended": 1}
    assert client.get("/auth/me", headers=bearer(first)).status_code == 401
    assert client.get("/auth/me", headers=bearer(second)).status_code == 200
    login(client)
    assert client.delete("/auth/sessions/others", headers=bearer(second)).json == {"ended": 1}


def test_nobody_ends_the_session_of_another(client: FlaskClient) -> None:
    register(client)
    register(client, BOB)
    ann, bob = login(client), login(client, BOB)
    of_bob = client.get("/auth/sessions", headers=bearer(bob)).json[0]["id"]
    answer = client.delete(f"/auth/sessions/{of_bob}", headers=bearer(ann))
    assert (answer.status_code, answer.json["detail"]) == (404, "you have no such session")
    assert client.get("/auth/me", headers=bearer(bob)).status_code == 200


def test_a_browser_whose_access_token_is_over_gets_new_ones(client: FlaskClient) -> None:
    register(client)
    client.post("/auth/login", json=ANN)
    before = client.get_cookie("orderflow_refresh")
    assert before is not None
    client.delete_cookie("orderflow_access")
    assert client.post("/auth/logout").status_code == 403  # without the CSRF token nothing is renewed
    assert client.get_cookie("orderflow_refresh") == before
    answer = client.get("/auth/me")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    after = client.get_cookie("orderflow_refresh")
    assert after is not None
    assert after.value != before.value
    assert client.get_cookie("orderflow_access") is not None
    # another tab that had asked with the old one at the same moment
    client.delete_cookie("orderflow_access")
    client.set_cookie("orderflow_refresh", before.value)
    assert client.get("/auth/me").status_code == 200


def test_cookies_of_a_session_that_has_ended_are_removed(client: FlaskClient) -> None:
    register(client)
    client.post("/auth/login", json=ANN)
    mine = client.get_cookie("orderflow_access")
    assert mine is not None
    assert client.delete("/auth/sessions/others", headers={"Authorization": f"Bearer {mine.value}"}).status_code == 200
    own = client.get("/auth/sessions").json[0]["id"]
    client.delete(f"/auth/sessions/{own}", headers={"Authorization": f"Bearer {mine.value}"})
    assert client.get("/auth/me").status_code == 401
    assert client.get_cookie("orderflow_access") is None
    assert client.get_cookie("orderflow_refresh") is None


def test_while_the_server_stops_a_call_is_refused_in_words(make_services: Callable[..., Services]) -> None:
    services = make_services(lan=True, api_key="a key of the operator")
    client = create_server(services).test_client()
    register(client)
    headers = bearer(login(client))
    services.part(Accounts).sessions._seen.clear()  # so that it looks into the records again
    services.workers.stop()
    answer = client.post("/alerts", json={}, headers=headers)
    assert (answer.status_code, answer.json["detail"]) == (409, "the server is stopping")


def test_accounts_may_be_off(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(accounts="off")
    for method, path in (("POST", "/auth/register"), ("POST", "/auth/login"), ("GET", "/auth/me")):
        answer = client.open(path, method=method, json=ANN)
        assert answer.status_code == 404
        assert "ORDERFLOW_ACCOUNTS=off" in answer.json["detail"]
