"""The reason that a user reads is the true one, and so is what to do about it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orderflow.errors import StorageFailed
from orderflow.runtime.workers import Workers
from orderflow.storage.journal import DiskJournal
from orderflow.storage.reasons import reason_of, with_advice
from orderflow.storage.records.address import file_address
from orderflow.storage.records.records import Records
from orderflow.storage.ticks.disk_log import DiskTickLog
from orderflow.workspace.uploads.spool import Spool
from tests.storage.disks import SmallDisk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
GOES_ON = "writing then goes on by itself"


def lead_nowhere(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path.parent.parent / "elsewhere" / "file")


def put_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def take_away(path: Path) -> None:
    path.unlink() if path.is_symlink() else path.rmdir()


@pytest.mark.parametrize("name", ["cache.db-wal", "cache.db-shm"])
@pytest.mark.parametrize(("stand_in", "words"), [(lead_nowhere, "is a link to"), (put_folder, "is not a file")])
def test_ticks_whose_file_is_none(
    disk: Callable[[], DiskTickLog], directory: Path, stand_in: Callable[[Path], None], words: str, name: str
) -> None:
    disk().close()
    stand_in(directory / name)
    if name.endswith("wal") and stand_in is put_folder:
        with pytest.raises(StorageFailed, match=f"{name} {words}.* then start again"):
            disk()
        return
    log = disk()
    assert f"cannot be opened: {name} {words}" in log.problem
    assert log.problem.endswith(GOES_ON)
    take_away(directory / name)
    log.look()
    assert log.problem == ""


@pytest.mark.parametrize("name", ["records.db", "records.db-wal", "records.db-shm"])
@pytest.mark.parametrize(("stand_in", "words"), [(lead_nowhere, "is a link to"), (put_folder, "is not a file")])
def test_records_whose_file_is_none(
    workers: Workers, tmp_path: Path, stand_in: Callable[[Path], None], words: str, name: str
) -> None:
    first = Records(file_address(tmp_path / "data"), workers)
    first.start()
    first.close()
    stand_in(tmp_path / "data" / name)
    records = Records(file_address(tmp_path / "data"), workers)
    records.start()
    assert f"cannot be opened: {name} {words}" in records.problem
    assert records.problem.endswith(GOES_ON)
    take_away(tmp_path / "data" / name)
    records.look()
    assert records.problem == ""
    records.close()


def test_a_disk_without_inodes(tmp_path: Path, workers: Workers) -> None:
    try:
        small = SmallDisk(tmp_path / "small", inodes=30)
    except OSError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    try:
        with contextlib.suppress(OSError):  # until there is none left
            for number in range(30):
                (small.path / str(number)).touch()
        log = DiskTickLog(small.path / "ticks", workers)
        assert "cannot be opened: the disk is full of files: it has no inode left. Remove some files" in log.problem
        for path in small.path.iterdir():
            path.unlink()
        log.look()
        assert log.problem == ""
        log.close()
    finally:
        small.unmount()


def put_text(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)


@pytest.mark.parametrize(
    ("stand_in", "words"), [(put_folder, "then start again"), (put_text, r"\. Run `orderflow repair`")]
)
def test_a_tick_log_that_cannot_be_read_stops_the_start(
    disk: Callable[[], DiskTickLog], directory: Path, stand_in: Callable[[Path], None], words: str
) -> None:
    disk().close()
    stand_in(directory / "cache.db")
    with pytest.raises(StorageFailed, match=words) as caught:
        disk()
    assert GOES_ON not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "what_to_do"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "Free some space"),
        (errno.EFBIG, "Raise its limit"),
        (errno.EROFS, "Make it writable"),
        (errno.EACCES, "Allow this user"),
    ],
)
def test_what_to_do_fits_the_reason(tmp_path: Path, number: int, what_to_do: str) -> None:
    reason = reason_of(OSError(number, os.strerror(number)), tmp_path)
    assert with_advice("it cannot be written", reason).startswith(f"it cannot be written: {reason}. {what_to_do}")
    assert with_advice("x", reason, then="then upload it again").endswith("; then upload it again")


def test_an_upload_does_not_go_on_by_itself(tmp_path: Path) -> None:
    lead_nowhere(tmp_path / "uploads")
    spool = Spool(tmp_path / "uploads", lambda: 0.0)
    with pytest.raises(StorageFailed, match=r"uploads is a link to .*; then upload it again"), spool.begin("ann"):
        pass


def test_games_whose_folder_is_a_link_that_leads_nowhere(workers: Workers, tmp_path: Path) -> None:
    lead_nowhere(tmp_path / "herd")
    journal = DiskJournal(tmp_path / "herd", workers)
    journal.begin("a")
    assert "herd is a link to" in journal.problem()
    with pytest.raises(StorageFailed, match="herd is a link to"):
        journal.append(b"{}\n")
    os.unlink(tmp_path / "herd")
    assert journal.problem() == ""
    journal.append(b"{}\n")
    lead_nowhere(tmp_path / "herd" / "b.jsonl")
    with pytest.raises(StorageFailed, match=r"b\.jsonl is a link to"):
        journal.read("b")
    journal.close()
