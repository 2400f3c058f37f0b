"""`orderflow repair`: what is readable is saved beside the original, which stays as it is."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from orderflow.errors import Conflict, NotFound, StorageFailed
from orderflow.herd.live.game import build_game
from orderflow.maintenance import places
from orderflow.maintenance import repair as repairs
from orderflow.maintenance.backup import backup
from orderflow.maintenance.repair import Repaired, lines, repair
from orderflow.maintenance.verify import verify
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.clocks import ManualClock
from tests.herd.play import START
from tests.maintenance.stored import BLOBS, TICKS, contents, flip, flip_line, flip_row, flip_wal, journal_of
from tests.running import run_python
from tests.storage.ticks.batches import batch, logged, rows

LIMITED = """
import os, sys
from orderflow.cli import main
from tests.storage.disks import limit_files

limit_files(os.getpid(), 1)
sys.exit(main(["repair", "--data-dir", sys.argv[1]]))
"""


def repaired(data: Path) -> Repaired:
    """Repair, and check what is true of every repair."""
    before = contents(data)
    report = repair(data)
    assert contents(data) == before, "the original is never changed"
    assert report.folder.parent == data.parent
    assert report.folder.name.startswith("data.repaired-")
    assert verify(report.folder).sound
    assert [path for path in data.parent.iterdir() if path.name.startswith(".")] == []
    return report


def ticks_of(report: Repaired) -> int:
    return sum(count for what, count in report.saved.items() if what.startswith("ticks of"))


def test_sound_data_is_copied_whole(data: Path) -> None:
    report = repaired(data)
    assert report.saved == {
        "ticks of NQ": TICKS["NQ"],
        "ticks of ES": TICKS["ES"],
        "idempotency keys": BLOBS,
        "setting 'instruments'": 1,
        f"lines of the herd game {journal_of(data).stem}": 8,
        "other files": 1,
    }
    assert not report.lost
    text = "\n".join(lines(report, data))
    assert "Nothing is lost." in text
    assert f"orderflow serve --data-dir {report.folder}" in text
    assert (report.folder / "herd" / "secret").read_bytes() == (data / "herd" / "secret").read_bytes()


def test_only_damaged_rows_are_lost(data: Path, workers: Workers) -> None:
    flip_row(data, b"T", 4, "value", 60)
    flip_row(data, b"T", 7, "key", 0)
    flip_row(data, b"K", 3, "value", 20)
    flip_row(data, b"V", 0, "value", 0)
    report = repaired(data)
    assert report.saved["ticks of NQ"] == 250
    assert report.saved["ticks of ES"] == 15
    assert report.lost["rows of which nothing is known"] == 1
    assert report.saved["idempotency keys"] == BLOBS - 1
    assert report.lost["ticks of NQ"] == 50
    assert report.lost["idempotency keys"] == 1
    text = "\n".join(lines(report, data))
    assert "50 ticks of NQ: the checksum does not fit" in text
    log = DiskTickLog(report.folder / "ticks", workers)
    assert logged(log, "NQ") == rows(batch(50, seed=seed) for seed in range(BLOBS) if seed != 2)
    log.close()


def test_a_game_with_a_damaged_line_opens_with_the_good_ones(data: Path, workers: Workers) -> None:
    path = journal_of(data)
    flip_line(path, 4)
    report = repaired(data)
    what = f"lines of the herd game {path.stem}"
    assert report.saved[what] == 4
    assert report.lost[what] == 1
    beyond = report.folder / "herd" / f"{path.stem}.beyond.txt"
    assert beyond.read_bytes().count(b"\n") == 3
    start = sum(map(len, path.read_bytes().splitlines(keepends=True)[:4]))
    end = start + len(path.read_bytes().splitlines(keepends=True)[4])
    assert f"{path.name}: bytes {start:,} to {end:,} are damaged" in report.notes
    game = build_game(Settings.of(data_dir=report.folder), Market(), workers, ManualClock(START))
    game.start()
    assert (game.session_id, game.count, game.trouble) == (path.stem, 3, "")
    game.stop()


def test_a_game_whose_first_line_is_damaged_keeps_the_others(data: Path) -> None:
    path = journal_of(data)
    flip_line(path, 0)
    report = repaired(data)
    assert not (report.folder / "herd" / path.name).exists()
    assert (report.folder / "herd" / f"{path.stem}.beyond.txt").read_bytes().count(b"\n") == 7


@pytest.mark.parametrize("at", [15, 2600, 3223, 3650, 3930])
def test_a_damaged_first_page_costs_nothing(data: Path, at: int) -> None:
    """It has the magic bytes and the descriptions of the tables."""
    flip(data / "ticks" / "cache.db", at, 255)
    report = repaired(data)
    assert ticks_of(report) == sum(TICKS.values())


def test_any_damaged_byte_costs_at_most_its_row(data: Path) -> None:
    """Bytes anywhere in the file: in rows, in the table's pages, in its index."""
    database = data / "ticks" / "cache.db"
    whole = database.read_bytes()
    choice = random.Random(11)
    for _ in range(25):
        flip(database, choice.randrange(len(whole)), choice.randrange(1, 256))
        report = repair(data)
        lost = sum(TICKS.values()) - ticks_of(report)
        damaged_page = 53 * 3  # three batches of NQ and ES stand on a page, with their keys
        assert lost in (0, 3, 50) or lost <= damaged_page
        assert bool(lost) == bool(sum(n for what, n in report.lost.items() if what.startswith(("ticks", "rows"))))
        if lost:
            assert not verify(data).sound
        database.write_bytes(whole)
        shutil.rmtree(report.folder)


def test_writes_behind_the_damage_of_a_write_ahead_log(killed: Path, tmp_path: Path) -> None:
    """SQLite takes them for remains and drops them."""
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    flip_wal(data)
    report = repaired(data)
    assert report.saved["ticks of NQ"] >= 900
    assert any("cache.db-wal is damaged" in note for note in report.notes)


@pytest.mark.parametrize("empty", [True, False])
def test_ticks_are_saved_from_the_write_ahead_log(killed: Path, tmp_path: Path, empty: bool) -> None:
    """The start says that this is possible when the database is lost."""
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    database = data / "ticks" / "cache.db"
    database.write_bytes(b"") if empty else database.unlink()
    report = repaired(data)
    assert report.saved["ticks of NQ"] == 1000
    assert set(report.lost) <= {"pages of cache.db that were not in cache.db-wal"}
    assert any("cache.db is gone" in note for note in report.notes)
    assert "ticks/cache.db-wal" in backup(data, str(tmp_path / "saved.zip")).files


def test_where_the_folder_above_cannot_be_written(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The volume of a container stands in a folder of the image."""
    monkeypatch.setattr(places.os, "access", lambda path, mode: path != data.parent)
    for _ in range(2):  # the first is no part of the data
        report = repair(data)
        assert report.folder.parent == data
        assert ticks_of(report) == sum(TICKS.values())
        assert verify(report.folder).sound
        assert report.saved["other files"] == 1


def test_two_repairs_at_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both choose the same name; the second one takes another when it is done."""
    taken = data.with_name("data.repaired-taken")
    names = iter([taken, taken, data.with_name("data.repaired-free")])
    monkeypatch.setattr("orderflow.maintenance.repair.free_name", lambda folder, word: next(names))
    shutil.copytree(data, taken)
    report = repaired(data)
    assert report.folder.name == "data.repaired-free"
    assert verify(report.folder).sound


def test_a_folder_in_the_place_of_a_game_is_said(data: Path) -> None:
    path = journal_of(data)
    path.unlink()
    path.mkdir()
    assert verify(data).damaged
    assert f"herd/{path.name} is not a file" in repair(data).notes


def test_a_copy_that_cannot_be_written_is_said(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "the folder")

    monkeypatch.setattr(repairs.tempfile, "mkdtemp", refuse)
    with pytest.raises(StorageFailed, match=r"Permission denied \(the folder\).*copy it to where there is room"):
        repair(data)


def test_a_full_disk_is_no_loss(data: Path, tmp_path: Path) -> None:
    """What could not be copied is not lost, and no half of a copy appears."""
    run = run_python(LIMITED, str(data))
    assert run.returncode == 1
    assert "cannot be written: " in run.stderr
    assert "is as it was" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_torn_end_of_a_write_ahead_log_is_normal(killed: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    wal = data / "ticks" / "cache.db-wal"
    wal.write_bytes(wal.read_bytes()[:-1000])
    (data / "ticks" / "acknowledged").unlink()  # as a kill before it was acknowledged leaves them
    report = repaired(data)
    assert report.saved["ticks of NQ"] == 900, "the write that was cut off was not acknowledged"
    assert not report.lost


def test_a_foreign_file_is_said(data: Path) -> None:
    (data / "ticks" / "cache.db").write_bytes(b"something else " * 1000)
    report = repair(data)
    assert report.lost["tick log that cannot be opened"] == 1
    assert report.saved[f"lines of the herd game {journal_of(data).stem}"] == 8


def test_it_refuses_while_a_server_runs_and_without_data(data: Path) -> None:
    lock = DirectoryLock(data / "ticks")
    with pytest.raises(Conflict, match="in use by process"):
        repair(data)
    lock.release()
    with pytest.raises(NotFound, match="no data directory"):
        repair(data / "none")
    assert [path.name for path in data.parent.iterdir()] == ["data"]
