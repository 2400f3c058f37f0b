"""Calls that are refused are in the log, with the user and the address, and without a secret."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from orderflow.web.kit.refusals import note_refusal
from tests.web.accounts.conftest import ANN, bearer, csrf, forget_cookies, login, register


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """lines(): what the log has said of refused calls since the last call of it."""
    caplog.set_level(logging.INFO, "orderflow.web.kit.refusals")

    def since() -> list[str]:
        found = [record for record in caplog.records if record.name == "orderflow.web.kit.refusals"]
        assert all(record.limited for record in found)  # type: ignore[attr-defined]  # see log_limit
        caplog.clear()
        return [record.getMessage() for record in found]

    return since


def test_a_users_refused_calls_are_logged(client: FlaskClient, lines: Callable[[], list[str]]) -> None:
    user = register(client)["id"]
    tokens = login(client)
    assert client.get("/data/custom/BTC/ohlcv?timeframe=1h", headers=bearer(tokens)).status_code == 404
    assert lines() == [f"GET '/data/custom/BTC/ohlcv' from 127.0.0.1 was refused with 404, user {user}"]
    client.get("/data/custom", headers=bearer(tokens))
    client.post("/auth/login", json=ANN)
    assert lines() == []
    assert client.post("/auth/logout").status_code == 403  # the cookies without their CSRF token
    assert lines() == ["POST '/auth/logout' from 127.0.0.1 was refused with 403, user none"]
    assert client.post("/auth/logout", headers=csrf(client)).status_code in (200, 204)
    forget_cookies(client)
    for wrong in (bearer(tokens, "refresh_token"), {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, {}):
        assert client.get("/auth/me", headers=wrong).status_code == 401
    found = lines()
    assert found == ["GET '/auth/me' from 127.0.0.1 was refused with 401, user none"] * 3
    assert [each for each in tokens.values() if str(each) in "".join(found)] == []


def test_what_a_login_says_is_not_said_twice(client: FlaskClient, lines: Callable[[], list[str]]) -> None:
    assert client.post("/auth/login", json=ANN).status_code == 401
    assert lines() == []


def test_a_missing_page_is_no_refusal(client: FlaskClient, lines: Callable[[], list[str]]) -> None:
    assert client.get("/data/nothing-here").status_code == 404
    assert lines() == []


def test_a_path_cannot_write_a_line_of_its_own(lines: Callable[[], list[str]]) -> None:
    note_refusal({"REQUEST_METHOD": "GET", "PATH_INFO": "/a\nuser x has logged in" + "c" * 300}, 401)
    (line,) = lines()
    assert "\n" not in line
    assert len(line) < 300


def test_a_token_in_a_path_is_not_logged(client: FlaskClient, lines: Callable[[], list[str]]) -> None:
    register(client)
    token = login(client)["access_token"]
    note_refusal({"REQUEST_METHOD": "GET", "PATH_INFO": f"/a/{token}"}, 401)
    assert lines() == ["GET '/a/…' from an unknown address was refused with 401, user none"]


def test_calls_without_the_key_are_logged(
    make_client: Callable[..., FlaskClient], lines: Callable[[], list[str]]
) -> None:
    assert make_client(api_key="a key of the operator").post("/reset").status_code == 401
    assert lines() == ["POST '/reset' from 127.0.0.1 was refused with 401, user none"]
