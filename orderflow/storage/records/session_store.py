"""Sessions of users: one row from a login to its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from orderflow.storage.records.models import SESSIONS, USERS
from orderflow.storage.records.records import Records

TABLE = SESSIONS.c


@dataclass(frozen=True, slots=True)
class StoredSession:
    """One session. Times in ns since 1970.

    expires: without a refresh until then it is over; ends: then it is over anyway. refresh: id of the valid refresh
    token; previous: of the one that it replaced at `rotated`, "" for none. csrf: what a call with cookies must repeat.
    """

    id: str
    user: str
    created: int
    used: int
    expires: int
    ends: int
    device: str
    address: str
    csrf: str = field(repr=False)
    refresh: str = field(repr=False)
    previous: str = field(default="", repr=False)
    rotated: int = 0


class SessionStore:
    """The table of sessions. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, session: StoredSession, most: int, password_changed: int | None = None) -> list[str] | None:
        """Add a session; of a user's `most` newest, older ones end. Returns their ids.

        Returns None, and adds nothing, if there is no such user, if the user is disabled, or if the password was
        changed at another time than `password_changed` (ns since 1970; None: at any time).
        """
        return self._records.write(lambda connection: _add(connection, session, most, password_changed))

    def get(self, session: str) -> StoredSession | None:
        """A session, None if it has ended or if its user is disabled."""
        statement = select(SESSIONS).join(USERS, USERS.c.id == TABLE.user)
        statement = statement.where(TABLE.id == session, USERS.c.disabled.is_(False))
        row = self._records.read(lambda connection: connection.execute(statement).first())
        return None if row is None else _make(row)

    def list(self, user: str) -> tuple[StoredSession, ...]:
        """The sessions of a user, the last used first."""
        statement = select(SESSIONS).where(TABLE.user == user).order_by(TABLE.used.desc(), TABLE.id)
        return tuple(map(_make, self._records.read(lambda connection: connection.execute(statement).all())))

    def rotate(self, session: str, presented: str, fresh: str, now: int, expires: int) -> bool:
        """Replace the valid refresh token; False if `presented` is not the valid one."""
        new = {"refresh": fresh, "previous": presented, "rotated": now, "used": now, "expires": expires}
        statement = update(SESSIONS).where(TABLE.id == session, TABLE.refresh == presented).values(new)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def touch(self, session: str, now: int) -> None:
        """Note when a session was last used."""
        statement = update(SESSIONS).where(TABLE.id == session).values(used=now)
        self._records.write(lambda connection: connection.execute(statement))

    def end(self, session: str, user: str | None = None) -> bool:
        """End a session, if it is one of `user`; False if there is none."""
        owned = () if user is None else (TABLE.user == user,)
        statement = delete(SESSIONS).where(TABLE.id == session, *owned)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def end_all(self, user: str, but: str = "") -> tuple[str, ...]:
        """End the sessions of a user except one. Returns their ids."""
        return tuple(self._records.write(lambda connection: _end(connection, TABLE.user == user, TABLE.id != but)))

    def sweep(self, now: int) -> int:
        """Remove what is over. Returns how many."""
        return len(self._records.write(lambda connection: _end(connection, TABLE.expires < now)))


def _make(row: Row[Any]) -> StoredSession:
    return StoredSession(**{name: getattr(row, name) for name in StoredSession.__dataclass_fields__})


def _add(connection: Connection, session: StoredSession, most: int, password_changed: int | None) -> list[str] | None:
    same = () if password_changed is None else (USERS.c.password_changed == password_changed,)
    user = select(USERS.c.id).where(USERS.c.id == session.user, USERS.c.disabled.is_(False), *same)
    if connection.scalar(user.with_for_update(read=True)) is None:  # a change waits, and finds the session to end it
        return None
    connection.execute(insert(SESSIONS).values(asdict(session)))
    mine = select(TABLE.id).where(TABLE.user == session.user).order_by(TABLE.used.desc(), TABLE.created.desc())
    over = list(connection.scalars(mine))[most:]
    return _end(connection, TABLE.id.in_(over)) if over else []


def _end(connection: Connection, *conditions: Any) -> list[str]:
    found = list(connection.scalars(select(TABLE.id).where(*conditions)))
    connection.execute(delete(SESSIONS).where(TABLE.id.in_(found)))
    return found
