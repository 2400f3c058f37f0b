"""How users have their files read: the options that they gave by hand, by the header of the file."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, select

from orderflow.storage.records.models import UPLOAD_MAPPINGS as TABLE
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import insert_or_change, used_now

MOST = 200
"""Headers that are remembered for a user; those that were not used for the longest time are forgotten."""


class MappingStore:
    """The table of mappings. now: nanoseconds since 1970. Every method raises StorageFailed if the records cannot be
    used."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now
        self.deleted = 0
        """Rows that made room for newer ones of their owners since the start."""

    def get(self, owner: str, kind: str, header: str) -> str:
        """The options for files with this header, "" for none."""
        statement = select(TABLE.c.options).where(
            TABLE.c.owner == owner, TABLE.c.kind == kind, TABLE.c.header == header
        )
        return self._records.read(lambda connection: connection.scalar(statement) or "")

    def all(self, owner: str) -> list[tuple[str, str]]:
        """(kind, options) for all headers of a user, the last used first."""
        statement = select(TABLE.c.kind, TABLE.c.options).where(TABLE.c.owner == owner)
        statement = statement.order_by(TABLE.c.used.desc(), TABLE.c.kind, TABLE.c.header)
        return self._records.read(lambda connection: [(row.kind, row.options) for row in connection.execute(statement)])

    def put(self, owner: str, kind: str, header: str, options: str) -> None:
        """Remember options for files with this header; "" forgets them."""

        def write(connection: Connection) -> int:
            mine = (TABLE.c.owner == owner, TABLE.c.kind == kind, TABLE.c.header == header)
            if not options:
                connection.execute(delete(TABLE).where(*mine))
                return 0
            row = {
                "owner": owner,
                "kind": kind,
                "header": header,
                "options": options,
                "used": used_now(connection, TABLE, owner, self._now()),
            }
            connection.execute(insert_or_change(connection, TABLE), [row])
            times = select(TABLE.c.used).where(TABLE.c.owner == owner).order_by(TABLE.c.used.desc())
            oldest = connection.scalar(times.offset(MOST - 1).limit(1))
            if oldest is not None:
                old = delete(TABLE).where(TABLE.c.owner == owner, TABLE.c.used < oldest)
                return connection.execute(old).rowcount
            return 0

        made_room = self._records.write(write)
        self.deleted += made_room

    def forget(self, owner: str) -> None:
        """Forget all options of a user."""
        statement = delete(TABLE).where(TABLE.c.owner == owner)
        self._records.write(lambda connection: connection.execute(statement).rowcount)

    def owners(self) -> set[str]:
        """All users whose options are remembered."""
        return self._records.read(lambda connection: set(connection.scalars(select(TABLE.c.owner).distinct())))
