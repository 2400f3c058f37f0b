"""records.db and what SQLite keeps beside it: made private, watched while it is open, written anew when it is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from orderflow.errors import StorageFailed
from orderflow.market.tick_log import DamagedPart
from orderflow.storage.acknowledged import NAME, WriteCount, missing_text
from orderflow.storage.identity import Identity, database, identity
from orderflow.storage.private import make_file, make_folder
from orderflow.storage.reasons import GONE, reason_of, with_advice
from orderflow.storage.signing_keys import NAME as ACCOUNTS
from orderflow.storage.sqlite_files import LogSize, SharedIndex, free_folder, set_aside, size_of, uri_of, wal_of
from orderflow.storage.ticks.wal import read_wal

_DAMAGED = ".damaged"


def mark_of(path: Path) -> Path:
    """The mark of the last acknowledged write."""
    return path.with_name(f"{path.name}-{NAME}")


def kept_logs(path: Path) -> list[DamagedPart]:
    """The writes of the records that are only in damaged write-ahead logs, kept beside until somebody deletes them."""
    return [found for kept in sorted(path.parent.glob(f"{path.name}{_DAMAGED}-*")) if (found := _kept_log(kept, path))]


def _kept_log(kept: Path, path: Path) -> DamagedPart | None:
    try:
        log = read_wal(wal_of(kept / path.name))
    except OSError:
        return None
    if log is None or not log.beyond:
        return None
    text = (
        f"the newest writes of the records, after a damaged page ({kept.name} has the files as they were; "
        f"`orderflow repair --data-dir {kept}` saves what is behind that page into a new folder; delete {kept.name} to "
        "end this message)"
    )
    return DamagedPart("writes", kept.name, log.beyond, text)


class RecordsFile:
    """The file at `path`. All but `gone` is for the writer's thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: tuple[Identity | None, Identity | None] = (None, None)
        self.log_size = LogSize(wal_of(path))
        self.shared = SharedIndex(path)
        self.writes = WriteCount(mark_of(path))
        self._kept = 0
        """Writes behind a damaged page that was found at this start."""
        self.known = any(each.exists() for each in (path, path.with_name(ACCOUNTS)))
        """Whether there were records before."""

    def prepare(self) -> list[DamagedPart]:
        """Create the file unless it is there. Returns what SQLite leaves out of damaged write-ahead logs, at this start
        and at earlier ones; the files as they were are kept beside.

        Raises OSError, StorageFailed if the log is there without its database, which SQLite would delete.
        """
        wal = wal_of(self.path)
        if size_of(wal) and not size_of(self.path):
            raise StorageFailed(
                f"the records in {self.path} are missing or empty, but {wal.name} with the newest of them is there. "
                f"Nothing was changed: put {self.path.name} back (from a backup), or save what is readable with "
                "`orderflow repair`"
            )
        if lost := self._keep_damaged_log(wal):
            self._kept = lost
            self._fold_log()
        make_file(self.path)
        return kept_logs(self.path)

    def remember(self) -> None:
        """The files are open now."""
        self._opened = self._found()
        self.log_size.note()
        self.shared.note()

    def compare(self, read: Callable[[str], int]) -> DamagedPart | None:
        """The acknowledged writes that are missing besides those behind a damaged page. read: as for `WriteCount`."""
        self.writes.compare(read, self._kept)
        if self._kept:
            self.writes.note()  # what the damaged log had is known now
        if not (count := self.writes.missing):
            return None
        return DamagedPart("writes", self.path.name, count, missing_text("the records", count, mark_of(self.path).name))

    def gone(self) -> bool:
        """Whether the opened files are not at their paths any more. In any thread."""
        return self._found() != self._opened or self.log_size.cut

    def verify(self) -> None:
        """Raises StorageFailed if they are not."""
        if self.gone():
            raise StorageFailed(with_advice(f"the records in {self.path} are not there any more", GONE))

    def rewrite(self, opened: sqlite3.Connection) -> None:
        """Write the file anew from an open connection. Other files at its place are kept in a folder beside it.

        Raises StorageFailed.
        """
        fresh = self.path.with_name(f"{self.path.name}.new")
        try:
            make_folder(self.path.parent)
            fresh.unlink(missing_ok=True)
            make_file(fresh)
            with contextlib.closing(sqlite3.connect(fresh)) as copy:
                opened.backup(copy)
            set_aside(self.path, "replaced")
            os.replace(fresh, self.path)
            self.writes.close()  # the folder may be another one
        except (sqlite3.Error, OSError) as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            reason = reason_of(error, self.path.parent)
            raise StorageFailed(with_advice("the records cannot be written anew", reason)) from error

    def _found(self) -> tuple[Identity | None, Identity | None]:
        return database(self.path), identity(wal_of(self.path))

    def _fold_log(self) -> None:
        """Put what SQLite reads of the log into the database, so that the rest is not found again after a kill."""
        with (
            contextlib.suppress(sqlite3.Error),  # as when it is opened, which says why
            contextlib.closing(sqlite3.connect(f"{uri_of(self.path)}?mode=rw", uri=True)) as connection,
        ):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _keep_damaged_log(self, wal: Path) -> int:
        """Copy the files beside if the log is damaged. Returns the writes from the damage on."""
        log = read_wal(wal)
        if log is None or not log.beyond:
            return 0
        kept = free_folder(self.path.with_name(f"{self.path.name}{_DAMAGED}"))
        fresh = Path(tempfile.mkdtemp(prefix=f".{kept.name}.", dir=kept.parent))
        try:
            for path in (self.path, wal):
                shutil.copy2(path, fresh / path.name)
            os.replace(fresh, kept)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return log.beyond
