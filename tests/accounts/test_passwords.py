"""Passwords: how they are hashed, which are refused, and that nobody learns who has an account."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.common_passwords import common_passwords, is_common
from orderflow.accounts.password_rules import check_password
from orderflow.accounts.passwords import Passwords
from orderflow.errors import BadInput, Busy, Unauthorized
from orderflow.runtime.workers import Workers
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_store import StoredUser, UserStore
from tests.accounts.conftest import ANN, HERE

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def passwords(workers: Workers) -> Passwords:
    return Passwords(workers)


def test_a_hash_has_the_parameters_that_owasp_recommends(passwords: Passwords) -> None:
    made = passwords.hash("correct horse battery")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert made != passwords.hash("correct horse battery")
    assert passwords.matches(made, "correct horse battery")
    assert not passwords.matches(made, "correct horse batterz")
    assert not passwords.outdated(made)
    assert passwords.outdated(CHEAP.hash("x"))


def test_a_password_is_the_same_from_every_keyboard(passwords: Passwords) -> None:
    assert passwords.matches(passwords.hash("cafe\u0301 au lait und mehr"), "caf\u00e9 au lait und mehr")


def test_a_password_counts_to_its_last_character(passwords: Passwords) -> None:
    longest = "correct horse battery staple " * 8 + "x" * 24
    made = passwords.hash(longest)
    assert len(longest) == 256
    assert passwords.matches(made, longest)
    for other in (longest + "x", longest[:-1], longest.upper(), f" {longest[:-1]}"):
        assert not passwords.matches(made, other)


def test_nobodys_hash_takes_a_hash_too(passwords: Passwords) -> None:
    assert not passwords.matches(None, "correct horse battery")
    assert passwords.hashed == 1
    assert not passwords.outdated(passwords._nobody)
    # it is a hash that can be computed: not its form is refused, but the password
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(passwords._nobody, "correct horse battery")


@pytest.mark.parametrize("stored", ["", "$argon2id$", "plain text", "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_damaged_hash_fits_no_password(passwords: Passwords, stored: str) -> None:
    assert not passwords.matches(stored, stored)


def test_two_at_a_time_and_too_many_are_told_to_come_back(workers: Workers) -> None:
    running: list[int] = []
    most: list[int] = []
    gate = workers.event()

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            running.append(1)
            most.append(len(running))
            gate.wait(30)
            running.pop()
            return "x"

    slow = Passwords(workers, Slow(), waiting=3)
    callers = [Thread(target=slow.hash, args=("x",)) for _ in range(5)]
    for caller in callers:
        caller.start()
    deadline = time.monotonic() + 60
    while (len(running) < 2 or slow._slots.waiting < 3) and time.monotonic() < deadline:
        time.sleep(0.001)
    with pytest.raises(Busy) as error:
        slow.hash("x")
    assert error.value.retry_after >= 1
    gate.set()
    for caller in callers:
        caller.join(30)
    assert max(most) == 2
    assert len(most) == 5
    assert slow.hash("x") == "x"


def test_of_many_logins_at_once_three_are_worked_on(accounts: Accounts, ann: StoredUser, workers: Workers) -> None:
    """Those that hash, and one that is next: a crowd of logins leaves the server to its pages in between."""
    gate, reading, most = workers.event(), list[int](), list[int]()
    for_login = accounts._users.for_login

    def slow(email: str) -> tuple[StoredUser | None, bool]:
        reading.append(1)
        most.append(len(reading))
        gate.wait(30)
        reading.pop()
        return for_login(email)

    accounts._users.for_login = slow  # type: ignore[method-assign]
    callers = [Thread(target=accounts.login, args=(ANN, HERE)) for _ in range(5)]
    for caller in callers:
        caller.start()
    logins, deadline = accounts._core.passwords._logins, time.monotonic() + 30
    while (len(reading) < 3 or logins.waiting < 2) and time.monotonic() < deadline:
        time.sleep(0.001)
    gate.set()
    for caller in callers:
        caller.join(30)
    assert max(most) == 3
    assert len(most) == 5


def test_an_old_hash_is_renewed_at_the_next_login(accounts: Accounts, ann: StoredUser, records: Records) -> None:
    users = UserStore(records)
    users.change(ann.id, password=CHEAP.hash(ANN["password"]))
    with pytest.raises(Unauthorized):
        accounts.login({**ANN, "password": "wrong"}, HERE)
    assert "m=8" in users.get(ann.id).password
    accounts.login(ANN, HERE)
    assert "m=19456" in users.get(ann.id).password
    accounts.login(ANN, HERE)


def test_an_unknown_user_and_a_wrong_password_look_alike(accounts: Accounts, ann: StoredUser) -> None:
    """The same words and the same number of hashes: time is nothing else, and no test can measure it well."""
    passwords = accounts._core.passwords
    seen = []
    for email in (ANN["email"], "nobody@example.org", "not an address", "ann@example.org\0", "x" * 5_000):
        before = passwords.hashed
        with pytest.raises(Unauthorized) as error:
            accounts.login({"email": email, "password": "wrong password here"}, HERE)
        seen.append((str(error.value), passwords.hashed - before))
    assert set(seen) == {("the e-mail address or the password is wrong", 1)}


@pytest.mark.parametrize(
    "password",
    [
        "1q2w3e4r5t6y7u8i9o0p",
        "passwordpassword",
        "PasswordPassword",
        "password password",
        "Sunshine-Princess",
        "qwerty1234567890",
        "12341234123412341234",
        "iloveyouiloveyouiloveyou",
        "annannannannann",
        "ann@example.org",
        "aaaaaaaaaaaaaaaaaaaa",
        "orderflow-orderflow",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(BadInput, match="tried first"):
        check_password(password, ("Annette", "ann@example.org", "ann"))


GOOD = (
    "correct horse battery",
    "k9!vQ2#mZx7@LpRt",
    "zwölf Boxkämpfer jagen",
    "the quick brown fox",
    "🐎🐎🐎🐎abcdefghijk",
)


@pytest.mark.parametrize("password", GOOD)
def test_what_nobody_tries_is_taken(password: str) -> None:
    check_password(password, ("Ann", "ann@example.org", "ann"))


def test_eight_characters_are_enough_with_a_second_factor() -> None:
    check_password("k9!vQ2#m", least=8)
    for password in ("k9!vQ2#", "password1"):
        with pytest.raises(BadInput):
            check_password(password, least=8)


def test_the_list_is_whole() -> None:
    assert len(common_passwords()) == 19_640
    assert is_common("123456789123456789")
    assert not is_common("correct horse battery")
    assert not is_common("")
