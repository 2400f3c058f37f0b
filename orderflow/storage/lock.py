"""A lock that allows one process per data directory. The operating system releases it when the process ends.

Uses `flock` on POSIX (on the directory itself and on a file in it) and `msvcrt.locking` on Windows. The file holds the
owner's process id, so that the error can name it. On a disk that cannot be written the directory alone is locked. Does
not work on network file systems without locks; SQLite does not work there either.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from orderflow.errors import BadSetting
from orderflow.storage.private import make_folder
from orderflow.storage.reasons import reason_of

UNWRITABLE = {errno.EROFS, errno.ENOSPC, errno.EDQUOT}
"""Numbers of errors that may pass while the program runs."""

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, 2**20, os.SEEK_SET)  # far behind the text, because others cannot read a locked byte
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _give_back(handle: int) -> None:
        """Nothing: closing the file is enough."""

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give_back(handle: int) -> None:
        """Unlock: under gevent a closed file can stay open for a moment."""
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)


def hold(path: Path, flags: int = os.O_RDONLY) -> int | None:
    """An open handle with the lock of a file or folder, for `let_go`; None if another holder has it.

    On a file system that does not lock it is not locked. Raises OSError if it cannot be opened.
    """
    handle = os.open(path, flags, 0o600)
    try:
        _take(handle)
    except (BlockingIOError, PermissionError):
        os.close(handle)
        return None
    except OSError:
        pass
    return handle


def let_go(handle: int) -> None:
    """Release a lock of `hold`."""
    _give_back(handle)
    os.close(handle)


class DirectoryLock:
    """Locks `directory`, created when missing, until `release` or the end of the process.

    used: the directory was used before. Raises BadSetting when another process holds it (naming the process), or when
    it is not usable for another reason than a full or read-only disk.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "in-use"
        self._handles: list[int] = []
        self._written = False
        self.used = self._path.exists()
        self.take()

    def take(self) -> None:
        """Lock what is not locked yet: nothing once everything is, more after a start on a disk that was full."""
        if self._written:
            return
        try:
            make_folder(self._directory)
            if not self._handles and sys.platform != "win32":
                self._hold(os.open(self._directory, os.O_RDONLY))
        except OSError as error:
            if error.errno in UNWRITABLE:
                return
            raise self._unusable(error) from error
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            if self._handles and error.errno in UNWRITABLE | {errno.EACCES, errno.EPERM}:
                return
            self.release()
            raise self._unusable(error) from error
        self._hold(handle)
        with contextlib.suppress(OSError):  # the disk is full: the error of another process cannot name this one
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, f"{os.getpid():<19}\n".encode())
        self._written = True

    def renew(self) -> None:
        """Lock the directory that is at the path now, if that is another one. Raises BadSetting."""
        self.release()
        self._written = False
        self.take()

    def _hold(self, handle: int) -> None:
        """Lock a handle, or close everything and raise BadSetting."""
        self._handles.append(handle)
        try:
            _take(handle)
        except OSError as error:
            if not isinstance(error, BlockingIOError | PermissionError):
                return  # a file system that does not lock directories
            holder = self._holder()
            self.release()
            raise BadSetting(
                f"the data directory {self._directory} is in use by "
                f"{f'process {holder}' if holder else 'another process'}; stop it or choose another directory"
            ) from error

    def _holder(self) -> str:
        """The process id in the file, "" if there is none."""
        with contextlib.suppress(OSError), self._path.open("rb") as file:
            return file.read(20).decode("ascii", "replace").strip()
        return ""

    def _unusable(self, error: OSError) -> BadSetting:
        reason = reason_of(error, self._directory)
        return BadSetting(f"the data directory {self._directory} cannot be used: {reason}")

    def release(self) -> None:
        """Release the directory. A second call does nothing."""
        for handle in self._handles:
            _give_back(handle)
            os.close(handle)
        self._handles = []
