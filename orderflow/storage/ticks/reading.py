"""Read a tick database without changing it, row by row, also while a server writes to it or when it is damaged.

A row that cannot be read costs no other: where a page of the table is damaged, its rows are left out, and named if the
index still knows them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from orderflow.errors import NotFound, StorageFailed
from orderflow.storage.ticks.blob_store import BlobStore

DATABASE, WAL, SHARED = "cache.db", "cache.db-wal", "cache.db-shm"
DATABASE_FILES = (DATABASE, WAL, SHARED)
_PAGE = 4096
_RAW = 1  # diskcache's mode of a value that stands in its row
BROKEN = (sqlite3.Error, UnicodeDecodeError)  # the latter where a message quotes damaged bytes
_MOST_FAILURES = 20_000
"""Queries that may fail before the rest of a table is given up."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. key: None if that cannot be read; value: None if it cannot be read, and then `why`; indexed: the key as
    the index has it, None if it has none."""

    key: bytes | None
    value: bytes | None
    why: str = ""
    indexed: bytes | None = None


class TickDatabase:
    """The database of the log in `directory`, read-only: no file of it is changed. Close it.

    in_use: another process may write to it meanwhile. Raises NotFound if there is none, StorageFailed if it cannot be
    opened.
    """

    def __init__(self, directory: Path, *, in_use: bool) -> None:
        self._directory = directory
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        if not (directory / DATABASE).is_file():
            raise NotFound(f"there is no tick log in {directory}")
        try:
            self.connection = self._open(in_use)
            if in_use:
                self.connection.execute("BEGIN")  # one state of the table, whatever is merged meanwhile
        except (*BROKEN, OSError) as error:
            self.close()
            raise StorageFailed(f"the tick log in {directory} cannot be opened: {error}") from error

    def __enter__(self) -> TickDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def problems(self) -> list[str]:
        """What SQLite's own check finds, at most 20 lines; empty if the file is sound."""
        try:
            found = [str(row[0]) for row in self.connection.execute("PRAGMA integrity_check(20)")]
        except BROKEN as error:
            return [str(error)]
        return [line for line in found if line != "ok"]

    def rows(self) -> Iterator[Row]:
        """Every row that the table or its index has, those whose contents cannot be read too."""
        known = self._keys_of_index()
        for rowid in sorted(known.keys() | self._rowids()):
            yield self._row(rowid, known.get(rowid))

    def _open(self, in_use: bool) -> sqlite3.Connection:
        if in_use:
            return _connected(self._directory / DATABASE, "mode=ro")
        wal = self._directory / WAL
        if not (wal.exists() and wal.stat().st_size):
            return _connected(self._directory / DATABASE, "immutable=1")
        self._copy = _copied(self._directory)  # SQLite writes beside a database that has such a log
        return _connected(Path(self._copy.name) / DATABASE, "mode=ro")

    def _row(self, rowid: int, known: bytes | None) -> Row:
        try:
            found = self.connection.execute(
                "SELECT key, value, mode, filename, raw FROM Cache WHERE rowid = ?", (rowid,)
            ).fetchone()
        except (*BROKEN, OverflowError) as error:
            return Row(known, None, str(error))
        if found is None:
            return Row(known, None, "the row is gone")
        key, value, mode, filename, raw = found
        if not isinstance(key, bytes) or raw != 1:
            return Row(known, value if isinstance(value, bytes) else None, "a key of a foreign kind")
        if not isinstance(value, bytes) or mode != _RAW or filename is not None:
            return Row(key, None, "a value of a foreign kind")
        return Row(key, value, indexed=known)

    def _keys_of_index(self) -> dict[int, bytes]:
        """Row number and key of what can be read of the index, from both ends."""
        found: dict[int, bytes] = {}
        for order in ("ASC", "DESC"):
            query = f"SELECT rowid, key FROM Cache INDEXED BY Cache_key_raw ORDER BY key {order}, raw {order}"
            with contextlib.suppress(*BROKEN):
                found.update(self.connection.execute(query))
                break
        return {rowid: key for rowid, key in found.items() if isinstance(key, bytes)}

    def _rowids(self) -> set[int]:
        """The row numbers of the table; around a damaged page the span is halved until the page alone is left out."""
        found: set[int] = set()
        spans, failures = [(0, self._last())], 0
        while spans and failures < _MOST_FAILURES:
            low, high = spans.pop()
            try:
                query = "SELECT rowid FROM Cache NOT INDEXED WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
                found.update(row[0] for row in self.connection.execute(query, (low, high)))
            except BROKEN:
                failures += 1
                if low < high:
                    middle = (low + high) // 2
                    spans += [(middle + 1, high), (low, middle)]
        return found

    def _last(self) -> int:
        try:
            return int(self.connection.execute("SELECT max(rowid) FROM Cache").fetchone()[0] or 0)
        except BROKEN:
            return 2**32


def _connected(path: Path, how: str) -> sqlite3.Connection:
    address = quote(path.absolute().as_posix())
    if os.name == "nt":
        address = f"/{address}"
    connection = sqlite3.connect(f"file:{address}?{how}", uri=True, timeout=10, isolation_level=None)
    try:
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _copied(directory: Path) -> tempfile.TemporaryDirectory[str]:
    """A directory with the write-ahead log copied and the database linked, or copied where that is not possible."""
    for place in (None, directory.parent.parent):
        copy = None
        with contextlib.suppress(OSError):
            copy = tempfile.TemporaryDirectory(prefix=".orderflow-", dir=place)
            os.link(directory / DATABASE, Path(copy.name) / DATABASE)
            shutil.copyfile(directory / WAL, Path(copy.name) / WAL)
            return copy
        if copy is not None:
            copy.cleanup()
    copy = tempfile.TemporaryDirectory(prefix=".orderflow-")
    for name in (DATABASE, WAL):
        shutil.copyfile(directory / name, Path(copy.name) / name)
    return copy


def with_first_page(source: Path, work: Path) -> None:
    """Copy a database whose first page is damaged, with the first page of a new one: the tables of both begin at the
    same pages. Raises OSError."""
    for name in (DATABASE, WAL):
        if (source / name).exists():
            shutil.copyfile(source / name, work / name)
    BlobStore(work / "new").leave()
    first = bytearray((work / "new" / DATABASE).read_bytes()[:_PAGE])
    pages = (work / DATABASE).stat().st_size // _PAGE
    first[28:40] = struct.pack(">3I", pages, 0, 0)  # the database's length, and no free pages
    with (work / DATABASE).open("r+b") as file:
        file.write(first)


def copy_database(source: Path, target: Path, *, in_use: bool) -> None:
    """Copy one state of a database that may be in use, by SQLite's backup. Raises NotFound, StorageFailed."""
    with TickDatabase(source, in_use=in_use) as database:
        try:
            copy = sqlite3.connect(target / DATABASE)
            try:
                database.connection.backup(copy)
            finally:
                copy.close()
        except sqlite3.Error as error:
            raise StorageFailed(f"the tick log in {source} cannot be copied: {error}") from error
