"""Sessions of users: one row from a login to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from orderflow.errors import Conflict, Unauthorized
from orderflow.storage.records.models import SESSIONS, USERS
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_checks import Checked, end_sessions, lock_checked, lock_user

TABLE = SESSIONS.c
# made once: making a statement takes longer than executing it
_INSERT = insert(SESSIONS)
_IDS = select(TABLE.id).where(TABLE.user == bindparam("user")).order_by(TABLE.used.desc(), TABLE.created.desc())


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

    def add(self, session: StoredSession, most: int, checked: Checked | None = None) -> tuple[str, ...] | None:
        """Add a session; of a user's `most` newest, older ones end. Returns their ids.

        Returns None, and adds nothing, if there is no such user, if the user is disabled, or if something is not as it
        was checked.
        """
        return self._records.write(lambda connection: _add(connection, session, most, checked or Checked(session.user)))

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

    def end(self, session: str, user: str | None = None, by: str | None = None) -> bool:
        """End a session, if it is one of `user`; False if there is none. by: the session that asks for it, which must
        not have ended before. Raises Unauthorized if it has."""
        return bool(self._records.write(lambda connection: _end(connection, session, user, by)))

    def end_all(self, user: str, but: str | None = None) -> tuple[str, ...]:
        """End the sessions of a user except `but`, which asks for it. Returns their ids. Raises Unauthorized if `but`
        has ended."""
        return self._records.write(lambda connection: _end_all(connection, user, but))

    def sweep(self, now: int) -> int:
        """Remove what is over. Returns how many."""
        return len(self._records.write(lambda connection: end_sessions(connection, TABLE.expires < now)))


def _make(row: Row[Any]) -> StoredSession:
    return StoredSession(**{name: getattr(row, name) for name in StoredSession.__dataclass_fields__})


def _add(connection: Connection, session: StoredSession, most: int, checked: Checked) -> tuple[str, ...] | None:
    try:
        lock_checked(connection, checked)  # a change waits, and finds the session to end it
    except (Unauthorized, Conflict):
        return None
    connection.execute(_INSERT, {name: getattr(session, name) for name in StoredSession.__dataclass_fields__})
    # the new one is the newest, also where others were used while the clock was ahead
    over = [each for each in connection.scalars(_IDS, {"user": session.user}) if each != session.id][most - 1 :]
    return end_sessions(connection, TABLE.id.in_(over)) if over else ()


def _end(connection: Connection, session: str, user: str | None, by: str | None) -> tuple[str, ...]:
    if user is None:
        return end_sessions(connection, TABLE.id == session)
    if by is not None:
        lock_checked(connection, Checked(user, session=by))
    return end_sessions(connection, TABLE.id == session, TABLE.user == user)


def _end_all(connection: Connection, user: str, but: str | None) -> tuple[str, ...]:
    if but is None:
        lock_user(connection, user)
        return end_sessions(connection, TABLE.user == user)
    lock_checked(connection, Checked(user, session=but))
    return end_sessions(connection, TABLE.user == user, TABLE.id != but)
