"""Many rows in one table, for tests of whole files: klines that no series refers to."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from orderflow.storage.records.models import KLINES
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new

TABLE = "klines"
Point = tuple[int, int]
"""(time, price)"""


class BulkRows:
    """Points by the name of their group, a letter."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def append(self, group: str, points: Iterable[Point]) -> int:
        """Add points; a time that is there keeps its price. Returns how many are new."""
        whole = dict.fromkeys(("open", "high", "low", "close"), 0)
        rows = (
            {"generation": ord(group), "time": time, **whole, "volume": price, "closed": True} for time, price in points
        )
        return self._records.write(lambda connection: execute_many(connection, insert_new(connection, KLINES), rows))

    def newest(self, group: str, limit: int) -> tuple[Point, ...]:
        """The newest points, oldest first."""

        def read(connection: Connection) -> tuple[Point, ...]:
            chosen = select(KLINES.c.time, KLINES.c.volume).where(KLINES.c.generation == ord(group))
            rows = connection.execute(chosen.order_by(KLINES.c.time.desc()).limit(limit)).all()
            return tuple((row.time, row.volume) for row in reversed(rows))

        return self._records.read(read)
