from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from orderflow.errors import BadSetting, StorageFailed
from orderflow.storage.records.models import METADATA
from orderflow.storage.records.records import Records
from orderflow.storage.records.schema import NONE, migrate, prepare, stored_version, versions
from orderflow.storage.records.ticker_store import StoredTicker, TickerStore


def shape(connection: Connection) -> dict[str, Any]:
    """Columns, keys, constraints and indexes of every table, as the database reports them."""
    found = inspect(connection)
    return {
        name: {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(name)],
            "key": found.get_pk_constraint(name),
            "references": _sorted(found.get_foreign_keys(name)),
            "unique": _sorted(found.get_unique_constraints(name)),
            "checks": _sorted(found.get_check_constraints(name)),
            "indexes": _sorted(found.get_indexes(name)),
            "options": found.get_table_options(name),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def _sorted(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(found, key=lambda each: each["name"] or "")


def test_migrations_from_empty_make_what_the_models_make(records: Records) -> None:
    made = records.read(shape)
    assert made.keys() == METADATA.tables.keys()
    records.write(lambda connection: migrate(connection, NONE))
    assert records.read(shape) == {}
    records.write(lambda connection: migrate(connection, versions()[-1]))
    assert records.read(shape) == made


def test_every_migration_goes_up_and_down_again(records: Records) -> None:
    records.write(lambda connection: migrate(connection, NONE))
    steps = [NONE, *versions()]
    shapes = []
    for version in steps:
        records.write(partial(migrate, target=version))
        assert records.read(stored_version) == version
        shapes.append(records.read(shape))
    for version, before in reversed(list(zip(steps, shapes, strict=True))):
        records.write(partial(migrate, target=version))
        assert records.read(shape) == before


@pytest.mark.parametrize("version", versions())
def test_records_of_an_older_version_are_there_after_the_start(
    records: Records, open_records: Callable[..., Records], version: str
) -> None:
    made = records.read(shape)
    records.write(lambda connection: migrate(connection, NONE))
    records.write(lambda connection: migrate(connection, version))
    row = "INSERT INTO tickers (name, series, feed, position, added) VALUES ('BTC', 'sim:BTC', 'simulated', 0, 1)"
    records.write(lambda connection: connection.execute(text(row)))
    records.close()
    again = open_records()
    assert again.problem == ""
    assert again.read(stored_version) == versions()[-1]
    assert again.read(shape) == made
    assert TickerStore(again).list() == (StoredTicker("BTC", "sim:BTC", "simulated", 1),)


def test_a_migration_that_fails_changes_nothing(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    records.write(lambda connection: migrate(connection, NONE))
    monkeypatch.setattr("alembic.operations.base.Operations.create_table", fail)
    with pytest.raises(StorageFailed, match="the disk is full"):
        records.write(lambda connection: migrate(connection, versions()[-1]))
    assert records.read(stored_version) == NONE


def test_alembic_is_not_imported_for_a_new_or_a_current_database(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from orderflow.runtime.workers import Workers\n"
        "from orderflow.storage.records.address import file_address\n"
        "from orderflow.storage.records.records import Records\n"
        "records = Records(file_address(Path(sys.argv[1])), Workers()); records.start()\n"
        "print(repr(records.problem), sorted(name for name in sys.modules if name == 'alembic' or 'psycopg' in name))"
    )
    for _ in range(2):
        said = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
        )
        assert said.stdout == "'' []\n"


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
