"""The key-value store of `blob_store`, read without writing a byte: for a full or read-only disk.

SQLite's usual way needs a file for the index of the write-ahead log. This one keeps that index in memory and takes no
locks; the lock of the directory keeps other processes of this program away.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import diskcache

from orderflow.errors import StorageFailed
from orderflow.runtime.workers import plain_lock
from orderflow.storage.reasons import reason_of
from orderflow.storage.ticks.blob_store import DATABASE, FOREIGN, WAL
from orderflow.storage.ticks.codec import Damaged

_NO_LOCKS = "win32-none" if sys.platform == "win32" else "unix-none"
_BROKEN = (sqlite3.Error, OSError)


class ReadOnlyBlobs:
    """The store in `directory`, empty if there is none. One connection, which real threads use one after the other.

    Raises StorageFailed when there is something that cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = plain_lock()
        self._connection: sqlite3.Connection | None = None
        try:
            if _size(directory / DATABASE):
                self._connection = _connect(directory)
        except _BROKEN as error:
            raise self._unreadable(error) from error

    def scan(self) -> Iterator[bytes]:
        """All keys in write order."""
        with self._lock:
            try:
                rows = self._select("SELECT key, raw FROM Cache ORDER BY rowid")
            except _BROKEN as error:
                raise self._unreadable(error) from error
        for key, raw in rows:
            yield key if raw and isinstance(key, bytes) else FOREIGN

    def get(self, key: bytes) -> bytes | None:
        """The value, or None. Raises Damaged when the row is unreadable."""
        with self._lock:
            try:
                rows = self._select("SELECT mode, value FROM Cache WHERE key = ? AND raw = 1", key)
            except sqlite3.DatabaseError as error:
                raise Damaged(str(error)) from error
        for mode, value in rows:
            if mode != diskcache.core.MODE_RAW or not isinstance(value, bytes):
                raise Damaged("a value of a foreign kind")
            return value
        return None

    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        return _size(self._directory / DATABASE) + _size(self._directory / WAL)

    def leave(self) -> None:
        """Nothing: the connection is not of one thread."""

    def close(self) -> None:
        """Close it; a read from now on finds nothing."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _select(self, statement: str, *values: bytes) -> list[tuple[object, object]]:
        return [] if self._connection is None else self._connection.execute(statement, values).fetchall()

    def _unreadable(self, error: BaseException) -> StorageFailed:
        return StorageFailed(f"the tick log in {self._directory} cannot be read: {reason_of(error, self._directory)}")


def _connect(directory: Path) -> sqlite3.Connection:
    """A connection that can read. A database without a write-ahead log cannot change, one with it must be read with
    it."""
    mode = f"vfs={_NO_LOCKS}" if _size(directory / WAL) else "immutable=1"
    address = f"file:{quote(str(directory / DATABASE))}?mode=ro&{mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
