"""Codes that reset a password: their hashes, whose they are and until when they are valid."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from orderflow.storage.records.models import PASSWORD_RESETS, USERS
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_checks import lock_user

TABLE = PASSWORD_RESETS.c


class ResetStore:
    """The table of codes. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, code: str, user: str, expires: int) -> None:
        """Keep a code by its hash; those that the user had before are not valid any more. user: "" for nobody."""
        self._records.write(lambda connection: _add(connection, code, user, expires))

    def find(self, code: str, now: int) -> str | None:
        """Whose code it is, None if it is nobody's, too old, or of a user who is disabled."""
        statement = select(TABLE.user).join(USERS, USERS.c.id == TABLE.user)
        statement = statement.where(TABLE.code == code, TABLE.expires > now, USERS.c.disabled.is_(False))
        return self._records.read(lambda connection: connection.scalar(statement))

    def sweep(self, now: int) -> None:
        """Remove codes that are too old."""
        statement = delete(PASSWORD_RESETS).where(TABLE.expires <= now)
        self._records.write(lambda connection: connection.execute(statement))


def _add(connection: Connection, code: str, user: str, expires: int) -> None:
    lock_user(connection, user)
    connection.execute(delete(PASSWORD_RESETS).where(TABLE.user == user, TABLE.user != ""))
    connection.execute(insert(PASSWORD_RESETS).values(code=code, user=user, expires=expires))
