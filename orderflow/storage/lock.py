"""A lock file that allows one process per data directory. The operating system releases it when the process ends.

Uses `flock` on POSIX and `msvcrt.locking` on Windows. The file holds the owner's process id, so that the error can name
it. Does not work on network file systems without locks; SQLite does not work there either.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orderflow.errors import BadSetting

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, 2**20, os.SEEK_SET)  # far behind the text, because others cannot read a locked byte
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DirectoryLock:
    """Locks `directory`, created when missing, until `release` or the end of the process.

    Raises BadSetting when another process holds it (naming the process) or when it cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / "in-use"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BadSetting(f"the data directory {directory} cannot be used: {error.strerror or error}") from error
        try:
            _take(self._handle)
        except OSError as error:
            os.lseek(self._handle, 0, os.SEEK_SET)
            holder = os.read(self._handle, 20).decode("ascii", "replace").strip()
            os.close(self._handle)
            raise BadSetting(
                f"the data directory {directory} is in use by {f'process {holder}' if holder else 'another process'}; "
                "stop it or choose another directory"
            ) from error
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, f"{os.getpid():<19}\n".encode())

    def release(self) -> None:
        """Release the directory. A second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
