"""Data files are for their user only, from their creation, and older ones are corrected."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from orderflow.storage import private
from orderflow.storage.private import make_folder, tighten

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_made_for_one_user(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b" / "ticks")
    make_folder(tmp_path / "a")
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/ticks")] == [0o700] * 3


def test_what_is_there_is_corrected_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    for name in ("ticks/cache.db", "ticks/cache.db-wal", "herd/a.jsonl", "key"):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        path.chmod(0o644)
    other.write_text("x")
    other.chmod(0o644)
    (data / "herd" / "link").symlink_to(other)
    for folder in (data, data / "ticks", data / "herd"):
        folder.chmod(0o755)
    assert tighten(data) == 7
    assert mode(other) == 0o644, "links are not followed"
    assert {mode(path) for path in data.rglob("*") if path.is_dir()} | {mode(data)} == {0o700}
    assert {mode(path) for path in data.rglob("*") if path.is_file() and not path.is_symlink()} == {0o600}
    assert "corrected 7" in caplog.text
    caplog.clear()
    assert tighten(data) == 0
    assert caplog.text == ""


def test_a_folder_with_other_things_stays_as_it_is(tmp_path: Path) -> None:
    """Somebody keeps the data in a folder of their own, or in one of the system."""
    (tmp_path / "ticks").mkdir(mode=0o755)
    (tmp_path / "thesis.doc").write_text("x")
    for path in (tmp_path, tmp_path / "ticks", tmp_path / "thesis.doc"):
        path.chmod(0o755)
    assert tighten(tmp_path) == 1
    assert (mode(tmp_path), mode(tmp_path / "thesis.doc"), mode(tmp_path / "ticks")) == (0o755, 0o755, 0o700)
    assert tighten(tmp_path / "nothing") == 0


def test_on_windows_it_says_that_it_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(private, "os", type("os", (), {"name": "nt"}))
    caplog.set_level("INFO")
    assert tighten(tmp_path) == 0
    assert "not changed on this system" in caplog.text
