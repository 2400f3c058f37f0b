"""Second factors: codes of an app and recovery codes are valid once; passkeys alone or beside a password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyotp
import pytest

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.core import Caller
from orderflow.accounts.second_factors import SecondFactorNeeded
from orderflow.errors import BadInput, Busy, Conflict, NotFound, Unauthorized
from orderflow.storage.records.user_store import StoredUser
from tests.accounts.authenticator import Authenticator
from tests.accounts.conftest import ANN, HERE, SITE, THERE
from tests.clocks import ManualClock

PASSWORD = ANN["password"]


@pytest.fixture
def app(accounts: Accounts, ann: StoredUser) -> pyotp.TOTP:
    """Ann's authenticator app, not in use yet."""
    return pyotp.TOTP(accounts.factors.enrol(ann.id, PASSWORD, HERE).secret)


def code_of(app: pyotp.TOTP, clock: ManualClock, steps: int = 0) -> str:
    return app.at(clock.now() // 10**9 + 30 * steps)


def take_in_use(accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock) -> list[str]:
    codes = accounts.factors.confirm(ann.id, code_of(app, clock), HERE)
    clock.advance(30)
    return codes


def test_a_login_needs_the_code_once_the_app_is_in_use(
    accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock
) -> None:
    accounts.login(ANN, HERE)  # it is not in use before a code has come
    with pytest.raises(BadInput):
        accounts.factors.confirm(ann.id, "000000" if code_of(app, clock) != "000000" else "000001", HERE)
    take_in_use(accounts, ann, app, clock)
    with pytest.raises(SecondFactorNeeded) as error:
        accounts.login(ANN, HERE)
    assert error.value.errors[0].loc == ["body", "code"]
    accounts.login({**ANN, "code": code_of(app, clock)}, HERE)


def test_each_code_is_valid_once_and_for_a_minute_and_a_half(
    accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock
) -> None:
    first = code_of(app, clock)
    take_in_use(accounts, ann, app, clock)
    for code in (first, code_of(app, clock, -3), code_of(app, clock, 3)):
        with pytest.raises(Unauthorized, match="wrong, or was used"):
            accounts.login({**ANN, "code": code}, HERE)
    early = code_of(app, clock, 1)
    accounts.login({**ANN, "code": early}, HERE)
    for code in (early, code_of(app, clock)):  # also an older one that was not used
        with pytest.raises(Unauthorized, match="wrong, or was used"):
            accounts.login({**ANN, "code": code}, HERE)


def test_nobody_learns_of_a_second_factor_without_the_password(
    accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock
) -> None:
    take_in_use(accounts, ann, app, clock)
    with pytest.raises(Unauthorized, match="address or the password is wrong"):
        accounts.login({**ANN, "password": "something else here", "code": code_of(app, clock)}, HERE)


def test_codes_cannot_be_tried_from_many_addresses(
    accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock
) -> None:
    take_in_use(accounts, ann, app, clock)
    wrong = {**ANN, "code": "000000"}
    for number in range(5):
        with pytest.raises(Unauthorized):
            accounts.login(wrong, Caller(f"192.0.2.{number}"))
    with pytest.raises(Busy):
        accounts.login(wrong, Caller("192.0.2.99"))


def test_recovery_codes_are_valid_once_each(
    accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock
) -> None:
    codes = take_in_use(accounts, ann, app, clock)
    assert len(set(codes)) == 10
    assert all(len(code) == 29 for code in codes)
    accounts.login({**ANN, "code": codes[0].upper().replace("-", " ")}, HERE)
    with pytest.raises(Unauthorized):
        accounts.login({**ANN, "code": codes[0]}, HERE)
    assert accounts.factors.left(accounts.user(ann.id)) == 9
    new = accounts.factors.renew_codes(ann.id, PASSWORD, HERE)
    with pytest.raises(Unauthorized):
        accounts.login({**ANN, "code": codes[1]}, HERE)
    accounts.login({**ANN, "code": new[1]}, HERE)


def test_codes_are_kept_as_hashes(accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock) -> None:
    codes = take_in_use(accounts, ann, app, clock)
    kept = accounts.user(ann.id).recovery
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


def test_an_enrolment_waits_for_ten_minutes(
    accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock
) -> None:
    clock.advance(600)
    with pytest.raises(Conflict, match="too old"):
        accounts.factors.confirm(ann.id, code_of(app, clock), HERE)
    with pytest.raises(Unauthorized, match="password is wrong"):
        accounts.factors.enrol(ann.id, "wrong", HERE)


def test_a_short_password_needs_a_second_factor(
    accounts: Accounts, ann: StoredUser, app: pyotp.TOTP, clock: ManualClock
) -> None:
    change = {"password": PASSWORD, "new_password": "k9!vQ2#m"}
    with pytest.raises(BadInput, match="at least 15"):
        accounts.profile.change_password(ann.id, change, HERE)
    take_in_use(accounts, ann, app, clock)
    accounts.profile.change_password(ann.id, change, HERE)
    with pytest.raises(BadInput, match="change it before"):
        accounts.factors.remove(ann.id, "k9!vQ2#m", HERE)
    accounts.profile.change_password(ann.id, {"password": "k9!vQ2#m", "new_password": PASSWORD}, HERE)
    accounts.factors.remove(ann.id, PASSWORD, HERE)
    accounts.login(ANN, HERE)


# passkeys


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(SITE.origin)


def begin(accounts: Accounts, ann: StoredUser) -> dict[str, Any]:
    return accounts.passkeys.begin_adding(ann.id, PASSWORD, SITE, HERE)


def add(accounts: Accounts, ann: StoredUser, device: Authenticator) -> Sequence[str]:
    asked = begin(accounts, ann)
    given = {"id": asked["id"], "name": "phone", "credential": device.create(asked["options"])}
    return accounts.passkeys.add(ann.id, given, SITE, HERE)[1]


def answer(accounts: Accounts, device: Authenticator) -> dict[str, Any]:
    asked = accounts.passkeys.begin_login(SITE)
    return {"id": asked["id"], "credential": device.get(asked["options"])}


def test_a_passkey_logs_in_alone(accounts: Accounts, ann: StoredUser, device: Authenticator) -> None:
    add(accounts, ann, device)
    assert accounts.login_by_passkey(answer(accounts, device), HERE, SITE).user == ann.id
    assert [(each.name, each.count) for each in accounts.passkeys.list(ann.id)] == [("phone", 1)]


def test_a_passkey_is_the_second_factor_of_a_password(
    accounts: Accounts, ann: StoredUser, device: Authenticator
) -> None:
    codes = add(accounts, ann, device)
    assert add(accounts, ann, Authenticator(SITE.origin)) == ()
    with pytest.raises(SecondFactorNeeded):
        accounts.login(ANN, HERE, SITE)
    accounts.login({**ANN, "passkey": answer(accounts, device)}, HERE, SITE)
    accounts.login({**ANN, "code": codes[0]}, HERE, SITE)


def test_an_answer_is_used_once(accounts: Accounts, ann: StoredUser, device: Authenticator) -> None:
    add(accounts, ann, device)
    given = answer(accounts, device)
    accounts.login_by_passkey(given, HERE, SITE)
    with pytest.raises(Unauthorized, match="was used"):
        accounts.login_by_passkey(given, HERE, SITE)


def test_a_copied_device_is_noticed(accounts: Accounts, ann: StoredUser, device: Authenticator) -> None:
    add(accounts, ann, device)
    copy = Authenticator(SITE.origin, count=0, key=device.key, id=device.id)
    for _ in range(3):
        accounts.login_by_passkey(answer(accounts, device), HERE, SITE)
    with pytest.raises(Unauthorized):
        accounts.login_by_passkey(answer(accounts, copy), HERE, SITE)


def test_wrong_answers_are_refused(
    accounts: Accounts, ann: StoredUser, device: Authenticator, clock: ManualClock
) -> None:
    add(accounts, ann, device)
    evil = Authenticator("https://evil.example", key=device.key, id=device.id)
    careless = Authenticator(SITE.origin, verified=False, key=device.key, id=device.id)
    forged = Authenticator(SITE.origin, id=device.id)
    stranger = Authenticator(SITE.origin)
    for each in (evil, careless, forged, stranger):
        with pytest.raises(Unauthorized):
            accounts.login_by_passkey(answer(accounts, each), THERE, SITE)
    for given in ({}, {"id": "x"}, {"id": None, "credential": 5}, {"credential": []}):
        with pytest.raises((Unauthorized, Busy)):
            accounts.login_by_passkey(given, Caller("192.0.2.9"), SITE)
    late = answer(accounts, device)
    clock.advance(300)
    with pytest.raises(Unauthorized, match="too old"):
        accounts.login_by_passkey(late, Caller("192.0.2.8"), SITE)


def test_a_challenge_is_for_one_user_and_one_purpose(
    accounts: Accounts, ann: StoredUser, device: Authenticator
) -> None:
    bob = accounts.register({**ANN, "nickname": "Bob", "email": "bob@example.org"}, HERE)
    asked = begin(accounts, ann)
    given = {"id": asked["id"], "credential": device.create(asked["options"])}
    with pytest.raises(Unauthorized):
        accounts.passkeys.add(bob.id, given, SITE, HERE)
    with pytest.raises(Unauthorized):  # a wrong use ends it
        accounts.passkeys.add(ann.id, given, SITE, HERE)
    for credential in (None, {}, {"id": "x"}, {"id": "x", "response": {"clientDataJSON": "e30"}}, "x", [1]):
        asked = begin(accounts, ann)
        with pytest.raises(BadInput):
            accounts.passkeys.add(ann.id, {"id": asked["id"], "credential": credential}, SITE, HERE)
    assert not accounts.passkeys.has_any(ann.id)


def test_passkeys_are_removed_one_by_one(accounts: Accounts, ann: StoredUser, device: Authenticator) -> None:
    add(accounts, ann, device)
    number = accounts.passkeys.list(ann.id)[0].id
    with pytest.raises(NotFound):
        accounts.passkeys.remove("another", ann.id, PASSWORD, HERE)
    accounts.passkeys.remove(number, ann.id, PASSWORD, HERE)
    accounts.login(ANN, HERE)
    with pytest.raises(Unauthorized):
        accounts.login_by_passkey(answer(accounts, device), HERE, SITE)
