"""Files and folders that only the user who runs the server may read: 0600 and 0700.

`only_mine` makes them so from their creation, those that SQLite creates too; `tighten` corrects what an older version
left. On Windows permissions are inherited from the user's own folder, and both do nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
FOLDER, FILE = 0o700, 0o600
OWN = ("ticks", "herd", "key", "key-accounts", "records.db", "records.db-wal", "records.db-shm",
       "records.db-acknowledged", "uploads", "chart-files")  # fmt: skip
"""What the server keeps in a data directory. Anything else in it is not touched: the user chose the directory."""

log = logging.getLogger(__name__)


def only_mine() -> None:
    """From now on this process creates files and folders for this user only."""
    if os.name == "posix":
        os.umask(OTHERS)


def make_folder(path: Path) -> None:
    """Create a folder, and those above it, for this user only. Raises OSError."""
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    path.mkdir(mode=FOLDER, exist_ok=True)


def make_file(path: Path) -> None:
    """Create an empty file for this user only, unless it is there, and its folder. Raises OSError."""
    make_folder(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE))


def replace_file(path: Path, data: bytes) -> None:
    """Write a file for this user only, whole or not at all, in the place of what is there. Raises OSError."""
    make_folder(path.parent)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        with open(os.open(fresh, flags, FILE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def tighten(folder: Path) -> int:
    """Take the rights of others from the server's files in a data directory; says so in the log. Returns how many.

    The directory itself is changed if it holds nothing else. Links are not followed.
    """
    if os.name != "posix":
        log.info("permissions of %s are those of the folder: they are not changed on this system", folder)
        return 0
    if not folder.is_dir():
        return 0
    found = sum(_tighten_all(folder / name) for name in OWN)
    if {path.name for path in folder.iterdir()} <= set(OWN):
        found += _tighten(folder)
    if found:
        log.warning("files in %s could be read by other users of this machine: corrected %d", folder, found)
    return found


def _tighten_all(path: Path) -> int:
    found = _tighten(path)
    for base, folders, files in os.walk(path):
        found += sum(_tighten(Path(base, name)) for name in (*folders, *files))
    return found


def _tighten(path: Path) -> int:
    with contextlib.suppress(OSError):  # it is gone, or belongs to somebody else
        mode = path.lstat().st_mode
        if mode & OTHERS and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
            return 1
    return 0
