"""records.db in the care of the data: verified, backed up while it is written, restored, repaired."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from orderflow.maintenance.backup import Backup, backup, backup_lines, restore
from orderflow.maintenance.repair import repair
from orderflow.maintenance.verify import lines, verify
from orderflow.runtime.workers import Workers
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.records.address import file_address
from orderflow.storage.records.records import Records
from orderflow.storage.records.schema import migrate, stored_version, versions
from orderflow.storage.records.target_store import TargetStore
from orderflow.storage.records.ticker_store import StoredTicker, TickerStore
from orderflow.storage.ticks.wal import read_wal
from tests.maintenance.stored import flip
from tests.storage.records.bulk import TABLE, BulkRows
from tests.storage.records.test_delivery_store import add

BTC = StoredTicker("BTC", "sim:BTC", "simulated", 1)
POINTS = tuple((n, n) for n in range(20_000))
SECRET = "hooray-s3cret"


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.stop()


@pytest.fixture
def open_records(workers: Workers) -> Iterator[Callable[[Path], Records]]:
    """open_records(folder): started records, closed after the test."""
    opened: list[Records] = []

    def start(folder: Path) -> Records:
        opened.append(Records(file_address(folder), workers))
        opened[-1].start()
        assert opened[-1].problem == ""
        return opened[-1]

    yield start
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Callable[[Path], Records], tmp_path: Path) -> Records:
    """A ticker, 20,000 points, and a target with a secret; open."""
    made = open_records(tmp_path / "data")
    TickerStore(made).add(BTC)
    BulkRows(made).append("a", POINTS)
    add(TargetStore(made), "hook", secrets={"key": SECRET})
    return made


@pytest.fixture
def data(records: Records, tmp_path: Path) -> Path:
    """The same, closed."""
    records.close()
    return tmp_path / "data"


def damage_page(folder: Path, table: str) -> None:
    """Write random bytes over the first page of a table."""
    path = folder / "records.db"
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))


def test_sound_records_are_counted(data: Path) -> None:
    found = verify(data)
    assert found.sound
    assert found.records is not None
    assert (found.records.rows["tickers"], found.records.rows[TABLE]) == (1, len(POINTS))
    assert "  records        1 delivery_targets, 20,000 klines, 1 tickers" in list(lines(found))


def test_records_in_use_are_read_with_what_is_only_in_the_log(records: Records, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert (data / "records.db-wal").stat().st_size > 0
    lock = DirectoryLock(data / "ticks")
    try:
        found = verify(data)
    finally:
        lock.release()
    assert found.records is not None
    assert found.records.problems == []
    assert found.records.rows[TABLE] == len(POINTS)
    assert BulkRows(records).append("b", POINTS[:1]) == 1


def test_damage_is_found(data: Path) -> None:
    damage_page(data, TABLE)
    found = verify(data)
    assert found.damaged
    assert any("DAMAGED        records:" in line for line in lines(found))


def test_a_backup_of_open_records_is_one_state_and_opens(
    records: Records, open_records: Callable[[Path], Records], tmp_path: Path
) -> None:
    lock = DirectoryLock(tmp_path / "data" / "ticks")
    try:
        made = backup(tmp_path / "data", str(tmp_path / "saved.zip"))
    finally:
        lock.release()
    assert [name for name in made.files if name.startswith("records")] == ["records.db"]
    assert [text for text in made.damaged if "records" in text] == []
    restore(str(tmp_path / "saved.zip"), tmp_path / "new")
    again = open_records(tmp_path / "new")
    assert TickerStore(again).list() == (BTC,)
    assert BulkRows(again).newest("a", 30_000) == POINTS


@pytest.mark.parametrize("keys", [False, True])
def test_secrets_are_in_a_backup_only_with_keys(data: Path, tmp_path: Path, keys: bool) -> None:
    backup(data, str(tmp_path / "saved.zip"), keys=keys)
    restore(str(tmp_path / "saved.zip"), tmp_path / "new")
    assert (SECRET.encode() in (tmp_path / "new" / "records.db").read_bytes()) == keys
    assert SECRET.encode() in (data / "records.db").read_bytes()


@pytest.mark.parametrize("keys", [False, True])
def test_secrets_in_copies_of_records_are_in_a_backup_only_with_keys(data: Path, tmp_path: Path, keys: bool) -> None:
    """Copies are kept of a damaged write-ahead log and of files that were written anew."""
    for name in ("records.db.damaged-1", "replaced-1"):
        (data / name).mkdir()
        shutil.copy(data / "records.db", data / name / "records.db")
    made = backup(data, str(tmp_path / "saved.zip"), keys=keys)
    copies = {"records.db.damaged-1/records.db", "replaced-1/records.db"}
    assert made.files.keys() == {"records.db", *(copies if keys else ())}


def lose(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("vanish", [lose, empty, make_folder])
def test_records_that_are_gone_are_said(data: Path, tmp_path: Path, vanish: Callable[[Path], None]) -> None:
    (data / "key-accounts").write_text("[]")
    vanish(data / "records.db")
    found = "\n".join(lines(verify(data)))
    assert "DAMAGED        the records are gone: records.db is" in found
    assert verify(data).damaged
    assert any("the records are gone" in text for text in backup(data, str(tmp_path / "saved.zip")).damaged)
    report = repair(data)
    assert report.lost["records"] == 1
    assert any("the records are gone" in text for text in report.notes)
    if vanish is lose:
        assert not verify(data, records_elsewhere=True).damaged


def test_records_are_saved_from_their_log(records: Records, open_records: Callable[[Path], Records]) -> None:
    """The file itself is lost after a kill; the log has all of it, if it was never written back."""
    folder = Path(records.address.folder or "")
    left = folder.with_name("left")
    left.mkdir()
    shutil.copy(folder / "records.db-wal", left / "records.db-wal")
    assert verify(left).damaged
    report = repair(left)
    assert any("records.db is gone" in text for text in report.notes)
    assert not report.lost
    assert TickerStore(open_records(report.folder)).list() == (BTC,)


@pytest.mark.parametrize("keys", [False, True])
def test_records_that_cannot_be_read_are_saved_only_with_keys(data: Path, tmp_path: Path, keys: bool) -> None:
    (data / "records.db").write_bytes(b"no database" * 1_000)
    made: Backup = backup(data, str(tmp_path / "saved.zip"), keys=keys)
    assert ("records.db" in made.files) == keys
    assert any("DAMAGED before the backup: the records" in line for line in backup_lines(made, "saved.zip"))


def test_repair_copies_sound_records_whole(data: Path, open_records: Callable[[Path], Records]) -> None:
    report = repair(data)
    assert not report.lost
    assert (report.saved["records: tickers"], report.saved["records: klines"]) == (1, len(POINTS))
    again = open_records(report.folder)
    assert BulkRows(again).newest("a", 30_000) == POINTS
    assert [target.name for target in TargetStore(again).list()] == ["hook"]


def test_repair_saves_the_other_tables(data: Path, open_records: Callable[[Path], Records]) -> None:
    before = (data / "records.db").read_bytes()
    damage_page(data, "tickers")
    damaged = (data / "records.db").read_bytes()
    report = repair(data)
    assert report.lost["parts of the records"] == 1
    assert any("a part of the table tickers" in note for note in report.notes)
    again = open_records(report.folder)
    assert TickerStore(again).list() == ()
    assert BulkRows(again).newest("a", 30_000) == POINTS
    assert (data / "records.db").read_bytes() == damaged != before


def test_repair_saves_both_ends_around_a_damaged_page(data: Path, open_records: Callable[[Path], Records]) -> None:
    path = data / "records.db"
    with path.open("r+b") as file:  # most pages are leaves of this table
        file.seek(path.stat().st_size // 8192 * 4096)
        file.write(os.urandom(4096))
    report = repair(data)
    assert report.lost["parts of the records"] >= 1
    found = BulkRows(open_records(report.folder)).newest("a", 30_000)
    assert len(POINTS) - 400 < len(found) < len(POINTS)
    assert set(found) <= set(POINTS)


def test_repair_says_when_nothing_can_be_read(data: Path) -> None:
    (data / "records.db").write_bytes(b"no database" * 1_000)
    report = repair(data)
    assert report.lost["records that cannot be read"] == 1
    assert not (report.folder / "records.db").exists()


def test_records_of_an_older_version_are_repaired_as_they_are(
    data: Path, open_records: Callable[[Path], Records]
) -> None:
    records = open_records(data)
    records.write(lambda connection: migrate(connection, "0005_klines"))
    records.close()
    report = repair(data)
    assert not report.lost
    again = open_records(report.folder)
    assert again.read(stored_version) == versions()[-1]
    assert BulkRows(again).newest("a", 30_000) == POINTS


def test_records_behind_the_damage_of_their_log_are_saved(
    open_records: Callable[[Path], Records], tmp_path: Path
) -> None:
    """SQLite takes them for remains and drops them, and so does the start, which keeps the files."""
    store = TickerStore(open_records(tmp_path / "data"))
    names = [f"T{number}" for number in range(10)]
    for name in names:
        store.add(replace(BTC, name=name))
    left = Path(shutil.copytree(tmp_path / "data", tmp_path / "left"))  # as a kill leaves it
    (left / "records.db-shm").unlink()
    log = read_wal(left / "records.db-wal")
    assert log is not None
    flip(left / "records.db-wal", log.frames[log.commits[4] + 1].at + 2_000)
    started = open_records(left)
    assert 0 < len(TickerStore(started).list()) < len(names)
    (part,) = started.damage()
    assert f"orderflow repair --data-dir {left / part.name}" in part.text
    started.close()
    assert open_records(left).damage() == [part]  # until somebody deletes the folder
    found = verify(left).records
    assert found is not None
    assert part.text in found.problems
    report = repair(left / part.name)
    assert any("rows of that page may have wrong values" in note for note in report.notes)
    assert [ticker.name for ticker in TickerStore(open_records(report.folder)).list()] == names
