"""The version of a stored schema: read, created, moved up and down.

A new database is made from the models, which is faster than all migrations; a test compares both ways. Alembic is
imported only when a migration runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select, update

from orderflow.errors import BadSetting
from orderflow.storage.records.kline_partitions import partition
from orderflow.storage.records.models import METADATA

MIGRATIONS = Path(__file__).with_name("migrations")
NONE = "base"
"""The version of a database without tables."""

# the table that Alembic makes, made here for a new database
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def versions() -> list[str]:
    """All versions that this program knows, oldest first."""
    return sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def stored_version(connection: Connection) -> str:
    """The version of the stored schema, NONE if there is none."""
    if not inspect(connection).has_table(_VERSION.name):
        return NONE
    return connection.scalar(select(_VERSION.c.version_num)) or NONE


def touch(connection: Connection) -> None:
    """Write a row that changes nothing, to find out whether writing is possible."""
    connection.execute(update(_VERSION).values(version_num=_VERSION.c.version_num))


def check_version(stored: str) -> None:
    """Raises BadSetting if the stored version is not one of this program's."""
    known = versions()
    if stored != NONE and stored not in known:
        raise BadSetting(
            f"the records were written by a newer version of Orderflow (schema {stored}, this program knows "
            f"{known[-1]}): update Orderflow, or use another --data-dir or DATABASE_URL"
        )


def prepare(connection: Connection) -> str:
    """Bring the schema to the newest version in the connection's transaction. Returns the version it had.

    Raises BadSetting if the stored version is newer than this program.
    """
    _lock(connection)
    stored = stored_version(connection)
    check_version(stored)
    newest = versions()[-1]
    if stored == NONE:
        METADATA.create_all(connection)
        partition(connection)
        _VERSION.create(connection, checkfirst=True)
        connection.execute(_VERSION.insert().values(version_num=newest))
    elif stored != newest:
        migrate(connection, newest)
    return stored


def migrate(connection: Connection, target: str) -> None:
    """Run the migrations up or down to a version, or NONE, in the connection's transaction. Raises BadSetting."""
    from alembic import command  # slow to import, and seldom needed
    from alembic.config import Config

    _lock(connection)
    stored = stored_version(connection)
    check_version(stored)
    known = [NONE, *versions()]
    if target not in known:
        raise BadSetting(f"there is no schema {target!r} of the records; there are {', '.join(known)}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    move = command.upgrade if known.index(target) >= known.index(stored) else command.downgrade
    move(config, target)
    if connection.dialect.name == "sqlite" and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise BadSetting(
            f"the records cannot be migrated to {target}: rows of {lost[0]} refer to rows that are missing"
        )


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """A transaction for `prepare` and `migrate`.

    A table of SQLite is changed by copying it, and foreign keys would be followed when the old one is dropped.
    """
    local = connection.dialect.name == "sqlite"
    driver: Any = connection.connection.driver_connection
    if local:
        driver.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            yield
    finally:
        if local:
            driver.execute("PRAGMA foreign_keys=ON")


def _lock(connection: Connection) -> None:
    """Keep other processes from migrating the same PostgreSQL database until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7170876925437382)")
