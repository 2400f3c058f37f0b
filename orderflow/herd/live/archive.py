"""Past sessions: their logs, and a line about each. Reads the journal, so call it where waiting for a disk is right."""

from __future__ import annotations

from typing import Any

from orderflow.errors import BadInput, OrderflowError
from orderflow.herd.live.journal import Journal
from orderflow.herd.rules.events import Event, PhaseChanged, decode, decode_log
from orderflow.herd.rules.state import State

MS = 1_000_000

Line = dict[str, Any]


class Archive:
    """Remembers the lines of sessions that are over: their logs do not change any more."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lines: dict[str, Line] = {}

    def events(self, name: str) -> list[Event]:
        """All events of a session. Raises NotFound, BadInput when the log is damaged, StorageFailed."""
        return list(decode_log(self._journal.read(name)))

    def sessions(self, current: State) -> list[Line]:
        """A line a session, the newest first. One whose log cannot be read has an "error" instead of figures."""
        lines = [self._line(name) for name in self._journal.names() if name != current.session_id]
        lines.append(
            {
                "id": current.session_id,
                "started": current.started // MS,
                "ended": current.t // MS if current.phase == "ended" else None,
                "participants": len(current.participants),
                "orders": current.totals.orders,
                "current": True,
            }
        )
        return sorted(lines, key=lambda line: str(line["id"]), reverse=True)

    def _line(self, name: str) -> Line:
        line = self._lines.get(name)
        if line is None:
            try:
                line = self._lines[name] = self._read(name)
            except OrderflowError as error:
                line = {"id": name, "current": False, "error": str(error)}
        return line

    def _read(self, name: str) -> Line:
        data = self._journal.read(name)
        lines = data.splitlines()
        if not lines:
            raise BadInput("the log is empty")
        first, last = decode(lines[0]), decode(lines[-1])
        over = isinstance(last, PhaseChanged) and last.phase == "ended"
        return {
            "id": name,
            "started": first.t // MS,
            "ended": last.t // MS if over else None,
            "participants": data.count(b',"e":"join",'),
            "orders": data.count(b',"e":"order",'),
            "current": False,
        }
