"""`orderflow doctor --data`: every tick, setting and line is checked, and nothing is changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from orderflow.maintenance.backup import backup
from orderflow.maintenance.commands import doctor
from orderflow.maintenance.repair import repair
from orderflow.maintenance.verify import verify
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.ticks.wal import read_wal
from tests.maintenance.stored import BLOBS, TICKS, contents, flip, flip_line, flip_row, journal_of


def said(folder: Path) -> tuple[int, str]:
    lines: list[str] = []
    return doctor(folder, lines.append), "\n".join(lines)


def test_sound_data(data: Path) -> None:
    before = contents(data)
    found = verify(data)
    assert found.ticks is not None
    assert {name: symbol.ticks for name, symbol in found.ticks.symbols.items()} == TICKS
    assert {name: symbol.blobs for name, symbol in found.ticks.symbols.items()} == {"ES": BLOBS, "NQ": BLOBS}
    assert (found.ticks.keys, found.ticks.settings) == (BLOBS, {"instruments": ""})
    assert [(session.lines, session.bad, session.torn) for session in found.sessions] == [(8, None, 0)]
    assert found.sound
    code, text = said(data)
    assert code == 0
    assert "All data is sound." in text
    assert "300" in next(line for line in text.splitlines() if line.startswith("  NQ"))
    assert "only its owner can read it" in text
    assert "free space" in text
    assert contents(data) == before, "it only reads"


@pytest.mark.parametrize("number", [0, 2, BLOBS - 1])
def test_a_damaged_blob(data: Path, number: int) -> None:
    flip_row(data, b"T", 2 * number, "value", 60)  # NQ and ES take turns
    found = verify(data)
    assert found.ticks is not None
    nq = found.ticks.symbols["NQ"]
    assert (nq.blobs, nq.ticks, nq.damaged, nq.lost) == (BLOBS - 1, 250, 1, 50)
    assert found.ticks.symbols["ES"].damaged == 0
    code, text = said(data)
    assert code == 1
    assert "`orderflow repair` saves what can be read" in text


def test_damaged_keys_settings_and_version(data: Path) -> None:
    flip_row(data, b"K", 1, "value", 20)
    flip_row(data, b"V", 0, "value", 0)
    found = verify(data)
    assert found.ticks is not None
    assert (found.ticks.keys, found.ticks.lost_keys) == (BLOBS - 1, 1)
    assert "version" in found.ticks.version
    assert not found.sound


def test_a_row_whose_key_is_damaged(data: Path) -> None:
    flip_row(data, b"T", 0, "key", 0)
    found = verify(data)
    assert found.ticks is not None
    assert found.ticks.rows == 1
    assert found.ticks.symbols["NQ"].ticks == 250
    assert not found.sound


@pytest.mark.parametrize(("number", "bad", "after"), [(0, 1, 7), (3, 4, 4), (-1, 8, 0)])
def test_a_damaged_line_of_a_game(data: Path, number: int, bad: int, after: int) -> None:
    flip_line(journal_of(data), number)
    (session,) = verify(data).sessions
    assert (session.bad, session.after, session.lines) == (bad, after, bad - 1)
    code, text = said(data)
    assert code == 1
    assert journal_of(data).stem in text


def test_a_last_line_that_a_crash_cut_is_normal(data: Path) -> None:
    path = journal_of(data)
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines()[-1][:-20])
    (session,) = verify(data).sessions
    assert (session.lines, session.bad) == (8, None)
    assert session.torn > 0
    code, text = said(data)
    assert code == 0
    assert "cut off (normal)" in text


def test_a_damaged_line_end_is_found_and_costs_nothing(data: Path) -> None:
    path = journal_of(data)
    flip(path, path.read_bytes().index(b"\n"))
    (session,) = verify(data).sessions
    assert (session.lines, session.bad, session.mended) == (8, None, 1)
    assert said(data)[0] == 1


def test_a_file_that_is_cut_or_foreign(data: Path) -> None:
    database = data / "ticks" / "cache.db"
    database.write_bytes(database.read_bytes()[:-4096])
    assert not verify(data).sound
    database.write_bytes(b"something else " * 1000)
    code, text = said(data)
    assert code == 1
    assert "DAMAGED" in text
    assert "cannot be opened" in text


@pytest.mark.parametrize("empty", [True, False])
def test_a_tick_log_that_is_gone(data: Path, empty: bool) -> None:
    """The directory was used, so it is no first start."""
    database = data / "ticks" / "cache.db"
    database.write_bytes(b"") if empty else database.unlink()
    code, text = said(data)
    assert code == 1
    assert "the ticks are gone: ticks/cache.db is missing or empty" in text
    report = repair(data)
    assert report.lost["tick log"] == 1
    assert report.saved[f"lines of the herd game {journal_of(data).stem}"] == 8
    assert "the ticks are gone" in backup(data, str(data.parent / "saved.zip")).damaged[0]
    shutil.rmtree(data / "ticks")
    assert said(data)[0] == 0, "only the game was ever played"


def test_a_game_that_is_gone_costs_nothing_else(data: Path) -> None:
    journal_of(data).unlink()
    found = verify(data)
    assert found.sessions == []
    (data / "herd" / "acknowledged").unlink()  # else its loss is said
    assert (found.sound, verify(data).sound) == (False, True)


def test_a_write_ahead_log_that_a_kill_left(killed: Path, tmp_path: Path) -> None:
    """Its ticks count, it is not changed, and a damaged page in it is found, after which SQLite would stop."""
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    (data / "ticks" / "cache.db-shm").unlink(missing_ok=True)
    before = contents(data)
    found = verify(data)
    assert found.ticks is not None
    assert (found.ticks.symbols["NQ"].ticks, found.sound) == (1000, True)
    assert contents(data) == before
    wal = data / "ticks" / "cache.db-wal"
    log = read_wal(wal)
    assert log is not None
    assert (log.readable, log.beyond) == (len(log.frames), 0)
    flip(wal, log.frames[len(log.frames) // 2].at + 2000)
    assert not verify(data).sound
    assert "cache.db-wal is damaged at page" in said(data)[1]


def test_a_directory_in_use_is_read_and_said(data: Path) -> None:
    lock = DirectoryLock(data / "ticks")
    try:
        before = contents(data)
        code, text = said(data)
        assert code == 0
        assert f"in use by process {os.getpid()}" in text
        after = contents(data)
        assert {name: after[name] for name in before} == before
    finally:
        lock.release()
    assert "in use" not in said(data)[1]


def test_there_is_no_data(tmp_path: Path) -> None:
    code, text = said(tmp_path / "none")
    assert code == 0
    assert "there is none yet" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_a_secret_that_others_can_read(data: Path) -> None:
    (data / "herd" / "secret").chmod(0o644)
    code, text = said(data)
    assert code == 1
    assert "others can read it (mode 0644; it should be 0600)" in text
