"""Signals that users upload. A set has its present signals and those of before the last change, for one undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    String,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from orderflow.errors import Conflict, NotFound, TooLarge
from orderflow.market.signal import Signal
from orderflow.storage.records.models import SIGNAL_SETS as SETS
from orderflow.storage.records.models import SIGNALS
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many

_FIELDS = [field.name for field in fields(Signal)]
_NUMBERS = 9
"""Bytes of a signal's time and side."""


@dataclass(frozen=True, slots=True)
class SignalSet:
    """The signals of one name. created, updated: ns since 1970. first, last: times (ns), None without signals.

    previous: the generation that an undo brings back.
    """

    id: int
    owner: str
    name: str
    source: str
    created: int
    updated: int
    generation: int
    previous: int | None
    rows: int
    first: int | None
    last: int | None


class SignalStore:
    """The tables of signals. now: nanoseconds since 1970. Every method raises StorageFailed if the records cannot be
    used."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now

    def sets(self, owner: str) -> tuple[SignalSet, ...]:
        """An owner's sets by name."""
        statement = _chosen().where(SETS.c.owner == owner).order_by(SETS.c.name)
        return self._records.read(lambda connection: tuple(map(_made, connection.execute(statement))))

    def find(self, owner: str, name: str) -> SignalSet | None:
        """One set, None if there is none."""
        return self._records.read(lambda connection: _find(connection, owner, name))

    def get(self, owner: str, name: str) -> SignalSet:
        """One set. Raises NotFound."""
        return self._records.read(lambda connection: _get(connection, owner, name))

    def size(self, found: SignalSet) -> int:
        """Bytes of the present signals of a set: 8 of the time, 1 of the side, and the UTF-8 of their texts."""
        texts = [SIGNALS.c[name] for name in _FIELDS if isinstance(SIGNALS.c[name].type, String)]

        def count(connection: Connection) -> int:
            sqlite = connection.dialect.name == "sqlite"  # its octet_length is of 3.43
            lengths = [func.length(cast(text, LargeBinary)) if sqlite else func.octet_length(text) for text in texts]
            return int(
                connection.scalar(select(func.sum(sum(lengths, literal(_NUMBERS)))).where(*_within(found, None, None)))
                or 0
            )

        return self._records.read(count)

    def owners(self) -> set[str]:
        """All owners of sets."""
        return self._records.read(lambda connection: set(connection.scalars(select(SETS.c.owner).distinct())))

    def replace(
        self,
        owner: str,
        name: str,
        signals: Sequence[Signal],
        source: str,
        *,
        append: bool = False,
        most_rows: int | None = None,
    ) -> SignalSet:
        """Put other signals in place of a set's, or make the set; or add them after its own. All of them or nothing.

        signals: oldest first. most_rows: of the owner, in all sets, then. Raises TooLarge above it, Conflict if signals
        that are added are before the last.
        """

        def write(connection: Connection) -> SignalSet:
            found = _find(connection, owner, name)
            made = self._begin(connection, found, owner, name, source)
            kept = 0
            if append and found is not None:
                if signals and found.last is not None and signals[0].time < found.last:
                    raise Conflict("signals that are added must not be before the last one that is there")
                kept = _copy(connection, found.id, found.generation, made)
            _insert(connection, made, kept, signals, found)
            if most_rows is not None and (rows := _rows_of(connection, owner)) > most_rows:
                raise TooLarge(f"that would make {rows:,} signals, and the limit is {most_rows:,}: delete a set first")
            return _get(connection, owner, name)

        return self._records.write(write)

    def undo(self, owner: str, name: str) -> SignalSet:
        """Bring back the signals of before the last change; a second call undoes the first.

        Raises NotFound, Conflict if there is nothing to undo.
        """

        def write(connection: Connection) -> SignalSet:
            found = _get(connection, owner, name)
            if found.previous is None:
                raise Conflict(f"there is nothing to undo for the signals {name}: they were not replaced")
            self._turn(connection, found, found.previous)
            return _get(connection, owner, name)

        return self._records.write(write)

    def delete(self, owner: str, name: str) -> bool:
        """Delete a set and its signals. Returns whether there was one."""
        statement = delete(SETS).where(SETS.c.owner == owner, SETS.c.name == name)
        return self._records.write(lambda connection: connection.execute(statement).rowcount > 0)

    def read(
        self,
        owner: str,
        name: str,
        *,
        start: int | None = None,
        end: int | None = None,
        skip: int = 0,
        limit: int,
        newest: bool = False,
        generation: int | None = None,
    ) -> list[Signal]:
        """The oldest, or newest, signals with start <= time < end (ns) but the first `skip`; oldest first.

        generation: the one that the caller has begun to read. Raises NotFound, Conflict if the signals were replaced
        since.
        """

        def found(connection: Connection) -> list[Signal]:
            this = _get(connection, owner, name)
            if generation not in (None, this.generation):
                raise Conflict(f"the signals {name} were replaced meanwhile")
            number = SIGNALS.c.number.desc() if newest else SIGNALS.c.number
            statement = select(*(SIGNALS.c[field] for field in _FIELDS)).where(*_within(this, start, end))
            if not newest and start is None and end is None:  # their numbers are 0, 1, …: none is read to be skipped
                statement = statement.where(SIGNALS.c.number >= skip)
            else:
                statement = statement.offset(skip)
            rows = connection.execute(statement.order_by(number).limit(limit)).all()
            return [Signal(*row) for row in (reversed(rows) if newest else rows)]

        return self._records.read(found)

    def _begin(
        self, connection: Connection, found: SignalSet | None, owner: str, name: str, source: str
    ) -> tuple[int, int]:
        """Begin a new generation. Returns (set, generation)."""
        now = self._now()
        if found is None:
            values = {"owner": owner, "name": name, "source": source, "created": now, "updated": now, "generation": 1}
            made = connection.execute(insert(SETS).values(values)).inserted_primary_key
            assert made is not None
            return int(made[0]), 1
        generation = max(found.generation, found.previous or 0) + 1
        self._turn(connection, found, generation)
        connection.execute(update(SETS).where(SETS.c.id == found.id).values(source=source))
        return found.id, generation

    def _turn(self, connection: Connection, found: SignalSet, generation: int) -> None:
        values = {"generation": generation, "previous": found.generation, "updated": self._now()}
        connection.execute(update(SETS).where(SETS.c.id == found.id).values(values))


def _within(this: SignalSet, start: int | None, end: int | None) -> list[ColumnElement[bool]]:
    """Conditions of the present signals of a set with start <= time < end (ns)."""
    found = [SIGNALS.c.signal_set == this.id, SIGNALS.c.generation == this.generation]
    if start is not None:
        found.append(SIGNALS.c.time >= start)
    if end is not None:
        found.append(SIGNALS.c.time < end)
    return found


def _insert(
    connection: Connection, made: tuple[int, int], first: int, signals: Sequence[Signal], before: SignalSet | None
) -> None:
    """Write signals from number `first` on, and remove what an undo cannot bring back any more."""
    key = {"signal_set": made[0], "generation": made[1]}
    rows = (
        {**key, "number": number, **{field: getattr(signal, field) for field in _FIELDS}}
        for number, signal in enumerate(signals, first)
    )
    execute_many(connection, insert(SIGNALS), rows)
    kept = [made[1], *([] if before is None else [before.generation])]
    connection.execute(delete(SIGNALS).where(SIGNALS.c.signal_set == made[0], SIGNALS.c.generation.not_in(kept)))


def _copy(connection: Connection, set_id: int, generation: int, into: tuple[int, int]) -> int:
    """Copy the signals of a generation into another. Returns how many."""
    columns = [SIGNALS.c.number, *(SIGNALS.c[field] for field in _FIELDS)]
    chosen = select(SIGNALS.c.signal_set, literal(into[1]), *columns).where(
        SIGNALS.c.signal_set == set_id, SIGNALS.c.generation == generation
    )
    names = ["signal_set", "generation", "number", *_FIELDS]
    return connection.execute(insert(SIGNALS).from_select(names, chosen)).rowcount


def _rows_of(connection: Connection, owner: str) -> int:
    joined = SETS.join(SIGNALS, (SIGNALS.c.signal_set == SETS.c.id) & (SIGNALS.c.generation == SETS.c.generation))
    return connection.scalar(select(func.count()).select_from(joined).where(SETS.c.owner == owner)) or 0


def _find(connection: Connection, owner: str, name: str) -> SignalSet | None:
    row = connection.execute(_chosen().where(SETS.c.owner == owner, SETS.c.name == name)).first()
    return None if row is None else _made(row)


def _get(connection: Connection, owner: str, name: str) -> SignalSet:
    found = _find(connection, owner, name)
    if found is None:
        raise NotFound(f"there are no signals {name[:100]!r}")
    return found


def _chosen() -> Select[Any]:
    present = (SIGNALS.c.signal_set == SETS.c.id) & (SIGNALS.c.generation == SETS.c.generation)
    numbers = [
        func.count().label("rows"),
        func.min(SIGNALS.c.time).label("first"),
        func.max(SIGNALS.c.time).label("last"),
    ]
    columns = [select(number).where(present).scalar_subquery().label(number.name) for number in numbers]
    return select(SETS, *columns)


def _made(row: Row[Any]) -> SignalSet:
    return SignalSet(*(getattr(row, field.name) for field in fields(SignalSet)))
