"""Connections for reading: used by one thread at a time, and kept for the next."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from orderflow.runtime.workers import plain_lock
from orderflow.storage.records.engine import open_reader

MOST = 4
"""Connections that are kept: as many as the pool has threads."""
SURE_SECONDS = 1.0
"""How long after its last use a connection to a server is taken for alive."""


class Readers:
    """The reading connections of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = plain_lock()
        self._idle: list[tuple[Connection, float]] = []
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One that nobody else uses. It is closed after an error. Raises DBAPIError."""
        connection = self._take() or open_reader(self._engine)
        kept = False
        try:
            yield connection
            kept = self._keep(connection)
        finally:
            if not kept:
                drop(connection)

    def close(self, *, for_good: bool = False) -> None:
        """Close the idle ones; with `for_good` the others too, when they are given back."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._closed = self._closed or for_good
        for connection, _ in idle:
            drop(connection)

    def _take(self) -> Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, used = self._idle.pop()
            local = connection.dialect.name == "sqlite"
            if local or time.monotonic() - used < SURE_SECONDS or is_alive(connection):
                return connection
            drop(connection)

    def _keep(self, connection: Connection) -> bool:
        with self._lock:
            keep = not self._closed and len(self._idle) < MOST
            if keep:
                self._idle.append((connection, time.monotonic()))
        return keep


def is_alive(connection: Connection) -> bool:
    """Whether the database server answers on this connection."""
    try:
        connection.exec_driver_sql("SELECT 1")
        connection.rollback()
    except DBAPIError:
        return False
    return True


def drop(connection: Connection | None) -> None:
    """Close a connection that may be broken."""
    if connection is not None:
        with contextlib.suppress(SQLAlchemyError):
            connection.close()
