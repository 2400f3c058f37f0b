"""Passkeys of users: public keys, by the id of their credential."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from orderflow.errors import Conflict
from orderflow.storage.records.models import PASSKEYS
from orderflow.storage.records.records import Records

TABLE = PASSKEYS.c


@dataclass(frozen=True, slots=True)
class StoredPasskey:
    """One passkey. id, key: base64url. count: of uses, as the device counts; 0 if it does not. Times in ns."""

    id: str
    user: str
    name: str
    key: str = field(repr=False)
    count: int
    created: int
    used: int = 0


class PasskeyStore:
    """The table of passkeys. Every method raises StorageFailed if the records cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, passkey: StoredPasskey, most: int) -> None:
        """Add one. Raises Conflict if it exists, or if its user has `most`."""
        self._records.write(lambda connection: _add(connection, passkey, most))

    def get(self, passkey: str) -> StoredPasskey | None:
        """One by its credential's id."""
        return next(iter(self._list(TABLE.id == passkey)), None)

    def list(self, user: str) -> tuple[StoredPasskey, ...]:
        """Those of a user, oldest first."""
        return self._list(TABLE.user == user)

    def use(self, passkey: str, before: int, count: int, now: int) -> bool:
        """Note a use; False if another one came first."""
        statement = update(PASSKEYS).where(TABLE.id == passkey, TABLE.count == before).values(count=count, used=now)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def remove(self, passkey: str, user: str) -> bool:
        """Remove one of a user; False if there is none."""
        statement = delete(PASSKEYS).where(TABLE.id == passkey, TABLE.user == user)
        return bool(self._records.write(lambda connection: connection.execute(statement).rowcount))

    def _list(self, condition: Any) -> tuple[StoredPasskey, ...]:
        statement = select(PASSKEYS).where(condition).order_by(TABLE.created, TABLE.id)
        rows = self._records.read(lambda connection: connection.execute(statement).all())
        names = StoredPasskey.__dataclass_fields__
        return tuple(StoredPasskey(**{name: getattr(row, name) for name in names}) for row in rows)


def _add(connection: Connection, passkey: StoredPasskey, most: int) -> None:
    owned = select(func.count()).select_from(PASSKEYS).where(TABLE.user == passkey.user)
    if (connection.scalar(owned) or 0) >= most:
        raise Conflict(f"there are {most} passkeys already, which is the limit: remove one")
    connection.execute(insert(PASSKEYS).values(asdict(passkey)))
