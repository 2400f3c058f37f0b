"""What all parts of the accounts share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from orderflow.accounts.attempts import Attempts
from orderflow.accounts.passwords import Passwords
from orderflow.accounts.sessions import Sessions
from orderflow.accounts.tokens import SECOND
from orderflow.errors import Conflict, Unauthorized
from orderflow.storage.records.user_store import StoredUser, UserStore

CONFIRM = "confirm"
WRONG_PASSWORD = "the password is wrong"
OVERTAKEN = "the password was changed meanwhile"

log = logging.getLogger(__name__)
Mail = Callable[[str, str, str], None]
"""Sends an e-mail in its own time: to, title, text."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from. device: what its program says of itself."""

    address: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Core:
    """now: ns since 1970. mail: None where the server sends none."""

    users: UserStore
    sessions: Sessions
    passwords: Passwords
    attempts: Attempts
    now: Callable[[], int]
    mail: Mail | None = None

    def seconds(self) -> int:
        """Seconds since 1970."""
        return self.now() // SECOND

    def confirm(self, user: str, password: str, caller: Caller) -> StoredUser:
        """The user, whose password is right. Raises Unauthorized if it is not, Busy after too many attempts, and
        Conflict if the password was changed while it was checked."""
        found = self.users.get(user)
        self.attempts.begin(CONFIRM, user, caller.address)
        if not self.passwords.matches(found.password, password):
            self.attempts.failed(CONFIRM, caller.address)
            raise Unauthorized(WRONG_PASSWORD)
        self.attempts.succeeded(CONFIRM, user, caller.address)
        present = self.users.get(user)
        if present.password_changed != found.password_changed:
            raise Conflict(OVERTAKEN)
        return present

    def tell(self, user: StoredUser, what: str, detail: str = "") -> None:
        """Tell a user by e-mail, where it is possible, that something of the account has changed.

        detail: the rest of the sentence, which is not for the log.
        """
        log.info("user %s: %s", user.id, what)
        if self.mail is not None:
            end = "If that was not you, ask whoever runs the server for help."
            self.mail(user.email, "Your Orderflow account", f"Hello {user.nickname},\n\n{what}{detail}.\n\n{end}")
