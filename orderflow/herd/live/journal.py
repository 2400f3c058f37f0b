"""The port through which a session's log outlives the process, and the journal that keeps it in memory only.

`orderflow.storage.journal` implements it on disk. A journal stores lines and knows nothing of what they say.
"""

from __future__ import annotations

from typing import Protocol

from orderflow.errors import NotFound


class Journal(Protocol):
    """Append-only logs, one a session, each known by its id. Called by one thread or greenlet at a time, but for
    `read`, which may run beside."""

    durable: bool
    """False when nothing outlives the process."""

    def names(self) -> list[str]:
        """The ids of all logs, oldest first (ids sort by time)."""

    def begin(self, name: str) -> None:
        """Append to this log from now on; it is made by the first `append`."""

    def append(self, data: bytes) -> None:
        """Add whole lines. When it returns they survive the end of the process, however it ends.

        Raises StorageFailed; then nothing of `data` is kept.
        """

    def read(self, name: str) -> bytes:
        """All whole lines of a log; what was torn off in the middle of a line is left out. Raises NotFound."""

    def close(self) -> None:
        """Flush and release."""


class NoJournal:
    """Keeps the logs in memory: what `--ephemeral` uses."""

    durable = False

    def __init__(self) -> None:
        self._logs: dict[str, list[bytes]] = {}
        self._name = ""

    def names(self) -> list[str]:
        return sorted(self._logs)

    def begin(self, name: str) -> None:
        self._name = name

    def append(self, data: bytes) -> None:
        self._logs.setdefault(self._name, []).append(data)

    def read(self, name: str) -> bytes:
        if name not in self._logs:
            raise NotFound(f"there is no session {name!r}")
        return b"".join(self._logs[name])

    def close(self) -> None:
        pass
