"""Which file a path leads to, so that one that was deleted or replaced under an open handle is noticed.

Writing to a deleted file succeeds and is lost with the last handle. So a path is compared with what was opened before
something written there is acknowledged.
"""

from __future__ import annotations

import os
from pathlib import Path

Identity = tuple[int, int]
"""(device, inode) of a file."""


def database(path: str | Path) -> Identity | None:
    """The database at a path; None also if it was emptied: an SQLite database that was opened has a page at least."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size else None


def identity(path: str | Path | int) -> Identity | None:
    """The file at a path, or of an open handle; None if there is none or it cannot be reached."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
