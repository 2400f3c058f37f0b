"""The targets that alerts are delivered to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, union, update

from orderflow.errors import Conflict, NotFound
from orderflow.storage.records.models import DELIVERIES, DELIVERY_TARGETS
from orderflow.storage.records.records import Records

OPERATOR = "operator"
"""The owner of targets that are no user's."""
FAILING_AFTER = 3
"""Failed attempts in a row from which on a target counts as failing."""
MOST_CHANGED = 1_000
"""Deliveries that are changed or deleted in one transaction, so that other writes come in between."""


@dataclass(frozen=True, slots=True)
class StoredTarget:
    """One target. Times in ns since 1970.

    config: what may be shown; secrets: what may not. failures: failed attempts in a row, the first one at
    `failing_since`, the last one with `error`; until `resume` nothing is sent. dropped: deliveries that were not made
    because too many were waiting.
    """

    id: int
    owner: str
    name: str
    kind: str
    config: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    active: bool
    created: int
    failures: int = 0
    failing_since: int | None = None
    resume: int = 0
    error: str = ""
    dropped: int = 0

    @property
    def failing(self) -> bool:
        """Whether it takes nothing at present."""
        return self.active and self.failures >= FAILING_AFTER


class TargetStore:
    """The table of targets. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def list(self, owner: str | None = None) -> tuple[StoredTarget, ...]:
        """The targets of one owner, or of all, in the order in which they were made."""
        return self._records.read(lambda connection: _list(connection, owner))

    def get(self, target: int) -> StoredTarget:
        """One target. Raises NotFound."""
        return self._records.read(lambda connection: get_target(connection, target))

    def add(self, target: StoredTarget, most: int) -> StoredTarget:
        """Add a target; its id is given here. Raises Conflict if the name is taken or the owner has `most` targets."""
        return self._records.write(lambda connection: _add(connection, target, most))

    def change(self, target: StoredTarget) -> None:
        """Store name, config, secrets and active of a target, which begins without failures.

        Raises NotFound, and Conflict if the name is taken.
        """
        self._records.write(lambda connection: _change(connection, target))

    def remove(self, target: int, now: int) -> int:
        """Remove a target; what was not delivered to it yet is cancelled. Returns how much. Raises NotFound.

        It is paused first. What waits is then cancelled in pieces: other writes come in between.
        """
        self._records.write(lambda connection: _pause(connection, target))
        cancelled = 0
        while piece := self._records.write(lambda connection: _cancel(connection, target, now)):
            cancelled += piece
        while self._records.write(lambda connection: _release(connection, target)):
            pass
        return cancelled + self._records.write(lambda connection: _remove(connection, target, now))

    def owners(self) -> set[str]:
        """Whose targets and deliveries there are."""
        found = union(select(DELIVERY_TARGETS.c.owner), select(DELIVERIES.c.owner))
        return self._records.read(lambda connection: set(connection.scalars(found)))

    def forget(self, owner: str) -> None:
        """Delete the targets of an owner with all deliveries to them, in pieces: other writes come in between."""
        while self._records.write(lambda connection: _delete(connection, owner)):
            pass
        self._records.write(lambda connection: _forget(connection, owner))

    def failing(self) -> tuple[StoredTarget, ...]:
        """The active targets to which the last FAILING_AFTER attempts failed."""
        return self._records.read(_failing)


def make_target(row: Row[Any]) -> StoredTarget:
    """A target from a row with the table's columns."""
    values = {name: getattr(row, name) for name in StoredTarget.__dataclass_fields__}
    values |= {"config": json.loads(row.config), "secrets": json.loads(row.secrets)}
    return StoredTarget(**values)


def get_target(connection: Connection, target: int) -> StoredTarget:
    """One target. Raises NotFound."""
    row = connection.execute(select(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id == target)).first()
    if row is None:
        raise NotFound(f"there is no target {target}")
    return make_target(row)


def _list(connection: Connection, owner: str | None) -> tuple[StoredTarget, ...]:
    statement = select(DELIVERY_TARGETS).order_by(DELIVERY_TARGETS.c.id)
    if owner is not None:
        statement = statement.where(DELIVERY_TARGETS.c.owner == owner)
    return tuple(map(make_target, connection.execute(statement)))


def _failing(connection: Connection) -> tuple[StoredTarget, ...]:
    table = DELIVERY_TARGETS.c
    statement = select(DELIVERY_TARGETS).where(table.failures >= FAILING_AFTER, table.active).order_by(table.id)
    return tuple(map(make_target, connection.execute(statement)))


def _add(connection: Connection, target: StoredTarget, most: int) -> StoredTarget:
    owned = select(func.count()).select_from(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.owner == target.owner)
    if (connection.scalar(owned) or 0) >= most:
        raise Conflict(f"there are {most} targets already, which is the limit: remove one")
    _free_name(connection, target)
    values = {
        "owner": target.owner,
        "kind": target.kind,
        "created": target.created,
        "failures": 0,
        "resume": 0,
        "error": "",
        **_changeable(target),
    }
    made = connection.execute(insert(DELIVERY_TARGETS).values(values)).inserted_primary_key
    assert made is not None
    return get_target(connection, made[0])


def _change(connection: Connection, target: StoredTarget) -> None:
    get_target(connection, target.id)
    _free_name(connection, target)
    values = {**_changeable(target), "failures": 0, "failing_since": None, "resume": 0, "error": ""}
    connection.execute(update(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id == target.id).values(values))


def _free_name(connection: Connection, target: StoredTarget) -> None:
    table = DELIVERY_TARGETS.c
    same = select(table.id).where(table.owner == target.owner, table.name == target.name, table.id != target.id)
    if connection.scalar(same) is not None:
        raise Conflict(f"there is a target named {target.name!r} already")


def _changeable(target: StoredTarget) -> dict[str, Any]:
    return {
        "name": target.name,
        "config": json.dumps(dict(target.config)),
        "secrets": json.dumps(dict(target.secrets)),
        "active": target.active,
    }


def _forget(connection: Connection, owner: str) -> None:
    connection.execute(delete(DELIVERIES).where(DELIVERIES.c.owner == owner))
    connection.execute(delete(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.owner == owner))


def _some(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """At most MOST_CHANGED of the deliveries."""
    return DELIVERIES.c.id.in_(select(DELIVERIES.c.id).where(*where).limit(MOST_CHANGED))


def _delete(connection: Connection, owner: str) -> int:
    return connection.execute(delete(DELIVERIES).where(_some(DELIVERIES.c.owner == owner))).rowcount


def _pause(connection: Connection, target: int) -> None:
    get_target(connection, target)
    connection.execute(update(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id == target).values(active=False))


def _cancel(connection: Connection, target: int, now: int) -> int:
    waiting = _some(DELIVERIES.c.target == target, DELIVERIES.c.state == "pending")
    values = {"state": "cancelled", "error": "the target was removed", "finished": now}
    return connection.execute(update(DELIVERIES).where(waiting).values(values)).rowcount


def _release(connection: Connection, target: int) -> int:
    """Let finished deliveries refer to the target no more."""
    finished = _some(DELIVERIES.c.target == target, DELIVERIES.c.state != "pending")
    return connection.execute(update(DELIVERIES).where(finished).values(target=None)).rowcount


def _remove(connection: Connection, target: int, now: int) -> int:
    cancelled = _cancel(connection, target, now)
    if not connection.execute(delete(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id == target)).rowcount:
        raise NotFound(f"there is no target {target}")
    return cancelled
