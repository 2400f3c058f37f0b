"""What was checked of a user must still hold when it is acted on: it is looked at again in the transaction that writes.

A transaction locks the row of its user first and rows of sessions after it, so that two of them wait for each other
in one order. SQLite has one writer at a time and needs no locks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select

from orderflow.errors import Conflict, Unauthorized
from orderflow.storage.records.models import PASSKEYS, SESSIONS, USERS

# made once: making a statement takes longer than executing it
_USER = select(USERS).where(USERS.c.id == bindparam("user")).with_for_update(key_share=True)
_PASSKEYS = select(func.count()).select_from(PASSKEYS).where(PASSKEYS.c.user == bindparam("user"))
OVER = "this session has ended: log in again"
OVERTAKEN = "the password was changed meanwhile"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of a user. What is None was not looked at, and may be anything by now.

    password_changed: when the password that was right had been set, ns since 1970. session: of which login the call is.
    totp: secret of the authenticator app. passkey: the id of the one that has answered, "" for a user without one.
    """

    user: str
    password_changed: int | None = None
    session: str | None = None
    totp: str | None = field(default=None, repr=False)
    passkey: str | None = None


def lock_user(connection: Connection, user: str) -> Row[Any] | None:
    """The row of a user, which nobody else writes before the end of this transaction; None if there is none."""
    return connection.execute(_USER, {"user": user}).first()


def lock_checked(connection: Connection, checked: Checked) -> Row[Any]:
    """As `lock_user`, if everything is as it was found.

    Raises Unauthorized if the user is gone or disabled, if the session has ended or if the second factor is another;
    Conflict if the password is.
    """
    row = lock_user(connection, checked.user)
    if row is None or row.disabled:
        raise Unauthorized(OVER)
    if checked.password_changed not in (None, row.password_changed):
        raise Conflict(OVERTAKEN)
    # in statements of their own, which see what was written until the lock was there
    if checked.session is not None and not _lasts(connection, checked):
        raise Unauthorized(OVER)
    if checked.totp not in (None, row.totp) or not _has_passkey(connection, checked):
        raise Unauthorized(OVER)
    return row


def passkeys_of(connection: Connection, user: str) -> int:
    """How many passkeys a user has."""
    return connection.scalar(_PASSKEYS, {"user": user}) or 0


def end_sessions(connection: Connection, *conditions: ColumnElement[bool]) -> tuple[str, ...]:
    """Remove the sessions that fulfil the conditions. Returns their ids."""
    statement = select(SESSIONS.c.id).where(*conditions).order_by(SESSIONS.c.id).with_for_update()
    found = tuple(connection.scalars(statement))
    if found:
        connection.execute(delete(SESSIONS).where(SESSIONS.c.id.in_(found)))
    return found


def _lasts(connection: Connection, checked: Checked) -> bool:
    mine = select(SESSIONS.c.id).where(SESSIONS.c.id == checked.session, SESSIONS.c.user == checked.user)
    return connection.scalar(mine.with_for_update(read=True, key_share=True)) is not None


def _has_passkey(connection: Connection, checked: Checked) -> bool:
    if checked.passkey is None:
        return True
    if not checked.passkey:
        return not passkeys_of(connection, checked.user)
    mine = select(PASSKEYS.c.id).where(PASSKEYS.c.id == checked.passkey, PASSKEYS.c.user == checked.user)
    return connection.scalar(mine) is not None
