"""Who is there: when each participant was last seen, who never did anything, and how many joined lately."""

from __future__ import annotations

from collections.abc import Callable

from orderflow.herd.rules.join_meter import JoinMeter
from orderflow.herd.rules.state import State

ACTIVE_SECONDS = 30
"""Participants seen within so many seconds count as active."""
IDLE_SECONDS = 10
"""Participants who never sent an order are idle so many seconds after their page was last open."""


class Attendance:
    """The attendance of the current session, kept in memory only. Times are ns of the session's clock.

    has_page: whether a participant has a page open, set by the web layer.
    """

    def __init__(self) -> None:
        self.has_page: Callable[[str], bool] = lambda pid: False
        self._seen: dict[str, int] = {}
        self._joins = JoinMeter()

    def begin(self) -> None:
        """Begin with a new session: nobody was seen in it. Joins of the last minute still count."""
        self._seen = {}

    def joined(self, pid: str, address: str, now: int, monotonic: float) -> None:
        """Record a new participant. address: from where; monotonic: the time in seconds."""
        self.see(pid, now)
        self._joins.add(address, monotonic)

    def see(self, pid: str, now: int) -> None:
        """Record activity of a participant."""
        self._seen[pid] = now

    def active(self, state: State, now: int) -> int:
        """How many were seen within ACTIVE_SECONDS, without kicked ones."""
        first, people = now - ACTIVE_SECONDS * 10**9, state.participants
        return sum(at >= first and pid in people and not people[pid].kicked for pid, at in self._seen.items())

    def idle(self, state: State, begun: int, now: int) -> list[str]:
        """Participants who never sent an order and have had no page open for IDLE_SECONDS, without bots.

        begun: when this run of the server began; who joined before was there then.
        """
        last = now - IDLE_SECONDS * 10**9
        return [
            person.id
            for person in state.present()
            if person.bot is None
            and not state.orders[person.id]
            and max(person.joined_ns, self._seen.get(person.id, begun)) <= last
            and not self.has_page(person.id)
        ]

    def joins(self, monotonic: float) -> tuple[int, int]:
        """(joins of the last minute, the most of them from one address) at a monotonic time in seconds."""
        return self._joins.figures(monotonic)
