"""SQLAlchemy's engine for an address, without a pool: `Records` keeps the connections.

SQLAlchemy's pools guard themselves with `threading` locks, which gevent patches, and a patched lock may not be shared
by several threads. psycopg waits in C, which blocks the thread alone; under gevent it would use patched sockets.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from orderflow.errors import BadSetting
from orderflow.storage.records.address import Address
from orderflow.storage.sqlite_files import connect_read_only, uri_of

BUSY_SECONDS = 5.0
"""How long a statement waits for another process that holds the file."""
CONNECT_SECONDS = 5
_OPTIONS = {"preserve_rowcount": True}  # also of an INSERT that leaves rows out
# the execution option of the connection whose transactions begin as writes
_WRITER = "orderflow_writer"


def make_engine(address: Address) -> Engine:
    """An engine that opens nothing yet. Raises BadSetting if the driver is missing."""
    if address.server:
        return _server_engine(address)
    # mode=rw: a file that was deleted must not be made anew
    name = ":memory:" if address.path is None else f"{uri_of(address.path)}?mode=rw"
    connect = partial(
        sqlite3.connect, name, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
    )
    engine = create_engine(address.url, poolclass=NullPool, execution_options=_OPTIONS, creator=connect)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def open_writer(engine: Engine) -> Connection:
    """A connection whose transactions take SQLite's write lock as they begin, so that none fails half-way."""
    return engine.connect().execution_options(**{_WRITER: True})


def open_reader(engine: Engine) -> Connection:
    """A connection that cannot write, and whose transactions see one state of the database."""
    connection = engine.connect()
    if engine.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA query_only=ON")
    return connection


def make_read_only(path: Path) -> Engine:
    """An engine for a file that cannot be written; for one connection."""
    engine = create_engine("sqlite://", poolclass=NullPool, creator=lambda: connect_read_only(path))
    event.listen(engine, "begin", _begin)
    return engine


def _server_engine(address: Address) -> Engine:
    try:
        from psycopg import waiting  # an extra: not everybody has it
    except ImportError as error:
        raise BadSetting(
            f"database_url needs the PostgreSQL driver, which cannot be loaded ({error}): "
            "install it with `pip install orderflow[postgres]`"
        ) from error
    if hasattr(waiting, "wait_c"):
        waiting.wait = waiting.wait_c
    return create_engine(
        address.url,
        poolclass=NullPool,
        execution_options=_OPTIONS,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "orderflow"},
    )


def _set_up(connection: sqlite3.Connection, record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "journal_size_limit=8388608"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get(_WRITER) else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")
