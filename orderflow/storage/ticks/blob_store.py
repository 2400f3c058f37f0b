"""A key-value store of bytes on disk with transactions: diskcache without eviction, expiry, statistics and pickling.

A value is bytes in an SQLite row; a row of another kind is damaged. Large values stay in rows too: the same load with
one file per value took three times as long, and a file is not part of the transaction.

Durability: a commit is in the write-ahead log, in the kernel, before it is acknowledged, so a killed process loses
nothing. A power cut or a system crash can lose the commits since the last checkpoint that the kernel had not written
yet: at most the last 4 MB or, with Linux's defaults, about 30 seconds. What remains is consistent: SQLite orders its
writes so that a power cut removes commits from the end only.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import diskcache

from orderflow.errors import StorageFailed
from orderflow.storage.ticks.codec import Damaged

_BROKEN = (sqlite3.Error, diskcache.Timeout, OSError)


FOREIGN = b""
"""In place of a key of a foreign kind: that row alone is damaged."""


class _Rows(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """diskcache's serialisation, reduced to bytes in rows."""

    def put(self, key: bytes) -> tuple[sqlite3.Binary, bool]:
        return sqlite3.Binary(key), True

    def get(self, key: bytes, raw: bool) -> bytes:
        return key if raw and isinstance(key, bytes) else FOREIGN

    def store(self, value: bytes, read: bool, key: object = diskcache.UNKNOWN) -> tuple[int, int, None, sqlite3.Binary]:
        return 0, diskcache.core.MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> bytes:
        if mode != diskcache.core.MODE_RAW or not isinstance(value, bytes):
            raise Damaged("a value of a foreign kind")
        return value


class BlobStore:
    """The store in `directory`. Each calling thread has its own connection until it calls `leave`.

    Raises StorageFailed when the store cannot be opened.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            self._cache = diskcache.Cache(
                str(directory),
                timeout=5,
                disk=_Rows,
                eviction_policy="none",
                size_limit=2**62,
                cull_limit=0,
                statistics=0,
                sqlite_journal_mode="wal",
                sqlite_synchronous=1,
                sqlite_journal_size_limit=2**23,  # a large commit must not leave a large log behind
                sqlite_mmap_size=0,  # a read error must raise, not end the process by a signal
            )
        except _BROKEN as error:
            raise StorageFailed(
                f"the tick log in {directory} cannot be opened ({error}); move it away to start a new one"
            ) from error

    def scan(self) -> Iterator[bytes]:
        """All keys in write order."""
        try:
            yield from self._cache
        except (*_BROKEN, Damaged) as error:
            raise StorageFailed(f"the tick log in {self._directory} cannot be read ({error})") from error

    def get(self, key: bytes) -> bytes | None:
        """The value, or None. Raises Damaged when the row is unreadable."""
        try:
            value: bytes | None = self._cache.get(key)
        except sqlite3.DatabaseError as error:
            raise Damaged(str(error)) from error
        except _BROKEN as error:
            raise StorageFailed(f"the tick log in {self._directory} cannot be read ({error})") from error
        return value

    def write(self, puts: Iterable[tuple[bytes, bytes]], drops: Iterable[bytes] = ()) -> None:
        """Store and remove in one transaction. Raises StorageFailed; nothing is changed then."""
        try:
            with self._cache.transact():
                for key, value in puts:
                    self._cache.set(key, value)
                for key in drops:
                    self._cache.delete(key)
        except _BROKEN as error:
            # diskcache leaves a transaction open whose COMMIT failed; without its connection it is rolled back
            self.leave()
            raise StorageFailed(f"the disk refused the write ({error or 'the database is locked'})") from error

    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        total = 0
        for name in ("cache.db", "cache.db-wal"):
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(self._directory / name).st_size
        return total

    def shrink(self) -> None:
        """Return freed space to the disk by a checkpoint that truncates the write-ahead log."""
        with contextlib.suppress(*_BROKEN):  # SQLite does it later
            self._cache.reset("sqlite_wal_checkpoint", "TRUNCATE", update=False)

    def leave(self) -> None:
        """Close the calling thread's connection. The next call opens one again, in about 0.3 ms."""
        with contextlib.suppress(sqlite3.Error):
            self._cache.close()
