"""What users do with their own account: change password and e-mail address, take their data away, delete all of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orderflow.accounts.core import Caller, Core
from orderflow.accounts.identity import email_key, read_email, read_text
from orderflow.accounts.password_rules import LEAST, LEAST_WITH_SECOND, check_password
from orderflow.errors import OrderflowError
from orderflow.storage.records.user_checks import Checked
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
    """Changes of an account by its user. has_passkey: whether a user has one."""

    def __init__(self, core: Core, has_passkey: Callable[[str], bool]) -> None:
        self._core = core
        self._has_passkey = has_passkey
        self._data: list[UserData] = []

    def add_data(self, data: UserData) -> None:
        """Register what a product keeps of users."""
        self._data.append(data)

    def check_new_password(self, user: StoredUser, password: str) -> None:
        """Raises BadInput if a password may not be this user's."""
        _check_new(user, password, second=bool(user.totp) or self._has_passkey(user.id))

    def set_password(self, user: StoredUser, checked: Checked, password: str, hashed: str, code: str = "") -> bool:
        """Store the hash of a new password. All sessions end except `checked.session`, and so do the codes that would
        reset the new password.

        code: the hash of such a code, which is used up; False if it was used before. Raises Unauthorized, Conflict if
        something is not as it was checked, and BadInput if the password may not be this user's any more.
        """

        def decide(present: StoredUser, passkeys: int) -> dict[str, Any]:
            _check_new(present, password, second=bool(present.totp) or passkeys > 0)
            # later than the one before, whatever the clock says
            return {"password": hashed, "password_changed": max(self._core.now(), present.password_changed + 1)}

        ended = self._core.users.change_checked(checked, decide, end_sessions=True, end_codes=True, code=code)
        if ended is None:
            return False
        self._core.sessions.forget(*ended)
        self._core.tell(user, "the password was changed")
        return True

    def change_password(self, user: str, given: Mapping[str, Any], caller: Caller) -> None:
        """From `password` to `new_password`. Sessions other than the caller's end.

        Raises BadInput, Unauthorized, Busy, and Conflict if another change came first.
        """
        old, new = read_text(given, "password"), read_text(given, "new_password")
        self.check_new_password(self._core.users.get(user), new)
        found, checked = self._core.confirm(user, old, caller)
        self.set_password(found, checked, new, self._core.passwords.hash(new))

    def change_email(self, user: str, given: Mapping[str, Any], caller: Caller) -> StoredUser:
        """To `email`; `password` confirms it. The old address is told. Raises BadInput, Unauthorized, Conflict."""
        email = read_email(given)
        found, checked = self._core.confirm(user, read_text(given, "password"), caller)
        values = {"email": email, "email_key": email_key(email)}
        self._core.users.change_checked(checked, lambda present, passkeys: values, end_codes=True)
        self._core.tell(found, "the e-mail address was changed", f" to {email}")
        return self._core.users.get(user)

    def export(self, user: str) -> dict[str, Any]:
        """What the products keep of a user, by their names."""
        return {data.name: data.export(user) for data in self._data}

    def delete(self, user: str, given: Mapping[str, Any], caller: Caller) -> None:
        """Delete the account and all its data; `password` confirms it. Raises Unauthorized, Conflict, Busy."""
        self.remove(*self._core.confirm(user, read_text(given, "password"), caller))

    def remove(self, user: StoredUser, checked: Checked | None = None) -> None:
        """Delete an account and all its data. What cannot be removed now is removed by `sweep`.

        Raises Unauthorized, Conflict if something is not as it was checked.
        """
        ended = self._core.users.remove(user.id, checked)
        if ended is None:
            return
        self._core.sessions.forget(*ended)
        for data in self._data:
            _remove_data(data, user.id)
        self._core.tell(user, "the account was deleted")

    def sweep(self) -> None:
        """Remove data of users who were deleted by another process (`orderflow user delete`)."""
        for data in self._data:
            owners = {each for each in data.owners() if re.fullmatch(USER_ID, each)}
            for gone in owners - {user.id for user in self._core.users.list()}:
                log.info("what %s keeps of user %s is removed: there is no such user", data.name, gone)
                _remove_data(data, gone)


def _remove_data(data: UserData, user: str) -> None:
    try:
        data.remove(user)
    except OrderflowError as error:
        log.warning("what %s keeps of user %s is not removed yet: %s", data.name, user, error)


def _check_new(user: StoredUser, password: str, *, second: bool) -> None:
    names = (user.nickname, user.email, user.email.partition("@")[0])
    check_password(password, names, least=LEAST_WITH_SECOND if second else LEAST, field="new_password")
