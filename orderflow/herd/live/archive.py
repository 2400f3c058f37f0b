"""Past sessions: their logs, and a summary of each. Reads the journal, so calls may block on the disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from orderflow.errors import BadInput, OrderflowError
from orderflow.herd.live.journal import Journal
from orderflow.herd.live.names import session_order
from orderflow.herd.rules.events import Event, PhaseChanged, decode
from orderflow.herd.rules.state import State
from orderflow.herd.rules.wall_time import on_wall_clock, wall_times
from orderflow.market.tick_log import DamagedPart
from orderflow.storage.lines import LogText

MS = 1_000_000

Summary = dict[str, Any]
"""id, started, ended (ms; None: not), participants, orders, current; or error."""


class Archive:
    """Caches the summaries of past sessions, whose logs no longer change."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._summaries: dict[str, Summary] = {}
        self.damaged: dict[str, str] = {}
        """What is damaged, by session, of the logs that were read."""

    def events(self, name: str) -> Iterator[Event]:
        """The events of a session one by one, up to the first damaged line. Raises NotFound, BadInput naming a line
        that is not an event, StorageFailed."""
        for number, line in enumerate(self._journal.lines(name), 1):
            if line.text is None:
                if not line.torn:
                    self._examine(name)  # notes the damage
                return
            yield decode(line.text, number)

    def sessions(self, current: State) -> list[Summary]:
        """A summary of each session, the newest first. One with an unreadable log has "error" instead of figures; of a
        damaged one, "damaged" says where, and the figures are of the lines before."""
        summaries = [self._summary(name) for name in self._journal.names() if name != current.session_id]
        started, last = wall_times((current.started, current.t), current.offsets)
        summaries.append(
            {
                "id": current.session_id,
                "started": started // MS,
                "ended": last // MS if current.phase == "ended" else None,
                "participants": len(current.participants),
                "orders": current.totals.orders,
                "current": True,
            }
        )
        return sorted(summaries, key=lambda summary: session_order(str(summary["id"])), reverse=True)

    def damage(self, current: str, its_damage: object | None) -> list[DamagedPart]:
        """Damage to the logs that were read. its_damage: of the current session, None if there is none."""
        parts = {name: text for name, text in self.damaged.items() if name != current}
        if its_damage is not None:
            parts[current] = str(its_damage)
        return [DamagedPart("session", name, 1, text) for name, text in sorted(parts.items())]

    def check(self) -> None:
        """Look for damage in all logs. Reads the disk."""
        for name in self._journal.names():
            with contextlib.suppress(OrderflowError):
                self._examine(name)

    def _summary(self, name: str) -> Summary:
        summary = self._summaries.get(name)
        if summary is None:
            try:
                summary = self._summaries[name] = self._read(name)
            except OrderflowError as error:
                summary = {"id": name, "current": False, "error": str(error)}
        return summary

    def _read(self, name: str) -> Summary:
        log = self._examine(name)
        data, lines = log.data, log.data.splitlines()
        if not lines:
            raise BadInput("the log is empty" if log.whole else self.damaged[name])
        jumps = [line for line in lines[1:-1] if b',"e":"clock",' in line]
        first, *_, last = on_wall_clock([decode(line) for line in (lines[0], *jumps, lines[-1])])
        ended = isinstance(last, PhaseChanged) and last.phase == "ended"
        damaged = {"damaged": self.damaged[name]} if name in self.damaged else {}
        return {
            "id": name,
            "started": first.t // MS,
            "ended": last.t // MS if ended else None,
            "participants": data.count(b',"e":"join",'),
            "orders": data.count(b',"e":"order",'),
            "current": False,
            **damaged,
        }

    def _examine(self, name: str) -> LogText:
        log = self._journal.examine(name)
        if not log.whole:
            after = log.total + log.missing - log.lines - 1
            what = "damaged" if log.damaged else "missing"
            self.damaged[name] = f"line {log.lines + 1:,} of the game's log is {what}; lines after it: {after:,}"
        return log
