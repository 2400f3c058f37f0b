"""The server's key in its data directory, so that it outlives a restart and can be replaced while the server runs."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orderflow.errors import Conflict, StorageFailed
from orderflow.storage.lock import hold, let_go
from orderflow.storage.private import make_folder, replace_file

NAME = "key"
LEAST = 8
"""Characters of a key, at least."""
WAIT_SECONDS, PAUSE_SECONDS = 10.0, 0.02
"""How long a process waits for another one that changes the key, and between two looks."""
Mark = tuple[int, int, int]
"""What tells one file from another: inode, time of the change in ns, size."""


def make_key() -> str:
    """A new random key, short enough to be typed from a screen."""
    return secrets.token_urlsafe(18)


class KeyFile:
    """The key in `folder`. `read` is for each request: it only looks at the file's mark while that is unchanged."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._mark: Mark | None = None
        self._key = ""

    def load(self) -> str:
        """The key; a new one if there is none. Raises StorageFailed."""
        if key := self.read():
            return key
        with self.turn():
            return self.read() or self.rotate()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else changes the key meanwhile: keep the turn until a new key is told, so that it is valid then.

        Raises Conflict if another process does not end its turn, StorageFailed.
        """
        try:
            make_folder(self.path.parent)
            handle = self._wait()
        except OSError as error:
            raise StorageFailed(f"cannot keep the key in {self.path}: {error.strerror or error}") from error
        if handle is None:
            raise Conflict("another process is changing the key: see what it says, or try again")
        try:
            yield
        finally:
            let_go(handle)

    def _wait(self) -> int | None:
        """A handle with the lock; None if another process keeps it."""
        place, flags = self.path.parent, os.O_RDONLY
        if sys.platform == "win32":  # a folder cannot be locked there
            place, flags = self.path.with_name(f"{NAME}-turn"), os.O_RDWR | os.O_CREAT
        until = time.monotonic() + WAIT_SECONDS
        while (handle := hold(place, flags)) is None and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
        return handle

    def read(self) -> str:
        """The key as it is now, "" if there is no file. A file that cannot be read keeps the key that was read before;
        raises StorageFailed if none was."""
        try:
            found = self.path.stat()
            mark = found.st_ino, found.st_mtime_ns, found.st_size
            if mark != self._mark:
                self._key, self._mark = self._checked(self.path.read_text("ascii").strip()), mark
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError, StorageFailed) as error:
            if not self._key:
                raise StorageFailed(
                    f"{self.path} cannot be read as a key: {error}; `orderflow key rotate` writes a new one"
                ) from error
        return self._key

    def rotate(self) -> str:
        """Write a new key in the place of the old one, and return it. `turn` keeps others from doing so meanwhile.
        Raises StorageFailed."""
        key = make_key()
        try:
            replace_file(self.path, f"{key}\n".encode("ascii"))
        except OSError as error:
            raise StorageFailed(f"cannot keep the key in {self.path}: {error.strerror or error}") from error
        self._key = key
        return key

    def _checked(self, text: str) -> str:
        if len(text) < LEAST or not text.isprintable() or " " in text:
            raise StorageFailed(f"it is not a word of {LEAST} or more characters")
        return text
