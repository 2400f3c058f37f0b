"""The key in the data directory: kept over restarts, replaced at once, never half written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from orderflow.errors import StorageFailed
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
