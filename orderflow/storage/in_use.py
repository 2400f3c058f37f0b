"""Whether a process holds a data directory, without taking it or changing it."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from orderflow.storage import lock


def holder_of(directory: Path) -> str | None:
    """The process that holds the directory, in words; None if none does."""
    paths = [directory / "in-use"]
    if sys.platform != "win32":
        paths.append(directory)
    if not any(_is_locked(path) for path in paths):
        return None
    with contextlib.suppress(OSError), paths[0].open("rb") as file:
        if holder := file.read(20).decode("ascii", "replace").strip():
            return f"process {holder}"
    return "another process"


def _is_locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except OSError:
        return False
    try:
        lock._take(handle)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False
