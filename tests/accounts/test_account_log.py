"""What the log says of logins: who, from where and by what, and never a secret."""

from __future__ import annotations

import logging

import pyotp
import pytest

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.second_factors import SecondFactorNeeded
from orderflow.errors import Unauthorized
from orderflow.storage.records.user_store import StoredUser
from tests.accounts.conftest import ANN, HERE, THERE
from tests.clocks import ManualClock


def test_each_login_and_each_failure_is_in_the_log_with_no_secret(
    accounts: Accounts, ann: StoredUser, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "orderflow.accounts")
    granted = [accounts.login(ANN, HERE)]
    for wrong in ({**ANN, "password": "a wrong one that is long"}, {**ANN, "email": "nobody@example.org"}):
        with pytest.raises(Unauthorized):
            accounts.login(wrong, THERE)
    app = pyotp.TOTP(accounts.factors.enrol(ann.id, ANN["password"], HERE).secret)
    codes = accounts.factors.confirm(ann.id, app.at(clock.now() // 10**9), HERE)
    with pytest.raises(SecondFactorNeeded):
        accounts.login(ANN, THERE)
    with pytest.raises(Unauthorized):
        accounts.login({**ANN, "code": "not-a-code"}, THERE)
    granted.append(accounts.login({**ANN, "code": codes[0]}, HERE))
    accounts._users.change(ann.id, disabled=True)
    with pytest.raises(Unauthorized):
        accounts.login(ANN, THERE)
    lines = [record.getMessage() for record in caplog.records if "login" in record.msg or "logged" in record.msg]
    assert lines == [
        f"user {ann.id} has logged in from 192.0.2.1 by password",
        f"a login from 198.51.100.7 has failed: wrong password of user {ann.id}",
        "a login from 198.51.100.7 has failed: unknown e-mail address",
        f"a login from 198.51.100.7 has failed: wrong second factor of user {ann.id}",
        f"user {ann.id} has logged in from 192.0.2.1 by password and second factor",
        f"a login from 198.51.100.7 has failed: user {ann.id} is disabled",
    ]
    secrets = [ANN["password"], "a wrong one", "not-a-code", app.secret, *codes, ann.password, "example.org"]
    secrets += [text for each in granted for text in (each.access, each.refresh, each.csrf)]
    assert [each for each in secrets if each in caplog.text] == []


def test_a_new_e_mail_address_is_told_to_the_user_and_not_to_the_log(
    accounts: Accounts, ann: StoredUser, mails: list[tuple[str, str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "orderflow.accounts")
    accounts.profile.change_email(ann.id, {"email": "new@example.org", "password": ANN["password"]}, HERE)
    assert "the e-mail address was changed to new@example.org." in mails[-1][2]
    assert mails[-1][0] == ANN["email"]
    assert f"user {ann.id}: the e-mail address was changed" in caplog.text
    assert "new@example.org" not in caplog.text
