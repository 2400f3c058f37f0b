"""Alerts, their watches and events, and how far symbols are evaluated: rows, written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, select

from orderflow.storage.records.models import ACKNOWLEDGEMENTS, ALERT_EVENTS, ALERT_POSITIONS, ALERT_WATCHES, ALERTS
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new, insert_or_change

Values = Mapping[str, Any]
"""The columns of a row by name, as `orderflow.storage.records.models` has them."""
MOST_BARS = 100_000
"""Newest events whose bars are read at the start, and among which those are looked for that were found just before."""
MOST_DELETED = 1_000
"""Events that are deleted in one transaction, so that other writes come in between."""
MOST_NAMED = 500
"""Ids in one statement."""
RECENT_NS = 180 * 10**9
"""Events that are so much older than the newest one do not count for how often an alert fires."""


@dataclass(frozen=True, slots=True)
class AlertChanges:
    """Rows to store at once. alerts: new or changed, and watches: all of these; changed: watches of other alerts.

    removed: ids of alerts. deliver: called in the transaction with the ids of the new events, if there are any.
    """

    alerts: Sequence[Values] = ()
    watches: Sequence[Values] = ()
    changed: Sequence[Values] = ()
    positions: Sequence[Values] = ()
    events: Sequence[Values] = ()
    removed: Collection[str] = ()
    deliver: Callable[[Connection, Collection[str]], object] = lambda connection, new: None


@dataclass(frozen=True, slots=True)
class AlertRows:
    """All alerts, watches and positions. bars: (alert, symbol, generation, bar) of events; found: (alert, time)."""

    alerts: Sequence[Values]
    watches: Sequence[Values]
    positions: Sequence[Values]
    bars: Sequence[tuple[str, str, int, int]]
    found: Sequence[tuple[str, int]]


class AlertTables:
    """The tables of alerts. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def load(self) -> AlertRows:
        """Everything that an evaluation needs."""
        return self._records.read(_load)

    def save(self, changes: AlertChanges) -> list[str]:
        """Store all changes or nothing. Returns the ids of the events that were not there."""
        return self._records.write(lambda connection: _save(connection, changes))

    def events(self, after: int | None, alert: str | None, owner: str | None, limit: int) -> list[Values]:
        """Events, the newest first; with `after`, those with a higher number, the oldest first. owner: only theirs."""
        return self._records.read(lambda connection: _events(connection, after, alert, owner, limit))

    def owners(self) -> set[str]:
        """Whose events there are."""
        return self._records.read(lambda connection: set(connection.scalars(select(ALERT_EVENTS.c.owner).distinct())))

    def forget(self, owner: str) -> None:
        """Delete the events of an owner, and that they were acknowledged."""
        self._delete(select(ALERT_EVENTS.c.number).where(ALERT_EVENTS.c.owner == owner))

    def prune(self, most: int, most_of_a_user: int) -> dict[str, int]:
        """Delete the oldest events of those who have more than that, and that they were acknowledged. most: of the
        owner "". Returns how many of each owner."""
        old = self._records.read(lambda connection: _old(connection, most, most_of_a_user))
        return {owner: self._delete(chosen) for owner, chosen in old.items()}

    def _delete(self, chosen: Select[tuple[int]]) -> int:
        """Delete events by their numbers, in pieces: other writes come in between. Returns how many."""
        deleted = 0
        while piece := self._records.write(lambda connection: _delete(connection, chosen)):
            deleted += piece
        return deleted


def _load(connection: Connection) -> AlertRows:
    events = ALERT_EVENTS.c
    newest = connection.scalar(select(events.found).order_by(events.number.desc()).limit(1))
    last = connection.scalar(select(func.max(events.number))) or 0
    recent = select(events.alert, events.found).where(
        events.number > last - MOST_BARS, events.found > (newest or 0) - RECENT_NS
    )
    barred = select(events.alert, events.symbol, events.generation, events.bar).where(events.bar.is_not(None))
    return AlertRows(
        _all(connection, ALERTS),
        _all(connection, ALERT_WATCHES),
        _all(connection, ALERT_POSITIONS),
        [(a, s, g, b) for a, s, g, b in connection.execute(barred.order_by(events.number.desc()).limit(MOST_BARS))],
        [(alert, found) for alert, found in connection.execute(recent.order_by(events.number))],
    )


def _all(connection: Connection, table: Table) -> list[Values]:
    return [dict(row) for row in connection.execute(select(table)).mappings()]


def _save(connection: Connection, changes: AlertChanges) -> list[str]:
    if changes.removed:
        connection.execute(delete(ALERTS).where(ALERTS.c.id.in_(changes.removed)))
    _replace(connection, ALERTS, changes.alerts)
    _replace(connection, ALERT_WATCHES, changes.watches)
    _replace(connection, ALERT_WATCHES, changes.changed)
    _replace(connection, ALERT_POSITIONS, changes.positions)
    rows = {str(values["id"]): values for values in reversed(changes.events)}  # of two with one id the first
    known = _known(connection, list(rows))
    new = {key: values for key, values in reversed(rows.items()) if key not in known}
    if new:
        execute_many(connection, insert_new(connection, ALERT_EVENTS), map(dict, new.values()))
        changes.deliver(connection, new)
    return list(new)


def _known(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the ids that events have."""
    pieces = (ids[first : first + MOST_NAMED] for first in range(0, len(ids), MOST_NAMED))
    column = ALERT_EVENTS.c.id
    return {found for piece in pieces for found in connection.scalars(select(column).where(column.in_(piece)))}


def _replace(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows or change those with their key."""
    if rows:
        execute_many(connection, insert_or_change(connection, table), rows)


def _old(connection: Connection, most: int, most_of_a_user: int) -> dict[str, Select[tuple[int]]]:
    """For each owner of more events than that: the numbers of those that are too many."""
    events, found = ALERT_EVENTS.c, dict[str, Select[tuple[int]]]()
    for owner, count in connection.execute(select(events.owner, func.count()).group_by(events.owner)):
        if count > (kept := most_of_a_user if owner else most):
            newest = select(events.number).where(events.owner == owner).order_by(events.number.desc())
            first = connection.scalar(newest.offset(kept - 1).limit(1))
            found[owner] = select(events.number).where(events.owner == owner, events.number < first)
    return found


def _delete(connection: Connection, chosen: Select[tuple[int]]) -> int:
    """Delete the oldest of the chosen events, at most MOST_DELETED, and that they were acknowledged; how many."""
    events = ALERT_EVENTS.c
    numbers = connection.scalars(chosen.order_by(events.number).limit(MOST_DELETED)).all()
    if not numbers:
        return 0
    these = events.number.in_(numbers)
    ids = select(events.id).where(these)
    connection.execute(delete(ACKNOWLEDGEMENTS).where(ACKNOWLEDGEMENTS.c.event.in_(ids)))
    return connection.execute(delete(ALERT_EVENTS).where(these)).rowcount


def _events(
    connection: Connection, after: int | None, alert: str | None, owner: str | None, limit: int
) -> list[Values]:
    number = ALERT_EVENTS.c.number
    chosen = select(ALERT_EVENTS).order_by(number.desc() if after is None else number).limit(limit)
    if after is not None:
        chosen = chosen.where(number > after)
    if alert is not None:
        chosen = chosen.where(ALERT_EVENTS.c.alert == alert)
    if owner is not None:  # an alert has fewer events than its owner: with `|| ''` SQLite looks by the alert
        chosen = chosen.where((ALERT_EVENTS.c.owner if alert is None else ALERT_EVENTS.c.owner + "") == owner)
    return [dict(row) for row in connection.execute(chosen).mappings()]
