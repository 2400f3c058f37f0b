from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from orderflow.errors import BadSetting
from orderflow.storage.records.records import Records
from orderflow.storage.records.schema import NONE, migrate, prepare, stored_version, versions


def shape(connection: Connection) -> dict[str, str | None]:
    """The SQL of every table and index as SQLite keeps it, without spaces."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    return {name: sql and "".join(sql.split()).replace('"', "") for name, sql in rows}


def test_migrations_from_empty_make_what_the_models_make(records: Records) -> None:
    made = records.read(shape)
    records.write(lambda connection: migrate(connection, NONE))
    assert set(records.read(shape)) == {"alembic_version"}
    records.write(lambda connection: migrate(connection, versions()[-1]))
    assert records.read(shape) == made


def test_a_database_without_tables_after_a_downgrade_is_prepared_again(records: Records) -> None:
    records.write(lambda connection: migrate(connection, NONE))
    assert records.write(prepare) == NONE
    assert records.read(stored_version) == versions()[-1]


def test_a_newer_schema_stops_the_start_in_one_line(records: Records, open_records: Callable[..., Records]) -> None:
    records.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999_x'")))
    records.close()
    with pytest.raises(BadSetting, match=r"written by a newer version of Orderflow \(schema 9999_x") as caught:
        open_records()
    assert "\n" not in str(caught.value)


def test_an_unknown_target_is_refused(records: Records) -> None:
    with pytest.raises(BadSetting, match=r"there is no schema 'x'.* base, 0001_tickers"):
        records.write(lambda connection: migrate(connection, "x"))
