"""Gaps in the trades of live feeds that their venues could not fill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import delete, select

from orderflow.storage.records.models import FEED_HOLES as HOLES
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new


@dataclass(frozen=True, slots=True)
class StoredHole:
    """A gap of one series. begun, ended: times of the trades around it, ns since 1970. missing: fills in it, None if
    their number is not known."""

    series: str
    begun: int
    ended: int
    missing: int | None
    reason: str


class HoleStore:
    """The table of holes. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, holes: Iterable[StoredHole]) -> int:
        """Keep holes; one that is there stays as it is. Returns how many are new."""
        rows = [asdict(hole) for hole in holes]
        return self._records.write(lambda connection: execute_many(connection, insert_new(connection, HOLES), rows))

    def newest(self, limit: int) -> tuple[StoredHole, ...]:
        """The newest holes, the newest first."""
        chosen = select(HOLES).order_by(HOLES.c.ended.desc(), HOLES.c.series).limit(limit)
        rows = self._records.read(lambda connection: connection.execute(chosen).all())
        return tuple(StoredHole(row.series, row.begun, row.ended, row.missing, row.reason) for row in rows)

    def forget(self, series: str, before: int) -> int:
        """Remove the holes of a series that end before a time. Returns how many."""
        old = delete(HOLES).where(HOLES.c.series == series, HOLES.c.ended < before)
        return self._records.write(lambda connection: connection.execute(old).rowcount)
