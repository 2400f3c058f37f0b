"""What was checked of an account still holds when it is acted on: a change that comes between wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest

from orderflow.accounts import product
from orderflow.accounts.accounts import Accounts
from orderflow.accounts.argon2id import Argon2id
from orderflow.accounts.core import Caller
from orderflow.accounts.passkeys import Site
from orderflow.accounts.passwords import Passwords
from orderflow.accounts.profile import UserData
from orderflow.accounts.sessions import CHANGED, OVER
from orderflow.errors import BadInput, Busy, Conflict, NotFound, StorageFailed, Unauthorized
from orderflow.storage.records.models import PASSWORD_RESETS
from orderflow.storage.records.passkey_store import StoredPasskey
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_checks import OVERTAKEN
from orderflow.storage.records.user_store import StoredUser
from tests.accounts.authenticator import Authenticator
from tests.accounts.conftest import ANN, HERE, NEW, OTHER, SITE, THERE, caller_of
from tests.clocks import ManualClock

PASSWORD = ANN["password"]
CHANGE = {"password": ANN["password"], "new_password": NEW}
Between = Callable[[str, Callable[[], object]], None]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much work a hash is does not matter here."""
    monkeypatch.setattr(product, "Passwords", lambda workers: Passwords(workers, Argon2id(1, 8)))


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
    between("matches", lambda: accounts.profile.change_password(ann.id, CHANGE, caller_of(mine)))
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
            accounts._users.set_disabled(ann.id, disabled=True)

    between("matches", act)
    with pytest.raises(Unauthorized, match=CHANGED):
        accounts.login(ANN, HERE)
    assert accounts.sessions.list(ann.id) == ()


def test_renewing_a_hash_does_not_bring_the_old_password_back(
    accounts: Accounts, ann: StoredUser, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts._core.passwords, "outdated", lambda stored: True)
    between("matches", lambda: accounts.profile.change_password(ann.id, CHANGE, HERE))
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
    accounts.profile.change_password(ann.id, CHANGE, caller_of(mine))
    assert accounts.login({**ANN, "password": NEW}, HERE).user == ann.id


def test_a_change_with_the_old_password_does_not_undo_a_reset(
    accounts: Accounts, ann: StoredUser, between: Between
) -> None:
    code = accounts.resets.make(ann.id)
    between("hash", lambda: accounts.resets.use({"code": code, "new_password": OTHER}, THERE))
    with pytest.raises(Conflict, match=OVERTAKEN):
        accounts.profile.change_password(ann.id, CHANGE, HERE)
    assert accounts.login({**ANN, "password": OTHER}, HERE).user == ann.id


@dataclass
class Member:
    """Ann, who is logged in, with an authenticator app and a passkey. between: arranges what comes between."""

    accounts: Accounts
    id: str
    caller: Caller
    clock: ManualClock
    between: Between

    def confirm(self, act: Callable[..., object]) -> Callable[[Callable[[], object]], object]:
        """`act`, whose password is checked before what comes between."""

        def acts(overtake: Callable[[], object]) -> object:
            self.between("matches", overtake)
            return act(self.id, PASSWORD, self.caller)

        return acts

    def given(self, act: Callable[..., object]) -> Callable[[Callable[[], object]], object]:
        """As `confirm`, for what takes a body."""
        body = {**CHANGE, "email": "new@example.org"}
        return self.confirm(lambda user, password, caller: act(user, body, caller))

    def enrol(self, overtake: Callable[[], object]) -> object:
        self.accounts.factors.remove(self.id, PASSWORD, self.caller)
        secret = self.accounts.factors.enrol(self.id, PASSWORD, self.caller).secret
        overtake()
        code = pyotp.TOTP(secret).at(self.clock.now() // 10**9)
        return self.accounts.factors.confirm(self.id, code, self.caller)

    def add_passkey(self, overtake: Callable[[], object]) -> object:
        asked = self.accounts.passkeys.begin_adding(self.id, PASSWORD, SITE, self.caller)
        overtake()
        made = Authenticator(SITE.origin).create(asked["options"])
        return self.accounts.passkeys.add(self.id, {"id": asked["id"], "credential": made}, SITE, self.caller)

    def remove_passkey(self, overtake: Callable[[], object]) -> object:
        passkey, remove = self.accounts.passkeys.list(self.id)[0].id, self.accounts.passkeys.remove
        return self.confirm(lambda *given: remove(passkey, *given))(overtake)

    def state(self) -> object:
        """What only the user changes."""
        user = self.accounts.user(self.id)
        return user.email, user.totp, user.recovery, self.accounts.passkeys.list(self.id)


@pytest.fixture
def member(accounts: Accounts, ann: StoredUser, clock: ManualClock, between: Between) -> Member:
    mine = caller_of(accounts.login(ANN, HERE))
    made = Member(accounts, ann.id, mine, clock, between)
    made.add_passkey(lambda: None)
    secret = accounts.factors.enrol(ann.id, PASSWORD, mine).secret
    accounts.factors.confirm(ann.id, pyotp.TOTP(secret).at(clock.now() // 10**9), mine)
    clock.advance(30)
    return made


ACTS: dict[str, Callable[[Member], Callable[[Callable[[], object]], object]]] = {
    "password": lambda ann: ann.given(ann.accounts.profile.change_password),
    "email": lambda ann: ann.given(ann.accounts.profile.change_email),
    "delete": lambda ann: ann.given(ann.accounts.profile.delete),
    "unenrol": lambda ann: ann.confirm(ann.accounts.factors.remove),
    "recovery": lambda ann: ann.confirm(ann.accounts.factors.renew_codes),
    "enrol": lambda ann: ann.enrol,
    "add passkey": lambda ann: ann.add_passkey,
    "remove passkey": lambda ann: ann.remove_passkey,
}


@pytest.mark.parametrize("what", ACTS)
def test_a_change_that_nothing_overtakes_is_done(member: Member, what: str) -> None:
    before = member.accounts.user(member.id), member.state()
    ACTS[what](member)(lambda: None)
    users = member.accounts._users.list()
    assert not users or (users[0], member.state()) != before


@pytest.mark.parametrize("between_comes", ["reset", "disabled", "revoked"])
@pytest.mark.parametrize("what", ACTS)
def test_a_confirmed_change_is_not_done_if_its_grounds_have_gone(member: Member, what: str, between_comes: str) -> None:
    accounts, found = member.accounts, list[object]()
    code = accounts.resets.make(member.id)

    def overtake() -> None:
        if between_comes == "reset":
            accounts.resets.use({"code": code, "new_password": OTHER}, THERE)
        elif between_comes == "disabled":
            accounts._users.set_disabled(member.id, disabled=True)
        else:
            accounts.sessions.end(str(member.caller.session), member.id)
        found.extend((accounts.user(member.id), member.state()))

    with pytest.raises(Conflict if between_comes == "reset" else Unauthorized) as error:
        ACTS[what](member)(overtake)
    assert str(error.value) == (OVERTAKEN if between_comes == "reset" else OVER)
    assert [accounts.user(member.id), member.state()] == found


@pytest.mark.parametrize("what", ["enrol", "add passkey"])
def test_what_one_session_begins_no_other_ends(member: Member, what: str) -> None:
    other = caller_of(member.accounts.sessions.start(member.id, "", ""))  # type: ignore[arg-type]
    mine = member.caller

    def switch() -> None:
        member.caller = other

    with pytest.raises((Conflict, Unauthorized), match="too old"):
        ACTS[what](member)(switch)
    member.caller = mine
    ACTS[what](member)(lambda: None)


def test_of_two_apps_that_are_begun_one_is_taken_in_use(
    accounts: Accounts, ann: StoredUser, clock: ManualClock
) -> None:
    callers = [caller_of(accounts.login(ANN, HERE)) for _ in range(2)]
    apps = [pyotp.TOTP(accounts.factors.enrol(ann.id, PASSWORD, each).secret) for each in callers]
    codes = [each.at(clock.now() // 10**9) for each in apps]
    accounts.factors.confirm(ann.id, codes[0], callers[0])
    with pytest.raises(Conflict, match="already"):
        accounts.factors.confirm(ann.id, codes[1], callers[1])
    assert accounts.user(ann.id).totp == apps[0].secret


def test_a_session_that_was_revoked_ends_no_other(accounts: Accounts, ann: StoredUser) -> None:
    thief, mine = accounts.login(ANN, THERE), accounts.login(ANN, HERE)
    assert accounts.sessions.end(thief.session, ann.id, by=mine.session)
    with pytest.raises(Unauthorized, match=OVER):
        accounts.sessions.end(mine.session, ann.id, by=thief.session)
    with pytest.raises(Unauthorized, match=OVER):
        accounts.sessions.end_all(ann.id, but=thief.session)
    assert accounts.sessions.read(mine.access).user == ann.id


def test_the_last_second_factor_stays_while_the_password_is_short(member: Member) -> None:
    accounts, short = member.accounts, "k9!vQ2#m"
    passkey = accounts.passkeys.list(member.id)[0].id
    accounts.profile.change_password(member.id, {"password": PASSWORD, "new_password": short}, member.caller)
    member.between("matches", lambda: accounts.passkeys.remove(passkey, member.id, short, member.caller))
    with pytest.raises(BadInput, match="change it before"):
        accounts.factors.remove(member.id, short, member.caller)


def test_a_password_does_not_become_short_while_the_last_second_factor_goes(member: Member) -> None:
    accounts = member.accounts
    accounts.passkeys.remove(accounts.passkeys.list(member.id)[0].id, member.id, PASSWORD, member.caller)
    member.between("hash", lambda: accounts.factors.remove(member.id, PASSWORD, member.caller))
    with pytest.raises(BadInput, match="at least 15"):
        accounts.profile.change_password(member.id, {**CHANGE, "new_password": "k9!vQ2#m"}, member.caller)


@pytest.mark.parametrize("what", ["enrol", "add passkey"])
def test_a_login_by_password_alone_starts_no_session_once_there_is_a_second_factor(
    accounts: Accounts, ann: StoredUser, clock: ManualClock, between: Between, what: str
) -> None:
    mine = Member(accounts, ann.id, caller_of(accounts.login(ANN, HERE)), clock, between)
    between("matches", lambda: ACTS[what](mine)(lambda: None))
    with pytest.raises(Unauthorized, match=CHANGED):
        accounts.login(ANN, THERE)


def test_a_code_of_an_app_that_was_removed_meanwhile_is_worth_nothing(member: Member) -> None:
    accounts = member.accounts
    code = pyotp.TOTP(accounts.user(member.id).totp).at(member.clock.now() // 10**9)
    member.between("matches", lambda: accounts.factors.remove(member.id, PASSWORD, member.caller))
    with pytest.raises(Unauthorized):
        accounts.login({**ANN, "code": code}, THERE)


def test_a_passkey_that_was_removed_meanwhile_starts_no_session(
    accounts: Accounts, ann: StoredUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, check = Authenticator(SITE.origin), accounts.passkeys.check
    asked = accounts.passkeys.begin_adding(ann.id, PASSWORD, SITE, HERE)
    given = {"id": asked["id"], "credential": device.create(asked["options"])}
    passkey = accounts.passkeys.add(ann.id, given, SITE, HERE)[0]

    def overtaken(given: dict[str, Any], site: Site) -> StoredPasskey:
        found = check(given, site)
        accounts.passkeys.remove(passkey.id, ann.id, PASSWORD, HERE)
        return found

    monkeypatch.setattr(accounts.passkeys, "check", overtaken)
    asked = accounts.passkeys.begin_login(SITE)
    with pytest.raises(Unauthorized, match=CHANGED):
        accounts.login_by_passkey({"id": asked["id"], "credential": device.get(asked["options"])}, HERE, SITE)


def test_a_user_who_was_disabled_gets_no_password_by_a_code(
    accounts: Accounts, ann: StoredUser, between: Between
) -> None:
    code = accounts.resets.make(ann.id)
    between("hash", lambda: accounts._users.set_disabled(ann.id, disabled=True))
    with pytest.raises(Unauthorized):
        accounts.resets.use({"code": code, "new_password": OTHER}, THERE)
    assert accounts.user(ann.id).password == ann.password


@pytest.mark.parametrize("error", [StorageFailed("the disk is full"), NotFound("another call was faster")])
def test_what_cannot_be_removed_with_its_user_is_removed_later(
    accounts: Accounts, ann: StoredUser, error: Exception
) -> None:
    kept: dict[str, list[str]] = {"notes": [ann.id], "charts": [ann.id]}
    errors = [error, error]

    def add(name: str) -> None:
        def remove(user: str) -> None:
            if name == "notes" and errors:
                raise errors.pop()
            kept[name].remove(user)

        accounts.profile.add_data(UserData(name, lambda user: {}, remove, lambda: tuple(kept[name])))

    for each in kept:
        add(each)
    accounts.profile.delete(ann.id, {"password": PASSWORD}, HERE)
    assert (accounts._users.list(), kept) == ((), {"notes": [ann.id], "charts": []})
    for _ in range(2):  # the first is refused too
        accounts.profile.sweep()
    assert kept == {"notes": [], "charts": []}


def test_a_reset_does_not_undo_a_change(accounts: Accounts, ann: StoredUser, between: Between) -> None:
    code = accounts.resets.make(ann.id)
    between("hash", lambda: accounts.profile.change_password(ann.id, CHANGE, HERE))
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
        accounts.profile.change_password(ann.id, CHANGE, HERE)
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
