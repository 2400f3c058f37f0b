"""A file that is damaged, deleted, or on a disk that cannot be written; a server that goes away and comes back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from orderflow.errors import BadSetting, StorageFailed
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import Address, address_of, file_address
from orderflow.storage.records.records import Records
from orderflow.storage.records.ticker_store import StoredTicker, TickerStore
from orderflow.storage.ticks.wal import read_wal
from tests.running import run_python
from tests.servers.postgresql import DATABASE, Cluster
from tests.storage.disks import SmallDisk
from tests.storage.records.bulk import BulkRows

BTC = StoredTicker("BTC", "sim:BTC", "simulated", 1)
ETH = StoredTicker("ETH", "sim:ETH", "simulated", 2)
BTC_PRICE = Decimal("97123.45")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not delete open files")


def path_of(address: Address) -> Path:
    assert address.path is not None
    return address.path


def stored(open_records: Callable[..., Records], file: Address) -> None:
    """A closed file with one ticker."""
    records = open_records(file)
    TickerStore(records).add(BTC)
    records.close()


def append_for_ever(prices: BulkRows) -> None:
    for begin in range(0, 10_000_000, 1_000):
        prices.append("b", [(begin + n, n) for n in range(1_000)])


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        disk = SmallDisk(tmp_path / "small")
    except OSError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    yield disk
    disk.unmount()


@pytest.mark.parametrize("bad", ["full", "read-only"])
def test_on_a_bad_disk_records_are_read_until_it_is_well(
    small: SmallDisk, open_records: Callable[..., Records], bad: str
) -> None:
    file = file_address(small.path / "data")
    stored(open_records, file)
    small.fill() if bad == "full" else small.set_writable(False)
    records = open_records(file)
    reason = "the disk is full" if bad == "full" else "read-only file system"
    assert reason in records.problem
    assert TickerStore(records).list() == (BTC,)
    with pytest.raises(StorageFailed, match=reason):
        TickerStore(records).add(ETH)
    small.empty() if bad == "full" else small.set_writable(True)
    records.look()
    assert records.problem == ""
    TickerStore(records).add(ETH)
    assert TickerStore(records).list() == (BTC, ETH)


def test_a_disk_that_fills_up_keeps_what_was_written(small: SmallDisk, open_records: Callable[..., Records]) -> None:
    file = file_address(small.path / "data")
    records = open_records(file)
    prices = BulkRows(records)
    prices.append("a", [(1, 1)])
    small.fill()
    with pytest.raises(StorageFailed, match="the disk is full"):
        append_for_ever(prices)
    assert "the disk is full" in records.problem
    assert len(prices.newest("a", 9)) == 1
    kept = len(prices.newest("b", 1_000_000))
    assert kept % 1_000 == 0
    small.empty()
    records.look()
    assert records.problem == ""
    assert prices.append("c", [(1, 1)]) == 1
    assert len(prices.newest("b", 1_000_000)) == kept


def test_a_file_that_is_no_database_is_reported_and_left(file: Address, open_records: Callable[..., Records]) -> None:
    path_of(file).parent.mkdir()
    path_of(file).write_bytes(b"not a database" * 1_000)
    records = open_records(file)
    assert records.problem.startswith("the records cannot be opened: the file is damaged, or not a database")
    assert "orderflow repair" in records.problem
    for call in (TickerStore(records).list, lambda: TickerStore(records).add(BTC)):
        with pytest.raises(StorageFailed, match="damaged"):
            call()
    assert path_of(file).read_bytes() == b"not a database" * 1_000


def test_a_damaged_page_costs_only_its_table(file: Address, open_records: Callable[..., Records]) -> None:
    records = open_records(file)
    TickerStore(records).add(BTC)
    BulkRows(records).append("a", [(n, n) for n in range(5_000)])
    records.close()
    with closing(sqlite3.connect(path_of(file))) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'klines'").fetchone()[0]
    with path_of(file).open("r+b") as data:
        data.seek((page - 1) * 4096)
        data.write(os.urandom(4096))
    again = open_records(file)
    assert again.problem == ""
    with pytest.raises(StorageFailed, match="damaged"):
        BulkRows(again).newest("a", 10)
    assert TickerStore(again).list() == (BTC,)
    assert [(part.what, part.count) for part in again.damage()] == [("records", 1)]


def test_a_log_without_its_database_is_not_deleted(file: Address, open_records: Callable[..., Records]) -> None:
    wal = path_of(file).with_name("records.db-wal")
    wal.parent.mkdir()
    wal.write_bytes(b"the newest writes")
    records = open_records(file)
    assert "missing or empty, but records.db-wal with the newest of them is there" in records.problem
    assert wal.read_bytes() == b"the newest writes"
    assert not path_of(file).exists()
    wal.unlink()
    records.look()
    assert records.problem == ""


KILLED = """
import os, sys
from pathlib import Path
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import file_address
from orderflow.storage.records.records import Records
from orderflow.storage.records.ticker_store import StoredTicker, TickerStore

records = Records(file_address(Path(sys.argv[1])), Workers(1))
records.start()
for number in range(10):
    TickerStore(records).add(StoredTicker(f"T{number}", "sim:T", "simulated", number))
    print(number, flush=True)
os._exit(9)
"""


@pytest.fixture
def killed(file: Address) -> Address:
    """Records whose writer was killed after ten writes, which stand in the write-ahead log."""
    run = run_python(KILLED, str(path_of(file).parent))
    assert (run.returncode, run.stdout.split()) == (9, [str(number) for number in range(10)])
    return file


def test_what_was_acknowledged_survives_a_kill(killed: Address, open_records: Callable[..., Records]) -> None:
    records = open_records(killed)
    assert [ticker.name for ticker in TickerStore(records).list()] == [f"T{number}" for number in range(10)]
    assert records.damage() == []


def test_a_damaged_write_ahead_log_is_kept_and_named(killed: Address, open_records: Callable[..., Records]) -> None:
    wal = path_of(killed).with_name("records.db-wal")
    data = bytearray(wal.read_bytes())
    data[-10_000] ^= 1
    wal.write_bytes(data)
    records = open_records(killed)
    found = TickerStore(records).list()
    assert 0 < len(found) < 10
    (part,) = records.damage()
    assert (part.what, part.name) == ("writes", "records.db.damaged-1")
    assert path_of(killed).with_name(part.name).joinpath("records.db-wal").read_bytes() == bytes(data)


def damaged_copy(killed: Address, folder: Path) -> Address:
    """Records that were killed, with a damaged page in the middle of their write-ahead log."""
    copy = file_address(folder)
    shutil.copytree(path_of(killed).parent, folder)
    path_of(copy).with_name("records.db-shm").unlink(missing_ok=True)
    wal = path_of(copy).with_name("records.db-wal")
    log = read_wal(wal)
    assert log is not None
    data = bytearray(wal.read_bytes())
    data[log.frames[log.commits[4] + 1].at + 2_000] ^= 1
    wal.write_bytes(data)
    return copy


def test_damage_of_a_write_ahead_log_is_said_once(
    killed: Address, tmp_path: Path, open_records: Callable[..., Records]
) -> None:
    """What SQLite leaves out must not be found again after the next kill, behind what was written since."""
    first = damaged_copy(killed, tmp_path / "first")
    records = open_records(first)
    TickerStore(records).add(BTC)
    assert [part.name for part in records.damage()] == ["records.db.damaged-1"]
    second = file_address(tmp_path / "second")
    shutil.copytree(path_of(first).parent, tmp_path / "second")  # as a kill leaves it
    path_of(second).with_name("records.db-shm").unlink()
    again = open_records(second)
    assert [part.name for part in again.damage()] == ["records.db.damaged-1"]
    assert "BTC" in [ticker.name for ticker in TickerStore(again).list()]


def test_a_full_disk_leaves_no_part_of_a_copy(
    killed: Address, tmp_path: Path, open_records: Callable[..., Records], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = damaged_copy(killed, tmp_path / "copy")
    before = sorted(os.listdir(tmp_path / "copy"))

    def refuse(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", refuse)
        records = open_records(copy)
        records.look()
        assert "the disk is full" in records.problem
        assert sorted(os.listdir(tmp_path / "copy")) == before
    records.look()
    assert records.problem == ""
    assert [part.name for part in records.damage()] == ["records.db.damaged-1"]


def lose_all(path: Path) -> None:
    for name in ("records.db", "records.db-wal", "records.db-shm"):
        path.with_name(name).unlink(missing_ok=True)


def lose_log(path: Path) -> None:
    path.with_name("records.db-wal").unlink()


def empty_all(path: Path) -> None:
    lose_all(path)
    path.write_bytes(b"")


@pytest.mark.parametrize("lose", [lose_all, lose_log, empty_all])
def test_lost_records_are_not_taken_for_a_first_start(
    killed: Address, open_records: Callable[..., Records], lose: Callable[[Path], None]
) -> None:
    path = path_of(killed)
    path.with_name("key-accounts").write_text("[]")
    lose(path)
    records = open_records(killed)
    assert records.problem == ""
    assert f"the records in {path} are new, but there were some before" in records.notice
    records.close()
    assert open_records(killed).notice == ""


def test_a_first_start_says_nothing(file: Address, open_records: Callable[..., Records]) -> None:
    assert open_records(file).notice == ""


def delete(path: Path) -> None:
    path.unlink()


def delete_log(path: Path) -> None:
    path.with_name("records.db-wal").unlink()


def replace(path: Path) -> None:
    shutil.copyfile(path, path.with_name("copy"))
    os.replace(path.with_name("copy"), path)


def empty(path: Path) -> None:
    os.truncate(path, 0)


@posix
@pytest.mark.parametrize("vanish", [delete, delete_log, replace, empty])
def test_nothing_is_acknowledged_in_a_file_that_is_gone(
    file: Address, open_records: Callable[..., Records], vanish: Callable[[Path], None]
) -> None:
    records = open_records(file)
    store = TickerStore(records)
    store.add(BTC)
    vanish(path_of(file))
    with pytest.raises(StorageFailed, match="deleted, moved or replaced while the server runs"):
        store.add(ETH)
    assert "POST /storage/rewrite" in records.problem
    assert store.list() == (BTC,)
    assert vanish is not delete or not path_of(file).exists()
    records.rewrite()
    assert records.problem == ""
    store.add(ETH)
    records.close()
    assert TickerStore(open_records(file)).list() == (BTC, ETH)


@posix
@pytest.mark.parametrize("size", [0, 5_000])
def test_nothing_is_acknowledged_behind_a_gap_in_the_log(
    file: Address, open_records: Callable[..., Records], size: int
) -> None:
    """After a restart SQLite would not read beyond it."""
    records = open_records(file)
    TickerStore(records).add(BTC)
    os.truncate(path_of(file).with_name("records.db-wal"), size)
    records.look()
    assert "deleted, moved or replaced" in records.problem
    with pytest.raises(StorageFailed, match="deleted, moved or replaced"):
        TickerStore(records).add(ETH)


@posix
def test_a_file_that_is_gone_is_noticed_without_a_write(file: Address, open_records: Callable[..., Records]) -> None:
    records = open_records(file)
    records.look()
    assert records.problem == ""
    path_of(file).rename(path_of(file).with_name("moved"))
    records.look()
    assert "not there any more" in records.problem
    path_of(file).with_name("moved").rename(path_of(file))
    records.look()
    assert records.problem == ""


def test_records_are_read_and_written_again_when_the_server_is_back(
    cluster: Cluster, server: Address, open_records: Callable[..., Records]
) -> None:
    records = open_records(server)
    store = TickerStore(records)
    store.add(BTC)
    cluster.stop()
    try:
        for call in (store.list, lambda: store.add(ETH)):
            with pytest.raises(StorageFailed, match="the database server cannot be reached"):
                call()
        records.look()
        assert "the database server cannot be reached" in records.problem
    finally:
        cluster.start()
    records.look()
    assert records.problem == ""
    assert store.list() == (BTC,)
    store.add(ETH)
    assert store.list() == (BTC, ETH)


def test_connections_that_the_server_ended_are_replaced(
    cluster: Cluster, server: Address, open_records: Callable[..., Records]
) -> None:
    records = open_records(server)
    store = TickerStore(records)
    store.add(BTC)
    assert store.list() == (BTC,)
    cluster.end_connections(DATABASE)
    store.add(ETH)
    assert records.problem == ""


def test_a_server_that_is_not_there_is_no_reason_not_to_start(workers: Workers, tmp_path: Path) -> None:
    url = f"postgresql://ann:s3cret@/x?host={tmp_path}&port=1"
    records = Records(address_of(tmp_path, database_url=url), workers)
    records.start()
    assert records.problem.startswith("the records cannot be opened: the database server cannot be reached")
    with pytest.raises(StorageFailed, match="cannot be reached"):
        TickerStore(records).list()
    assert "s3cret" not in records.problem + str(records.address)
    records.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/x", "must begin with postgresql://"),
        ("no url", "is not a URL"),
        ("postgresql://ann:s3cret@host:port/x", "is not a URL"),
        ("sqlite:///x.db", "must begin with postgresql://"),
    ],
)
def test_another_address_is_refused(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        address_of(tmp_path, database_url=url)


def test_without_the_driver_the_start_stops_with_one_line(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadSetting, match=r"pip install orderflow\[postgres\]") as caught:
        Records(address_of(tmp_path, database_url="postgresql://x/y"), workers)
    assert "\n" not in str(caught.value)
