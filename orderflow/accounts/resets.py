"""Resets forgotten passwords: by a code that is sent by e-mail, or that the operator hands over. It is valid once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from orderflow.accounts.core import Caller, Core
from orderflow.accounts.identity import email_key, read_text
from orderflow.accounts.profile import Profile
from orderflow.accounts.tokens import SECOND
from orderflow.errors import Conflict, Unauthorized
from orderflow.storage.records.reset_store import ResetStore
from orderflow.storage.records.user_checks import Checked

MAIL_NS = 1_800 * SECOND
OPERATOR_NS = 86_400 * SECOND
RESET = "reset"
NO_MAIL = "this server sends no e-mail: ask whoever runs it for a code (orderflow user reset NAME)"
UNASKED = "If you did not ask for it, do nothing: the password stays as it is."
WRONG = "the code is wrong, was used, or is too old: ask for a new one"


class Resets:
    """place: the address of the account page, "" if it is not known from outside."""

    def __init__(self, core: Core, profile: Profile, store: ResetStore, place: str) -> None:
        self._core = core
        self._profile = profile
        self._store = store
        self._place = place

    def ask(self, given: Mapping[str, Any], caller: Caller) -> None:
        """Send a code to `email` if it is a user's. Nobody learns whether it is. Raises Conflict without e-mail, Busy.

        The work is the same for everybody but for the e-mail itself, which is sent later.
        """
        key = email_key(read_text(given, "email"))
        if self._core.mail is None:
            raise Conflict(NO_MAIL)
        self._core.attempts.begin(RESET, key, caller.address)
        self._core.attempts.failed(RESET, caller.address)
        user = self._core.users.by_email(key)
        code = self._make(user.id if user and not user.disabled else "", MAIL_NS)
        user = self._core.users.by_email(key)  # an address that was changed meanwhile gets no code
        if user and not user.disabled:
            how = "open" if self._place else "enter this code on the account page of your server"
            what = f"{self._place}#reset={code}" if self._place else code
            text = f"to set a new password, {how} within 30 minutes:\n\n{what}\n\n{UNASKED}\n"
            self._core.mail(user.email, "Your Orderflow password", f"Hello {user.nickname},\n\n{text}")

    def make(self, user: str) -> str:
        """A code for the operator to hand over, valid for a day."""
        return self._make(user, OPERATOR_NS)

    def use(self, given: Mapping[str, Any], caller: Caller) -> None:
        """Set the password `new_password` by `code`; all sessions end. A second factor is still asked for at the login.

        Raises BadInput, Unauthorized, Busy, and Conflict if the password was changed meanwhile.
        """
        code, new = read_text(given, "code"), read_text(given, "new_password")
        self._core.attempts.begin("reset code", "", caller.address)
        found = self._store.find(_digest(code), self._core.now())
        if found is None:
            self._core.attempts.failed("reset code", caller.address)
            raise Unauthorized(WRONG)
        user = self._core.users.get(found)
        self._profile.check_new_password(user, new)
        hashed = self._core.passwords.hash(new)  # may be refused, and the code is not used then
        if not self._profile.set_password(user, Checked(user.id, user.password_changed), new, hashed, _digest(code)):
            raise Unauthorized(WRONG)

    def sweep(self) -> None:
        """Remove codes that are too old."""
        self._store.sweep(self._core.now())

    def _make(self, user: str, lasts: int) -> str:
        """A new code; for nobody ("") it is made and kept in the same way, and opens nothing."""
        code = secrets.token_urlsafe(24)
        self._store.add(_digest(code), user, self._core.now() + lasts)
        return code


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().encode(errors="surrogatepass")).hexdigest()
