"""Passkeys of users: public keys, by the id of their credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from orderflow.errors import Conflict
from orderflow.storage.records.models import PASSKEYS, USERS
from orderflow.storage.records.records import Records
from orderflow.storage.records.user_checks import Checked, lock_checked, passkeys_of
from orderflow.storage.records.user_store import Decide, StoredUser, make_user

TABLE = PASSKEYS.c


def _nothing(user: StoredUser, passkeys: int) -> dict[str, Any]:
    return {}


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

    def add(self, passkey: StoredPasskey, most: int, checked: Checked | None = None, decide: Decide = _nothing) -> None:
        """Add one to a user of whom everything is as it was checked, and change the user as `decide` says, which is
        asked before.

        Raises Unauthorized, Conflict if it exists or if its user has `most`, and what `decide` raises.
        """
        self._records.write(
            lambda connection: _add(connection, passkey, most, checked or Checked(passkey.user), decide)
        )

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

    def remove(self, passkey: str, user: str, checked: Checked | None = None, decide: Decide = _nothing) -> bool:
        """Remove one of a user, as `add` with the number before; False if there is none."""
        return self._records.write(lambda connection: _remove(connection, passkey, checked or Checked(user), decide))

    def _list(self, condition: Any) -> tuple[StoredPasskey, ...]:
        statement = select(PASSKEYS).where(condition).order_by(TABLE.created, TABLE.id)
        rows = self._records.read(lambda connection: connection.execute(statement).all())
        names = StoredPasskey.__dataclass_fields__
        return tuple(StoredPasskey(**{name: getattr(row, name) for name in names}) for row in rows)


def _add(connection: Connection, passkey: StoredPasskey, most: int, checked: Checked, decide: Decide) -> None:
    user = make_user(lock_checked(connection, checked))
    owned = passkeys_of(connection, user.id)
    if owned >= most:
        raise Conflict(f"there are {most} passkeys already, which is the limit: remove one")
    connection.execute(insert(PASSKEYS).values(asdict(passkey)))
    _change(connection, user.id, decide(user, owned))


def _remove(connection: Connection, passkey: str, checked: Checked, decide: Decide) -> bool:
    user = make_user(lock_checked(connection, checked))
    owned = passkeys_of(connection, user.id)
    if not connection.execute(delete(PASSKEYS).where(TABLE.id == passkey, TABLE.user == user.id)).rowcount:
        return False
    _change(connection, user.id, decide(user, owned))
    return True


def _change(connection: Connection, user: str, values: Mapping[str, Any]) -> None:
    if values:
        connection.execute(update(USERS).where(USERS.c.id == user).values(dict(values)))
