"""What was checked of an account still holds when it is acted on: a change that comes between wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.core import OVERTAKEN
from orderflow.accounts.sessions import CHANGED
from orderflow.errors import Busy, Conflict, Unauthorized
from orderflow.storage.records.models import PASSWORD_RESETS
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_store import StoredUser
from tests.accounts.conftest import ANN, HERE, THERE
from tests.clocks import ManualClock

NEW, OTHER = "four entirely different words", "yet another phrase of words"
CHANGE = {"password": ANN["password"], "new_password": NEW}
Between = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def between(accounts: Accounts, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Between:
    """between(name, act): `act` happens once, at the end of the next call of this method of `Passwords`."""
    passwords = accounts._core.passwords

    def arrange(name: str, act: Callable[[], object]) -> None:
        real, waiting = getattr(passwords, name), [act]

        def overtaken(*args: Any) -> Any:
            found = real(*args)
            if waiting:
                clock.advance(1)
                waiting.pop()()
            return found

        monkeypatch.setattr(passwords, name, overtaken)

    return arrange


def test_a_login_with_the_old_password_starts_no_session_after_a_change(
    accounts: Accounts, ann: StoredUser, between: Between
) -> None:
    mine = accounts.login(ANN, HERE)
    between("matches", lambda: accounts.profile.change_password(ann.id, mine.session, CHANGE, HERE))
    with pytest.raises(Unauthorized, match=CHANGED):
        accounts.login(ANN, THERE)
    assert [each.id for each in accounts.sessions.list(ann.id)] == [mine.session]


@pytest.mark.parametrize("what", ["disabled", "deleted"])
def test_a_login_starts_no_session_of_who_is_disabled_or_deleted_meanwhile(
    accounts: Accounts, ann: StoredUser, between: Between, what: str
) -> None:
    def act() -> None:
        if what == "deleted":
            accounts.profile.remove(ann)
        else:
            accounts._users.change(ann.id, disabled=True)
            accounts.sessions.end_all(ann.id)

    between("matches", act)
    with pytest.raises(Unauthorized, match=CHANGED):
        accounts.login(ANN, HERE)
    assert accounts.sessions.list(ann.id) == ()


def test_renewing_a_hash_does_not_bring_the_old_password_back(
    accounts: Accounts, ann: StoredUser, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts._core.passwords, "outdated", lambda stored: True)
    between("matches", lambda: accounts.profile.change_password(ann.id, "", CHANGE, HERE))
    with pytest.raises(Unauthorized):
        accounts.login(ANN, THERE)
    assert accounts.login({**ANN, "password": NEW}, HERE).user == ann.id


def test_a_login_and_a_change_are_not_refused_because_a_hash_is_renewed(
    accounts: Accounts, ann: StoredUser, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts._core.passwords, "outdated", lambda stored: True)
    between("matches", lambda: accounts.login(ANN, THERE))
    mine = accounts.login(ANN, HERE)
    between("matches", lambda: accounts.login(ANN, THERE))
    accounts.profile.change_password(ann.id, mine.session, CHANGE, HERE)
    assert accounts.login({**ANN, "password": NEW}, HERE).user == ann.id


def test_a_change_with_the_old_password_does_not_undo_a_reset(
    accounts: Accounts, ann: StoredUser, between: Between
) -> None:
    code = accounts.resets.make(ann.id)
    between("hash", lambda: accounts.resets.use({"code": code, "new_password": OTHER}, THERE))
    with pytest.raises(Conflict, match=OVERTAKEN):
        accounts.profile.change_password(ann.id, "", CHANGE, HERE)
    assert accounts.login({**ANN, "password": OTHER}, HERE).user == ann.id


@pytest.mark.parametrize("what", ["email", "delete", "enrol"])
def test_the_old_password_confirms_nothing_after_a_reset(
    accounts: Accounts, ann: StoredUser, between: Between, what: str
) -> None:
    code = accounts.resets.make(ann.id)
    between("matches", lambda: accounts.resets.use({"code": code, "new_password": OTHER}, THERE))
    given = {"password": ANN["password"], "email": "thief@example.org"}
    acts: dict[str, Callable[[], object]] = {
        "email": lambda: accounts.profile.change_email(ann.id, given, HERE),
        "delete": lambda: accounts.profile.delete(ann.id, given, HERE),
        "enrol": lambda: accounts.factors.enrol(ann.id, given["password"], HERE),
    }
    with pytest.raises(Conflict, match=OVERTAKEN):
        acts[what]()
    assert accounts.user(ann.id).email == ANN["email"]


def test_a_reset_does_not_undo_a_change(accounts: Accounts, ann: StoredUser, between: Between) -> None:
    code = accounts.resets.make(ann.id)
    between("hash", lambda: accounts.profile.change_password(ann.id, "", CHANGE, HERE))
    with pytest.raises(Unauthorized, match="the code is wrong"):
        accounts.resets.use({"code": code, "new_password": OTHER}, THERE)
    assert accounts.login({**ANN, "password": NEW}, HERE).user == ann.id


def test_a_reset_that_is_refused_because_many_wait_keeps_its_code(
    accounts: Accounts, ann: StoredUser, between: Between
) -> None:
    def busy() -> None:
        raise Busy("others wait", 1)

    given = {"code": accounts.resets.make(ann.id), "new_password": NEW}
    between("hash", busy)
    with pytest.raises(Busy):
        accounts.resets.use(given, HERE)
    accounts.resets.use(given, HERE)
    assert accounts.login({**ANN, "password": NEW}, HERE).user == ann.id


@pytest.mark.parametrize("what", ["password", "email"])
def test_a_code_that_was_made_before_a_change_resets_nothing(accounts: Accounts, ann: StoredUser, what: str) -> None:
    code = accounts.resets.make(ann.id)
    if what == "password":
        accounts.profile.change_password(ann.id, "", CHANGE, HERE)
    else:
        given = {"password": ANN["password"], "email": "new@example.org"}
        accounts.profile.change_email(ann.id, given, HERE)
    with pytest.raises(Unauthorized, match="the code is wrong"):
        accounts.resets.use({"code": code, "new_password": OTHER}, THERE)


def test_an_address_that_is_changed_while_a_code_is_made_gets_none(
    accounts: Accounts, ann: StoredUser, mails: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = accounts.resets._make

    def overtaken(user: str, lasts: int) -> str:
        accounts.profile.change_email(ann.id, {"password": ANN["password"], "email": "new@example.org"}, HERE)
        return make(user, lasts)

    monkeypatch.setattr(accounts.resets, "_make", overtaken)
    accounts.resets.ask({"email": ANN["email"]}, THERE)
    assert [title for _, title, _ in mails] == ["Your Orderflow account"]


def test_no_code_outlives_its_account(accounts: Accounts, ann: StoredUser, records: Records) -> None:
    accounts.resets.make(ann.id)
    accounts.profile.delete(ann.id, {"password": ANN["password"]}, HERE)
    assert records.read(lambda connection: connection.execute(PASSWORD_RESETS.select()).all()) == []
