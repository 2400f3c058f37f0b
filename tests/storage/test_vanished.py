"""Files that are deleted, moved or replaced under the open log: nothing is acknowledged, and nothing made up."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orderflow.errors import BadSetting, StorageFailed
from orderflow.market.tick_log import LogEntry
from orderflow.runtime.workers import Workers
from orderflow.storage.journal import DiskJournal
from orderflow.storage.ticks.blob_store import BlobStore
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.storage.ticks.batches import answers, batch, logged, put, rows

Disk = Callable[[], DiskTickLog]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not delete open files")


def delete(directory: Path) -> None:
    (directory / "cache.db").unlink()


def delete_wal(directory: Path) -> None:
    (directory / "cache.db-wal").unlink()


def empty(directory: Path) -> None:
    os.truncate(directory / "cache.db", 0)


def cut_wal(directory: Path) -> None:
    os.truncate(directory / "cache.db-wal", (directory / "cache.db-wal").stat().st_size // 2)


def empty_wal(directory: Path) -> None:
    os.truncate(directory / "cache.db-wal", 0)


def delete_all(directory: Path) -> None:
    shutil.rmtree(directory)


def replace(directory: Path) -> None:
    shutil.copyfile(directory / "cache.db", directory / "copy")
    os.replace(directory / "copy", directory / "cache.db")


def replace_directory(directory: Path) -> None:
    shutil.copytree(directory, directory.with_name("copy"))
    directory.rename(directory.with_name("old"))
    directory.with_name("copy").rename(directory)


@pytest.mark.parametrize(
    "vanish", [delete, delete_wal, empty, cut_wal, empty_wal, delete_all, replace, replace_directory]
)
@pytest.mark.parametrize("reopened", [False, True], ids=["", "after a failed write"])
def test_nothing_is_acknowledged_after_a_deletion(
    disk: Disk, directory: Path, workers: Workers, vanish: Callable[[Path], None], reopened: bool
) -> None:
    log = disk()
    put(log, batch(3), key="k")
    log.set_meta("m", b'"old"')
    vanish(directory)
    before = sorted(path.name for path in directory.glob("*")) if directory.exists() else None
    if reopened and vanish not in (delete_wal, empty, cut_wal, empty_wal):  # a log that was closed is made anew
        workers.run_writer(log._store.leave)
    for write in (
        lambda: log.append(LogEntry([batch(2, seed=5)], "lost"), pytest.fail),
        lambda: log.set_meta("m", b'"new"'),
        lambda: log.forget("NQ", pytest.fail),
        lambda: log.forget(None, pytest.fail),
    ):
        with pytest.raises(StorageFailed, match="deleted, moved or replaced"):
            write()
    assert "not there any more" in log.problem
    assert (log.info().ticks, log.get_meta("m")) == (3, b'"old"')
    after = sorted(path.name for path in directory.glob("*")) if directory.exists() else None
    assert after == before, "no new database is made at the place of the old one"


def test_refusals_are_said_once(disk: Disk, directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = disk()
    put(log, batch(3))
    delete(directory)
    for _ in range(3):
        with pytest.raises(StorageFailed):
            log.append(LogEntry([batch(2)]), pytest.fail)
        log.look()
    said = [words for words in caplog.messages if words.startswith("ticks are")]
    assert said == [f"ticks are refused: {log.problem}"]


@pytest.mark.parametrize("vanish", [delete, delete_wal, delete_all, replace, replace_directory])
def test_the_files_can_be_written_anew(disk: Disk, directory: Path, vanish: Callable[[Path], None]) -> None:
    log = disk()
    put(log, batch(3), key="k", answer=b"1")
    log.set_meta("m", b'"old"')
    log.rewrite()  # nothing is wrong
    assert not (directory / "replaced-1").exists()
    vanish(directory)
    with pytest.raises(StorageFailed, match="POST /storage/rewrite"):
        log.append(LogEntry([batch(2, seed=5)], "lost"), pytest.fail)
    log.rewrite()
    assert log.problem == ""
    assert (directory / "replaced-1").exists() == (vanish is not delete_all)
    put(log, batch(4, seed=6))
    other = Workers()
    with pytest.raises(BadSetting, match="in use"):
        DiskTickLog(directory, other)
    other.stop()
    again = disk()
    assert logged(again, "NQ") == rows([batch(3), batch(4, seed=6)])
    assert ([key for key, _ in answers(again)], again.get_meta("m")) == (["k"], b'"old"')
    assert again.info().damaged == 0


def test_writing_anew_that_fails_changes_nothing(disk: Disk, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = disk()
    put(log, batch(3))
    delete_all(directory)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        for _ in range(2):
            with pytest.raises(StorageFailed, match="written anew: the disk is full"):
                log.rewrite()
    assert list(directory.glob("cache.db*")) == []
    log.rewrite()
    assert logged(disk(), "NQ") == rows([batch(3)])


def test_a_look_notices_it_without_a_write(disk: Disk, directory: Path) -> None:
    log = disk()
    put(log, batch(3))
    log.look()
    assert log.problem == ""
    (directory / "cache.db").rename(directory / "moved")
    log.look()
    assert "not there any more" in log.problem
    (directory / "moved").rename(directory / "cache.db")
    log.look()
    assert log.problem == ""
    put(log, batch(2, seed=5))
    assert logged(disk(), "NQ") == rows([batch(3), batch(2, seed=5)])


def test_a_deletion_between_the_commit_and_its_check_is_undone(
    disk: Disk, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went into a file that was moved at that moment; when it comes back, nothing refused is in it."""
    log = disk()
    put(log, batch(3))
    log.set_meta("m", b'"old"')
    real = BlobStore.write

    def write(self: BlobStore, *args: object, **options: object) -> None:
        real(self, *args, **options)  # type: ignore[arg-type]
        if (directory / "cache.db").exists():
            (directory / "cache.db").rename(directory / "moved")

    for refused in (
        lambda: log.append(LogEntry([batch(2, seed=5)], "lost"), pytest.fail),
        lambda: log.set_meta("m", b'"new"'),
        lambda: log.set_meta("other", b'"new"'),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(BlobStore, "write", write)
            with pytest.raises(StorageFailed, match="deleted, moved or replaced"):
                refused()
        (directory / "moved").rename(directory / "cache.db")
    again = disk()
    assert logged(again, "NQ") == rows([batch(3)])
    assert (again.get_meta("m"), again.get_meta("other")) == (b'"old"', None)
    assert [entry.key for entry in again.load() if entry.key] == []


def test_reading_does_not_make_a_new_database(disk: Disk, directory: Path) -> None:
    log = disk()
    put(log, batch(3))
    (directory / "cache.db").unlink()
    with pytest.raises(StorageFailed, match="not there any more"):
        log.read("NQ", 0, 2**62)
    assert not (directory / "cache.db").exists()


@pytest.mark.parametrize("left", [None, b""], ids=["missing", "empty"])
def test_a_write_ahead_log_without_its_database_is_not_a_first_start(
    disk: Disk, directory: Path, workers: Workers, left: bytes | None
) -> None:
    """SQLite would delete it, and with it the newest ticks."""
    log = disk()
    put(log, batch(3))
    wal = (directory / "cache.db-wal").read_bytes()
    assert wal
    log.close()
    (directory / "cache.db").unlink()
    if left is not None:
        (directory / "cache.db").write_bytes(left)
    (directory / "cache.db-wal").write_bytes(wal)
    for _ in range(2):
        with pytest.raises(StorageFailed, match=r"lost cache\.db.*Nothing was changed"):
            DiskTickLog(directory, workers)
    assert (directory / "cache.db-wal").read_bytes() == wal


# the herd game's log


@pytest.fixture
def journal(tmp_path: Path, workers: Workers) -> Iterator[DiskJournal]:
    made = DiskJournal(tmp_path / "herd", workers)
    made.begin("a")
    made.append(b"one\n")
    yield made
    made.close()


def cut(path: Path) -> None:
    path.write_bytes(b"")


def put_another(path: Path) -> None:
    shutil.copyfile(path, path.with_suffix(".copy"))
    os.replace(path.with_suffix(".copy"), path)


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


VANISH = (Path.unlink, put_another, delete_folder)


@pytest.mark.parametrize(
    ("opened", "vanish"), [(True, cut), *((opened, vanish) for opened in (True, False) for vanish in VANISH)]
)
def test_no_line_is_acknowledged_after_a_deletion(
    journal: DiskJournal, tmp_path: Path, vanish: Callable[[Path], None], opened: bool
) -> None:
    path = tmp_path / "herd" / "a.jsonl"
    if not opened:
        journal.begin("a")
    vanish(path)
    there = path.read_bytes() if path.exists() else None
    for _ in range(2):
        with pytest.raises(StorageFailed, match="deleted, moved or replaced"):
            journal.append(b"two\n")
    assert "deleted, moved or replaced" in journal.problem()
    assert (path.read_bytes() if path.exists() else None) == there


@pytest.mark.parametrize("vanish", [*VANISH, None])
def test_a_game_log_can_be_written_anew(
    journal: DiskJournal, tmp_path: Path, vanish: Callable[[Path], None] | None
) -> None:
    path = tmp_path / "herd" / "a.jsonl"
    if vanish is not None:
        vanish(path)
    journal.rewrite()
    assert journal.problem() == ""
    journal.append(b"two\n")
    assert journal.read("a") == b"one\ntwo\n"
    assert journal.names() == ["a"]
    assert (tmp_path / "herd" / "a.damaged-1").exists() == (vanish is put_another)


def test_lost_lines_cannot_be_written_anew(journal: DiskJournal, tmp_path: Path) -> None:
    path = tmp_path / "herd" / "a.jsonl"
    cut(path)
    with pytest.raises(StorageFailed, match="does not hold its lines"):
        journal.rewrite()
    assert path.read_bytes() == b""


def test_a_log_that_is_put_back_goes_on(journal: DiskJournal, tmp_path: Path) -> None:
    path = tmp_path / "herd" / "a.jsonl"
    path.rename(path.with_suffix(".moved"))
    assert journal.problem()
    with pytest.raises(StorageFailed):
        journal.append(b"refused\n")
    path.with_suffix(".moved").rename(path)
    journal.append(b"two\n")
    assert journal.read("a") == b"one\ntwo\n"
    assert journal.problem() == ""


def test_a_first_line_that_is_refused_leaves_no_file(
    journal: DiskJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.begin("b")

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageFailed, match="the disk is full"):
            journal.append(b"one\n")
    assert journal.names() == ["a"]
    assert journal.problem() == "", "there is space again"
    journal.append(b"one\n")
    assert journal.read("b") == b"one\n"
