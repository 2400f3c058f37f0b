"""Price points of feeds that have no trades, so that they have a history after a restart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from sqlalchemy import Connection, delete, select

from orderflow.storage.records.models import PRICE_POINTS as POINTS
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import PIECE, execute_many, insert_new


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price at a time (nanoseconds since 1970), and the feed that gave it."""

    time: int
    price: Decimal
    source: str


class PriceStore:
    """The table of price points. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def append(self, series: str, points: Iterable[PricePoint]) -> int:
        """Keep points of a series; a time that is there keeps its price. Returns how many are new."""
        rows = ({"series": series, "time": p.time, "price": f"{p.price:f}", "source": p.source} for p in points)
        return self._records.write(lambda connection: execute_many(connection, insert_new(connection, POINTS), rows))

    def newest(self, series: str, limit: int, *, before: int | None = None) -> tuple[PricePoint, ...]:
        """The newest points of a series, oldest first; with `before`, those older than that time."""
        return self._records.read(lambda connection: _newest(connection, series, limit, before))

    def forget_before(self, time: int) -> int:
        """Remove the points that are older than a time, in several transactions. Returns how many."""
        removed = 0
        for series in self._records.read(_series):
            while count := self._records.write(partial(_forget, series=series, time=time)):
                removed += count
        return removed


def _newest(connection: Connection, series: str, limit: int, before: int | None) -> tuple[PricePoint, ...]:
    statement = select(POINTS.c.time, POINTS.c.price, POINTS.c.source).where(POINTS.c.series == series)
    if before is not None:
        statement = statement.where(POINTS.c.time < before)
    rows = connection.execute(statement.order_by(POINTS.c.time.desc()).limit(limit)).all()
    return tuple(PricePoint(row.time, Decimal(row.price), row.source) for row in reversed(rows))


def _series(connection: Connection) -> list[str]:
    return list(connection.scalars(select(POINTS.c.series).distinct()))


def _forget(connection: Connection, series: str, time: int) -> int:
    """Remove a piece of the points of one series, the oldest first."""
    old = select(POINTS.c.time).where(POINTS.c.series == series, POINTS.c.time < time).order_by(POINTS.c.time)
    last = connection.scalar(old.limit(1).offset(PIECE - 1))
    beyond = POINTS.c.time < time if last is None else POINTS.c.time <= last
    return connection.execute(delete(POINTS).where(POINTS.c.series == series, beyond)).rowcount
