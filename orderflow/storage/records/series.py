"""Series of klines and their generations as rows: found, made, swapped and counted in a given transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update

from orderflow.errors import Conflict, NotFound, TooLarge
from orderflow.storage.records.models import SERIES, SERIES_GENERATIONS

STALE_NS = 3_600 * 10**9
"""How old a generation is that no series refers to before it counts as left over by a crash."""


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Which series. owner: a user's id, "" for a venue's public data. kind: "klines" or "ohlcv"."""

    owner: str
    kind: str
    name: str
    timeframe: str

    def __str__(self) -> str:
        return f"{self.name} {self.timeframe}".rstrip()


@dataclass(frozen=True, slots=True)
class Series:
    """A stored series. created, updated: ns since 1970. first, last: open times (ms), None without klines.

    generation: changes with every replacement and undo. previous: the generation that an undo brings back.
    """

    id: int
    key: SeriesKey
    source: str
    created: int
    updated: int
    generation: int
    previous: int | None
    price_decimals: int
    size_decimals: int
    rows: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What an owner has stored: series, and their klines without those kept for an undo."""

    series: int
    rows: int


def find_series(connection: Connection, key: SeriesKey) -> Series | None:
    """The series of a key, None if there is none."""
    row = connection.execute(_chosen().where(*_is(key))).first()
    return None if row is None else _made(row)


def get_series(connection: Connection, series: int) -> Series:
    """One series. Raises NotFound."""
    row = connection.execute(_chosen().where(SERIES.c.id == series)).first()
    if row is None:
        raise NotFound(f"there is no series {series}")
    return _made(row)


def list_series(connection: Connection, owner: str, kind: str | None) -> tuple[Series, ...]:
    """All series of an owner, by name and time frame."""
    statement = _chosen().where(SERIES.c.owner == owner).order_by(SERIES.c.name, SERIES.c.timeframe)
    if kind is not None:
        statement = statement.where(SERIES.c.kind == kind)
    return tuple(map(_made, connection.execute(statement)))


def owners_of(connection: Connection, kind: str) -> set[str]:
    """All owners of series of a kind."""
    return set(connection.scalars(select(SERIES.c.owner).where(SERIES.c.kind == kind).distinct()))


def usage_of(connection: Connection, owner: str) -> Usage:
    """How much an owner has."""
    sums = select(func.count(), func.coalesce(func.sum(SERIES_GENERATIONS.c.rows), 0))
    joined = SERIES.join(SERIES_GENERATIONS, SERIES.c.generation == SERIES_GENERATIONS.c.id)
    count, rows = connection.execute(sums.select_from(joined).where(SERIES.c.owner == owner)).one()
    return Usage(count, int(rows))


def check_quota(connection: Connection, owner: str, most_rows: int | None) -> None:
    """Raises TooLarge if an owner has more klines than `most_rows`."""
    if most_rows is not None and (rows := usage_of(connection, owner).rows) > most_rows:
        raise TooLarge(f"that would make {rows:,} rows, and the limit is {most_rows:,}: delete a series first")


def make_series(connection: Connection, key: SeriesKey, source: str, generation: int, now: int) -> Series:
    """Insert a series. Raises Conflict if there is one of this key."""
    values = {"owner": key.owner, "kind": key.kind, "name": key.name, "timeframe": key.timeframe, "source": source}
    connection.execute(insert(SERIES).values(created=now, updated=now, generation=generation, **values))
    made = find_series(connection, key)
    assert made is not None
    return made


def put_generation(connection: Connection, series: Series, generation: int, source: str, now: int) -> int | None:
    """Let a series have other klines; its own become the previous. Returns the previous of before, to be removed."""
    values = {"generation": generation, "previous": series.generation, "source": source, "updated": now}
    connection.execute(update(SERIES).where(SERIES.c.id == series.id).values(values))
    return series.previous


def touch(connection: Connection, series: int, now: int) -> None:
    """Note that a series was changed."""
    connection.execute(update(SERIES).where(SERIES.c.id == series).values(updated=now))


def swap_previous(connection: Connection, series: int, now: int) -> Series:
    """Let a series have its previous klines; a second call undoes the first. Raises NotFound, Conflict."""
    found = get_series(connection, series)
    if found.previous is None:
        raise Conflict(f"there is nothing to undo for {found.key}: its rows were not replaced")
    put_generation(connection, found, found.previous, found.source, now)
    return get_series(connection, series)


def forget_previous(connection: Connection, series: int) -> int | None:
    """Give up a series' previous klines. Returns their generation, to be removed. Raises NotFound."""
    found = get_series(connection, series)
    connection.execute(update(SERIES).where(SERIES.c.id == series).values(previous=None))
    return found.previous


def remove_series(connection: Connection, series: int) -> list[int]:
    """Delete a series. Returns its generations, to be removed. Raises NotFound."""
    found = get_series(connection, series)
    connection.execute(delete(SERIES).where(SERIES.c.id == series))
    return [generation for generation in (found.generation, found.previous) if generation is not None]


def left_over(connection: Connection, now: int) -> list[int]:
    """Generations that no series refers to, and that nobody is writing any more."""
    table = SERIES_GENERATIONS.c
    used = or_(SERIES.c.generation == table.id, SERIES.c.previous == table.id)
    unused = ~select(SERIES.c.id).where(used).correlate(SERIES_GENERATIONS).exists()
    return list(connection.scalars(select(table.id).where(unused, table.created < now - STALE_NS)))


def _chosen() -> Select[Any]:
    of = SERIES_GENERATIONS.c
    joined = SERIES.join(SERIES_GENERATIONS, SERIES.c.generation == of.id)
    return select(SERIES, of.price_decimals, of.size_decimals, of.rows, of.first, of.last).select_from(joined)


def _is(key: SeriesKey) -> tuple[Any, ...]:
    table = SERIES.c
    return (
        table.owner == key.owner,
        table.kind == key.kind,
        table.name == key.name,
        table.timeframe == key.timeframe,
    )


def _made(row: Row[Any]) -> Series:
    key = SeriesKey(row.owner, row.kind, row.name, row.timeframe)
    others = {name: getattr(row, name) for name in Series.__dataclass_fields__ if name != "key"}
    return Series(key=key, **others)
