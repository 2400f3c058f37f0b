"""Registers users, checks who they are, and starts their sessions.

An unknown e-mail address and a wrong password are answered alike and take the same work.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from orderflow.accounts.core import Caller as Caller
from orderflow.accounts.core import Core
from orderflow.accounts.identity import email_key, nickname_key, read_all, read_email, read_nickname, read_text
from orderflow.accounts.passkeys import Passkeys, Site
from orderflow.accounts.password_rules import check_password
from orderflow.accounts.profile import Profile
from orderflow.accounts.resets import Resets
from orderflow.accounts.second_factors import SecondFactorNeeded, SecondFactors, read_code
from orderflow.accounts.sessions import Grant, Sessions
from orderflow.errors import Unauthorized
from orderflow.runtime.log_limit import LIMITED
from orderflow.storage.records.user_checks import Checked
from orderflow.storage.records.user_store import StoredUser

WRONG = "the e-mail address or the password is wrong"
LOGIN = "login"

log = logging.getLogger(__name__)


class Accounts:
    """The users. mode: off, optional or required. Every method may raise StorageFailed.

    sessions, profile, factors, passkeys, resets: the parts, by what they are about.
    """

    sessions: Sessions
    profile: Profile
    factors: SecondFactors
    passkeys: Passkeys
    resets: Resets

    def __init__(
        self, mode: str, core: Core, profile: Profile, factors: SecondFactors, passkeys: Passkeys, resets: Resets
    ) -> None:
        self.mode = mode
        self.sessions = core.sessions
        self.profile = profile
        self.factors = factors
        self.passkeys = passkeys
        self.resets = resets
        self._core = core
        self._users = core.users

    def now(self) -> int:
        """Seconds since 1970."""
        return self._core.seconds()

    def register(self, given: Mapping[str, Any], caller: Caller) -> StoredUser:
        """A new user from nickname, email and password. Raises BadInput, Conflict if a name is taken, Busy."""
        nickname, email, password = read_all(
            lambda: read_nickname(given), lambda: read_email(given), lambda: _new_password(given)
        )
        self._core.attempts.register(caller.address)
        now = self._core.now()
        user = StoredUser(
            id=secrets.token_hex(16),
            nickname=nickname,
            nickname_key=nickname_key(nickname),
            email=email,
            email_key=email_key(email),
            password=self._core.passwords.hash(password),
            created=now,
            password_changed=now,
        )
        self._users.add(user)
        log.info("user %s has registered", user.id)
        return user

    def login(self, given: Mapping[str, Any], caller: Caller, site: Site | None = None) -> Grant:
        """A new session for email and password, and for those who have a second factor `code` or `passkey`.

        Raises BadInput, SecondFactorNeeded, Unauthorized, Busy.
        """
        email, password = email_key(read_text(given, "email")), read_text(given, "password")
        code = read_code(given.get("code"))
        self._core.attempts.check(LOGIN, email, caller.address)
        with self._core.passwords.turn():  # what is refused here was no attempt
            self._core.attempts.begin(LOGIN, email, caller.address)
            return self._login(email, password, code, given.get("passkey"), caller, site)

    def _login(self, email: str, password: str, code: str, passkey: object, caller: Caller, site: Site | None) -> Grant:
        user, has_passkey = self._users.for_login(email)
        right = self._core.passwords.matches(user.password if user else None, password)
        if user is None or not right or user.disabled:
            raise self._failed(WRONG, caller, _reason(user, right=right))
        passkey_id: str | None = ""
        if second := bool(user.totp) or has_passkey:
            passkey_id = self._check_second(user, passkey, code, caller, site)
        self._core.attempts.succeeded(LOGIN, email, caller.address)
        self._renew(user, password)
        means = "password and second factor" if second else "password"
        return self._start(caller, means, Checked(user.id, user.password_changed, None, user.totp, passkey_id))

    def login_by_passkey(self, given: Mapping[str, Any], caller: Caller, site: Site) -> Grant:
        """A new session for a passkey alone. Raises Unauthorized, Busy."""
        self._core.attempts.begin("passkey", "", caller.address)
        try:
            passkey = self.passkeys.check(given, site)
            user = self._users.get(passkey.user)
        except Unauthorized as error:
            raise self._failed(str(error), caller, "wrong passkey") from error
        if user.disabled:
            raise self._failed(WRONG, caller, _reason(user, right=True))
        self._core.attempts.succeeded("passkey", "", caller.address)
        return self._start(caller, "passkey", Checked(user.id, passkey=passkey.id))

    def user(self, user: str) -> StoredUser:
        """A user by id. Raises NotFound."""
        return self._users.get(user)

    def _check_second(
        self, user: StoredUser, given: object, code: str, caller: Caller, site: Site | None
    ) -> str | None:
        """The id of the passkey that was used, None for a code. Raises SecondFactorNeeded without one, Unauthorized for
        a wrong one, Busy."""
        try:
            if not (isinstance(given, dict) and site is not None):
                self.factors.check(user, code)
                return None
            passkey = self.passkeys.check(given, site)
            if passkey.user != user.id:
                self._core.attempts.failed(LOGIN, caller.address)
                raise Unauthorized("this passkey belongs to another account")
            return passkey.id
        except SecondFactorNeeded:
            raise
        except Unauthorized:
            _log_failure(caller, f"wrong second factor of user {user.id}")
            raise

    def _start(self, caller: Caller, means: str, checked: Checked) -> Grant:
        try:
            grant = self.sessions.start(checked.user, caller.device, caller.address, checked)
        except Unauthorized:
            _log_failure(caller, f"user {checked.user} was changed meanwhile")
            raise
        log.info("user %s has logged in from %s by %s", checked.user, caller.address, means)
        return grant

    def _failed(self, message: str, caller: Caller, reason: str) -> Unauthorized:
        """The error that the caller is sent. reason: what the log says, which the caller must not learn."""
        self._core.attempts.failed(LOGIN, caller.address)
        _log_failure(caller, reason)
        return Unauthorized(message)

    def _renew(self, user: StoredUser, password: str) -> None:
        """Hash the password with the present parameters if its hash has others."""
        if self._core.passwords.outdated(user.password):
            hashed = self._core.passwords.hash(password)
            self._users.renew_hash(user.id, user.password, hashed)


def _new_password(given: Mapping[str, Any]) -> str:
    """The password of somebody who registers. Raises BadInput."""
    password = read_text(given, "password")
    nickname, email = (str(given.get(name, "")).strip() for name in ("nickname", "email"))
    check_password(password, (nickname, email, email.partition("@")[0]))
    return password


def _reason(user: StoredUser | None, *, right: bool) -> str:
    """Why a login failed, for the log."""
    if user is None:
        return "unknown e-mail address"
    return f"user {user.id} is disabled" if right else f"wrong password of user {user.id}"


def _log_failure(caller: Caller, reason: str) -> None:
    log.info("a login from %s has failed: %s", caller.address, reason, extra=LIMITED)
