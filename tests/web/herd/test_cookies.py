"""The participant's cookie: made here, good only here, kept secret, and cheap to read again."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.errors import StorageFailed
from orderflow.web.herd import cookies
from orderflow.web.herd.cookies import FORGED, Passes, is_secure, load_secret

SESSION = "20261121-081500-7f3a"
SECRET = b"x" * 32


def asked(cookie: str) -> dict[str, str]:
    return {"HTTP_COOKIE": cookie}


def test_a_pass_is_participant_session_and_their_hmac() -> None:
    told = hmac.new(SECRET, b"p1.20261121-081500-7f3a", hashlib.sha256).hexdigest()
    assert Passes(SECRET).make("p1", SESSION) == f"p1.{SESSION}.{told}"


def test_the_cookie_is_for_the_game_alone() -> None:
    passes = Passes(SECRET)
    cookie = passes.cookie("p1", SESSION, secure=False)
    assert cookie.split("; ")[0] == f"herd={passes.make('p1', SESSION)}"
    assert {"Path=/herd", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert passes.cookie("p1", SESSION, secure=True).endswith("; Secure")


@pytest.mark.parametrize("around", ["{}", "a=b; {}", "{}; a=b", " a=b;{};c=d", 'herder=1; {}; herd2="x"'])
def test_a_pass_is_read_among_other_cookies(around: str) -> None:
    passes = Passes(SECRET)
    for _ in range(2):  # also the one that is remembered
        assert passes.read(asked(around.format(f"herd={passes.make('p7', SESSION)}"))) == ("p7", SESSION)
    assert passes.forged == 0


@pytest.mark.parametrize("cookie", ["", "a=b", "herd=", "herder=p1.x.y", "xherd=p1"])
def test_without_a_pass_there_is_none(cookie: str) -> None:
    passes = Passes(SECRET)
    assert passes.read(asked(cookie)) is None
    assert passes.read({}) is None
    assert passes.forged == 0


def test_what_was_not_made_here_is_forged() -> None:
    passes, good = Passes(SECRET), Passes(SECRET).make("p1", SESSION)
    made_elsewhere = Passes(b"y" * 32).make("p1", SESSION)
    forged = [
        "nonsense",
        made_elsewhere,
        good.replace("p1.", "p2.", 1),
        good.replace("7f3a", "7f3b"),
        good[:-1],
        good + "0",
        good.upper(),
        "p1." + SESSION + ".",
        "." * 200,
        "p1.a.b." + "0" * 64,
        "é" * 100,
        good * 200,
    ]
    for text in forged:
        assert passes.read(asked(f"herd={text}")) == FORGED, text
    assert passes.forged == len(forged)
    assert passes.read(asked(f"herd={good}")) == ("p1", SESSION)


@given(st.text(st.characters(codec="latin-1")))
def test_no_text_is_a_pass(text: str) -> None:
    assert Passes(SECRET).read(asked(f"herd={text}")) in (None, FORGED)


def test_no_more_is_remembered_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cookies, "REMEMBERED", 10)
    passes = Passes(SECRET)
    for i in range(50):
        assert passes.read(asked(f"herd={passes.make(f'p{i}', SESSION)}")) == (f"p{i}", SESSION)
    assert len(passes._good) <= 10


def test_the_secret_is_kept_and_is_for_this_user_only(tmp_path: Path) -> None:
    folder = tmp_path / "herd"
    secret = load_secret(folder)
    assert len(secret) == 32
    assert load_secret(folder) == secret
    if os.name == "posix":
        assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert load_secret(tmp_path / "other") != secret


def test_without_a_folder_each_start_has_its_own() -> None:
    assert load_secret(None) != load_secret(None)


@pytest.mark.parametrize("damage", ["", "zz", "00ff", "é"])
def test_a_damaged_secret_is_said_and_not_used(tmp_path: Path, damage: str) -> None:
    (tmp_path / "secret").write_text(damage, "utf-8")
    with pytest.raises(StorageFailed, match="secret"):
        load_secret(tmp_path)


@pytest.mark.parametrize(
    ("scheme", "host", "public", "secure"),
    [
        ("http", "localhost:8765", None, False),
        ("https", "x.example", None, True),
        ("http", "herd.example.org", "https://herd.example.org", True),
        ("http", "192.168.1.5:8765", "https://herd.example.org", False),
        ("http", "herd.example.org", "http://herd.example.org", False),
    ],
)
def test_the_cookie_is_secure_where_the_browser_speaks_https(
    scheme: str, host: str, public: str | None, secure: bool
) -> None:
    assert is_secure({"wsgi.url_scheme": scheme, "HTTP_HOST": host}, public) is secure
