"""Registers users, checks their passwords, and starts their sessions.

An unknown e-mail address and a wrong password are answered alike and take the same work.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orderflow.accounts.attempts import Attempts
from orderflow.accounts.identity import email_key, nickname_key, read_email, read_nickname, read_text
from orderflow.accounts.password_rules import check_password
from orderflow.accounts.passwords import Passwords
from orderflow.accounts.sessions import Grant, Sessions
from orderflow.accounts.tokens import SECOND
from orderflow.errors import Unauthorized
from orderflow.storage.records.user_store import StoredUser, UserStore

WRONG = "the e-mail address or the password is wrong"
LOGIN = "login"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from. device: what its program says of itself."""

    address: str = ""
    device: str = ""


class Accounts:
    """The users. mode: off, optional or required. now: ns since 1970. Every method may raise StorageFailed."""

    def __init__(
        self,
        mode: str,
        users: UserStore,
        sessions: Sessions,
        passwords: Passwords,
        attempts: Attempts,
        now: Callable[[], int],
    ) -> None:
        self.mode = mode
        self.sessions = sessions
        self._users = users
        self._passwords = passwords
        self._attempts = attempts
        self._now = now

    def now(self) -> int:
        """Seconds since 1970."""
        return self._now() // SECOND

    def register(self, given: Mapping[str, Any], caller: Caller) -> StoredUser:
        """A new user from nickname, email and password. Raises BadInput, Conflict if a name is taken, Busy."""
        nickname, email, password = read_nickname(given), read_email(given), read_text(given, "password")
        check_password(password, (nickname, email, email.partition("@")[0]))
        self._attempts.register(caller.address)
        now = self._now()
        user = StoredUser(
            id=secrets.token_hex(16),
            nickname=nickname,
            nickname_key=nickname_key(nickname),
            email=email,
            email_key=email_key(email),
            password=self._passwords.hash(password),
            created=now,
            password_changed=now,
        )
        self._users.add(user)
        log.info("user %s has registered", user.id)
        return user

    def login(self, given: Mapping[str, Any], caller: Caller) -> Grant:
        """A new session for email and password. Raises BadInput, Unauthorized, Busy."""
        email, password = email_key(read_text(given, "email")), read_text(given, "password")
        self._attempts.begin(LOGIN, email, caller.address)
        user = self._users.by_email(email)
        right = self._passwords.matches(user.password if user else None, password)
        if user is None or not right or user.disabled:
            self._attempts.failed(LOGIN, caller.address)
            log.info("a login failed")
            raise Unauthorized(WRONG)
        self._attempts.succeeded(LOGIN, email, caller.address)
        self._renew(user, password)
        return self.sessions.start(user.id, caller.device, caller.address)

    def user(self, user: str) -> StoredUser:
        """A user by id. Raises NotFound."""
        return self._users.get(user)

    def _renew(self, user: StoredUser, password: str) -> None:
        """Hash the password with the present parameters if its hash has others."""
        if self._passwords.outdated(user.password):
            self._users.change(user.id, password=self._passwords.hash(password))
