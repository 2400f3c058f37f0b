"""Read records.db without changing it, also while a server writes to it or when it is damaged: check, copy, save."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from orderflow.errors import OrderflowError, StorageFailed
from orderflow.storage.acknowledged import missing_text, missing_writes
from orderflow.storage.records.address import FILE, file_address
from orderflow.storage.records.engine import make_engine, open_writer
from orderflow.storage.records.files import kept_logs, mark_of
from orderflow.storage.records.models import METADATA
from orderflow.storage.records.schema import migrate, transaction, versions
from orderflow.storage.sqlite_files import size_of, uri_of, wal_of
from orderflow.storage.ticks.wal import read_wal

FILES = (FILE, f"{FILE}-wal", f"{FILE}-shm")
BROKEN = (sqlite3.Error, UnicodeDecodeError)


@dataclass
class RecordsCheck:
    """records.db. version: of its schema; rows: by table; problems: what is damaged, in words."""

    version: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def check(path: Path, *, in_use: bool) -> RecordsCheck:
    """Read all of a file, and check its pages, indexes and foreign keys. Damage is in the answer."""
    found = RecordsCheck(problems=[part.text for part in kept_logs(path)])
    beyond = 0 if in_use else _note_damaged_log(path, found.problems)
    try:
        missing = missing_writes(mark_of(path), beyond)
        with opened(path, in_use=in_use) as connection:
            _check(connection, found)
            if count := missing(connection):
                found.problems.append(missing_text("the records", count, mark_of(path).name))
    except (*BROKEN, OSError) as error:
        found.problems.append(f"{path.name}: {error}")
    return found


def copy(path: Path, target: Path, *, in_use: bool, secrets: bool) -> None:
    """Copy one state of a file that may be in use, by SQLite's backup; without `secrets` their columns are emptied.

    Raises StorageFailed.
    """
    try:
        with opened(path, in_use=in_use) as connection, contextlib.closing(sqlite3.connect(target)) as into:
            connection.backup(into)
            into.execute("PRAGMA journal_mode=DELETE")  # one file
            if not secrets:
                _empty_secrets(into)
    except (*BROKEN, OSError) as error:
        raise StorageFailed(f"the records in {path} cannot be copied: {error}") from error


def save(path: Path, folder: Path, mark: Path) -> tuple[Counter[str], list[str]]:
    """Write what can be read of a closed file into a new one in `folder`. Returns rows by table, and what is lost in
    words. mark: of the last acknowledged write.

    Raises StorageFailed if nothing can be read, or `folder` cannot be written.
    """
    saved: Counter[str] = Counter()
    lost: list[str] = []
    missing = missing_writes(mark, _note_damaged_log(path, lost))
    try:
        with opened(path, in_use=False) as source:
            if count := missing(source):
                lost.append(missing_text("the records", count, mark.name))
            version = version_of(source)
            _make(folder, version if version in versions() else versions()[-1])
            with contextlib.closing(sqlite3.connect(folder / FILE)) as target:
                for table in METADATA.sorted_tables:
                    _save_table(source, target, table.name, saved, lost)
                _drop_orphans(target, saved, lost)
                target.commit()
                target.execute("PRAGMA journal_mode=DELETE")
    except (*BROKEN, OSError, SQLAlchemyError, OrderflowError) as error:
        raise StorageFailed(f"the records in {path} cannot be saved: {error}") from error
    return saved, lost


@contextmanager
def opened(path: Path, *, in_use: bool) -> Iterator[sqlite3.Connection]:
    """A connection that changes no file. A write-ahead log that nobody uses is read in a copy. Raises sqlite3.Error."""
    with contextlib.ExitStack() as stack:
        how = "mode=ro"
        if not in_use and size_of(wal_of(path)):
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".orderflow-")))
            for source in (path, wal_of(path)):
                shutil.copyfile(source, work / source.name)
            path = work / path.name
        elif not in_use:
            how = "immutable=1"
        connection = sqlite3.connect(f"{uri_of(path)}?{how}", uri=True, timeout=10, isolation_level=None)
        stack.enter_context(contextlib.closing(connection))
        connection.execute("PRAGMA mmap_size = 0")
        if in_use:
            connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection


def _check(connection: sqlite3.Connection, found: RecordsCheck) -> None:
    for pragma in ("integrity_check(20)", "foreign_key_check"):
        try:
            rows = connection.execute(f"PRAGMA {pragma}").fetchmany(20)
            found.problems += [" ".join(map(str, row)) for row in rows if row[0] != "ok"]
        except BROKEN as error:
            found.problems.append(f"{pragma}: {error}")
    found.version = version_of(connection)
    if found.version and found.version not in versions():
        found.problems.append(f"schema {found.version} is not one that this version of Orderflow knows")
    for name in _tables(connection):
        try:
            found.rows[name] = connection.execute(f'SELECT count(*) FROM "{name}" NOT INDEXED').fetchone()[0]
        except BROKEN as error:
            found.problems.append(f"table {name}: {error}")


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if name in METADATA.tables]


def version_of(connection: sqlite3.Connection) -> str:
    """The version of the schema, "" if it cannot be read."""
    with contextlib.suppress(*BROKEN):
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return "" if row is None else str(row[0])
    return ""


def _note_damaged_log(path: Path, problems: list[str]) -> int:
    """The writes from the damage of a write-ahead log on, 0 if it is sound."""
    log = read_wal(wal_of(path))
    if log is None or not log.beyond:
        return 0
    problems.append(
        f"{wal_of(path).name} is damaged at page {log.readable + 1:,}; writes from there on: {log.beyond:,}"
    )
    return log.beyond


def _empty_secrets(connection: sqlite3.Connection) -> None:
    present = set(_tables(connection))
    for table in METADATA.sorted_tables:
        for column in table.columns:
            if "secret" in column.info and table.name in present:
                connection.execute(f'UPDATE "{table.name}" SET "{column.name}" = ?', (column.info["secret"],))
    connection.commit()
    connection.execute("VACUUM")  # no page keeps what was there


def _make(folder: Path, version: str) -> None:
    """A new file with the tables of a version."""
    engine = make_engine(file_address(folder))
    (folder / FILE).touch(0o600)
    with contextlib.closing(open_writer(engine)) as connection, transaction(connection):
        migrate(connection, version)


def _save_table(
    source: sqlite3.Connection, target: sqlite3.Connection, name: str, saved: Counter[str], lost: list[str]
) -> None:
    """Copy the rows from both ends up to a damaged page."""
    columns = [row[1] for row in target.execute(f'PRAGMA table_info("{name}")')]
    if not columns:  # younger than the version
        return
    listed, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" for _ in columns)
    keys = [row[1] for row in target.execute(f'PRAGMA table_info("{name}")') if row[5]]
    before = target.total_changes
    for direction in ("ASC", "DESC"):
        order = ", ".join(f'"{key}" {direction}' for key in keys)
        errors: list[str] = []
        rows = _readable(source, f'SELECT {listed} FROM "{name}" NOT INDEXED ORDER BY {order}', errors)
        target.executemany(f'INSERT OR IGNORE INTO "{name}" ({listed}) VALUES ({marks})', rows)
        if not errors:
            break
        if direction == "ASC":
            lost.append(f"a part of the table {name}: {errors[0]}")
    saved[name] += target.total_changes - before


def _readable(source: sqlite3.Connection, query: str, errors: list[str]) -> Iterator[tuple[object, ...]]:
    """The rows up to a damaged page, which becomes an entry of `errors`."""
    try:
        yield from source.execute(query)
    except BROKEN as error:
        errors.append(str(error))


def _drop_orphans(target: sqlite3.Connection, saved: Counter[str], lost: list[str]) -> None:
    """Remove rows that refer to a row that is lost."""
    for name, rowid, *_ in target.execute("PRAGMA foreign_key_check").fetchall():
        if rowid is not None:
            changed = target.execute(f'DELETE FROM "{name}" WHERE rowid = ?', (rowid,)).rowcount
            saved[name] -= changed
            lost += [f"a row of the table {name}, which refers to a lost one"] * changed
