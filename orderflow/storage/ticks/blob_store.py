"""Bytes under keys on disk, written in transactions: diskcache, with everything of a cache turned off.

Nothing is evicted, nothing expires, nothing is counted, and nothing is pickled: a value is bytes in an SQLite row, and
a row that claims to be anything else is damaged. Rows also hold the large values: the same load written as one file a
value took three times as long, and a file is not part of the transaction.

What survives: a commit is in the write-ahead log before it is acknowledged, in the hands of the operating system. A
killed process loses nothing. A power cut (or a crash of the system) can lose the commits since the last checkpoint
that the system had not yet written by itself: at most the last 4 MB or, on Linux as it comes, some 30 seconds. What
is left then is whole: SQLite orders its writes so that a power cut takes commits from the end, never from the middle.
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


class _Rows(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """diskcache's serialisation, cut down to bytes in rows."""

    def put(self, key: bytes) -> tuple[sqlite3.Binary, bool]:
        return sqlite3.Binary(key), True

    def get(self, key: bytes, raw: bool) -> bytes:
        if not raw or not isinstance(key, bytes):
            raise Damaged("a key of a foreign kind")
        return key

    def store(self, value: bytes, read: bool, key: object = diskcache.UNKNOWN) -> tuple[int, int, None, sqlite3.Binary]:
        return 0, diskcache.core.MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> bytes:
        if mode != diskcache.core.MODE_RAW or not isinstance(value, bytes):
            raise Damaged("a value of a foreign kind")
        return value


class BlobStore:
    """Every thread that calls has its own connection until it calls `leave`. Raises StorageFailed."""

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
                sqlite_journal_size_limit=2**23,  # one large commit should not leave a large log behind
                sqlite_mmap_size=0,  # a read error must be an error, not a signal that ends the process
            )
        except _BROKEN as error:
            raise StorageFailed(
                f"the tick log in {directory} cannot be opened ({error}); move it away to start a new one"
            ) from error

    def scan(self) -> Iterator[bytes]:
        """All keys, in the order in which they were written."""
        try:
            yield from self._cache
        except (*_BROKEN, Damaged) as error:
            raise StorageFailed(f"the tick log in {self._directory} cannot be read ({error})") from error

    def get(self, key: bytes) -> bytes | None:
        """The value, None when there is none. Raises Damaged when the row is unreadable."""
        try:
            value: bytes | None = self._cache.get(key)
        except sqlite3.DatabaseError as error:
            raise Damaged(str(error)) from error
        except _BROKEN as error:
            raise StorageFailed(f"the tick log in {self._directory} cannot be read ({error})") from error
        return value

    def write(self, puts: Iterable[tuple[bytes, bytes]], drops: Iterable[bytes] = ()) -> None:
        """Store and remove, all of it or nothing."""
        try:
            with self._cache.transact():
                for key, value in puts:
                    self._cache.set(key, value)
                for key in drops:
                    self._cache.delete(key)
        except _BROKEN as error:
            # diskcache leaves a transaction open whose COMMIT failed; without its connection it is rolled back
            self.leave()
            raise StorageFailed(f"the disk did not take it ({error or 'the database is locked'})") from error

    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        total = 0
        for name in ("cache.db", "cache.db-wal"):
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(self._directory / name).st_size
        return total

    def shrink(self) -> None:
        """Give the disk back what was removed: empties the write-ahead log, which cuts the freed end off the file."""
        with contextlib.suppress(*_BROKEN):  # it happens by itself later
            self._cache.reset("sqlite_wal_checkpoint", "TRUNCATE", update=False)

    def leave(self) -> None:
        """Close the calling thread's connection; the next call opens one again, in some 0.3 ms."""
        with contextlib.suppress(sqlite3.Error):
            self._cache.close()
