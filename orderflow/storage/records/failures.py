"""Errors of SQLAlchemy and of both drivers as errors of this program, with a named reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError

from orderflow.errors import Conflict, StorageFailed
from orderflow.storage.reasons import BROKEN, DENIED, FULL, READ_ONLY, reason_of, with_advice
from orderflow.storage.records.address import Address

UNREACHABLE = "the database server cannot be reached"
_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, "23505")
_MISSING = (sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, "23503")
_MISTAKES = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_MISMATCH)
_NOWHERE = Path()
# by SQLSTATE, the first two letters for a whole class
_BY_STATE = {
    "53100": FULL,
    "25006": READ_ONLY,
    "42501": DENIED,
    "28": "the database server refuses the login",
    "3D": "the database does not exist on the server",
    "08": UNREACHABLE,
    "57": UNREACHABLE,
    "53": "the database server has no room for this (connections, memory or disk)",
    "58": BROKEN,
}


@contextmanager
def translated(what: str, address: Address) -> Iterator[None]:
    """Raise Conflict for a row that exists already or refers to a missing one, StorageFailed for what the database or
    the disk refused. what: "the records cannot be written".

    An error in a statement itself is a bug, and is raised as it is.
    """
    try:
        yield
    except IntegrityError as error:
        code = _code(error)
        if code in _UNIQUE:
            raise Conflict("a record of this name exists already") from error
        if code in _MISSING:
            raise Conflict("the record refers to one that does not exist any more") from error
        raise
    except DBAPIError as error:
        reason = reason_in(error, address)
        if reason is None:
            raise
        raise StorageFailed(with_advice(what, reason)) from error
    except OSError as error:
        raise StorageFailed(with_advice(what, reason_of(error, address.folder or _NOWHERE))) from error


def reason_in(error: DBAPIError, address: Address) -> str | None:
    """Why the database refused, in a few words; None for a mistake in the statement."""
    cause = error.orig
    if address.server:
        return _server_reason(error)
    if cause is None or getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _MISTAKES:
        return None
    return reason_of(cause, address.folder or _NOWHERE)


def _server_reason(error: DBAPIError) -> str | None:
    state = str(_code(error) or "")
    if not state:  # no answer of a server: libpq's own words
        text = str(error.orig).strip().splitlines()
        return f"{UNREACHABLE} ({text[0] if text else type(error.orig).__name__})"
    found = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    return found or (f"{error.orig}".splitlines()[0] if state[:2] in ("40", "55", "XX") else None)


def _code(error: DBAPIError) -> object:
    """SQLite's extended result code, or PostgreSQL's SQLSTATE."""
    return getattr(error.orig, "sqlite_errorcode", None) or getattr(error.orig, "sqlstate", None)
