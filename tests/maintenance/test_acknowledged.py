"""What was acknowledged and is cut from the end of a log while the server is off, is noticed at the next start."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callbacks.herd_forms import control
from callbacks.problems import damage_note
from orderflow.errors import Conflict
from orderflow.herd.live.game import Game
from orderflow.maintenance.backup import backup, restore
from orderflow.maintenance.commands import doctor
from orderflow.maintenance.repair import lines, repair
from orderflow.services import Services
from orderflow.storage.records.ticker_store import TickerStore
from orderflow.storage.ticks.wal import read_wal
from tests.maintenance.stored import journal_of
from tests.running import run_python

Make = Callable[..., Services]


def cut_writes(wal: Path, count: int) -> None:
    """Cut the last `count` commits from a write-ahead log: what is left is a sound log."""
    log = read_wal(wal)
    assert log is not None
    os.truncate(wal, log.frames[log.commits[-1 - count]].at + log.page_size)


def said(folder: Path) -> tuple[int, str]:
    found: list[str] = []
    code = doctor(folder, found.append)
    return code, "\n".join(found)


@pytest.fixture
def cut(killed: Path, tmp_path: Path) -> Path:
    """A data directory of a server that was killed, without the last three of ten writes."""
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    cut_writes(data / "ticks" / "cache.db-wal", 3)
    return data


def missing(services: Services) -> list[tuple[str, int]]:
    return [(part.what, part.count) for part in services.damage()]


def test_missing_ticks_are_said_until_the_mark_is_deleted(cut: Path, make_services: Make) -> None:
    code, text = said(cut)
    assert (code, "the last 3 writes of the ticks and their settings, acknowledged and not there" in text) == (1, True)
    report = repair(cut)
    assert any("acknowledged writes at the end of the tick log" in line for line in lines(report, cut))
    for _ in range(2):  # the second start finds writes after those that are missing
        services = make_services(ephemeral=False, data_dir=cut)
        assert services.ticks.info().ticks == 700
        assert missing(services) == [("writes", 3)]
        assert "the last 3 writes of the ticks" in damage_note(services.damage())
        services.market.configure("NQ", tick_size="0.25")
        services.stop()
    (cut / "ticks" / "acknowledged").unlink()
    assert missing(make_services(ephemeral=False, data_dir=cut)) == []


def test_missing_records_are_said(data: Path, tmp_path: Path, make_services: Make) -> None:
    services = make_services(ephemeral=False, data_dir=data, feeds=())
    for name in ("b", "c", "d"):
        services.records.write(lambda connection, name=name: connection.exec_driver_sql(f"CREATE TABLE {name} (x)"))
    left = Path(shutil.copytree(data, tmp_path / "left"))  # as a kill leaves it
    services.stop()
    (left / "records.db-shm").unlink()
    cut_writes(left / "records.db-wal", 2)
    assert "records: the last 2 writes of the records, acknowledged" in said(left)[1]
    again = make_services(ephemeral=False, data_dir=left)
    assert missing(again) == [("writes", 2)]
    assert any("the last 2 writes of the records" in note for note in repair_notes(tmp_path, left))


def repair_notes(tmp_path: Path, left: Path) -> list[str]:
    copy = Path(shutil.copytree(left, tmp_path / "copy", ignore=shutil.ignore_patterns("*-shm", "in-use")))
    return repair(copy).notes


@pytest.mark.parametrize("torn", [0, 10], ids=["at a line", "in a line"])
def test_a_game_with_missing_lines_stands_still(data: Path, make_services: Make, torn: int) -> None:
    path = journal_of(data)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-2]) + whole[-2][:torn])
    words = "the last 2 lines of this game's log, from line 7 on, are missing"
    code, text = said(data)
    assert (code, "missing" in text) == (1, True)
    services = make_services(ephemeral=False, data_dir=data)
    game = services.part(Game)
    assert [part.text for part in services.damage()] == [words]
    with pytest.raises(Conflict, match="stands still"):
        game.join()
    control(game, "recover", {})
    assert services.damage() == []
    assert int(game.join().id[1:]) > 7  # nobody gets the number of somebody who may have joined in the lost lines
    services.stop()
    assert make_services(ephemeral=False, data_dir=data).damage() == []


def test_a_game_that_is_gone_is_said_until_the_next_one(data: Path, make_services: Make) -> None:
    name = journal_of(data).stem
    journal_of(data).unlink()
    code, text = said(data)
    assert (code, f"the log of the herd game {name}, the last one that was played, is not there" in text) == (1, True)
    for play in (False, True):
        services = make_services(ephemeral=False, data_dir=data)
        assert [(part.what, part.name) for part in services.damage()] == [("session", name)]
        if play:
            services.part(Game).join()
        services.stop()
    assert make_services(ephemeral=False, data_dir=data).damage() == []


def test_a_write_that_a_kill_left_unmarked_is_not_missing(killed: Path, tmp_path: Path, make_services: Make) -> None:
    """The mark is written after the write."""
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    earlier = data / "ticks" / "acknowledged"
    before = earlier.read_bytes()
    services = make_services(ephemeral=False, data_dir=data)
    services.market.configure("NQ", tick_size="0.25")
    services.stop()
    earlier.write_bytes(before)
    assert missing(make_services(ephemeral=False, data_dir=data)) == []


def test_nothing_is_missing_after_care(data: Path, tmp_path: Path, make_services: Make) -> None:
    """Of a restored or repaired directory, an older file with the mark of another, and a damaged mark."""
    backup(data, str(tmp_path / "saved.zip"))
    restore(str(tmp_path / "saved.zip"), tmp_path / "restored")
    assert not (tmp_path / "restored" / "ticks" / "acknowledged").exists()
    repaired = repair(data).folder
    shutil.copy2(repaired / "ticks" / "cache.db", data / "ticks" / "cache.db")
    for folder in (tmp_path / "restored", repaired, data):
        assert missing(make_services(ephemeral=False, data_dir=folder)) == []
    mark = data / "ticks" / "acknowledged"
    mark.write_bytes(mark.read_bytes().replace(b" 1", b" 9", 1))
    assert said(data)[0] == 0


EMPTY_SHARED = """
import os, sys
from pathlib import Path
from orderflow.errors import StorageFailed
from orderflow.market.tick_log import LogEntry
from orderflow.runtime.workers import Workers
from orderflow.storage import sqlite_files
from orderflow.storage.records.address import file_address
from orderflow.storage.records.records import Records
from orderflow.storage.records.ticker_store import StoredTicker, TickerStore
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.storage.ticks.batches import batch

if sys.argv[2] == "late":  # it is emptied after the look at it
    sqlite_files.SharedIndex.mend = lambda index: None
folder, workers = Path(sys.argv[1]), Workers(2)
log, records = DiskTickLog(folder / "ticks", workers), Records(file_address(folder), workers)
records.start()
tickers = TickerStore(records)
for seed in range(20):
    log.append(LogEntry([batch(100, seed=seed)]), lambda: None)
    tickers.add(StoredTicker(f"T{seed}", "sim:T", "simulated", seed))
    print(seed, flush=True)
    if seed in (5, 10):
        workers.run_writer(int)  # nothing uses the files now
        for name in ("ticks/cache.db-shm", "records.db-shm"):
            os.truncate(folder / name, 0)
    if seed == 10:
        try:
            log.tail("NQ", 0, 50)
        except StorageFailed:
            log.look()
        assert len(log.tail("NQ", 0, 50)) == 50
        assert len(tickers.list()) == 11
os._exit(9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="how a mapped file that is cut ends a process is the system's")
@pytest.mark.parametrize(("when", "ended"), [("before", 9), ("late", -7)], ids=["noticed", "too late"])
def test_an_emptied_shared_file_loses_nothing(tmp_path: Path, make_services: Make, when: str, ended: int) -> None:
    """SQLite maps it into memory. It is filled up before it is used; else the process ends by SIGBUS, and whoever
    starts it again finds all that was acknowledged."""
    run = run_python(EMPTY_SHARED, str(tmp_path / "data"), when)
    assert run.returncode == ended
    acknowledged = len(run.stdout.split())
    assert acknowledged == (20 if when == "before" else 6)
    services = make_services(ephemeral=False, data_dir=tmp_path / "data", feeds=())
    assert services.ticks.info().ticks == 100 * acknowledged
    assert {f"T{number}" for number in range(acknowledged)} <= {
        each.name for each in TickerStore(services.records).list()
    }
    assert services.damage() == []
