"""One process a data directory: a lock file that the operating system lets go when its holder ends, however it ends.

`flock` on POSIX, `msvcrt.locking` on Windows: thirty lines and no dependency, with the holder's process id in the file
so that the refusal can name it. Does not work on network file systems that do not implement locks; those do not carry
SQLite either.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orderflow.errors import BadSetting

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, 2**20, os.SEEK_SET)  # far behind the text: a locked byte cannot be read by others
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DirectoryLock:
    """Holds `directory`, which is made when it is missing, until `release` or the end of the process.

    Raises BadSetting when another holder has it (naming the process) or when it cannot be written.
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
        """Let others have the directory; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
