"""`orderflow backup` and `orderflow restore`: one file, checked before anything of it appears."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import BadInput, Conflict, NotFound
from orderflow.maintenance import backup as saving
from orderflow.maintenance.backup import MANIFEST, backup, backup_lines, restore, restore_lines
from orderflow.maintenance.verify import verify
from orderflow.market.tick_log import LogEntry
from orderflow.runtime.workers import Workers
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.maintenance.stored import BLOBS, TICKS, contents, flip, flip_row, journal_of
from tests.storage.disks import SmallDisk
from tests.storage.ticks.batches import batch, logged, rows


def test_there_and_back(data: Path, tmp_path: Path) -> None:
    before = contents(data)
    file = tmp_path / "saved.zip"
    made = backup(data, str(file))
    assert contents(data) == before
    assert made.ticks == TICKS
    assert sorted(made.files) == [f"herd/{journal_of(data).name}", "ticks/cache.db"]
    found, kept = restore(str(file), tmp_path / "new")
    assert kept is None
    assert (found.ticks, found.files) == (made.ticks, made.files)
    check = verify(tmp_path / "new")
    assert check.sound
    assert check.ticks is not None
    assert {name: symbol.ticks for name, symbol in check.ticks.symbols.items()} == TICKS
    assert (check.ticks.keys, check.ticks.settings) == (BLOBS, {"instruments": ""})
    assert journal_of(tmp_path / "new").read_bytes() == journal_of(data).read_bytes()
    text = "\n".join([*backup_lines(made, str(file)), *restore_lines(found, tmp_path / "new", None)])
    assert "318 ticks of 2 symbols" in text
    assert "without keys and secrets" in text
    assert "phones in a herd game join again" in text
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0, "only its owner can read it"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "new", "saved.zip"]


def test_members_are_compressed_and_those_of_earlier_versions_are_read(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "saved.zip"
    made = backup(data, str(file))
    with zipfile.ZipFile(file) as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        dates = {member.filename: member.date_time for member in archive.infolist()}
    assert dates[f"herd/{journal_of(data).name}"] > (1980, 1, 1, 0, 0, 0)  # for who lists the file
    assert file.stat().st_size < sum(size for size, _ in made.files.values()) / 3
    stored = rewritten(file, lambda manifest, members: None)
    with zipfile.ZipFile(stored) as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
    restore(stored, tmp_path / "new")
    assert verify(tmp_path / "new").sound


def test_keys_only_when_asked_for(data: Path, tmp_path: Path) -> None:
    secret = (data / "herd" / "secret").read_bytes()
    backup(data, str(tmp_path / "a.zip"))
    assert secret not in b"".join(contents_of(tmp_path / "a.zip").values())
    made = backup(data, str(tmp_path / "b.zip"), keys=True)
    assert contents_of(tmp_path / "b.zip")["herd/secret"] == secret
    assert "with keys and secrets: keep it as safe as they are" in "\n".join(backup_lines(made, "b.zip"))
    restore(str(tmp_path / "b.zip"), tmp_path / "new")
    assert (tmp_path / "new" / "herd" / "secret").read_bytes() == secret


def contents_of(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_file_is_not_overwritten(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "saved.zip"
    file.write_bytes(b"precious")
    with pytest.raises(Conflict, match="--force"):
        backup(data, str(file))
    assert file.read_bytes() == b"precious"
    backup(data, str(file), force=True)
    restore(str(file), tmp_path / "new")
    with pytest.raises(NotFound):
        backup(tmp_path / "none", str(tmp_path / "x.zip"))
    assert not (tmp_path / "x.zip").exists()


def test_only_a_file_is_replaced(data: Path, tmp_path: Path) -> None:
    """Renaming puts the backup in the place of a device or a pipe, too."""
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        with pytest.raises(Conflict, match="is not a file"):
            backup(data, str(place), force=True)
    assert (tmp_path / "pipe").is_fifo()
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        restore(str(tmp_path), tmp_path / "new")


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by another backup that began at the same time."""
    file = tmp_path / "saved.zip"

    def appears(folder: Path, records_elsewhere: bool = False) -> str:
        file.write_bytes(b"the other")
        return ""

    monkeypatch.setattr("orderflow.maintenance.backup.missing_database", appears)
    for unlink in (False, True):  # on file systems with and without links
        if unlink:
            file.unlink()
            monkeypatch.setattr(os, "link", refuse)
        with pytest.raises(Conflict, match="exists"):
            backup(data, str(file))
        assert file.read_bytes() == b"the other"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "saved.zip"]


def refuse(source: str, target: Path) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("alone", [False, True], ids=["beside", "inside"])
def test_a_restore_that_is_interrupted_leaves_the_data_where_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    file, rename = str(tmp_path / "saved.zip"), os.rename
    backup(data, file)
    before = contents(data)

    def interrupt(source: Path, target: Path) -> None:
        if ".restore." in str(source):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(saving, "is_mount", lambda folder: alone)
    monkeypatch.setattr(os, "replace", interrupt)
    monkeypatch.setattr(os, "rename", interrupt)
    with pytest.raises(KeyboardInterrupt):
        restore(file, data, replace=True)
    assert contents(data) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "saved.zip"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_what_a_link_leads_to_is_restored(data: Path, tmp_path: Path) -> None:
    file, link = str(tmp_path / "saved.zip"), tmp_path / "link"
    backup(data, file)
    link.symlink_to(data)
    _, kept = restore(file, link, replace=True)
    assert kept is not None
    assert kept.name.startswith("data.before-restore-")
    assert link.is_symlink()
    assert verify(link).sound
    shutil.rmtree(data)
    with pytest.raises(Conflict, match=r"link is a link to .*, which is not there"):
        restore(file, link)
    assert verify(link).damaged


def test_into_a_folder_where_another_is_mounted(data: Path, tmp_path: Path) -> None:
    file, place = str(tmp_path / "saved.zip"), tmp_path / "place"
    backup(data, file)
    place.mkdir()
    try:
        SmallDisk.mount("--bind", str(data), str(place))
    except OSError as error:
        pytest.skip(f"nothing can be mounted here: {error}")
    try:
        _, kept = restore(file, place, replace=True)
        assert kept is not None
        assert kept.parent == place
        assert verify(place).sound
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def test_to_standard_output(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.RawIOBase):
        """A stream that cannot seek."""

        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            Pipe.data += bytes(data)
            return len(data)

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Pipe()))  # type: ignore[type-var]
    backup(data, "-")
    monkeypatch.undo()
    (tmp_path / "saved.zip").write_bytes(Pipe.data)
    assert restore(str(tmp_path / "saved.zip"), tmp_path / "new")[0].ticks == TICKS


def test_data_that_is_there_stays(data: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "saved.zip")
    backup(data, file)
    before = contents(data)
    with pytest.raises(Conflict, match="nothing of it was changed"):
        restore(file, data)
    assert contents(data) == before
    lock = DirectoryLock(data / "ticks")
    with pytest.raises(Conflict, match="in use by process"):
        restore(file, data, replace=True)
    lock.release()
    found, kept = restore(file, data, replace=True)
    assert kept is not None
    assert kept.name.startswith("data.before-restore-")
    assert contents(kept).keys() == before.keys()
    assert str(kept) in "\n".join(restore_lines(found, data, kept))
    (tmp_path / "empty").mkdir()
    restore(file, tmp_path / "empty")
    assert verify(tmp_path / "empty").sound


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.97, 0.999])
def test_a_damaged_backup_restores_nothing(data: Path, tmp_path: Path, share: float) -> None:
    file = tmp_path / "saved.zip"
    backup(data, str(file))
    whole = contents_of(file)
    flip(file, int(share * file.stat().st_size), 255)
    try:
        restore(str(file), tmp_path / "new")
    except (BadInput, NotFound):
        assert not (tmp_path / "new").exists()
    else:  # a byte that nothing depends on, such as a file's date
        assert contents(tmp_path / "new") == {name: data for name, data in whole.items() if name != MANIFEST}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def rewritten(file: Path, change: Any) -> str:
    """The backup with another manifest and other members."""
    members = contents_of(file)
    manifest = json.loads(members.pop(MANIFEST))
    change(manifest, members)
    other = file.with_name("other.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return str(other)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "c:outside", "a\\outside", "."])
def test_names_that_lead_elsewhere_are_refused(data: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "saved.zip"
    backup(data, str(file))

    def change(manifest: Any, members: dict[str, bytes]) -> None:
        members[name] = members.pop("ticks/cache.db")
        manifest["files"][name] = manifest["files"].pop("ticks/cache.db")

    with pytest.raises(BadInput, match="not a name"):
        restore(rewritten(file, change), tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "other.zip", "saved.zip"]


def test_files_that_are_missing_or_too_many(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "saved.zip"
    backup(data, str(file))
    for change in (
        lambda manifest, members: members.pop("ticks/cache.db"),
        lambda manifest, members: manifest["files"].pop("ticks/cache.db"),
        lambda manifest, members: manifest["files"]["ticks/cache.db"].update(size=5),
        lambda manifest, members: manifest.update(format=2),
        lambda manifest, members: manifest.pop("files"),
    ):
        with pytest.raises(BadInput):
            restore(rewritten(file, change), tmp_path / "new")
        assert not (tmp_path / "new").exists()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "no backup")
    with pytest.raises(BadInput, match="no backup"):
        restore(str(file), tmp_path / "new")
    file.write_text("not even a zip file")
    with pytest.raises(BadInput, match="no backup"):
        restore(str(file), tmp_path / "new")
    with pytest.raises(NotFound, match="does not exist"):
        restore(str(tmp_path / "none.zip"), tmp_path / "new")


def test_damage_is_said_and_saved_as_it_is(data: Path, tmp_path: Path) -> None:
    flip_row(data, b"T", 0, "value", 60)
    made = backup(data, str(tmp_path / "a.zip"))
    assert made.damaged == ["50 ticks of NQ"]
    (data / "ticks" / "cache.db").write_bytes(b"something else " * 1000)
    made = backup(data, str(tmp_path / "b.zip"))
    assert "cannot be opened" in made.damaged[0]
    restore(str(tmp_path / "b.zip"), tmp_path / "new")
    assert contents(tmp_path / "new")["ticks/cache.db"] == (data / "ticks" / "cache.db").read_bytes()


def test_only_whole_lines_of_a_game_are_taken(data: Path, tmp_path: Path) -> None:
    path = journal_of(data)
    path.write_bytes(path.read_bytes()[:-20])
    backup(data, str(tmp_path / "a.zip"))
    body = contents_of(tmp_path / "a.zip")[f"herd/{path.name}"]
    assert path.read_bytes().startswith(body)
    assert body.count(b"\n") == 7
    assert body.endswith(b"\n")


def test_files_of_any_year_and_only_what_the_server_keeps(data: Path, tmp_path: Path) -> None:
    """A machine without a clock of its own begins in 1970. Uploads are removed at the next start; the user's files, and
    earlier backups, are not the server's."""
    path = journal_of(data)
    os.utime(path, (0, 0))
    (data / "uploads").mkdir()
    for name in ("uploads/one", "thesis.doc", "ticks/note.txt"):
        (data / name).write_text("x")
    backup(data, str(data / "earlier.zip"))
    made = backup(data, str(tmp_path / "saved.zip"))
    assert sorted(made.files) == [f"herd/{path.name}", "ticks/cache.db", "ticks/note.txt"]
    restore(str(tmp_path / "saved.zip"), tmp_path / "new")
    assert journal_of(tmp_path / "new").read_bytes() == path.read_bytes()


def test_what_goes_while_it_is_saved_costs_nothing_else(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = data / "herd" / "gone.txt"
    real = saving.kept_files
    monkeypatch.setattr(saving, "kept_files", lambda folder: [*real(folder), gone])
    assert len(backup(data, str(tmp_path / "saved.zip")).files) == 2


def test_into_a_folder_that_cannot_be_renamed(data: Path, tmp_path: Path) -> None:
    """The volume of a container is the root of a file system."""
    try:
        disk = SmallDisk(tmp_path / "volume")
    except OSError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    try:
        backup(data, str(tmp_path / "saved.zip"))
        assert restore(str(tmp_path / "saved.zip"), disk.path)[1] is None
        first = contents(disk.path)
        assert verify(disk.path).sound
        with pytest.raises(Conflict, match="nothing of it was changed"):
            restore(str(tmp_path / "saved.zip"), disk.path)
        kept = restore(str(tmp_path / "saved.zip"), disk.path, replace=True)[1]
        assert kept is not None
        assert contents(kept) == first
        assert sorted(path.name for path in disk.path.iterdir()) == sorted([kept.name, "herd", "ticks"])
    finally:
        disk.unmount()


def test_a_backup_while_ticks_are_written(data: Path, tmp_path: Path, workers: Workers) -> None:
    """Every tick that was acknowledged before it began is in it, and whole writes only."""
    log = DiskTickLog(data / "ticks", workers)
    done, stop = [BLOBS], threading.Event()

    def write() -> None:
        while not stop.is_set():
            log.append(LogEntry([batch(50, seed=done[0])], str(done[0])), lambda: None)
            done[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        files = []
        for number in range(3):
            known = done[0]
            while done[0] < known + 5 and writer.is_alive():
                time.sleep(0.001)
            assert writer.is_alive()
            before = done[0]
            files.append((before, backup(data, str(tmp_path / f"{number}.zip")), done[0]))
    finally:
        stop.set()
        writer.join()
        log.close()
    for number, (before, made, after) in enumerate(files):
        restore(str(tmp_path / f"{number}.zip"), tmp_path / f"new {number}")
        again = DiskTickLog(tmp_path / f"new {number}" / "ticks", workers)
        found = logged(again, "NQ")
        again.close()
        assert before * 50 <= len(found) <= (after + 1) * 50
        assert len(found) == made.ticks["NQ"]
        assert found == rows(batch(50, seed=seed) for seed in range(len(found) // 50))


def test_memory_is_bounded(data: Path, tmp_path: Path) -> None:
    """A file of 40 MB takes 1 MB at a time on both ways."""
    with (data / "herd" / "large.txt").open("wb") as file:
        file.truncate(40 * 2**20)
    tracemalloc.start()
    try:
        backup(data, str(tmp_path / "saved.zip"))
        restore(str(tmp_path / "saved.zip"), tmp_path / "new")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 12 * 2**20
    assert (tmp_path / "new" / "herd" / "large.txt").stat().st_size == 40 * 2**20
