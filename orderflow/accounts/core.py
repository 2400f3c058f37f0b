"""What all parts of the accounts share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from orderflow.accounts.attempts import Attempts
from orderflow.accounts.passwords import Passwords
from orderflow.accounts.sessions import Sessions
from orderflow.accounts.tokens import SECOND
from orderflow.errors import Unauthorized
from orderflow.storage.records.user_checks import Checked
from orderflow.storage.records.user_store import StoredUser, UserStore

CONFIRM = "confirm"
WRONG_PASSWORD = "the password is wrong"

log = logging.getLogger(__name__)
Mail = Callable[[str, str, str], None]
"""Sends an e-mail in its own time: to, title, text."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from. device: what its program says of itself. session: of who is logged in, else None."""

    address: str = ""
    device: str = ""
    session: str | None = None


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

    def confirm(self, user: str, password: str, caller: Caller) -> tuple[StoredUser, Checked]:
        """The user, whose password is right, and what must still hold when that is acted on.

        Raises Unauthorized if the password is wrong, Busy after too many attempts.
        """
        found = self.users.get(user)
        self.attempts.check(CONFIRM, user, caller.address)
        with self.passwords.turn():  # what is refused here was no attempt
            self.attempts.begin(CONFIRM, user, caller.address)
            if not self.passwords.matches(found.password, password):
                self.attempts.failed(CONFIRM, caller.address)
                raise Unauthorized(WRONG_PASSWORD)
        self.attempts.succeeded(CONFIRM, user, caller.address)
        return found, Checked(found.id, found.password_changed, caller.session)

    def tell(self, user: StoredUser, what: str, detail: str = "") -> None:
        """Tell a user by e-mail, where it is possible, that something of the account has changed.

        detail: the rest of the sentence, which is not for the log.
        """
        log.info("user %s: %s", user.id, what)
        if self.mail is not None:
            end = "If that was not you, ask whoever runs the server for help."
            self.mail(user.email, "Your Orderflow account", f"Hello {user.nickname},\n\n{what}{detail}.\n\n{end}")
