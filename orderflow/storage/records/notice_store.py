"""Which fired alerts were acknowledged."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from orderflow.storage.records.models import ACKNOWLEDGEMENTS as TABLE
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new


class NoticeStore:
    """The table of acknowledgements. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def acknowledged(self, events: Collection[str]) -> set[str]:
        """Those of the events that are acknowledged, by their ids."""

        def found(connection: Connection) -> set[str]:
            return set(connection.scalars(select(TABLE.c.event).where(TABLE.c.event.in_(list(events)))))

        return self._records.read(found)

    def acknowledge(self, events: Collection[str], time: int) -> None:
        """Keep that events were acknowledged at a time (ns UTC); one that was keeps its time."""
        rows = ({"event": event, "time": time} for event in events)
        self._records.write(lambda connection: execute_many(connection, insert_new(connection, TABLE), rows))
