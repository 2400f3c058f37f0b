"""Folders and files that a command needs while it works, and the removal of those that killed commands have left.

Each is locked until its command ends, however it ends, so a leftover is one that is not locked. Only names that are
made here are looked at, and what stands in them is a copy: of data that are still there, or a part of a backup. On
Windows nothing is locked, and nothing that is left is removed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orderflow.maintenance.places import is_alone
from orderflow.storage.lock import hold, let_go

BACKUP = ".orderflow-backup."
"""How the names of what a backup needs begin."""
REPAIRED = "repaired"
_END = ".part"
_TRIES = 10

log = logging.getLogger(__name__)


def repair_place(folder: Path) -> tuple[str, Path]:
    """How the name begins of what a repair of a data directory makes, and where that is."""
    return (f".{REPAIRED}-", folder) if is_alone(folder) else (f".{folder.name}.{REPAIRED}-", folder.parent)


def left_by_killed(folder: Path) -> list[Path]:
    """What killed repairs and backups of a data directory have left beside it and in it."""
    return [*leftovers(*repair_place(folder)), *leftovers(BACKUP, folder.parent), *leftovers(BACKUP, folder)]


@contextmanager
def scratch_folder(start: str, place: Path | None) -> Iterator[Path]:
    """A new folder in `place` (None: that for temporary files), removed at the end unless it was given another name.

    start: of its name. Removes leftovers with this start before. Raises OSError.
    """
    place = place or Path(tempfile.gettempdir())
    sweep(start, place)
    path, handle = _locked(lambda: Path(tempfile.mkdtemp(prefix=start, suffix=_END, dir=place)))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            let_go(handle)


@contextmanager
def scratch_file(start: str, place: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Likewise a new file, readable by its owner only: (open for writing and reading, its path)."""
    sweep(start, place)

    def make() -> Path:
        opened, name = tempfile.mkstemp(prefix=start, suffix=_END, dir=place)
        os.close(opened)
        return Path(name)

    path, handle = _locked(make)
    try:
        with path.open("r+b") as stream:
            yield stream, path
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        if handle is not None:
            let_go(handle)


def sweep(start: str, place: Path) -> None:
    """Remove what killed commands have left, and say so in the log."""
    for path in leftovers(start, place):
        handle = _hold(path)
        if handle is None:
            continue
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink()
            gone = not os.path.lexists(path)
            log.warning("%s, which a command that was killed had left, %s", path, "is removed" if gone else "stays")
        finally:
            let_go(handle)


def leftovers(start: str, place: Path) -> list[Path]:
    """What killed commands have left, by name."""
    found = []
    with contextlib.suppress(OSError):
        for path in sorted(place.iterdir()):
            if path.name.startswith(start) and path.name.endswith(_END) and (handle := _hold(path)) is not None:
                let_go(handle)
                found.append(path)
    return found


def _locked(make: Callable[[], Path]) -> tuple[Path, int | None]:
    """Something new with its lock. Another command may take what is not locked yet for a leftover."""
    for _ in range(_TRIES):
        path = make()
        handle = _hold(path)
        if sys.platform == "win32":
            return path, None
        if handle is not None:
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return path, handle
            let_go(handle)
    raise FileExistsError(f"other commands remove what is made in {path.parent}")


def _hold(path: Path) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return hold(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # neither a link nor a pipe
    except OSError:
        return None
