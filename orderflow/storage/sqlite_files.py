"""The files of an SQLite database: read without changing them, and moved aside together."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import sys
from pathlib import Path
from urllib.parse import quote

_NO_LOCKS = "win32-none" if sys.platform == "win32" else "unix-none"


log = logging.getLogger(__name__)


def wal_of(database: Path) -> Path:
    """The write-ahead log of a database."""
    return database.with_name(f"{database.name}-wal")


def size_of(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


class LogSize:
    """The size of a write-ahead log as this process left it. One that is smaller was cut by somebody else: SQLite would
    go on behind the gap, and not read beyond it after a restart."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._least = 0

    def note(self) -> None:
        """It is as it should be: this process alone has written to it."""
        self._least = size_of(self._log)

    def forget(self) -> None:
        """Its last connection may be closed, which removes it."""
        self._least = 0

    @property
    def cut(self) -> bool:
        return size_of(self._log) < self._least


class SharedIndex:
    """The index of a write-ahead log, a file that SQLite maps into memory: after others have cut it, the first use of
    what is gone would end the process. With zeros in its place SQLite makes it anew from the log, at the next begin of
    a transaction."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-shm")
        self._least = 0

    def note(self) -> None:
        """It is as it should be."""
        self._least = size_of(self._path)

    @property
    def cut(self) -> bool:
        """Whether others have cut it; a file that was deleted stays whole in memory."""
        return size_of(self._path) < self._least and os.path.exists(self._path)

    def mend(self) -> None:
        """Fill it up if it was cut. For the thread that writes, outside of transactions: one would go on with an index
        that knows nothing of the log."""
        if self.cut:
            log.warning("%s was cut while it was in use, and is made anew", self._path)
            with contextlib.suppress(OSError):
                os.truncate(self._path, self._least)


def uri_of(database: Path) -> str:
    """The address of a database for SQLite, without parameters."""
    path = quote(database.absolute().as_posix())
    return f"file:{path}" if path.startswith("/") else f"file:/{path}"


def connect_read_only(database: Path) -> sqlite3.Connection:
    """A connection that writes not a byte, for a full or read-only disk. For one thread at a time.

    SQLite's usual way needs a file for the index of the write-ahead log. This one keeps that index in memory and takes
    no locks; the lock of the data directory keeps other processes of this program away. A database without a log cannot
    change, one with it must be read with it. Raises sqlite3.Error.
    """
    mode = f"vfs={_NO_LOCKS}" if size_of(wal_of(database)) else "immutable=1"
    address = f"{uri_of(database)}?mode=ro&{mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def set_aside(database: Path, word: str) -> Path | None:
    """Move a database and what is beside it into a new folder there. Returns the folder, None if there was nothing.

    Raises OSError.
    """
    names = (database.name, f"{database.name}-wal", f"{database.name}-shm")
    found = [path for name in names if (path := database.with_name(name)).exists()]
    if not found:
        return None
    kept = free_folder(database.with_name(word))
    kept.mkdir(mode=0o700)
    for path in found:
        path.rename(kept / path.name)
    return kept


def free_folder(path: Path) -> Path:
    """A name that is not in use: NAME-1, NAME-2 and so on."""
    return next(found for n in range(1, 1_000) if not (found := path.with_name(f"{path.name}-{n}")).exists())
