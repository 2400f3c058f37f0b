"""Alerts, their watches and events, and how far symbols are evaluated: rows, written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from orderflow.storage.records.models import ACKNOWLEDGEMENTS, ALERT_EVENTS, ALERT_POSITIONS, ALERT_WATCHES, ALERTS
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new, insert_or_change

Values = Mapping[str, Any]
"""The columns of a row by name, as `orderflow.storage.records.models` has them."""
MOST_BARS = 100_000
"""Newest events whose bars are read at the start."""
RECENT_NS = 180 * 10**9
"""Events that are so much older than the newest one do not count for how often an alert fires."""


@dataclass(frozen=True, slots=True)
class AlertChanges:
    """Rows to store at once. alerts: new or changed, and watches: all of these; changed: watches of other alerts.

    removed: ids of alerts. Each event comes with what is to be done in the transaction if it is new.
    """

    alerts: Sequence[Values] = ()
    watches: Sequence[Values] = ()
    changed: Sequence[Values] = ()
    positions: Sequence[Values] = ()
    events: Sequence[tuple[Values, Callable[[Connection], object]]] = ()
    removed: Collection[str] = ()


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
        self._records.write(lambda connection: _forget(connection, owner))


def _load(connection: Connection) -> AlertRows:
    events = ALERT_EVENTS.c
    newest = connection.scalar(select(events.found).order_by(events.number.desc()).limit(1))
    recent = select(events.alert, events.found).where(events.found > (newest or 0) - RECENT_NS)
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
    new = []
    for values, then in changes.events:
        # not the row count, which PostgreSQL's driver does not tell of an insert that returns the new number
        found = connection.execute(insert_new(connection, ALERT_EVENTS).returning(ALERT_EVENTS.c.id), dict(values))
        if found.first() is not None:
            new.append(str(values["id"]))
            then(connection)
    return new


def _replace(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows or change those with their key."""
    if rows:
        execute_many(connection, insert_or_change(connection, table), rows)


def _forget(connection: Connection, owner: str) -> None:
    mine = select(ALERT_EVENTS.c.id).where(ALERT_EVENTS.c.owner == owner)
    connection.execute(delete(ACKNOWLEDGEMENTS).where(ACKNOWLEDGEMENTS.c.event.in_(mine)))
    connection.execute(delete(ALERT_EVENTS).where(ALERT_EVENTS.c.owner == owner))


def _events(
    connection: Connection, after: int | None, alert: str | None, owner: str | None, limit: int
) -> list[Values]:
    number = ALERT_EVENTS.c.number
    chosen = select(ALERT_EVENTS).order_by(number.desc() if after is None else number).limit(limit)
    if after is not None:
        chosen = chosen.where(number > after)
    if alert is not None:
        chosen = chosen.where(ALERT_EVENTS.c.alert == alert)
    if owner is not None:
        chosen = chosen.where(ALERT_EVENTS.c.owner == owner)
    return [dict(row) for row in connection.execute(chosen).mappings()]
