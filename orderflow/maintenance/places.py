"""What stands where in a data directory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from orderflow.errors import Conflict
from orderflow.storage.acknowledged import NAME as MARK
from orderflow.storage.journal import SUFFIX
from orderflow.storage.records.address import FILE
from orderflow.storage.sqlite_files import size_of
from orderflow.storage.ticks.reading import DATABASE, WAL

TICKS, HERD, RECORDS = "ticks", "herd", FILE
SECRETS = ("secret", "key")
"""Beginnings of the names of files that only their owner may read, and that are in no backup."""
KEPT = (TICKS, HERD, "key", "key-accounts", "replaced-*", f"{RECORDS}.*")
"""What a server keeps in its directory besides the records: the rest is somebody else's, or removed at its next
start."""


def kept_files(folder: Path) -> Iterator[Path]:
    """The files that a server keeps in its directory, but for the records, and the marks, which belong to no copy."""
    found = (path for pattern in KEPT for path in folder.glob(pattern))
    for path in sorted(found):
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and each.name != MARK:
                yield each


def journals(folder: Path) -> list[Path]:
    """The logs of the herd games of a data directory."""
    return sorted(path for path in (folder / HERD).glob(f"*{SUFFIX}") if path.is_file())


def odd_places(folder: Path) -> list[str]:
    """What stands where a file belongs and is none, in words."""
    found = [folder / RECORDS, folder / TICKS / DATABASE, *sorted((folder / HERD).glob(f"*{SUFFIX}"))]
    return [
        f"{path.relative_to(folder).as_posix()} is not a file"
        for path in found
        if path.is_symlink() or path.exists()
        if not path.is_file()
    ]


def missing_records(folder: Path, elsewhere: bool) -> str:
    """Why there are no records although the directory was used, "" if there are, or never were. elsewhere: they are on
    a database server."""
    if elsewhere or ((folder / RECORDS).is_file() and size_of(folder / RECORDS)):
        return ""
    traces = [name for name in (RECORDS, f"{RECORDS}-wal", "key-accounts") if (folder / name).exists()]
    if not traces:
        return ""
    what = f"{RECORDS} is empty" if traces[0] == RECORDS else f"{RECORDS} is missing, and {traces[0]} is there"
    return f"the records are gone: {what}"


def missing_database(folder: Path) -> str:
    """Why there is no tick log although the directory was used, "" if there is one, or never was."""
    database = folder / TICKS / DATABASE
    if database.is_file() and database.stat().st_size:
        return ""
    traces = [name for name in ("in-use", WAL) if (folder / TICKS / name).exists()]
    if not traces:
        return ""
    return f"the ticks are gone: {TICKS}/{DATABASE} is missing or empty, and {TICKS}/{traces[0]} says that it was there"


def is_alone(folder: Path) -> bool:
    """Whether a folder can be written and the one above it cannot, as where a container has its volume."""
    return folder.is_dir() and os.access(folder, os.W_OK) and not os.access(folder.parent, os.W_OK)


def is_mount(folder: Path) -> bool:
    """Whether a folder is where a file system, or another folder, is mounted: it cannot be renamed."""
    if os.path.ismount(folder):
        return True
    with contextlib.suppress(OSError):  # of another system than Linux
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
        place = os.path.realpath(folder).replace(" ", "\\040")
        return any(line.split()[4] == place for line in lines)
    return False


def real_folder(folder: Path) -> Path:
    """The data directory itself where a link leads to it: what is made beside it needs the room of its disk. Raises
    Conflict for a link that leads nowhere."""
    folder = folder.absolute()
    if not folder.is_symlink():
        return folder
    if not folder.exists():
        raise Conflict(f"{folder} is a link to {os.readlink(folder)}, which is not there")
    return Path(os.path.realpath(folder))


def is_secret(path: Path) -> bool:
    """Whether a file holds a key or a secret, by its name."""
    return path.is_file() and path.name.startswith(SECRETS)


def has_secrets(path: Path) -> bool:
    """Whether a file holds a key, a secret, or records, which have secrets in them: copies that were kept of them,
    too."""
    return is_secret(path) or path.name.startswith(RECORDS)


def free_name(folder: Path, word: str) -> Path:
    """A name that is not in use beside the folder, NAME.word-<date>; or in it, where only that can be written."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    first = folder / f"{word}-{stamp}" if is_alone(folder) else folder.with_name(f"{folder.name}.{word}-{stamp}")
    return next(path for n in range(1_000) if not (path := first.with_name(first.name + f"-{n}" * (n > 0))).exists())
