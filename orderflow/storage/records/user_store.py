"""Accounts of users."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from orderflow.errors import Conflict, NotFound
from orderflow.storage.records.models import PASSKEYS, USERS
from orderflow.storage.records.records import Records

TABLE = USERS.c


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
        passkey = exists().where(PASSKEYS.c.user == TABLE.id).label("has_passkey")
        statement = select(USERS, passkey).where(TABLE.email_key == key)
        row = self._records.read(lambda connection: connection.execute(statement).first())
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

    def replace_password(self, user: str, changed: int, **values: Any) -> bool:
        """Change columns of a user whose password was last changed at `changed` (ns since 1970); False if there is no
        such user any more."""
        statement = update(USERS).where(TABLE.id == user, TABLE.password_changed == changed).values(values)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def use_code(self, user: str, step: int) -> bool:
        """Note that the code of a step was used; False if it or a later one was used before."""
        newer = (TABLE.id == user, TABLE.totp_step < step)
        statement = update(USERS).where(*newer).values(totp_step=step)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def use_recovery(self, user: str, before: str, after: str) -> bool:
        """Replace the recovery codes; False if they are not `before` any more."""
        statement = update(USERS).where(TABLE.id == user, TABLE.recovery == before).values(recovery=after)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def remove(self, user: str) -> bool:
        """Remove a user and all sessions; False if there is none."""
        statement = delete(USERS).where(TABLE.id == user)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def _one(self, condition: Any) -> StoredUser | None:
        row = self._records.read(lambda connection: connection.execute(select(USERS).where(condition)).first())
        return None if row is None else make_user(row)


def make_user(row: Row[Any]) -> StoredUser:
    """A user from a row with the table's columns."""
    return StoredUser(**{name: getattr(row, name) for name in StoredUser.__dataclass_fields__})


def _add(connection: Connection, user: StoredUser) -> None:
    _check_free(connection, user.id, user.nickname_key, user.email_key)
    connection.execute(insert(USERS).values(asdict(user)))


def _change(connection: Connection, user: str, values: dict[str, Any]) -> None:
    _check_free(connection, user, values.get("nickname_key"), values.get("email_key"))
    if not connection.execute(update(USERS).where(TABLE.id == user).values(values)).rowcount:
        raise NotFound("there is no such user")


def _check_free(connection: Connection, user: str, nickname: str | None, email: str | None) -> None:
    for column, key, words in (
        (TABLE.email_key, email, "there is an account with this e-mail address already"),
        (TABLE.nickname_key, nickname, "this nickname is taken"),
    ):
        if key is not None and connection.scalar(select(TABLE.id).where(column == key, TABLE.id != user)) is not None:
            raise Conflict(words)
