"""Why the disk refused something, in words for the user, and what to do about it.

SQLite says "disk I/O error" or "unable to open database file" for most of what can go wrong, so where its code is not
definite the file system is asked.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import diskcache

FULL = "the disk is full"
QUOTA = "the disk quota is used up"
MANY_FILES = f"{FULL} of files: it has no inode left"
LIMITED = "the disk is full for this process (it may not write larger files)"
READ_ONLY = "read-only file system"
DENIED = "permission denied"
BROKEN = "I/O error"
DAMAGED = "the file is damaged, or not a database"
LOCKED = "another program holds the database"
ASTRAY = "which is not there"
NO_FILE = "is not a file"
GONE = "the files were deleted, moved or replaced while the server runs"

_BY_NUMBER: dict[int | None, str] = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: QUOTA,
    errno.EFBIG: LIMITED,
    errno.EROFS: READ_ONLY,
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
    errno.EIO: BROKEN,
}
_BY_CODE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: DENIED,
    sqlite3.SQLITE_IOERR: BROKEN,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
}
_PLACES = (errno.ENOENT, errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP)
_VAGUE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_GOES_ON = "writing then goes on by itself"
_ADVICE = {
    MANY_FILES: f"Remove some files; {_GOES_ON}",
    LIMITED: f"Raise its limit (`ulimit -f`, LimitFSIZE) and start it again, or use `prlimit`; {_GOES_ON}",
    QUOTA: f"Free some space; {_GOES_ON}",
    LOCKED: f"End that program; {_GOES_ON}",
    FULL: f"Free some space; {_GOES_ON}",
    READ_ONLY: f"Make it writable; {_GOES_ON}",
    DENIED: f"Allow this user to write there; {_GOES_ON}",
    BROKEN: "Check the disk and save a copy of the data folder",
    DAMAGED: "Stop the server and run `orderflow repair`, which saves what can be read into a new folder beside it",
    GONE: "The server still holds what was accepted before: put the files back, or have them written anew by "
    "POST /storage/rewrite, before it stops",
}
_LITTLE = 65_536
"""Free bytes below which SQLite's vague errors are taken for a full disk."""


def reason_of(error: BaseException, folder: Path) -> str:
    """The reason in a few words. error: of SQLite, of diskcache or of the system. folder: where the files are."""
    cause = next(_causes(error))
    if isinstance(cause, OSError):
        odd = odd_place(Path(os.fsdecode(cause.filename))) if cause.errno in _PLACES and cause.filename else ""
        if cause.errno == errno.ENOSPC and _has_no_inode(folder):
            return MANY_FILES
        return odd or _BY_NUMBER.get(cause.errno) or _named(cause)
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return str(cause) or LOCKED
    if code & 0xFF in _VAGUE and (found := _state_of(folder)):
        return found
    return _BY_CODE.get(code & 0xFF) or str(cause)


def is_no_room(error: BaseException) -> bool:
    """Whether an error, or one that it came from, says that something could not be written for want of room or on a
    read-only file system."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
            return True
        if getattr(found, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL or FULL in str(found):
            return True
        found = found.__cause__ or found.__context__
    return False


def _named(error: OSError) -> str:
    """The system's words, with the name of the file that it is about."""
    words = error.strerror or str(error)
    return words if error.filename is None else f"{words}: {Path(os.fsdecode(error.filename)).name}"


def advice(reason: str) -> str:
    """What to do about a reason; "" if nothing in general is known."""
    if reason.endswith((ASTRAY, NO_FILE)):
        return f"Put back what belongs there, or move it away; {_GOES_ON}"
    return next((words for name, words in _ADVICE.items() if reason.startswith(name)), "")


def with_advice(what: str, reason: str, *, runs: bool = True, then: str = _GOES_ON) -> str:
    """One message: what is not possible, why, and what to do. runs: the program goes on without it. then: what follows
    once the reason is gone."""
    words = advice(reason).replace(_GOES_ON, then)
    if not runs:
        words = words.replace(then, "then start again").replace("Stop the server and run", "Run")
        words = words.replace("to write there", "to read and write there")
    return f"{what}: {reason}" + (f". {words}" if words else "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors that say something, the last raised first: diskcache hides the first one behind a Timeout, and SQLite
    behind a rollback that was not necessary any more."""
    found: BaseException | None = error
    while found is not None:
        hidden = isinstance(found, diskcache.Timeout) or "no transaction is active" in str(found)
        if not hidden or found.__context__ is None:
            yield found
        found = found.__context__


def _state_of(folder: Path) -> str | None:
    """What is wrong with the file system of a folder; None if nothing is seen."""
    if sys.platform == "win32":
        return None
    try:
        found = os.statvfs(folder)
    except OSError as error:
        return _BY_NUMBER.get(error.errno) or error.strerror
    if odd := next(filter(None, map(odd_place, _files(folder))), None):
        return odd
    if found.f_flag & os.ST_RDONLY:
        return READ_ONLY
    if found.f_bavail * found.f_frsize < _LITTLE:
        return FULL
    if _has_no_inode(folder):
        return MANY_FILES
    if not all(os.access(path, os.W_OK) for path in (folder, *_files(folder))):
        return DENIED
    return LIMITED if _is_limited(folder) else None


def _has_no_inode(folder: Path) -> bool:
    """Whether the file system of a folder, or of the one that it will be made in, can have no further file."""
    if sys.platform == "win32":
        return False
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.exists(path))
    found = os.statvfs(there)
    return bool(found.f_files) and not found.f_favail


def odd_place(path: Path) -> str:
    """What stands in the place of a file and is none, in words; "" if there is a file, or nothing."""
    if os.path.islink(path) and not os.path.exists(path):
        return f"{path.name} is a link to {os.readlink(path)}, {ASTRAY}"
    return f"{path.name} {NO_FILE}" if os.path.exists(path) and not os.path.isfile(path) else ""


def _is_limited(folder: Path) -> bool:
    """Whether a file is about as large as this process may write one."""
    if sys.platform == "win32":
        return False
    import resource  # there is none on Windows

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    sizes = (path.stat().st_size for path in _files(folder))
    return limit != resource.RLIM_INFINITY and max(sizes, default=0) + _LITTLE > limit


def _files(folder: Path) -> list[Path]:
    """The databases there, with what SQLite keeps beside them."""
    return [path for name in ("cache.db*", "records.db*") for path in folder.glob(name)]
