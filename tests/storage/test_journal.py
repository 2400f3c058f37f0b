"""The journal on disk after a crash, a torn line and a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderflow.errors import NotFound, StorageFailed
from orderflow.runtime.workers import Workers
from orderflow.storage.journal import DiskJournal
from orderflow.storage.lines import seal


@pytest.fixture
def journal(tmp_path: Path, workers: Workers) -> Iterator[DiskJournal]:
    made = DiskJournal(tmp_path / "herd", workers)
    yield made
    made.close()


def test_nothing_is_made_before_something_is_written(journal: DiskJournal, tmp_path: Path) -> None:
    journal.begin("20260101-000000-aaaa")
    assert journal.names() == []
    assert not (tmp_path / "herd").exists()


def test_lines_are_read_back_and_logs_are_in_order(journal: DiskJournal) -> None:
    journal.begin("b")
    journal.append(b"one\n")
    journal.append(b"two\nthree\n")
    journal.begin("a")
    journal.append(b"other\n")
    journal.begin("b")
    journal.append(b"four\n")
    assert journal.names() == ["a", "b"]
    assert journal.read("b") == b"one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize("name", ["missing", "../herd/a", "", "a/b", ".hidden", "a\0b"])
def test_other_files_are_not_found(journal: DiskJournal, name: str) -> None:
    journal.begin("a")
    journal.append(b"x\n")
    with pytest.raises(NotFound):
        journal.read(name)


def test_torn_line_is_ignored_and_truncated(tmp_path: Path, workers: Workers) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":0}\n{"n":1}\n{"n":2,"t"')
    journal = DiskJournal(tmp_path, workers)
    assert journal.read("a") == b'{"n":0}\n{"n":1}\n'
    journal.begin("a")
    journal.append(b'{"n":2}\n')
    assert path.read_bytes() == b'{"n":0}\n{"n":1}\n' + seal(b'{"n":2}\n')
    assert journal.read("a") == b'{"n":0}\n{"n":1}\n{"n":2}\n'
    assert journal.torn == len(b'{"n":2,"t"')
    journal.close()


def test_rejected_lines_leave_nothing(journal: DiskJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk writes half of the bytes and is then full."""
    journal.begin("a")
    journal.append(b"before\n")
    write = os.write

    def half(handle: int, data: bytes) -> int:
        if len(data) < 12:
            raise OSError(28, "No space left on device")
        return write(handle, bytes(data)[:6])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(StorageFailed, match="the disk is full"):
        journal.append(b"refused!!\n")
    assert (tmp_path / "herd" / "a.jsonl").read_bytes() == seal(b"before\n")
    monkeypatch.setattr(os, "ftruncate", _fails)
    with pytest.raises(StorageFailed):
        journal.append(b"refused!!\n")
    monkeypatch.undo()
    journal.append(b"after\n")
    assert journal.read("a") == b"before\nafter\n"


def _fails(*args: object) -> None:
    raise OSError(5, "Input/output error")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_device(journal: DiskJournal, tmp_path: Path) -> None:
    (tmp_path / "herd").mkdir()
    (tmp_path / "herd" / "full.jsonl").symlink_to("/dev/full")
    journal.begin("full")
    with pytest.raises(StorageFailed, match="cannot be written"):
        journal.append(b"x\n")


def test_unwritable_folder(tmp_path: Path, workers: Workers) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = DiskJournal(tmp_path / "file", workers)
    journal.begin("a")
    with pytest.raises(StorageFailed):
        journal.append(b"x\n")


def test_lines_are_flushed_to_disk_soon(
    journal: DiskJournal, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), fsync(handle)))
    journal.begin("a")
    for _ in range(100):
        journal.append(b"x\n")
    workers.run_writer(lambda: None)
    assert 2 <= len(synced) <= 101, "the directory once, the file at least once, several lines by one call"


def lines(count: int) -> list[bytes]:
    return [b'{"n":%d,"nick":"caf\xc3\xa9"}' % n for n in range(count)]


@pytest.mark.parametrize("number", [0, 3, 6])
def test_a_damaged_line_costs_only_itself(tmp_path: Path, workers: Workers, number: int) -> None:
    """The first, a middle and the last line."""
    sealed = [seal(line + b"\n") for line in lines(7)]
    sealed[number] = sealed[number].replace(b"nick", b"nicl")
    (tmp_path / "a.jsonl").write_bytes(b"".join(sealed))
    found = DiskJournal(tmp_path, workers).examine("a")
    assert found.data.splitlines() == lines(7)[:number]
    assert (found.lines, found.damaged, found.beyond, found.torn) == (number, 1, 6 - number, 0)
    assert found.rest.splitlines() == lines(7)[number + 1 :]


def test_mending_keeps_the_damaged_log_beside_the_good_lines(tmp_path: Path, workers: Workers) -> None:
    path = tmp_path / "a.jsonl"
    damaged = b"".join(seal(line + b"\n") for line in lines(5)).replace(b'"n":3', b'"n":8')
    path.write_bytes(damaged)
    journal = DiskJournal(tmp_path, workers)
    journal.begin("a")
    assert journal.mend("a", 3) == "a.damaged-1"
    assert (tmp_path / "a.damaged-1").read_bytes() == damaged
    journal.append(b'{"n":3}\n')
    assert journal.names() == ["a"]
    assert journal.read("a").splitlines() == [*lines(3), b'{"n":3}']
    assert journal.mend("a", 1) == "a.damaged-2"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.damaged-1", "a.damaged-2", "a.jsonl", "acknowledged"]
    journal.close()


def test_mending_that_fails_changes_nothing(tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    damaged = seal(b"one\n") + b"junk\n"
    path.write_bytes(damaged)
    monkeypatch.setattr(os, "replace", _fails)
    with pytest.raises(StorageFailed, match="I/O error"):
        DiskJournal(tmp_path, workers).mend("a", 1)
    assert path.read_bytes() == damaged


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path, workers: Workers) -> None:
    """A damaged newline must not cost the line before it, although it looks like a line that a crash cut in two."""
    path = tmp_path / "a.jsonl"
    whole = b"".join(seal(line + b"\n") for line in lines(3))
    for end in (b"", b"\x0b"):
        path.write_bytes(whole[:-1] + end)
        journal = DiskJournal(tmp_path, workers)
        assert journal.read("a").splitlines() == lines(3)
        journal.begin("a")
        journal.append(b'{"n":3}\n')
        assert path.read_bytes() == whole + seal(b'{"n":3}\n')
        assert journal.torn == len(end)
        journal.close()


WRITER = """
import sys
from pathlib import Path
from orderflow.storage.journal import DiskJournal
from orderflow.runtime.workers import Workers
journal = DiskJournal(Path(sys.argv[1]), Workers(1))
journal.begin("a")
i = 0
while True:
    journal.append(b'{"n":%d}\\n' % i * 3)
    print(i, flush=True)
    i += 1
"""


def test_acknowledged_lines_survive_a_kill(tmp_path: Path, workers: Workers) -> None:
    """A real process, killed while writing: every acknowledged line is there, whole, once and in order."""
    for turn in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / str(turn))], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(20 + 15 * turn):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        told = [int(line) for line in process.stdout if line.endswith("\n")] or [20 + 15 * turn - 1]
        process.wait(60)
        process.stdout.close()
        journal = DiskJournal(tmp_path / str(turn), workers)
        lines = journal.read("a").splitlines()
        assert lines == [b'{"n":%d}' % (i // 3) for i in range(len(lines))]
        assert len(lines) >= 3 * (told[-1] + 1)


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(
    journal: DiskJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.begin("a")
    journal.append(b"x\n")
    assert journal.problem() == ""

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        for name in ("listdir", "scandir"):
            patch.setattr(os, name, refuse)
        with pytest.raises(StorageFailed, match="permission denied"):
            journal.names()
        assert "permission denied" in journal.problem()
    monkeypatch.setattr(journal, "_probe_at", 0.0)
    assert (journal.problem(), journal.names()) == ("", ["a"])


def test_a_log_that_cannot_be_opened_is_said_before_somebody_writes(journal: DiskJournal, tmp_path: Path) -> None:
    """And as long as it lasts, although the folder can be written."""
    (tmp_path / "herd" / "a.jsonl").mkdir(parents=True)
    journal.begin("a")
    for _ in range(2):
        assert "a.jsonl is not a file" in journal.problem()
        with pytest.raises(StorageFailed):
            journal.append(b"x\n")
        journal._probe_at = 0.0
