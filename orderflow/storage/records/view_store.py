"""What users leave on charts: drawings and the visible range, by series."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, select

from orderflow.storage.records.models import CHART_VIEWS as TABLE
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import insert_or_change, used_now

MOST = 500
"""Series of a user whose charts are remembered; those that were not used for the longest time are forgotten."""


class ViewStore:
    """The table of views. now: nanoseconds since 1970. Every method raises StorageFailed if the records cannot be
    used."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now
        self.deleted = 0
        """Rows that made room for newer ones of their owners since the start."""

    def get(self, owner: str, series: str) -> tuple[str, str]:
        """(drawings, view) of a user's chart as JSON, "" for what is not known."""
        statement = select(TABLE.c.drawings, TABLE.c.view).where(TABLE.c.owner == owner, TABLE.c.series == series)
        row = self._records.read(lambda connection: connection.execute(statement).first())
        return ("", "") if row is None else (row.drawings, row.view)

    def put(self, owner: str, series: str, *, drawings: str | None = None, view: str | None = None) -> None:
        """Remember a part of a user's chart; None leaves the other as it is."""

        def write(connection: Connection) -> int:
            mine = (TABLE.c.owner == owner, TABLE.c.series == series)
            row = connection.execute(select(TABLE.c.drawings, TABLE.c.view).where(*mine)).first()
            before = ("", "") if row is None else (row.drawings, row.view)
            new = {
                "drawings": before[0] if drawings is None else drawings,
                "view": before[1] if view is None else view,
            }
            values = {"owner": owner, "series": series, **new, "used": used_now(connection, TABLE, owner, self._now())}
            connection.execute(insert_or_change(connection, TABLE), [values])
            times = select(TABLE.c.used).where(TABLE.c.owner == owner).order_by(TABLE.c.used.desc())
            oldest = connection.scalar(times.offset(MOST - 1).limit(1))
            if oldest is not None:
                old = delete(TABLE).where(TABLE.c.owner == owner, TABLE.c.used < oldest)
                return connection.execute(old).rowcount
            return 0

        made_room = self._records.write(write)
        self.deleted += made_room

    def all(self, owner: str) -> dict[str, tuple[str, str]]:
        """(drawings, view) of all of a user's charts, by series."""
        statement = select(TABLE.c.series, TABLE.c.drawings, TABLE.c.view).where(TABLE.c.owner == owner)
        rows = self._records.read(lambda connection: list(connection.execute(statement.order_by(TABLE.c.series))))
        return {row.series: (row.drawings, row.view) for row in rows}

    def forget(self, owner: str) -> None:
        """Forget all of a user."""
        statement = delete(TABLE).where(TABLE.c.owner == owner)
        self._records.write(lambda connection: connection.execute(statement).rowcount)

    def owners(self) -> set[str]:
        """All users of whom something is remembered."""
        return self._records.read(lambda connection: set(connection.scalars(select(TABLE.c.owner).distinct())))
