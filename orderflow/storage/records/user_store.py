"""Accounts of users."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Row,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from orderflow.errors import Conflict, NotFound
from orderflow.storage.records.models import PASSKEYS, PASSWORD_RESETS, SESSIONS, USERS
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_checks import Checked, end_sessions, lock_checked, lock_user, passkeys_of

TABLE = USERS.c
# made once: making it takes longer than executing it
_FOR_LOGIN = select(USERS, exists().where(PASSKEYS.c.user == TABLE.id).label("has_passkey")).where(
    TABLE.email_key == bindparam("key")
)


@dataclass(frozen=True, slots=True)
class StoredUser:
    """One account. Times in ns since 1970.

    nickname_key, email_key: as they are compared. password: its hash. totp: the authenticator app's secret, "" for
    none; totp_step: the last step of which a code was used. recovery: hashes of unused recovery codes, a JSON array.
    """

    id: str
    nickname: str
    nickname_key: str
    email: str
    email_key: str
    password: str = field(repr=False)
    created: int
    password_changed: int
    disabled: bool = False
    totp: str = field(default="", repr=False)
    totp_step: int = 0
    recovery: str = field(default="[]", repr=False)


Decide = Callable[[StoredUser, int], Mapping[str, Any]]
"""Columns to change of a user as it is now, who has so many passkeys. It may refuse by raising an error."""


class UserStore:
    """The table of users. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, user: StoredUser) -> None:
        """Add a user. Raises Conflict, which says whether the e-mail address or the nickname is taken."""
        self._records.write(lambda connection: _add(connection, user))

    def get(self, user: str) -> StoredUser:
        """A user by id. Raises NotFound."""
        found = self._records.read(lambda connection: connection.execute(select(USERS).where(TABLE.id == user)).first())
        if found is None:
            raise NotFound("there is no such user")
        return make_user(found)

    def by_email(self, key: str) -> StoredUser | None:
        """A user by the e-mail address as it is compared."""
        return self._one(TABLE.email_key == key)

    def for_login(self, key: str) -> tuple[StoredUser | None, bool]:
        """As `by_email`, and whether the user has a passkey, in one read."""
        row = self._records.read(lambda connection: connection.execute(_FOR_LOGIN, {"key": key}).first())
        return (None, False) if row is None else (make_user(row), bool(row.has_passkey))

    def by_nickname(self, key: str) -> StoredUser | None:
        """A user by the nickname as it is compared."""
        return self._one(TABLE.nickname_key == key)

    def list(self) -> tuple[StoredUser, ...]:
        """All users, oldest first."""
        statement = select(USERS).order_by(TABLE.created, TABLE.id)
        rows = self._records.read(lambda connection: connection.execute(statement).all())
        return tuple(map(make_user, rows))

    def count(self) -> int:
        """How many users there are."""
        return self._records.read(lambda connection: connection.scalar(select(func.count()).select_from(USERS)) or 0)

    def change(self, user: str, **values: Any) -> None:
        """Change columns of a user. Raises NotFound, and Conflict as `add`."""
        self._records.write(lambda connection: _change(connection, user, values))

    def set_disabled(self, user: str, *, disabled: bool) -> tuple[str, ...]:
        """Disable a user, whose sessions end, or enable one. Returns the ids of these sessions. Raises NotFound."""
        return self._records.write(lambda connection: _set_disabled(connection, user, disabled))

    def change_checked(
        self, checked: Checked, decide: Decide, *, end_sessions: bool = False, end_codes: bool = False, code: str = ""
    ) -> tuple[str, ...] | None:
        """Change a user of whom everything is as it was checked. All of it is done, or nothing.

        end_sessions: all but `checked.session`. end_codes: those that reset the password. code: of such a code, which
        is used up; None is returned, and nothing done, if it was before. Otherwise returns the ids of the sessions
        that ended. Raises Unauthorized, Conflict, and what `decide` raises.
        """
        return self._records.write(
            lambda connection: _change_checked(connection, checked, decide, end_sessions, end_codes, code)
        )

    def renew_hash(self, user: str, before: str, after: str) -> bool:
        """Replace the hash of a password by another one of the same password; False if it is not `before` any more."""
        statement = update(USERS).where(TABLE.id == user, TABLE.password == before).values(password=after)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def use_code(self, user: str, totp: str, step: int) -> bool:
        """Note that the code of a step was used; False if it or a later one was used before, or for another secret than
        `totp`."""
        newer = (TABLE.id == user, TABLE.totp == totp, TABLE.totp_step < step)
        statement = update(USERS).where(*newer).values(totp_step=step)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def use_recovery(self, user: str, before: str, after: str) -> bool:
        """Replace the recovery codes; False if they are not `before` any more."""
        statement = update(USERS).where(TABLE.id == user, TABLE.recovery == before).values(recovery=after)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def remove(self, user: str, checked: Checked | None = None) -> tuple[str, ...] | None:
        """Remove a user with sessions, passkeys and codes, if everything is as it was checked. Returns the ids of the
        sessions; None if there is no such user. Raises Unauthorized, Conflict."""
        return self._records.write(lambda connection: _remove(connection, user, checked))

    def _one(self, condition: Any) -> StoredUser | None:
        row = self._records.read(lambda connection: connection.execute(select(USERS).where(condition)).first())
        return None if row is None else make_user(row)


def make_user(row: Row[Any]) -> StoredUser:
    """A user from a row with the table's columns."""
    return StoredUser(**{name: getattr(row, name) for name in StoredUser.__dataclass_fields__})


def _add(connection: Connection, user: StoredUser) -> None:
    _write(connection, insert(USERS).values(asdict(user)), user.id, user.nickname_key, user.email_key)


def _change(connection: Connection, user: str, values: dict[str, Any]) -> None:
    statement = update(USERS).where(TABLE.id == user).values(values)
    if not _write(connection, statement, user, values.get("nickname_key"), values.get("email_key")):
        raise NotFound("there is no such user")


def _write(
    connection: Connection, statement: Insert | Update, user: str, nickname: str | None, email: str | None
) -> int:
    """How many rows were written. Raises Conflict if a name is taken."""
    _check_free(connection, user, nickname, email)
    try:
        with connection.begin_nested():
            return connection.execute(statement).rowcount
    except IntegrityError:  # by somebody who was faster
        _check_free(connection, user, nickname, email)
        raise


def _set_disabled(connection: Connection, user: str, disabled: bool) -> tuple[str, ...]:
    _change(connection, user, {"disabled": disabled})
    return end_sessions(connection, SESSIONS.c.user == user) if disabled else ()


def _change_checked(
    connection: Connection, checked: Checked, decide: Decide, sessions: bool, codes: bool, code: str
) -> tuple[str, ...] | None:
    if code and not (lock_user(connection, checked.user) and _ends_codes(connection, PASSWORD_RESETS.c.code == code)):
        return None
    user = make_user(lock_checked(connection, checked))
    _change(connection, user.id, dict(decide(user, passkeys_of(connection, user.id))))
    if codes:
        _ends_codes(connection, PASSWORD_RESETS.c.user == user.id)
    kept = () if checked.session is None else (SESSIONS.c.id != checked.session,)
    return end_sessions(connection, SESSIONS.c.user == user.id, *kept) if sessions else ()


def _remove(connection: Connection, user: str, checked: Checked | None) -> tuple[str, ...] | None:
    if (lock_user(connection, user) if checked is None else lock_checked(connection, checked)) is None:
        return None
    ended = end_sessions(connection, SESSIONS.c.user == user)
    _ends_codes(connection, PASSWORD_RESETS.c.user == user)
    connection.execute(delete(USERS).where(TABLE.id == user))
    return ended


def _ends_codes(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return connection.execute(delete(PASSWORD_RESETS).where(*conditions)).rowcount


def _check_free(connection: Connection, user: str, nickname: str | None, email: str | None) -> None:
    for column, key, words in (
        (TABLE.email_key, email, "there is an account with this e-mail address already"),
        (TABLE.nickname_key, nickname, "this nickname is taken"),
    ):
        if key is not None and connection.scalar(select(TABLE.id).where(column == key, TABLE.id != user)) is not None:
            raise Conflict(words)
