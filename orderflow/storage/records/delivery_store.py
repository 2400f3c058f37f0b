"""The outbox: what is to be delivered to which target, and every attempt."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, or_, select, update

from orderflow.storage.records.models import DELIVERIES, DELIVERY_ATTEMPTS, DELIVERY_TARGETS
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new
from orderflow.storage.records.target_store import OPERATOR, StoredTarget, make_target

LONGEST_PAUSE = 3600 * 10**9
"""ns between two attempts at most. What is due later than that was stored before the clock was set back."""
STATES = ("pending", "delivered", "failed", "cancelled")
LONGEST_TITLE, LONGEST_ERROR = 200, 300
MOST_PRUNED = 1_000
"""Deliveries that are removed in one transaction, so that other writes come in between."""
MOST_WAITING, MOST_WAITING_OF_A_USER = 10_000, 1_000
"""Deliveries that may wait for one target of the operator, and of a user; further ones are counted and not made."""
MOST_NAMED = 500
"""Ids in one statement."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is delivered. text: the whole message, the body of a webhook; title: one line, the subject of an e-mail."""

    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """What is to be delivered of one event. targets: ids. created: ns since 1970."""

    event: str
    targets: Collection[int]
    message: Message
    created: int


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


def enqueue(connection: Connection, posted: Sequence[Posted]) -> int:
    """Put the deliveries of events into the outbox, in the connection's transaction. Returns the number of new ones.

    Targets that are removed or not active are left out, and those for which too many deliveries wait: these are counted
    at the target. A delivery that is there already is not made again.
    """
    ids = sorted({target for each in posted for target in each.targets})
    targets, waiting, dropped = dict[int, StoredTarget](), Counter[int](), Counter[int]()
    for piece in (ids[first : first + MOST_NAMED] for first in range(0, len(ids), MOST_NAMED)):
        table = DELIVERY_TARGETS.c
        found = connection.execute(select(DELIVERY_TARGETS).where(table.id.in_(piece), table.active))
        targets |= {target.id: target for target in map(make_target, found)}
        pending = (DELIVERIES.c.state == "pending", DELIVERIES.c.target.in_(piece))
        counted = select(DELIVERIES.c.target, func.count()).where(*pending).group_by(DELIVERIES.c.target)
        for target, count in connection.execute(counted):
            waiting[target] = count

    def rows() -> Iterator[Mapping[str, Any]]:
        for each in posted:
            for target in (targets[key] for key in each.targets if key in targets):
                if waiting[target.id] >= (MOST_WAITING if target.owner == OPERATOR else MOST_WAITING_OF_A_USER):
                    dropped[target.id] += 1
                else:
                    waiting[target.id] += 1
                    yield _new(each, target)

    made = execute_many(connection, insert_new(connection, DELIVERIES), rows())
    if dropped:
        more = DELIVERY_TARGETS.c.dropped + bindparam("more")
        change = update(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id == bindparam("target")).values(dropped=more)
        connection.execute(change, [{"target": target, "more": count} for target, count in dropped.items()])
    return made


def _new(posted: Posted, target: StoredTarget) -> Mapping[str, Any]:
    return {
        "id": delivery_id(posted.event, target.id),
        "event": posted.event,
        "target": target.id,
        "target_name": target.name,
        "kind": target.kind,
        "owner": target.owner,
        "title": posted.message.title[:LONGEST_TITLE],
        "text": posted.message.text,
        "state": "pending",
        "created": posted.created,
        "due": posted.created,
        "attempts": 0,
        "error": "",
    }


class DeliveryStore:
    """The tables of deliveries and attempts. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def enqueue(self, event_id: str, targets: Collection[int], message: Message, now: int) -> int:
        """`enqueue` of one event in a transaction of its own."""
        return self._records.write(lambda connection: enqueue(connection, [Posted(event_id, targets, message, now)]))

    def due_targets(self, now: int) -> tuple[StoredTarget, ...]:
        """The targets to which something is to be sent now, those whose next delivery is the oldest first."""
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

    def prune(self, before: int, most: int, most_of_a_user: int) -> dict[str, int]:
        """Remove what was finished and made before a time, and of what an owner has in the outbox what is finished and
        older than the newest `most` (of the operator) or `most_of_a_user`. Returns how many of each owner."""
        limits = self._records.read(lambda connection: _limits(connection, before, most, most_of_a_user))
        table = DELIVERIES.c
        return {owner: self._remove((table.owner == owner, table.created < first)) for owner, first in limits.items()}

    def _remove(self, where: Sequence[ColumnElement[bool]]) -> int:
        """Remove finished deliveries in pieces: other writes come in between. Returns how many."""
        removed = 0
        while piece := self._records.write(lambda connection: _prune(connection, where)):
            removed += piece
        return removed


def _due(now: int) -> tuple[ColumnElement[bool], ...]:
    """Deliveries that are pending and due."""
    table = DELIVERIES.c
    return (table.state == "pending", or_(table.due <= now, table.due > now + LONGEST_PAUSE))


def _open(now: int) -> tuple[ColumnElement[bool], ...]:
    """Targets that may be sent to."""
    table = DELIVERY_TARGETS.c
    return (table.active, or_(table.resume <= now, table.resume > now + LONGEST_PAUSE))


def _due_targets(connection: Connection, now: int) -> tuple[StoredTarget, ...]:
    """One look into the index for each target, however many deliveries wait for it."""
    table, target = DELIVERIES.c, DELIVERY_TARGETS.c.id
    of_target = select(table.created).where(table.target == target, *_due(now))
    first = of_target.order_by(table.attempts, table.created).limit(1).correlate(DELIVERY_TARGETS).scalar_subquery()
    found = select(DELIVERY_TARGETS, first.label("first")).where(*_open(now)).subquery()
    rows = connection.execute(select(found).where(found.c.first.is_not(None)).order_by(found.c.first, found.c.id))
    return tuple(map(make_target, rows))


def _next_due(connection: Connection, target: int, now: int) -> tuple[StoredTarget, StoredDelivery] | None:
    table = DELIVERIES.c
    owner = connection.execute(select(DELIVERY_TARGETS).where(DELIVERY_TARGETS.c.id == target, *_open(now))).first()
    if owner is None:
        return None
    chosen = select(DELIVERIES).where(table.target == target, *_due(now))
    row = connection.execute(chosen.order_by(table.attempts, table.created, table.id).limit(1)).first()
    return None if row is None else (make_target(owner), _delivery(row))


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
    table = DELIVERIES.c
    newest = select(DELIVERIES).where(table.target == target).order_by(table.created.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else _delivery(row)


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


def _limits(connection: Connection, before: int, most: int, most_of_a_user: int) -> dict[str, int]:
    """For each owner of older deliveries than `before` or of too many: when the oldest was made that is kept."""
    table, found = DELIVERIES.c, dict[str, int]()
    owners = select(table.owner, func.count(), func.min(table.created)).group_by(table.owner)
    for owner, count, oldest in connection.execute(owners).all():
        if oldest < before:
            found[owner] = before
        if count > (kept := most if owner == OPERATOR else most_of_a_user):
            newest = select(table.created).where(table.owner == owner).order_by(table.created.desc())
            found[owner] = max(before, connection.scalar(newest.offset(kept - 1).limit(1)) or 0)
    return found


def _prune(connection: Connection, where: Sequence[ColumnElement[bool]]) -> int:
    table = DELIVERIES.c
    old = select(table.id).where(table.state != "pending", *where).limit(MOST_PRUNED)
    return connection.execute(delete(DELIVERIES).where(table.id.in_(old))).rowcount
