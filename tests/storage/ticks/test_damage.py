"""Failing disks, damaged rows and unusable directories: errors, and what is kept."""

from __future__ import annotations

import logging
import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import BadInput, BadSetting, StorageFailed
from orderflow.market.tick_log import LogEntry
from orderflow.runtime.workers import Workers
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.running import run_python
from tests.storage.ticks.batches import answers, batch, logged, put, rows

Disk = Callable[[], DiskTickLog]
ROOT = Path(__file__).parents[3]


def sql(directory: Path, statement: str, *values: object) -> list[Any]:
    """One statement on the database of a closed log."""
    with closing(sqlite3.connect(directory / "cache.db", isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


# the disk fails


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_write_that_fails_in_the_middle_keeps_nothing(
    disk: Disk, workers: Workers, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The disk rejects one of the three rows of an entry (two symbols and a key)."""
    log = disk()
    put(log, batch(2, seed=1), key="before")
    real, calls = log._store._blobs._cache.set, [0]

    def fail(key: bytes, value: bytes) -> bool:
        calls[0] += 1
        if calls[0] == at:
            raise sqlite3.OperationalError("disk I/O error")
        return bool(real(key, value))

    with monkeypatch.context() as patch:
        patch.setattr(log._store._blobs._cache, "set", fail)
        with pytest.raises(StorageFailed, match="disk I/O error"):
            log.append(LogEntry([batch(3, seed=2), batch(3, symbol="ES")], "lost"), pytest.fail)
    put(log, batch(4, seed=3), key="after")
    expected = rows([batch(2, seed=1), batch(4, seed=3)])
    assert logged(log, "NQ") == expected
    assert log.info().ticks == 6
    again = disk()
    assert logged(again, "NQ") == expected
    assert logged(again, "ES") == []
    assert [key for key, _ in answers(again)] == ["before", "after"]
    assert workers.errors() == {"writing the tick log: StorageFailed": 1}


FULL_DISK = """
import resource, sys
from orderflow.errors import StorageFailed
from orderflow.market.tick_log import LogEntry
from orderflow.storage.ticks.disk_log import DiskTickLog
from orderflow.runtime.workers import Workers
from tests.running import run_python
from tests.storage.ticks.batches import batch

workers = Workers()
log = DiskTickLog(sys.argv[1], workers)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
seed = failed = 0
while failed < 5:
    seed += 1
    if seed == 10:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        log.append(LogEntry([batch(1500, seed=seed)], str(seed)), lambda: None)
        print(seed, flush=True)
    except StorageFailed as error:
        failed += 1
        print(error, file=sys.stderr)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
for seed in range(1000, 1005):
    log.append(LogEntry([batch(10, seed=seed)], str(seed)), lambda: None)
    print(seed, flush=True)
log.close()
workers.stop()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the limit that stands for a full disk is one of POSIX")
def test_a_real_limit_of_the_file_size(directory: Path, disk: Disk) -> None:
    """The system limits the file size, then allows more: exactly the acknowledged entries are there."""
    run = run_python(FULL_DISK, str(directory))
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("cannot be written: the disk is full") >= 5
    acknowledged = [int(line) for line in run.stdout.split()]
    assert acknowledged[-5:] == [1000, 1001, 1002, 1003, 1004]
    log = disk()
    assert [int(key) for key, _ in answers(log)] == acknowledged
    expected = rows(batch(1500 if seed < 1000 else 10, seed=seed) for seed in acknowledged)
    assert logged(log, "NQ") == expected


def test_forgetting_that_fails_forgets_nothing(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    log = disk()
    put(log, batch(2), batch(3, symbol="ES"), key="k")

    def fail(key: bytes) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(log._store._blobs._cache, "delete", fail)
        for symbol in ("NQ", None):
            with pytest.raises(StorageFailed, match="full"):
                log.forget(symbol)
    assert log.info().ticks == 5
    assert disk().info().ticks == 5


@pytest.mark.parametrize("name", ["a" * 2000, "\ud800"])
def test_unencodable_names_are_bad_input(disk: Disk, name: str) -> None:
    log = disk()
    with pytest.raises(BadInput, match="symbol or key"):
        log.append(LogEntry([batch(1, symbol=name)]), pytest.fail)
    with pytest.raises(BadInput, match="symbol or key"):
        log.append(LogEntry((), name), pytest.fail)
    assert log.info().ticks == 0


# rows rot


def rotten(directory: Path, number: int, statement: str, *values: object) -> None:
    """Change one row of ticks."""
    (found,) = sql(directory, "SELECT rowid FROM Cache WHERE hex(key) LIKE '54%' ORDER BY key LIMIT 1 OFFSET ?", number)
    sql(directory, f"UPDATE Cache SET {statement} WHERE rowid = ?", *values, found[0])


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("value = substr(value, 1, length(value) - 1) || ?", b"\x00\x00"),
        ("value = ?", b""),
        ("value = ?", None),
        ("value = ?", "text"),
        ("value = ?", 7),
        ("mode = 4, value = ?", pickle.dumps([1, 2])),
        ("mode = 2, value = NULL, filename = ?", "somewhere.val"),
    ],
)
def test_a_damaged_blob_is_skipped_counted_and_logged(
    directory: Path, disk: Disk, caplog: pytest.LogCaptureFixture, statement: str, value: object
) -> None:
    log = disk()
    parts = [batch(5, seed=seed) for seed in range(4)]
    for part in parts:
        put(log, part)
    log.close()
    rotten(directory, 2, statement, value)
    sound = rows(parts[:2] + parts[3:])
    log = disk()
    assert log.info().ticks == 20  # nobody has looked yet
    with caplog.at_level(logging.ERROR, "orderflow.storage.ticks.disk_log"):
        assert logged(log, "NQ") == sound
        assert logged(log, "NQ") == sound
    assert [r.getMessage().split(" in the log")[0] for r in caplog.records] == ["5 ticks of NQ"]
    assert (log.info().damaged, log.info().ticks) == (1, 15)
    found = disk().read("NQ", 0, 2**62)
    assert found is not None
    assert rows([found]) == sound


def test_a_damaged_blob_in_a_row_that_is_merged(directory: Path, disk: Disk, workers: Workers) -> None:
    log = disk()
    for seed in range(60):
        put(log, batch(1, seed=seed))
    log.close()
    rotten(directory, 30, "value = ?", b"rust")
    log = disk()
    for seed in range(60, 200):
        put(log, batch(1, seed=seed))
    workers.run_writer(bool)
    assert log.info().entries < 100
    assert log.info().damaged == 1
    expected = rows(batch(1, seed=seed) for seed in range(200) if seed != 30)
    assert logged(log, "NQ") == expected
    assert logged(disk(), "NQ") == expected
    log = disk()
    log.forget("NQ")
    assert sql_count(directory) == 0


def sql_count(directory: Path) -> int:
    (row,) = sql(directory, "SELECT count(*) FROM Cache WHERE hex(key) LIKE '54%'")
    return int(row[0])


def test_a_row_of_another_symbol_is_damaged(directory: Path, disk: Disk) -> None:
    log = disk()
    put(log, batch(5))
    put(log, batch(5, symbol="ES", seed=7))
    log.close()
    (es,) = sql(directory, "SELECT value FROM Cache WHERE hex(key) LIKE '54%' ORDER BY key LIMIT 1 OFFSET 1")
    rotten(directory, 0, "value = ?", es[0])
    log = disk()
    assert logged(log, "NQ") == []
    assert len(logged(log, "ES")) == 5
    assert log.info().damaged == 1


def test_damaged_keys_do_not_hide_the_others(directory: Path, disk: Disk) -> None:
    log = disk()
    for key in ("a", "b", "c"):
        put(log, key=key)
    log.close()
    sql(
        directory,
        "UPDATE Cache SET value = x'00' WHERE rowid = (SELECT rowid FROM Cache WHERE hex(key) LIKE '4B%' LIMIT 1)",
    )
    assert [key for key, _ in answers(disk())] == ["b", "c"]


def flip(directory: Path, key: str, column: str, at: int, bits: int = 1) -> None:
    """Change bits of a byte of the row whose key begins with these hexadecimal digits."""
    rowid, data = sql(directory, f"SELECT rowid, {column} FROM Cache WHERE hex(key) LIKE ?", f"{key}%")[0]
    changed = bytearray(data)
    changed[at] ^= bits
    sql(directory, f"UPDATE Cache SET {column} = ? WHERE rowid = ?", bytes(changed), rowid)


@pytest.mark.parametrize("at", [0, 5, 8, -1])
def test_a_damaged_setting_costs_only_itself(directory: Path, disk: Disk, at: int) -> None:
    log = disk()
    put(log, batch(5), key="k")
    log.set_meta("instruments", b'{"NQ": {"tick_size": "0.25"}}')
    log.set_meta("other", b"1")
    log.close()
    flip(directory, (b"N" + b"instruments").hex(), "value", at)
    log = disk()
    assert log.get_meta("instruments") is None
    assert log.get_meta("other") == b"1"
    assert len(logged(log, "NQ")) == 5
    assert [(part.what, part.name, part.count) for part in log.info().damage] == [("setting", "instruments", 1)]
    assert log.info().damaged == 1
    log.set_meta("instruments", b"new")
    assert log.info().damage == ()
    log = disk()
    assert log.get_meta("instruments") == b"new"
    assert log.info().damage == ()


def with_earlier_setting(directory: Path, disk: Disk, value: bytes) -> DiskTickLog:
    """A log whose setting `instruments` was stored by an earlier version."""
    log = disk()
    log.set_meta("instruments", b"{}")
    log.close()
    sql(directory, "UPDATE Cache SET key = ?, value = ? WHERE hex(key) LIKE '4E%'", b"Minstruments", value)
    return disk()


def test_settings_of_an_earlier_version_have_no_checksum(directory: Path, disk: Disk) -> None:
    log = with_earlier_setting(directory, disk, b'{"NQ": 1}')
    assert log.get_meta("instruments") == b'{"NQ": 1}'
    log.set_meta("instruments", b'{"NQ": 2}')
    log = disk()
    assert log.get_meta("instruments") == b'{"NQ": 2}'
    log.set_meta("instruments", None)
    assert disk().get_meta("instruments") is None


def test_a_setting_of_an_earlier_version_that_is_not_json_is_damaged(directory: Path, disk: Disk) -> None:
    log = with_earlier_setting(directory, disk, b'{"NQ": 1]')
    assert log.get_meta("instruments") is None
    assert [(part.what, part.name) for part in log.info().damage] == [("setting", "instruments")]


@pytest.mark.parametrize("at", range(0, 31, 3))
def test_a_damaged_key_costs_only_its_row(directory: Path, disk: Disk, at: int) -> None:
    """Whatever part of it: the kind, the position, the counts, the times, the symbol."""
    log = disk()
    for seed in range(3):
        put(log, batch(5, seed=seed), key=f"k{seed}")
    log.close()
    (last,) = sql(directory, "SELECT hex(max(key)) FROM Cache WHERE hex(key) LIKE '54%'")[0]
    flip(directory, last, "key", at)
    log = disk()
    ticks = logged(log, "NQ")
    expected = rows([batch(5, seed=0), batch(5, seed=1)])
    assert ticks == expected, "the others are there, in order"
    assert log.info().damage
    put(log, batch(2, seed=9))
    assert len(logged(disk(), "NQ")) == 12


def test_blobs_of_an_earlier_version_are_read(directory: Path, disk: Disk) -> None:
    """Without a checksum of their key."""
    log = disk()
    put(log, batch(5), key="k")
    log.close()
    sql(directory, "UPDATE Cache SET value = substr(value, 9) WHERE hex(value) LIKE '4F464231%'")
    log = disk()
    assert logged(log, "NQ") == rows([batch(5)])
    assert [key for key, _ in answers(log)] == ["k"]
    assert log.info().damage == ()


def test_a_key_of_a_foreign_kind_is_one_row(directory: Path, disk: Disk) -> None:
    log = disk()
    put(log, batch(5))
    put(log, batch(5, seed=1))
    log.close()
    rotten(directory, 0, "key = ?", "text")
    log = disk()
    assert len(logged(log, "NQ")) == 5
    assert [(part.what, part.count) for part in log.info().damage] == [("row", 1)]


@pytest.mark.parametrize("statement", ["value = x'33'", "value = x'00'", "value = NULL", "key = x'57'"])
def test_a_damaged_version_does_not_hide_the_ticks(directory: Path, disk: Disk, statement: str) -> None:
    """Each blob has its own version, and that of a later program is longer (test_a_log_of_a_later_version…)."""
    log = disk()
    put(log, batch(5))
    log.close()
    sql(directory, f"UPDATE Cache SET {statement} WHERE hex(key) = '56'")
    log = disk()
    assert len(logged(log, "NQ")) == 5
    assert "version" in {part.what for part in log.info().damage}


def test_a_damaged_page_of_the_table_costs_only_its_rows(directory: Path, disk: Disk) -> None:
    """The index still names the others. If nothing can be opened, the error says what helps."""
    log = disk()
    for seed in range(12):
        put(log, batch(100, seed=seed))
    log.close()
    whole = (directory / "cache.db").read_bytes()
    left: list[int] = []
    refusals: list[str] = []
    for page in range(1, len(whole) // 4096):
        damaged = bytearray(whole)
        damaged[page * 4096] ^= 255
        (directory / "cache.db").write_bytes(damaged)
        try:
            log = disk()
        except StorageFailed as error:
            refusals.append(str(error))
            left.append(0)
            continue
        left.append(len(logged(log, "NQ")))
        assert log.info().ticks == left[-1]
        assert bool(log.info().damage) == (left[-1] < 1200)
        log.close()
    assert all("orderflow repair" in refusal for refusal in refusals)
    assert left.count(0) <= 2, "the roots of the table and of its index"
    assert left.count(1200) >= 2
    assert any(0 < ticks < 1200 for ticks in left)


# directories


def test_other_file_is_refused_and_not_changed(directory: Path, workers: Workers) -> None:
    directory.mkdir()
    (directory / "cache.db").write_bytes(b"something else " * 1000)
    for _ in range(2):
        with pytest.raises(StorageFailed, match="cannot be opened"):
            DiskTickLog(directory, workers)
    assert (directory / "cache.db").read_bytes().startswith(b"something else")


def test_a_log_of_a_later_version_is_refused(directory: Path, disk: Disk, workers: Workers) -> None:
    log = disk()
    put(log, batch(1))
    log.close()
    sql(directory, "UPDATE Cache SET value = x'3939' WHERE hex(key) = '56'")
    with pytest.raises(StorageFailed, match="another version"):
        DiskTickLog(directory, workers)


def test_second_process_gets_the_owner_in_the_error(directory: Path, disk: Disk, workers: Workers) -> None:
    log = disk()
    with pytest.raises(BadSetting, match=f"in use by process {os.getpid()}"):
        DiskTickLog(directory, workers)
    put(log, batch(1))
    log.close()
    other = DiskTickLog(directory, workers)
    assert other.info().ticks == 1
    other.close()


HOLD = "import sys, time; from pathlib import Path; from orderflow.storage.lock import DirectoryLock\n"
HOLD += "lock = DirectoryLock(Path(sys.argv[1])); print('mine', flush=True); time.sleep(60)"


def test_killed_process_releases_the_directory(directory: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        with pytest.raises(BadSetting, match=f"in use by process {holder.pid}"):
            DirectoryLock(directory)
        holder.kill()
    lock = DirectoryLock(directory)
    lock.release()
    lock.release()


def test_directory_that_cannot_be_created_is_a_bad_setting(tmp_path: Path, workers: Workers) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadSetting, match="cannot be used"):
        DiskTickLog(tmp_path / "file" / "ticks", workers)


# the connection of a thread that is gone can only be left to the garbage collector, which Python 3.13 complains about
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_closing_after_the_workers_stopped_still_frees_the_directory(directory: Path, workers: Workers) -> None:
    own = Workers()
    log = DiskTickLog(directory, own)
    put(log, batch(3))
    own.stop()
    with pytest.raises(StorageFailed, match="closed"):
        put(log, batch(3))
    log.close()
    again = DiskTickLog(directory, workers)
    assert again.info().ticks == 3
    again.close()
