"""Wrong keys are slowed and logged; a rotated key ends old cookies at once; a browser can sign out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner

from orderflow.errors import Busy, Forbidden
from orderflow.services import Services
from orderflow.settings.settings import Settings
from orderflow.storage.key_file import KeyFile
from orderflow.web.app import create_server
from orderflow.web.kit.access import AUTHENTICATOR, COOKIE, COOKIE_SECONDS, NOBODY, OPERATOR, Authenticator
from orderflow.web.kit.wrong_keys import BURST, REMEMBERED, SECONDS, WrongKeys

KEY = "correct-horse"
Make = Callable[..., Services]


class Doorman:
    """An authenticator with a clock of its own."""

    def __init__(self, **settings: Any) -> None:
        self.now = 0.0
        self.authenticator = Authenticator(Settings.of(**({"api_key": KEY} | settings)), lambda: self.now)

    def ask(self, key: str, address: str = "10.0.0.1", host: str = "flow", **more: str) -> int:
        """The status that a request with a bearer token gets."""
        environ = {"REMOTE_ADDR": address, "HTTP_HOST": host, "HTTP_AUTHORIZATION": f"Bearer {key}", **more}
        try:
            self.authenticator.identify(environ)
        except (Busy, Forbidden) as error:
            return error.status
        return 200


def test_wrong_keys_are_slowed_by_address_and_never_hinder_others() -> None:
    door = Doorman()
    assert [door.ask(f"guess {i}") for i in range(BURST + 3)] == [403] * BURST + [429] * 3
    assert door.ask(KEY) == 429, "nor is a right key taken now, or guessing would go on at full speed"
    assert [door.ask(KEY, "10.0.0.2"), door.ask(KEY, host="localhost")] == [200, 200]
    cookie = door.authenticator.cookie(secure=False).partition(";")[0]
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_HOST": "flow", "HTTP_COOKIE": cookie}
    assert door.authenticator.identify(environ) == OPERATOR
    door.now += SECONDS
    assert [door.ask("guess"), door.ask("guess")] == [403, 429]
    door.now += SECONDS
    assert [door.ask(KEY) for _ in range(100)] == [200] * 100, "a right key costs nothing"
    door.now += 10_000 * SECONDS
    assert [door.ask(f"guess {i}") for i in range(BURST + 1)] == [403] * BURST + [429]
    assert door.ask(KEY) == 200, "the operator's own program at this address goes on"


def test_a_key_too_long_to_guess_is_never_locked_out() -> None:
    key = "a-key-of-144-random-bits"
    door = Doorman(api_key=key)
    assert [door.ask(f"guess {i}") for i in range(BURST + 1)] == [403] * BURST + [429]
    assert door.ask(key) == 200


def test_addresses_are_remembered_in_bounded_memory() -> None:
    wrong = WrongKeys()
    for number in range(2 * REMEMBERED):
        wrong.add(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "flow", 0.0)
    assert len(wrong._tries) == REMEMBERED
    assert wrong.count == 2 * REMEMBERED
    for number in range(BURST):
        wrong.add(f"2001:db8:0:1::{number:x}", "flow", 0.0)
    with pytest.raises(Busy) as busy:
        wrong.allow("2001:db8:0:1:ffff::1", "flow", 0.0)
    assert 1 <= busy.value.retry_after <= SECONDS
    wrong.allow("2001:db8:0:2::1", "flow", 0.0)
    wrong.add("x" * 10_000, "y" * 10_000, 0.0)
    assert max(len(part) for place in wrong._tries for part in place) == 100


def test_wrong_keys_are_logged_with_address_and_count(caplog: pytest.LogCaptureFixture) -> None:
    door = Doorman()
    for _ in range(2):
        door.ask("guess-me-now", "10.0.0.7")
    assert [record.getMessage() for record in caplog.records] == [
        "wrong key from 10.0.0.7, 1 from there so far", "wrong key from 10.0.0.7, 2 from there so far",
    ]  # fmt: skip
    assert all(record.levelno == logging.WARNING and record.limited for record in caplog.records)  # type: ignore[attr-defined]  # see log_limit
    assert "guess-me-now" not in caplog.text


def test_an_address_with_a_wrong_key_is_slowed_too(make_services: Make) -> None:
    client = create_server(make_services(api_key=KEY)).test_client()
    found = [client.get(f"/chart/?key=guess{i}").status_code for i in range(BURST + 2)]
    assert found == [403] * BURST + [429] * 2
    refused = client.get("/chart/?key=guess")
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/stats").status_code == 200, "the audience is not refused"
    other = {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get(f"/chart/?key={KEY}", environ_overrides=other).status_code == 303
    for given in ("guess", KEY):  # with its cookie the browser goes on, also from the address that is slowed
        opened = client.get(f"/chart/?x=1&key={given}")
        assert (opened.status_code, opened.headers["Location"]) == (303, "/chart/?x=1")
        assert ("Set-Cookie" in opened.headers) == (given == KEY), "a wrong key does not renew the cookie"


def test_a_key_with_an_encoded_name_is_taken_out_of_the_address_too(make_services: Make) -> None:
    client = create_server(make_services(api_key=KEY)).test_client()
    assert client.get(f"/chart/?k%65y={KEY}&x=%20").headers["Location"] == "/chart/?x=+"


def exposed(folder: Path, **more: Any) -> Settings:
    return Settings.of(data_dir=folder, allowed_hosts=("flow.example",), **more)


def test_a_made_key_outlives_a_restart_and_ends_when_it_is_rotated(tmp_path: Path) -> None:
    authenticator = Authenticator(exposed(tmp_path))
    cookie = {"HTTP_COOKIE": authenticator.cookie(secure=False).partition(";")[0]}
    again = Authenticator(exposed(tmp_path))
    assert again.key == authenticator.key
    assert again.identify(dict(cookie)) == OPERATOR
    old, new = str(again.key), KeyFile(tmp_path).rotate()
    assert again.identify(dict(cookie)) == NOBODY
    assert not again.is_key(old)
    assert again.is_key(new)
    assert set(again.secrets()) == {old, new}
    fresh = {"HTTP_COOKIE": again.cookie(secure=False).partition(";")[0]}
    assert again.identify(fresh) == OPERATOR


def test_without_a_folder_that_can_be_written_the_start_has_its_own_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("x")
    authenticator = Authenticator(exposed(tmp_path / "file"))
    assert len(authenticator.key or "") >= 20
    assert "this start has a key of its own" in caplog.text
    assert (authenticator.key or "") not in caplog.text
    assert Authenticator(exposed(tmp_path / "none", ephemeral=True)).key
    assert not (tmp_path / "none").exists()


def test_a_cookie_outlives_a_clock_that_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator = Authenticator(Settings(api_key=KEY))
    cookie = {"HTTP_COOKIE": authenticator.cookie(secure=False).partition(";")[0]}
    now = TimestampSigner.get_timestamp
    for jump, role in ((-7_200, OPERATOR), (400 * 86_400, NOBODY), (0, OPERATOR), (COOKIE_SECONDS + 60, NOBODY)):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self, jump=jump: now(self) + jump)
        assert authenticator.identify(dict(cookie)) == role


@pytest.fixture
def browser(make_services: Make) -> FlaskClient:
    """A browser that is signed in."""
    client = create_server(make_services(api_key=KEY)).test_client()
    client.get(f"/chart/?key={KEY}")
    return client


def test_signing_out_removes_the_cookie(browser: FlaskClient) -> None:
    assert browser.post("/reset").status_code == 200
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-out/")
    assert browser.get_cookie(COOKIE) is None
    assert browser.post("/reset").status_code == 401
    assert browser.post("/sign-out").status_code == 303, "twice does no harm"
    assert browser.get("/sign-out").headers["Location"] == "/sign-out/"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}]
)
def test_another_site_cannot_sign_a_browser_out(browser: FlaskClient, headers: dict[str, str]) -> None:
    answer = browser.post("/sign-out", headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert browser.get("/sign-out?key=x").status_code in (302, 303)
    assert browser.post("/reset").status_code == 200


def test_every_server_has_an_authenticator(make_services: Make) -> None:
    server = create_server(make_services())
    authenticator: Authenticator = server.extensions[AUTHENTICATOR]
    assert authenticator.secrets() == ()
    assert not authenticator.has_cookie({})
