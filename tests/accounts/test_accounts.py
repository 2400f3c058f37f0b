"""Accounts as a whole: limits, changes, resets, deletion, and the operator's commands."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest

from orderflow.accounts import commands
from orderflow.accounts.accounts import Accounts
from orderflow.accounts.core import Caller
from orderflow.accounts.profile import UserData
from orderflow.accounts.second_factors import SecondFactorNeeded
from orderflow.errors import BadInput, Busy, Conflict, NotFound, Unauthorized
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.address import file_address
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_store import StoredUser, UserStore
from tests.accounts.conftest import ANN, HERE, SITE, THERE, caller_of
from tests.clocks import ManualClock

WRONG = {**ANN, "password": "this is not the password"}
NEW = "four entirely different words"


def fail(accounts: Accounts, times: int, caller: Caller = HERE) -> None:
    for _ in range(times):
        with pytest.raises(Unauthorized):
            accounts.login(WRONG, caller)


def test_a_long_text_is_no_address_and_is_not_looked_at(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.accounts.identity.validate_email", None)
    for email in ("a" * 1001, "a" * 2_000_000 + "@example.org"):
        with pytest.raises(BadInput, match=r"^email is not an e-mail address: it is too long$"):
            accounts.register({**ANN, "email": email}, HERE)
        with pytest.raises(Unauthorized):
            accounts.login({**ANN, "email": email}, HERE)


def test_nobody_locks_another_out(accounts: Accounts, ann: StoredUser) -> None:
    fail(accounts, 5, THERE)
    with pytest.raises(Busy) as error:
        accounts.login(ANN, THERE)
    assert 1 <= error.value.retry_after <= 300
    assert accounts.login(ANN, HERE).user == ann.id


def test_a_success_takes_back_the_failures_before(accounts: Accounts, ann: StoredUser) -> None:
    for _ in range(3):
        fail(accounts, 4)
        accounts.login(ANN, HERE)


def test_an_address_cannot_try_many_accounts(accounts: Accounts, ann: StoredUser) -> None:
    for number in range(50):
        with pytest.raises(Unauthorized):
            accounts.login({"email": f"user{number}@example.org", "password": "x"}, THERE)
    with pytest.raises(Busy):
        accounts.login(ANN, THERE)
    accounts.login(ANN, HERE)


def test_of_ipv6_the_network_counts(accounts: Accounts, ann: StoredUser) -> None:
    for number in range(5):
        fail(accounts, 1, Caller(f"2001:db8::{number}"))
    with pytest.raises(Busy):
        accounts.login(ANN, Caller("2001:db8::99"))
    accounts.login(ANN, Caller("2001:db8:0:1::1"))


def test_a_new_server_has_no_user(accounts: Accounts) -> None:
    assert accounts._users.list() == ()


def test_changing_the_password_ends_the_other_sessions(accounts: Accounts, ann: StoredUser) -> None:
    mine, other = accounts.login(ANN, HERE), accounts.login(ANN, THERE)
    change = {"password": ANN["password"], "new_password": NEW}
    accounts.profile.change_password(ann.id, change, caller_of(mine))
    accounts.sessions.read(mine.access)
    with pytest.raises(Unauthorized):
        accounts.sessions.read(other.access)
    with pytest.raises(Unauthorized):
        accounts.login(ANN, HERE)
    accounts.login({**ANN, "password": NEW}, HERE)


def test_a_change_needs_the_password(accounts: Accounts, ann: StoredUser, mails: list[tuple[str, str, str]]) -> None:
    factors, passkeys = accounts.factors, accounts.passkeys
    for number, call in enumerate(
        (
            lambda by: accounts.profile.change_password(ann.id, {"password": "no", "new_password": NEW}, by),
            lambda by: accounts.profile.change_email(ann.id, {"password": "no", "email": "a@example.org"}, by),
            lambda by: accounts.profile.delete(ann.id, {"password": "no"}, by),
            lambda by: factors.enrol(ann.id, "no", by),
            lambda by: factors.remove(ann.id, "no", by),
            lambda by: factors.renew_codes(ann.id, "no", by),
            lambda by: passkeys.begin_adding(ann.id, "no", SITE, by),
            lambda by: passkeys.remove("x", ann.id, "no", by),
        )
    ):
        with pytest.raises(Unauthorized, match="password is wrong"):
            call(Caller(f"192.0.2.{number}"))
    assert accounts.user(ann.id) == ann
    assert mails == []


def test_the_e_mail_address_is_changed_and_the_old_one_told(
    accounts: Accounts, ann: StoredUser, mails: list[tuple[str, str, str]]
) -> None:
    accounts.profile.change_email(ann.id, {"password": ANN["password"], "email": "Ann@New.example"}, HERE)
    accounts.login({**ANN, "email": "ann@new.example"}, HERE)
    with pytest.raises(Unauthorized):
        accounts.login(ANN, HERE)
    assert [(to, "was changed to Ann@new.example" in text) for to, _, text in mails] == [("ann@example.org", True)]


def test_all_data_is_exported_and_deleted_with_the_account(accounts: Accounts, ann: StoredUser) -> None:
    kept = {ann.id: ["a series"], "0" * 32: ["of nobody"], "local": ["of the local user"]}
    data = UserData("series", kept.get, lambda user: kept.pop(user, None), lambda: list(kept))
    accounts.profile.add_data(data)
    assert accounts.profile.export(ann.id) == {"series": ["a series"]}
    session = accounts.login(ANN, HERE)
    accounts.profile.sweep()
    assert set(kept) == {ann.id, "local"}
    accounts.profile.delete(ann.id, {"password": ANN["password"]}, HERE)
    assert set(kept) == {"local"}
    with pytest.raises(Unauthorized):
        accounts.sessions.read(session.access)
    with pytest.raises(NotFound):
        accounts.user(ann.id)
    accounts.register(ANN, HERE)


def code_in(mails: list[tuple[str, str, str]]) -> str:
    return mails[-1][2].split("#reset=")[1].split()[0]


def test_a_forgotten_password_is_reset_by_e_mail(
    make_accounts: Callable[..., Accounts], mails: list[tuple[str, str, str]]
) -> None:
    accounts = make_accounts(public_url="https://flow.example.org")
    ann = accounts.register(ANN, HERE)
    session = accounts.login(ANN, HERE)
    for email in ("nobody@example.org", "no address", ANN["email"].upper()):
        accounts.resets.ask({"email": email}, HERE)
    assert [to for to, _, _ in mails] == ["ann@example.org"]
    assert "https://flow.example.org/account/#reset=" in mails[0][2]
    assert "If you did not ask for it, do nothing" in mails[0][2]
    code = code_in(mails)
    with pytest.raises(BadInput, match="at least 15"):
        accounts.resets.use({"code": code, "new_password": "short"}, HERE)
    accounts.resets.use({"code": code, "new_password": NEW}, HERE)
    with pytest.raises(Unauthorized, match="was used"):
        accounts.resets.use({"code": code, "new_password": NEW}, HERE)
    with pytest.raises(Unauthorized):
        accounts.sessions.read(session.access)
    assert accounts.login({**ANN, "password": NEW}, HERE).user == ann.id


def test_a_reset_code_is_valid_for_half_an_hour_and_only_the_newest(
    make_accounts: Callable[..., Accounts], mails: list[tuple[str, str, str]], clock: ManualClock
) -> None:
    accounts = make_accounts(public_url="https://flow.example.org")
    accounts.register(ANN, HERE)
    codes = []
    for _ in range(2):
        accounts.resets.ask({"email": ANN["email"]}, HERE)
        codes.append(code_in(mails))
    assert [len(urlsafe_b64decode(code)) * 8 for code in codes] == [192, 192]
    assert codes[0] != codes[1]
    with pytest.raises(Unauthorized):
        accounts.resets.use({"code": codes[0], "new_password": NEW}, HERE)
    clock.advance(1_800)
    with pytest.raises(Unauthorized, match="too old"):
        accounts.resets.use({"code": codes[1], "new_password": NEW}, HERE)
    accounts.resets.sweep()


def test_codes_are_asked_for_five_times_in_five_minutes(
    accounts: Accounts, ann: StoredUser, mails: list[tuple[str, str, str]]
) -> None:
    for _ in range(5):
        accounts.resets.ask({"email": ann.email}, HERE)
    with pytest.raises(Busy):
        accounts.resets.ask({"email": ann.email}, HERE)
    assert len(mails) == 5


def test_codes_cannot_be_tried_out(accounts: Accounts, ann: StoredUser) -> None:
    for _ in range(50):
        with pytest.raises(Unauthorized):
            accounts.resets.use({"code": "a guess", "new_password": NEW}, THERE)
    code = accounts.resets.make(ann.id)
    with pytest.raises(Busy):
        accounts.resets.use({"code": code, "new_password": NEW}, THERE)
    accounts.resets.use({"code": code, "new_password": NEW}, HERE)


def test_the_code_alone_is_sent_where_the_address_of_the_page_is_not_known(
    accounts: Accounts, ann: StoredUser, mails: list[tuple[str, str, str]]
) -> None:
    accounts.resets.ask({"email": ANN["email"]}, HERE)
    said, code = mails[0][2].split("\n\n")[1:3]
    assert said == "to set a new password, enter this code on the account page of your server within 30 minutes:"
    accounts.resets.use({"code": code, "new_password": NEW}, HERE)


def test_without_e_mail_the_operator_is_named(make_accounts: Callable[..., Accounts]) -> None:
    with pytest.raises(Conflict, match="orderflow user reset"):
        make_accounts(mail=False).resets.ask({"email": "x@example.org"}, HERE)


# the operator's commands


@pytest.fixture
def folder(workers: Workers, tmp_path: Path) -> Path:
    """A data directory with Ann's account."""
    records = Records(file_address(tmp_path), workers)
    records.start()
    UserStore(records).add(
        StoredUser("a" * 32, "Ann\x1b[2J", "ann", "ann@example.org", "ann@example.org", "x", 10**18, 0)
    )
    records.close()
    return tmp_path


def run(folder: Path, *words: str) -> list[str]:
    lines: list[str] = []
    name = words[1] if len(words) > 1 else None
    assert commands.run(words[0], name, Settings.of(data_dir=folder), lines.append) == 0  # type: ignore[arg-type]
    return lines


def test_the_operator_lists_disables_resets_and_deletes(folder: Path) -> None:
    assert run(folder, "list") == [
        "Ann?[2J  ann@example.org  registered 2001-09-09 01:46 UTC, no session",
        "1 users",
    ]
    assert "is disabled" in run(folder, "disable", "ANN")[0]
    assert "disabled" in run(folder, "list")[0]
    assert "is enabled" in run(folder, "enable", "Ann@Example.org")[0]
    assert len(run(folder, "reset", "ann")[1].strip()) == 32
    assert "is deleted" in run(folder, "delete", "ann")[0]
    assert run(folder, "list") == ["0 users"]


def test_an_address_names_nobody_by_a_nickname_that_looks_like_it(accounts: Accounts, ann: StoredUser) -> None:
    mallory = {**ANN, "email": "mallory@example.org"}
    accounts.register({**mallory, "nickname": ANN["email"]}, HERE)
    accounts.register({**mallory, "nickname": "carl@example.org", "email": "mallory@example.com"}, HERE)
    assert commands._named(accounts._users, "Ann@Example.org") == ann
    with pytest.raises(NotFound):
        commands._named(accounts._users, "carl@example.org")


def test_the_operators_mistakes_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no user 'bob'"):
        run(folder, "disable", "bob")
    with pytest.raises(BadInput, match="name the user"):
        run(folder, "delete")
    with pytest.raises(NotFound, match="no records"):
        run(tmp_path / "other", "list")
    with pytest.raises(Conflict, match="ephemeral"):
        commands.run("list", None, Settings.of(ephemeral=True))


def test_a_disabled_user_cannot_log_in(accounts: Accounts, ann: StoredUser, records: Records) -> None:
    UserStore(records).change(ann.id, disabled=True)
    with pytest.raises(Unauthorized, match="address or the password is wrong"):
        accounts.login(ANN, HERE)


def test_a_reset_keeps_the_second_factor(accounts: Accounts, ann: StoredUser, clock: ManualClock) -> None:
    app = pyotp.TOTP(accounts.factors.enrol(ann.id, ANN["password"], HERE).secret)
    accounts.factors.confirm(ann.id, app.at(clock.now() // 10**9), HERE)
    accounts.resets.use({"code": accounts.resets.make(ann.id), "new_password": NEW}, HERE)
    with pytest.raises(SecondFactorNeeded):
        accounts.login({**ANN, "password": NEW}, HERE)
