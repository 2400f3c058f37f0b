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
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import diskcache

from orderflow.errors import StorageFailed
from orderflow.storage.acknowledged import NAME, WriteCount, number_of
from orderflow.storage.identity import Identity, database, identity
from orderflow.storage.private import make_folder
from orderflow.storage.reasons import GONE, reason_of, with_advice
from orderflow.storage.sqlite_files import LogSize, SharedIndex, set_aside
from orderflow.storage.ticks.codec import Damaged

DATABASE = "cache.db"
WAL = "cache.db-wal"
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

    Raises StorageFailed when the store cannot be opened. Opened files that are not at their paths any more are noticed
    by `verify`, which `write` calls before it commits.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._database, self._wal = str(directory / DATABASE), str(directory / WAL)
        self._local = threading.local()
        self._cache = diskcache.Cache.__new__(diskcache.Cache)
        try:
            self._cache.__init__(  # in two steps: its connection is closed if the second fails
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
            with contextlib.suppress(sqlite3.Error, AttributeError):
                self._cache.close()
            reason = reason_of(error, directory)
            raise StorageFailed(with_advice(f"the tick log in {directory} cannot be opened", reason)) from error
        self._opened = database(self._database)
        self._local.wal = identity(self._wal)
        self._log_size = LogSize(directory / WAL)
        self._shared = SharedIndex(directory / DATABASE)
        self._shared.note()
        self._writes = WriteCount(directory / NAME)
        with contextlib.suppress(*_BROKEN):  # the first use of a damaged database says so
            self._writes.compare(self._number)

    @property
    def missing(self) -> int:
        """Writes that were acknowledged and are not there any more."""
        return self._writes.missing

    def _number(self, query: str) -> int:
        return number_of(self._cache._con, query)

    def scan(self) -> Iterator[bytes]:
        """All keys in write order; in that of the index where a page of the table is damaged."""
        self._verify_before_reading()
        try:
            try:
                keys = list(self._cache)
            except sqlite3.DatabaseError:
                keys = self._indexed_keys()
        except (*_BROKEN, Damaged) as error:
            raise self._unreadable(error) from error
        yield from keys

    def _indexed_keys(self) -> list[bytes]:
        rows = self._cache._sql("SELECT key, raw FROM Cache INDEXED BY Cache_key_raw ORDER BY key, raw").fetchall()
        return [key if raw and isinstance(key, bytes) else FOREIGN for key, raw in rows]

    def get(self, key: bytes) -> bytes | None:
        """The value, or None. Raises Damaged when the row is unreadable."""
        self._verify_before_reading()
        try:
            value: bytes | None = self._cache.get(key)
        except sqlite3.DatabaseError as error:
            raise Damaged(str(error)) from error
        except _BROKEN as error:
            raise self._unreadable(error) from error
        return value

    def write(self, puts: Iterable[tuple[bytes, bytes]], drops: Iterable[bytes] = (), *, verified: bool = True) -> None:
        """Store and remove in one transaction. Raises StorageFailed; nothing is changed then.

        verified: refuse when the files are not at their paths any more.
        """
        self._verify_before_opening()
        if self._log_size.cut:
            raise self._gone()
        self._shared.mend()
        try:
            with self._cache.transact():
                for key, value in puts:
                    self._cache.set(key, value)
                for key in drops:
                    self._cache.delete(key)
                self._writes.count(self._number, self._cache._sql)
                if verified:
                    self._verify()
        except _BROKEN as error:
            reason = reason_of(error, self._directory)
            self._roll_back()
            raise StorageFailed(with_advice("the tick log cannot be written", reason)) from error
        self._log_size.note()
        self._shared.note()
        self._writes.note()

    def verify(self) -> None:
        """Raises StorageFailed unless the database and its log are where they were opened. For the writer's thread,
        between its transactions."""
        self._shared.mend()
        self._verify()

    def _verify(self) -> None:
        if database(self._database) != self._opened or self._log_size.cut:
            raise self._gone()
        wal: Identity | None = getattr(self._local, "wal", None)
        if wal is None:  # the connection is new, and so may be its log
            self._cache.get(b"")  # opens both
            wal = self._local.wal = identity(self._wal)
        if wal is None or identity(self._wal) != wal:
            raise self._gone()

    def _verify_before_reading(self) -> None:
        self._verify_before_opening()
        if self._shared.cut:
            raise StorageFailed(f"the tick log in {self._directory} cannot be read before its index is made anew")

    def _verify_before_opening(self) -> None:
        """A connection that is opened at a path without a file would make an empty one."""
        if getattr(self._cache._local, "con", None) is None and database(self._database) != self._opened:
            raise self._gone()

    def _gone(self) -> StorageFailed:
        return StorageFailed(with_advice(f"the tick log in {self._directory} is not there any more", GONE))

    def _unreadable(self, error: BaseException) -> StorageFailed:
        reason = reason_of(error, self._directory)
        return StorageFailed(with_advice(f"the tick log in {self._directory} cannot be read", reason))

    def _roll_back(self) -> None:
        """End a transaction that diskcache leaves open when its COMMIT fails. The connection stays: on a full disk
        another one could not be opened."""
        try:
            self._verify_before_opening()
            if self._cache._con.in_transaction:
                self._cache._con.execute("ROLLBACK")
        except (sqlite3.Error, StorageFailed):
            self.leave()

    def rewrite(self) -> None:
        """Write everything anew to the store's place, from the opened files, which may have no name any more. Other
        files at that place are kept in a folder beside. For the writer's thread. Raises StorageFailed."""
        fresh = self._directory / f"{DATABASE}.new"
        try:
            self._verify_before_opening()
            make_folder(self._directory)
            fresh.unlink(missing_ok=True)
            with contextlib.closing(sqlite3.connect(fresh)) as copy:
                self._cache._con.backup(copy)
            set_aside(Path(self._database), "replaced")
            os.replace(fresh, self._database)
        except _BROKEN as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            reason = reason_of(error, self._directory)
            raise StorageFailed(with_advice("the tick log cannot be written anew", reason)) from error
        self.leave()
        self._writes.close()  # the folder may be another one
        self._opened = database(self._database)

    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        total = 0
        for path in (self._database, self._wal):
            with contextlib.suppress(OSError):
                total += os.stat(path).st_size
        return total

    def shrink(self) -> None:
        """Return freed space to the disk by a checkpoint that truncates the write-ahead log."""
        with contextlib.suppress(*_BROKEN):  # SQLite does it later
            self._cache.reset("sqlite_wal_checkpoint", "TRUNCATE", update=False)
        self._log_size.note()

    def leave(self) -> None:
        """Close the calling thread's connection. The next call opens one again, in about 0.3 ms."""
        if getattr(self._local, "wal", None) is not None:  # the writer's thread
            self._shared.mend()
            self._log_size.forget()
            self._writes.close()
        self._local.wal = None
        with contextlib.suppress(sqlite3.Error):
            self._cache.close()
