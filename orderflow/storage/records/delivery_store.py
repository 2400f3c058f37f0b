"""The outbox: what is to be delivered to which target, and every attempt."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from orderflow.storage.records.models import DELIVERIES, DELIVERY_ATTEMPTS, DELIVERY_TARGETS
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import insert_new
from orderflow.storage.records.target_store import StoredTarget, make_target

LONGEST_PAUSE = 3600 * 10**9
"""ns between two attempts at most. What is due later than that was stored before the clock was set back."""
STATES = ("pending", "delivered", "failed", "cancelled")
LONGEST_TITLE, LONGEST_ERROR = 200, 300
MOST_PRUNED = 5_000
"""Deliveries that one call of `prune` removes."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is delivered. text: the whole message, the body of a webhook; title: one line, the subject of an e-mail."""

    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. begun: ns since 1970; status: of HTTP, if the target answered."""

    number: int
    begun: int
    took_ms: int
    delivered: bool
    status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """One row of the outbox. Times in ns since 1970. target: None if it was removed meanwhile."""

    id: str
    event: str
    target: int | None
    target_name: str
    kind: str
    owner: str
    title: str
    text: str
    state: str
    created: int
    due: int
    attempts: int
    error: str
    finished: int | None
    history: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt changes. due, resume: when the delivery, and its target, are tried again; ns since 1970."""

    state: str
    due: int
    failures: int
    failing_since: int | None
    resume: int
    give_up_before: int | None = None
    """Other pending deliveries of the target that were made before this fail too."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are listed: the newest `limit` made before `before` (ns)."""

    limit: int = 100
    before: int | None = None
    state: str | None = None
    target: int | None = None
    owner: str | None = None


def delivery_id(event: str, target: int) -> str:
    """The id of the delivery of one event to one target, the same in every attempt and after every restart."""
    return hashlib.sha256(f"{event}\n{target}".encode()).hexdigest()[:32]


def enqueue(connection: Connection, event_id: str, targets: Iterable[int], message: Message, now: int) -> int:
    """Put the deliveries of one event into the outbox, in the connection's transaction. Returns the number of new ones.

    targets: ids; those that are removed or not active are left out. A delivery that is there already is not made again.
    now: ns since 1970.
    """
    chosen = select(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id.in_(list(targets)), DELIVERY_TARGETS.c.active)
    rows = [
        {
            "id": delivery_id(event_id, target.id),
            "event": event_id,
            "target": target.id,
            "target_name": target.name,
            "kind": target.kind,
            "owner": target.owner,
            "title": message.title[:LONGEST_TITLE],
            "text": message.text,
            "state": "pending",
            "created": now,
            "due": now,
            "attempts": 0,
            "error": "",
        }
        for target in connection.execute(chosen)
    ]
    return connection.execute(insert_new(connection, DELIVERIES), rows).rowcount if rows else 0


class DeliveryStore:
    """The tables of deliveries and attempts. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def enqueue(self, event_id: str, targets: Collection[int], message: Message, now: int) -> int:
        """`enqueue` in a transaction of its own."""
        return self._records.write(lambda connection: enqueue(connection, event_id, targets, message, now))

    def due_targets(self, now: int) -> tuple[StoredTarget, ...]:
        """The targets to which something is to be sent now, those that have waited longest first."""
        return self._records.read(lambda connection: _due_targets(connection, now))

    def next_due(self, target: int, now: int) -> tuple[StoredTarget, StoredDelivery] | None:
        """What is to be sent to a target now: first what was tried least, then what is oldest."""
        return self._records.read(lambda connection: _next_due(connection, target, now))

    def record(self, delivery: StoredDelivery, attempt: Attempt, result: Result) -> None:
        """Keep an attempt, and what follows from it for the delivery and its target, in one transaction."""
        self._records.write(lambda connection: _record(connection, delivery, attempt, result))

    def list(self, chosen: Filter) -> tuple[StoredDelivery, ...]:
        """Deliveries with their attempts, newest first."""
        return self._records.read(lambda connection: _list(connection, chosen))

    def newest(self, targets: Iterable[int]) -> dict[int, StoredDelivery]:
        """The newest delivery to each of these targets, by the target's id, without its attempts."""
        found = self._records.read(lambda connection: [_newest(connection, target) for target in targets])
        return {delivery.target: delivery for delivery in found if delivery is not None and delivery.target is not None}

    def waiting(self) -> int:
        """How many deliveries are pending."""
        counted = select(func.count()).select_from(DELIVERIES).where(DELIVERIES.c.state == "pending")
        return self._records.read(lambda connection: connection.scalar(counted) or 0)

    def prune(self, before: int) -> int:
        """Remove what was finished before a time, at most MOST_PRUNED at once. Returns how many were removed."""
        return self._records.write(lambda connection: _prune(connection, before))


def _is_due(now: int) -> tuple[ColumnElement[bool], ...]:
    later = now + LONGEST_PAUSE
    return (
        DELIVERIES.c.state == "pending",
        or_(DELIVERIES.c.due <= now, DELIVERIES.c.due > later),
        DELIVERY_TARGETS.c.active,
        or_(DELIVERY_TARGETS.c.resume <= now, DELIVERY_TARGETS.c.resume > later),
    )


def _due_targets(connection: Connection, now: int) -> tuple[StoredTarget, ...]:
    first = func.min(DELIVERIES.c.created).label("first")
    waiting = (
        select(DELIVERIES.c.target, first)
        .join(DELIVERY_TARGETS, DELIVERY_TARGETS.c.id == DELIVERIES.c.target)
        .where(*_is_due(now))
        .group_by(DELIVERIES.c.target)
        .subquery()
    )
    chosen = select(DELIVERY_TARGETS).join(waiting, waiting.c.target == DELIVERY_TARGETS.c.id)
    rows = connection.execute(chosen.order_by(waiting.c.first, DELIVERY_TARGETS.c.id))
    return tuple(map(make_target, rows))


def _next_due(connection: Connection, target: int, now: int) -> tuple[StoredTarget, StoredDelivery] | None:
    table = DELIVERIES.c
    row = connection.execute(
        select(DELIVERIES)
        .join(DELIVERY_TARGETS, DELIVERY_TARGETS.c.id == table.target)
        .where(table.target == target, *_is_due(now))
        .order_by(table.attempts, table.created, table.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    owner = connection.execute(select(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id == target)).one()
    return make_target(owner), _delivery(row)


def _record(connection: Connection, delivery: StoredDelivery, attempt: Attempt, result: Result) -> None:
    values = {name: getattr(attempt, name) for name in Attempt.__dataclass_fields__}
    error = attempt.error[:LONGEST_ERROR]
    connection.execute(insert(DELIVERY_ATTEMPTS).values(values | {"delivery": delivery.id, "error": error}))
    finished = attempt.begun + attempt.took_ms * 10**6
    changed = {"state": result.state, "due": result.due, "attempts": attempt.number, "error": error}
    if result.state != "pending":
        changed["finished"] = finished
    this = (DELIVERIES.c.id == delivery.id, DELIVERIES.c.state == "pending")  # it may be cancelled meanwhile
    connection.execute(update(DELIVERIES).where(*this).values(changed))
    state = {
        "failures": result.failures,
        "failing_since": result.failing_since,
        "resume": result.resume,
        "error": error,
    }
    target = DELIVERY_TARGETS.c.id == delivery.target
    connection.execute(update(DELIVERY_TARGETS).where(target).values(state))
    if result.give_up_before is not None:
        _give_up(connection, delivery, result.give_up_before, error, finished)


def _give_up(connection: Connection, delivery: StoredDelivery, before: int, error: str, now: int) -> None:
    table = DELIVERIES.c
    old = (table.target == delivery.target, table.state == "pending", table.created < before)
    connection.execute(update(DELIVERIES).where(*old).values(state="failed", error=error, finished=now))


def _list(connection: Connection, chosen: Filter) -> tuple[StoredDelivery, ...]:
    table = DELIVERIES.c
    statement = select(DELIVERIES).order_by(table.created.desc(), table.id.desc()).limit(chosen.limit)
    if chosen.before is not None:
        statement = statement.where(table.created < chosen.before)
    for column, value in ((table.state, chosen.state), (table.target, chosen.target), (table.owner, chosen.owner)):
        if value is not None:
            statement = statement.where(column == value)
    rows = connection.execute(statement).all()
    attempts = _attempts(connection, [row.id for row in rows])
    return tuple(_delivery(row, attempts.get(row.id, ())) for row in rows)


def _newest(connection: Connection, target: int) -> StoredDelivery | None:
    """The newest of the newest in each state: so the index is used, however many there are."""
    table = DELIVERIES.c
    found = list[Row[Any]]()
    for state in STATES:
        newest = select(DELIVERIES).where(table.state == state, table.target == target).order_by(table.due.desc())
        found += connection.execute(newest.limit(1)).all()
    return max(map(_delivery, found), key=lambda delivery: delivery.created, default=None)


def _attempts(connection: Connection, deliveries: Collection[str]) -> Mapping[str, tuple[Attempt, ...]]:
    table = DELIVERY_ATTEMPTS.c
    chosen = select(DELIVERY_ATTEMPTS).where(table.delivery.in_(deliveries)).order_by(table.delivery, table.number)
    found: dict[str, tuple[Attempt, ...]] = {}
    for row in connection.execute(chosen):
        attempt = Attempt(*(getattr(row, name) for name in Attempt.__dataclass_fields__))
        found[row.delivery] = (*found.get(row.delivery, ()), attempt)
    return found


def _delivery(row: Row[Any], history: tuple[Attempt, ...] = ()) -> StoredDelivery:
    names = [name for name in StoredDelivery.__dataclass_fields__ if name != "history"]
    return StoredDelivery(**{name: getattr(row, name) for name in names}, history=history)


def _prune(connection: Connection, before: int) -> int:
    table = DELIVERIES.c
    old = select(table.id).where(table.state != "pending", table.created < before).limit(MOST_PRUNED)
    return connection.execute(delete(DELIVERIES).where(table.id.in_(old))).rowcount
