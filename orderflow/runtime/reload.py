"""`reload = true`: the server starts again by itself when a source file of the program has changed. For development.

The change ends the server as SIGTERM does (sockets closed, log flushed), and the command line then replaces the process
by a new one with the same arguments.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path

SECONDS = 1.0
"""Between two looks."""
KINDS = (".py", ".js", ".css")


class Watch:
    """Looks at the files of `folders` with the endings of KINDS. `seen` tells that one has changed since the start."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._state = self._look()
        self.seen = False

    def look(self) -> bool:
        """Whether a file was changed, added or removed since the start."""
        self.seen = self.seen or self._look() != self._state
        return self.seen

    def end_when_changed(self) -> None:
        """Ask this process to end, as SIGTERM would, once something has changed."""
        if not self.seen and self.look():
            signal.raise_signal(signal.SIGTERM)

    def _look(self) -> dict[str, int]:
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
