"""What users do with their own account: change password and e-mail address, take their data away, delete all of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orderflow.accounts.core import OVERTAKEN, Caller, Core
from orderflow.accounts.identity import email_key, read_email, read_text
from orderflow.accounts.password_rules import LEAST, LEAST_WITH_SECOND, check_password
from orderflow.errors import Conflict
from orderflow.storage.records.user_store import StoredUser

USER_ID = "[0-9a-f]{32}"
"""Other owners are no users: the operator, or the local user."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UserData:
    """What one product keeps of users. export: a user's as plain values, in mappings also iterators of them, which are
    read in a worker thread; remove: all of it; owners: who has any."""

    name: str
    export: Callable[[str], Any]
    remove: Callable[[str], object]
    owners: Callable[[], Iterable[str]]


class Profile:
    """Changes of an account by its user.

    has_passkey: whether a user has one; forget_codes: ends the codes that reset a user's password.
    """

    def __init__(self, core: Core, has_passkey: Callable[[str], bool], forget_codes: Callable[[str], object]) -> None:
        self._core = core
        self._has_passkey = has_passkey
        self._forget_codes = forget_codes
        self._data: list[UserData] = []

    def add_data(self, data: UserData) -> None:
        """Register what a product keeps of users."""
        self._data.append(data)

    def check_new_password(self, user: StoredUser, password: str, field: str) -> None:
        """Raises BadInput if a password may not be this user's."""
        second = bool(user.totp) or self._has_passkey(user.id)
        names = (user.nickname, user.email, user.email.partition("@")[0])
        check_password(password, names, least=LEAST_WITH_SECOND if second else LEAST, field=field)

    def set_password(self, user: StoredUser, hashed: str, but: str = "") -> None:
        """Store the hash of a new password, which was checked. All sessions end except one, and so do the codes that
        would reset the new password. Raises Conflict if `user` has another password by now."""
        values = {"password": hashed, "password_changed": self._core.now()}
        if not self._core.users.replace_password(user.id, user.password_changed, **values):
            raise Conflict(OVERTAKEN)
        self._core.sessions.end_all(user.id, but)
        self._forget_codes(user.id)
        self._core.tell(user, "the password was changed")

    def change_password(self, user: str, session: str, given: Mapping[str, Any], caller: Caller) -> None:
        """From `password` to `new_password`. Other sessions end.

        Raises BadInput, Unauthorized, Busy, and Conflict if another change came first.
        """
        old, new = read_text(given, "password"), read_text(given, "new_password")
        self.check_new_password(self._core.users.get(user), new, "new_password")
        found = self._core.confirm(user, old, caller)
        self.set_password(found, self._core.passwords.hash(new), but=session)

    def change_email(self, user: str, given: Mapping[str, Any], caller: Caller) -> StoredUser:
        """To `email`; `password` confirms it. The old address is told. Raises BadInput, Unauthorized, Conflict."""
        email = read_email(given)
        found = self._core.confirm(user, read_text(given, "password"), caller)
        self._core.users.change(user, email=email, email_key=email_key(email))
        self._forget_codes(user)
        self._core.tell(found, "the e-mail address was changed", f" to {email}")
        return self._core.users.get(user)

    def export(self, user: str) -> dict[str, Any]:
        """What the products keep of a user, by their names."""
        return {data.name: data.export(user) for data in self._data}

    def delete(self, user: str, given: Mapping[str, Any], caller: Caller) -> None:
        """Delete the account and all its data; `password` confirms it. Raises Unauthorized, Busy."""
        found = self._core.confirm(user, read_text(given, "password"), caller)
        self.remove(found)

    def remove(self, user: StoredUser) -> None:
        """Delete an account and all its data."""
        self._core.sessions.end_all(user.id)
        for data in self._data:
            data.remove(user.id)
        self._core.users.remove(user.id)
        self._forget_codes(user.id)
        self._core.tell(user, "the account was deleted")

    def sweep(self) -> None:
        """Remove data of users who were deleted by another process (`orderflow user delete`)."""
        for data in self._data:
            owners = {each for each in data.owners() if re.fullmatch(USER_ID, each)}
            for gone in owners - {user.id for user in self._core.users.list()}:
                log.info("what %s keeps of user %s is removed: there is no such user", data.name, gone)
                data.remove(gone)
