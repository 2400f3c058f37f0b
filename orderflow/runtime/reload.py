"""Restarts the server when a source file changes (`reload = true`). For development.

A change ends the server as SIGTERM does (sockets closed, log flushed); the command line then replaces the process with
a new one that has the same arguments.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path

SECONDS = 1.0
"""Seconds between two checks."""
KINDS = (".py", ".js", ".css")


class Watch:
    """Watches the files of `folders` with the suffixes in KINDS. `seen` is True once one has changed."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._state = self._scan()
        self.seen = False

    def check(self) -> bool:
        """True when a file was changed, added or removed since the start."""
        self.seen = self.seen or self._scan() != self._state
        return self.seen

    def end_when_changed(self) -> None:
        """Send this process SIGTERM once a file has changed."""
        if not self.seen and self.check():
            signal.raise_signal(signal.SIGTERM)

    def _scan(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for folder in self._folders:
            for path, _, names in os.walk(folder):
                for name in names:
                    if name.endswith(KINDS):
                        whole = os.path.join(path, name)
                        try:
                            found[whole] = os.stat(whole).st_mtime_ns
                        except OSError:  # it has just gone
                            continue
        return found
