"""The server's key in its data directory, so that it outlives a restart and can be replaced while the server runs."""

from __future__ import annotations

import secrets
from pathlib import Path

from orderflow.errors import StorageFailed
from orderflow.storage.private import replace_file

NAME = "key"
LEAST = 8
"""Characters of a key, at least."""
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
        return self.read() or self.rotate()

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
        """Write a new key in the place of the old one, and return it. Raises StorageFailed."""
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
