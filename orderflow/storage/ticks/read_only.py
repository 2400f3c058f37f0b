"""The key-value store of `blob_store`, read without writing a byte: for a full or read-only disk.

`orderflow.storage.sqlite_files` says how.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import diskcache

from orderflow.errors import StorageFailed
from orderflow.runtime.workers import plain_lock
from orderflow.storage.acknowledged import NAME, missing_writes
from orderflow.storage.reasons import reason_of
from orderflow.storage.sqlite_files import connect_read_only, size_of
from orderflow.storage.ticks.blob_store import DATABASE, FOREIGN, WAL
from orderflow.storage.ticks.codec import Damaged

_BROKEN = (sqlite3.Error, OSError)


class ReadOnlyBlobs:
    """The store in `directory`, empty if there is none. One connection, which real threads use one after the other.

    Raises StorageFailed when there is something that cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = plain_lock()
        self._connection: sqlite3.Connection | None = None
        self.missing = 0
        """Writes that were acknowledged and are not there any more."""
        try:
            if size_of(directory / DATABASE):
                missing = missing_writes(directory / NAME)
                self._connection = connect_read_only(directory / DATABASE)
                self.missing = missing(self._connection)
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
        return size_of(self._directory / DATABASE) + size_of(self._directory / WAL)

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
