"""The files of the tick log: opened for writing, or while the disk does not allow that, only read.

What cannot be written is refused with the reason, which `problem` keeps for the pages until a write succeeds.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from orderflow.errors import StorageFailed
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.reasons import reason_of, with_advice
from orderflow.storage.ticks.blob_store import DATABASE, WAL, BlobStore
from orderflow.storage.ticks.read_only import ReadOnlyBlobs
from orderflow.storage.ticks.rows import FORMAT, VERSION

Rows = tuple[Iterable[tuple[bytes, bytes]], Iterable[bytes]]

log = logging.getLogger(__name__)


class TickStore:
    """`BlobStore` or `ReadOnlyBlobs` in a locked directory. All but `get`, `size`, `leave` and `problem` is for the
    writer's thread.

    problem: why the last write was refused; "" if it was not. keys: all keys that were there, in write order. fresh:
    there was no log. missing: writes that were acknowledged and are not there any more. Raises StorageFailed when there
    is a log that cannot be read.
    """

    def __init__(self, directory: Path, holder: DirectoryLock) -> None:
        self._directory = directory
        self._holder = holder
        self.problem = ""
        _refuse_remains(directory)
        self._blobs: BlobStore | ReadOnlyBlobs = self._open()
        try:
            self.keys = list(self._blobs.scan())
            self.missing = self._blobs.missing
            self._read = hash(tuple(self.keys))
            self.fresh = self._unmarked = not self.keys
            if self.fresh:
                with contextlib.suppress(StorageFailed):
                    self.write([])
        except BaseException:
            self.close()
            raise

    def write(self, puts: Iterable[tuple[bytes, bytes]], drops: Iterable[bytes] = (), *, verified: bool = True) -> None:
        """Store and remove in one transaction. Raises StorageFailed; nothing is changed then.

        verified: refuse when the files are not at their paths any more; not needed where `confirm` follows.
        """
        try:
            blobs = self._writable()
            blobs.write([(VERSION, FORMAT), *puts] if self._unmarked else puts, drops, verified=verified)
        except StorageFailed as error:
            self._report(str(error))
            raise
        self._unmarked = False
        if verified:
            self._report("")

    def confirm(self, undo: Callable[[], Rows]) -> None:
        """Raises StorageFailed when the files were removed while they were written, after undoing the write.

        undo: makes (rows to store, keys to remove).
        """
        blobs = self._writable()
        try:
            blobs.verify()
        except StorageFailed as error:
            with contextlib.suppress(StorageFailed):
                blobs.write(*undo(), verified=False)
            self._report(str(error))
            raise
        self._report("")

    def look(self) -> None:
        """Find out whether the files are still there, and after a refused write whether the next one would be."""
        with contextlib.suppress(StorageFailed):
            if self.problem:
                self.write([(VERSION, FORMAT)])
            else:
                self.confirm(lambda: ((), ()))

    def rewrite(self) -> None:
        """Write the files anew if they are not at their paths any more. Raises StorageFailed, BadSetting."""
        blobs = self._writable()
        try:
            blobs.verify()
        except StorageFailed:
            blobs.rewrite()
            self._holder.renew()
            self.write([(VERSION, FORMAT)])

    def get(self, key: bytes) -> bytes | None:
        """The value, or None. Raises Damaged when the row is unreadable, StorageFailed."""
        return self._blobs.get(key)

    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        return self._blobs.size()

    def shrink(self) -> None:
        """Return freed space to the disk."""
        if isinstance(self._blobs, BlobStore):
            self._blobs.shrink()

    def leave(self) -> None:
        """Close the calling thread's connection."""
        self._blobs.leave()

    def close(self) -> None:
        """Close the files."""
        self.leave()
        if isinstance(self._blobs, ReadOnlyBlobs):
            self._blobs.close()

    def _open(self) -> BlobStore | ReadOnlyBlobs:
        try:
            return BlobStore(self._directory)
        except StorageFailed as error:
            try:
                found = ReadOnlyBlobs(self._directory)
            except StorageFailed:
                # it cannot even be read: the first reason is the better one
                reason = reason_of(error.__cause__ or error, self._directory)
                what = f"the tick log in {self._directory} cannot be opened"
                raise StorageFailed(with_advice(what, reason, runs=False)) from None
            self._report(str(error))
            return found

    def _writable(self) -> BlobStore:
        """The store, opened for writing if that was not possible before. Raises StorageFailed."""
        if isinstance(self._blobs, BlobStore):
            return self._blobs
        self._holder.take()
        found, old = BlobStore(self._directory), self._blobs
        if hash(tuple(found.scan())) != self._read:
            found.leave()
            raise StorageFailed(
                f"the tick log in {self._directory} is another one than at the start; restart the server to read it"
            )
        self._blobs = found
        old.close()
        return found

    def _report(self, problem: str) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        if problem:
            log.error("ticks are refused: %s", problem)
        else:
            log.warning("ticks are accepted again: the tick log in %s can be written", self._directory)


def _refuse_remains(directory: Path) -> None:
    """Raises StorageFailed when there is a write-ahead log without its database: SQLite would delete it."""
    with contextlib.suppress(OSError):
        if (directory / WAL).stat().st_size:
            with contextlib.suppress(FileNotFoundError):
                if (directory / DATABASE).stat().st_size:
                    return
            raise StorageFailed(
                f"the tick log in {directory} has lost {DATABASE}, but {WAL} with its newest ticks is there. Nothing "
                f"was changed: put {DATABASE} back (from a backup), save what is readable with `orderflow repair`, or "
                "use another --data-dir"
            )
