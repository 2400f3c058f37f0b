"""The participant's cookie: signature, secret, attributes and the cache of verified cookies."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from orderflow.web.herd import cookies
from orderflow.web.herd.cookies import FORGED, CookieSigner, is_secure, load_secret

SESSION = "20261121-081500-7f3a"
SECRET = b"x" * 32


def asked(cookie: str) -> dict[str, str]:
    return {"HTTP_COOKIE": cookie}


def test_a_cookie_is_participant_session_and_their_signature() -> None:
    signer = Signer(SECRET, cookies.SALT, key_derivation="hmac", digest_method=hashlib.sha256)
    value = CookieSigner(SECRET).sign("p1", SESSION)
    assert value.startswith(f"p1.{SESSION}.")
    assert signer.unsign(value) == f"p1.{SESSION}".encode()


def test_the_cookie_is_for_the_game_alone() -> None:
    signer = CookieSigner(SECRET)
    cookie = signer.set_cookie("p1", SESSION, secure=False)
    assert cookie.split("; ")[0] == f"herd={signer.sign('p1', SESSION)}"
    assert {"Path=/herd", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert signer.set_cookie("p1", SESSION, secure=True).endswith("; Secure")


@pytest.mark.parametrize("around", ["{}", "a=b; {}", "{}; a=b", " a=b;{};c=d", 'herder=1; {}; herd2="x"'])
def test_a_cookie_is_read_among_other_cookies(around: str) -> None:
    signer = CookieSigner(SECRET)
    for _ in range(2):  # also the one that is remembered
        assert signer.read(asked(around.format(f"herd={signer.sign('p7', SESSION)}"))) == ("p7", SESSION)
    assert signer.forged == 0


@pytest.mark.parametrize("cookie", ["", "a=b", "herd=", "herder=p1.x.y", "xherd=p1"])
def test_without_a_cookie_the_payload_is_none(cookie: str) -> None:
    signer = CookieSigner(SECRET)
    assert signer.read(asked(cookie)) is None
    assert signer.read({}) is None
    assert signer.forged == 0


def test_cookies_of_other_installations_are_forged() -> None:
    signer, good = CookieSigner(SECRET), CookieSigner(SECRET).sign("p1", SESSION)
    made_elsewhere = CookieSigner(b"y" * 32).sign("p1", SESSION)
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
        Signer(SECRET, "another use", key_derivation="hmac", digest_method=hashlib.sha256).sign("p1.x").decode(),
        Signer(SECRET, cookies.SALT, key_derivation="hmac", digest_method=hashlib.sha256).sign("p1").decode(),
        f"p1.{SESSION}." + "0" * 64,  # as before, when the signature was hexadecimal
        "é" * 100,
        good * 200,
    ]
    for text in forged:
        assert signer.read(asked(f"herd={text}")) == FORGED, text
    assert signer.forged == len(forged)
    assert signer.read(asked(f"herd={good}")) == ("p1", SESSION)


@given(st.text(st.characters(codec="latin-1")))
def test_random_text_is_not_a_cookie(text: str) -> None:
    assert CookieSigner(SECRET).read(asked(f"herd={text}")) in (None, FORGED)


def test_the_cache_of_cookies_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cookies, "MAX_REMEMBERED", 10)
    signer = CookieSigner(SECRET)
    for i in range(50):
        assert signer.read(asked(f"herd={signer.sign(f'p{i}', SESSION)}")) == (f"p{i}", SESSION)
    assert len(signer._verified) <= 10


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
def test_a_damaged_secret_costs_only_the_cookies(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "secret").write_text(damage, "utf-8")
    assert len(load_secret(tmp_path)) == 32
    assert f"{tmp_path / 'secret'} does not hold a secret: phones must join again" in caplog.text
    assert (tmp_path / "secret").read_text("utf-8") == damage


def test_a_folder_in_its_place_costs_only_the_cookies(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "secret").mkdir()
    assert len(load_secret(tmp_path)) == 32
    assert "Is a directory" in caplog.text


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
