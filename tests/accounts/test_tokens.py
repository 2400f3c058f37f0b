"""Tokens: only those of this server, unchanged, in time and for their purpose are read."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import jwt
import pytest

from orderflow.accounts.tokens import ACCESS, ISSUER, REFRESH, SECOND, Expired, Tokens, is_token
from orderflow.errors import StorageFailed, Unauthorized
from orderflow.storage.signing_keys import DAY_NS, SigningKeys
from tests.clocks import ManualClock

START = 1_800_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START * SECOND)


@pytest.fixture
def keys(clock: ManualClock) -> SigningKeys:
    made = SigningKeys(None, clock.now)
    made.load()
    return made


@pytest.fixture
def tokens(keys: SigningKeys, clock: ManualClock) -> Tokens:
    return Tokens(keys, clock.now)


def make(tokens: Tokens, audience: str = ACCESS) -> str:
    return tokens.make(audience, "ann", "s1", "c1", START + 600)


def forged(
    keys: SigningKeys, secret: str, algorithm: str = "HS256", head: dict[str, Any] | None = None, **claims: Any
) -> str:
    key = keys.current().id
    good = {"iss": ISSUER, "aud": ACCESS, "sub": "ann", "sid": "s1", "jti": "1", "iat": START, "csrf": "c"}
    return jwt.encode({**good, "exp": START + 600, **claims}, secret, algorithm, {"kid": key, **(head or {})})


def test_a_token_says_whose_it_is(tokens: Tokens) -> None:
    found = tokens.read(ACCESS, make(tokens))
    assert (found.user, found.session, found.csrf, found.expires) == ("ann", "s1", "c1", START + 600)
    assert found.id != tokens.read(ACCESS, make(tokens)).id


def test_it_is_valid_for_its_time_only(tokens: Tokens, clock: ManualClock) -> None:
    token = make(tokens)
    clock.advance(599)
    tokens.read(ACCESS, token)
    clock.advance(1)
    with pytest.raises(Expired):
        tokens.read(ACCESS, token)


def test_one_for_another_purpose_is_refused(tokens: Tokens) -> None:
    for made, read in ((ACCESS, REFRESH), (REFRESH, ACCESS)):
        with pytest.raises(Unauthorized):
            tokens.read(read, make(tokens, made))


def test_a_key_that_a_token_brings_along_is_not_used(tokens: Tokens, keys: SigningKeys) -> None:
    own = "0" * 64
    brought = {"kty": "oct", "k": urlsafe_b64encode(own.encode()).decode().rstrip("="), "alg": "HS256"}
    for head in (
        {"jwk": brought}, {"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example/x"}, {"kid": "another"},
        {"kid": "../../keys"}, {"kid": ""},
    ):  # fmt: skip
        with pytest.raises(Unauthorized):
            tokens.read(ACCESS, forged(keys, own, head={"jwk": brought, **head}))
    assert tokens.read(ACCESS, forged(keys, keys.current().secret, head={"jwk": brought})).user == "ann"


def test_a_forged_one_is_refused(tokens: Tokens, keys: SigningKeys) -> None:
    right = keys.current().secret
    assert tokens.read(ACCESS, forged(keys, right)).user == "ann"
    wrong = [
        forged(keys, "0" * 64),
        forged(keys, right, iss="another"),
        forged(keys, right, aud="another"),
        forged(keys, right, sub=5),
        forged(keys, right, exp="never"),
        forged(keys, right + "0" * 64, "HS512"),
        forged(keys, right, "HS384"),
    ]
    for token in wrong:
        with pytest.raises(Unauthorized):
            tokens.read(ACCESS, token)


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "csrf"])
def test_one_without_a_claim_is_refused(tokens: Tokens, keys: SigningKeys, missing: str) -> None:
    claims = jwt.decode(forged(keys, keys.current().secret), options={"verify_signature": False})
    del claims[missing]
    token = jwt.encode(claims, keys.current().secret, "HS256", {"kid": keys.current().id})
    with pytest.raises(Unauthorized):
        tokens.read(ACCESS, token)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_one_without_a_signature_is_refused(tokens: Tokens, keys: SigningKeys, algorithm: str) -> None:
    body = make(tokens).split(".")[1]
    head = urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT", "kid": keys.current().id}).encode())
    for signature in ("", make(tokens).split(".")[2]):
        with pytest.raises(Unauthorized):
            tokens.read(ACCESS, f"{head.decode().rstrip('=')}.{body}.{signature}")


def test_one_that_was_changed_is_refused(tokens: Tokens) -> None:
    head, body, signature = make(tokens).split(".")
    other = jwt.encode({"sub": "bob"}, "0" * 64).split(".")[1]
    for token in (f"{head}.{other}.{signature}", f"{head}.{body}.", f"{head}.{body}", "", "...", "x" * 100_000):
        with pytest.raises(Unauthorized):
            tokens.read(ACCESS, token)


def test_what_has_the_form_of_a_token(tokens: Tokens) -> None:
    assert is_token(make(tokens))
    assert is_token("eyJhbGciOiJub25lIn0.e30.")
    for text in ("", "a.b.c", "a key of 20 characters", "e30.e30.e30", "..", "é.é.é"):
        assert not is_token(text)


def test_keys_are_replaced_with_overlap(tmp_path: Path, clock: ManualClock) -> None:
    keys = SigningKeys(tmp_path, clock.now)
    keys.load()
    tokens, first = Tokens(keys, clock.now), keys.current()
    token = tokens.make(REFRESH, "ann", "s1", "c1", START + 365 * 86_400)
    assert not keys.rotate_if_due()
    clock.advance(30 * DAY_NS / SECOND)
    assert keys.rotate_if_due()
    assert keys.current() != first
    assert tokens.read(REFRESH, token).user == "ann"
    clock.advance(30 * DAY_NS / SECOND)
    assert keys.rotate_if_due()
    assert tokens.read(REFRESH, token).user == "ann"
    clock.advance(30 * DAY_NS / SECOND)
    assert keys.rotate_if_due()
    assert keys.find(first.id) is None
    with pytest.raises(Unauthorized):
        tokens.read(REFRESH, token)


def test_a_key_that_was_made_under_a_clock_far_ahead_is_replaced(tmp_path: Path, clock: ManualClock) -> None:
    clock.jump(400 * DAY_NS / SECOND)
    keys = SigningKeys(tmp_path, clock.now)
    keys.load()
    tokens, first = Tokens(keys, clock.now), keys.current()
    clock.jump(-400 * DAY_NS / SECOND)
    token = tokens.make(REFRESH, "ann", "s1", "c1", START + 86_400)
    assert keys.rotate_if_due()
    assert keys.current() != first
    assert tokens.read(REFRESH, token).user == "ann"
    assert not keys.rotate_if_due()


def test_keys_outlive_a_restart_and_only_their_owner_reads_them(tmp_path: Path, clock: ManualClock) -> None:
    keys = SigningKeys(tmp_path / "data", clock.now)
    keys.load()
    path = tmp_path / "data" / "key-accounts"
    assert path.stat().st_mode & 0o777 == 0o600
    again = SigningKeys(tmp_path / "data", clock.now)
    again.load()
    assert again.current() == keys.current()
    assert keys.current().secret not in repr(keys.current())


def test_a_damaged_file_of_keys_is_said(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "key-accounts").write_text("{")
    keys = SigningKeys(tmp_path, clock.now)
    with pytest.raises(StorageFailed, match=r"key-accounts cannot be read.*log in again"):
        keys.load()
    keys.forget_file()
    assert keys.current()
    assert (tmp_path / "key-accounts").read_text() == "{"
