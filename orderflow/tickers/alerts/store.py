"""Port of what is stored of alerts, and an implementation in memory.

What an evaluation changes is one `Changes`: the events, the new state of the watches and how far the symbols have been
evaluated. A store keeps all of it or nothing, so after a crash the evaluation goes on from there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orderflow.tickers.alerts.alert import Alert, AlertEvent, Watch

MOST_EVENTS, MOST_EVENTS_OF_A_USER = 100_000, 10_000
"""Newest events of the operator, and of a user, that are kept."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last tick that was evaluated: how it is found again. price, size: exact decimal text. time: ns UTC. nth:
    which of the ticks that are equal in all of these it is, in order of arrival, from 1; 0 if that is not known."""

    time: int
    price: str
    size: str
    id: int
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """How far a symbol has been evaluated.

    generation: counts the series of the symbol, from 1; a reset begins a new one. ordinal: ticks of this generation
    that have been evaluated. mark: the last of them. before: (time, exact price) of the sample that the next tick is
    compared with. closes: forming bars by frame, as `Closes.state` gives them. live: the last tick came when it was
    traded. session: in force then, "" if that is not known. opened: ordinal of the epoch's first tick, from 0.
    """

    symbol: str
    generation: int = 1
    ordinal: int = 0
    mark: Mark | None = None
    before: tuple[int, str] | None = None
    closes: dict[str, dict[str, Any]] = field(default_factory=dict)
    live: bool = False
    session: str = ""
    opened: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What is stored at once. alerts: made or changed, with all their watches. watches: changed. removed: ids."""

    events: Sequence[AlertEvent] = ()
    alerts: Sequence[tuple[Alert, Sequence[Watch]]] = ()
    watches: Sequence[Watch] = ()
    positions: Sequence[Position] = ()
    removed: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.events or self.alerts or self.watches or self.positions or self.removed)


@dataclass(frozen=True, slots=True)
class Stored:
    """All alerts with their watches, the positions, and (alert id, time found) of the newest events."""

    alerts: Sequence[tuple[Alert, Sequence[Watch]]]
    positions: Sequence[Position]
    found: Sequence[tuple[str, int]]


class AlertStore(Protocol):
    """Durable storage of alerts. Methods raise StorageFailed; then nothing is changed."""

    def load(self) -> Stored:
        """Everything that an evaluation needs to go on."""

    def save(self, changes: Changes) -> list[str]:
        """Store all changes or nothing. Returns the ids of the events that are new; known ones stay as they are."""

    def events(
        self, *, after: int | None = None, alert_id: str | None = None, owner: str | None = None, limit: int = 100
    ) -> list[tuple[int, AlertEvent]]:
        """(number, event), the newest first; with `after`, those with a higher number, the oldest first. owner: only
        those of a user ("": of the operator)."""

    def owners(self) -> set[str]:
        """Whose events there are."""

    def forget(self, owner: str) -> None:
        """Delete the events of a user."""

    def prune(self) -> dict[str, int]:
        """Delete the oldest events beyond MOST_EVENTS of the operator and MOST_EVENTS_OF_A_USER. Returns how many of
        each owner."""


class MemoryStore:
    """Keeps alerts until the end of the process."""

    def __init__(self) -> None:
        self._alerts: dict[str, tuple[Alert, dict[str, Watch]]] = {}
        self._positions: dict[str, Position] = {}
        self._events: dict[str, AlertEvent] = {}

    def load(self) -> Stored:
        alerts = [(alert, list(copy.deepcopy(watches).values())) for alert, watches in self._alerts.values()]
        found = [(event.alert_id, event.found) for event in self._events.values()]
        return Stored(alerts, list(self._positions.values()), found)

    def save(self, changes: Changes) -> list[str]:
        new = [event for event in changes.events if event.id not in self._events]
        self._events |= {event.id: event for event in new}
        for alert, watches in changes.alerts:
            self._alerts[alert.id] = alert, {watch.symbol: copy.deepcopy(watch) for watch in watches}
        for watch in changes.watches:
            if (known := self._alerts.get(watch.alert.id)) is not None:
                known[1][watch.symbol] = copy.deepcopy(watch)
        self._positions |= {position.symbol: position for position in changes.positions}
        for alert_id in changes.removed:
            self._alerts.pop(alert_id, None)
        return [event.id for event in new]

    def owners(self) -> set[str]:
        return {event.owner for event in self._events.values()}

    def forget(self, owner: str) -> None:
        self._events = {event.id: event for event in self._events.values() if event.owner != owner}

    def prune(self) -> dict[str, int]:
        return {}  # what is kept ends with the process

    def events(
        self, *, after: int | None = None, alert_id: str | None = None, owner: str | None = None, limit: int = 100
    ) -> list[tuple[int, AlertEvent]]:
        rows: Iterable[tuple[int, AlertEvent]] = enumerate(self._events.values(), 1)
        mine = [row for row in rows if alert_id in (None, row[1].alert_id) and owner in (None, row[1].owner)]
        found = [row for row in mine if row[0] > (after or 0)]
        return (found if after is not None else found[::-1])[:limit]
