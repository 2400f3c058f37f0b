"""The interface for storing session logs, and an implementation in memory.

`orderflow.storage.journal` implements it on disk. A journal stores lines regardless of their content.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Protocol

from orderflow.errors import NotFound
from orderflow.storage.lines import Line, LogText, read_lines


class Journal(Protocol):
    """Append-only logs, one per session id. Used by one thread or greenlet at a time, except for reading, which may be
    done concurrently."""

    durable: bool
    """False if the logs are lost with the process."""
    lost: str
    """The log that was written to last before the start, if it is not there any more; else ""."""

    def names(self) -> list[str]:
        """The ids of all logs."""

    def begin(self, name: str) -> None:
        """Append to this log from now on; the first `append` creates it."""

    def append(self, data: bytes) -> None:
        """Append whole lines. When this returns, they survive a crash of the process.

        Raises StorageFailed; then nothing of `data` is kept.
        """

    def problem(self) -> str:
        """Why lines are refused at present, with the reason and what to do; "" if they are not."""

    def rewrite(self) -> None:
        """Write the log anew if its file was deleted, moved or replaced. Raises StorageFailed."""

    def read(self, name: str) -> bytes:
        """All lines of a log up to the first damaged one; a torn last line is left out. Raises NotFound."""

    def lines(self, name: str) -> Iterator[Line]:
        """The lines of a log one by one, damaged ones too. Raises NotFound at the first one."""

    def examine(self, name: str) -> LogText:
        """What of a log can be read, and where it is damaged. Raises NotFound."""

    def mend(self, name: str, lines: int) -> str:
        """Make the first `lines` lines the log of that name, and keep the damaged log under the name that is returned.

        Raises NotFound, StorageFailed; then nothing has changed.
        """

    def close(self) -> None:
        """Flush and close the log."""


class NoJournal:
    """Keeps the logs in memory, for `--ephemeral`."""

    durable = False
    lost = ""

    def __init__(self) -> None:
        self._logs: dict[str, list[bytes]] = {}
        self._name = ""

    def names(self) -> list[str]:
        return sorted(self._logs)

    def begin(self, name: str) -> None:
        self._name = name

    def append(self, data: bytes) -> None:
        self._logs.setdefault(self._name, []).append(data)

    def problem(self) -> str:
        return ""

    def rewrite(self) -> None:
        pass

    def read(self, name: str) -> bytes:
        if name not in self._logs:
            raise NotFound(f"there is no session {name!r}")
        return b"".join(self._logs[name])

    def lines(self, name: str) -> Iterator[Line]:
        if name not in self._logs:
            raise NotFound(f"there is no session {name!r}")
        for data in self._logs[name]:
            yield from read_lines(BytesIO(data))

    def examine(self, name: str) -> LogText:
        data = self.read(name)
        return LogText(data, data.count(b"\n"))

    def mend(self, name: str, lines: int) -> str:
        kept = f"{name}.damaged-1"
        self._logs[kept] = self._logs[name]
        self._logs[name] = self.read(name).splitlines(keepends=True)[:lines]
        return kept

    def close(self) -> None:
        pass
