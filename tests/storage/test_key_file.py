"""The key in the data directory: kept over restarts, replaced at once, never half written."""

from __future__ import annotations

import io
import os
import stat
import threading
from pathlib import Path

import pytest

from orderflow.cli import main
from orderflow.errors import Conflict, StorageFailed
from orderflow.storage import key_file
from orderflow.storage.key_file import KeyFile
from orderflow.storage.signing_keys import SigningKeys


def test_a_key_is_made_once_and_replaced_on_request(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "data")
    key = file.load()
    assert len(key) >= 20
    assert (file.load(), KeyFile(tmp_path / "data").load()) == (key, key)
    other = KeyFile(tmp_path / "data").rotate()
    assert other != key
    assert file.read() == other, "the one who read it before sees the change"
    assert os.listdir(tmp_path / "data") == ["key"]
    if os.name == "posix":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_lost_or_damaged_file_keeps_the_key_that_is_known(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    key = file.load()
    for text in ("", "short", "two words of it", "\xff" * 20):
        file.path.write_text(text, "latin-1")
        assert file.read() == key
        with pytest.raises(StorageFailed, match="orderflow key rotate"):
            KeyFile(tmp_path).load()
    file.path.unlink()
    assert file.read() == key


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailed, match="cannot keep the key"):
        KeyFile(tmp_path / "file").rotate()


def test_a_full_disk_leaves_no_part_of_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = KeyFile(tmp_path).load()
    keys = SigningKeys(tmp_path, lambda: 1)

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageFailed, match="No space left"):
        KeyFile(tmp_path).rotate()
    with pytest.raises(StorageFailed, match="No space left"):
        keys.load()
    assert (os.listdir(tmp_path), KeyFile(tmp_path).load()) == (["key"], key)


class Watched(io.StringIO):
    """A terminal on which each line is looked at: the key in the file, and whether somebody else could change it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.seen: list[tuple[str, bool]] = []
        self._folder = folder

    def write(self, text: str) -> int:
        other = KeyFile(self._folder)
        try:
            with other.turn():
                free = True
        except Conflict:
            free = False
        self.seen.append((other.read(), free))
        return super().write(text)


def test_a_key_is_printed_before_another_one_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two calls at once each printed a key, and that of the first was wrong when it was printed."""
    monkeypatch.setattr(key_file, "WAIT_SECONDS", 0)
    terminal = Watched(tmp_path)
    monkeypatch.setattr("orderflow.cli.only_mine", lambda: None)  # it would hold for all tests after this one
    monkeypatch.setattr("sys.stdout", terminal)
    rotate = ["key", "rotate", "--data-dir", str(tmp_path), "--host", "0.0.0.0"]
    assert main(rotate) == 0
    key = KeyFile(tmp_path).load()
    assert set(terminal.seen) == {(key, False)}
    assert f"key={key}" in terminal.getvalue()
    with KeyFile(tmp_path).turn():
        assert main(rotate) == 1
    assert KeyFile(tmp_path).load() == key


def test_who_makes_a_key_waits_for_who_is_making_one(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    found: list[str] = []
    with file.turn():
        waits = threading.Thread(target=lambda: found.append(KeyFile(tmp_path).load()))
        waits.start()
        key = file.rotate()
    waits.join()
    assert found == [key]
