"""Uploaded files on disk: what an earlier run left is removed, and nothing else."""

from __future__ import annotations

from pathlib import Path

from orderflow.workspace.uploads.spool import Spool


def test_only_folders_of_uploads_are_removed(tmp_path: Path) -> None:
    """The user chose the data folder, and may have uploads in it, too."""
    spool = Spool(tmp_path / "uploads", lambda: 0.0)
    with spool.begin("ann") as incoming:
        incoming.write(b"x")
        held = incoming.keep("a.csv")
    own = tmp_path / "uploads" / "thesis"
    own.mkdir()
    Spool(tmp_path / "uploads", lambda: 0.0).start()
    assert not held.path.exists()
    assert own.exists()
    own.rmdir()
    spool.stop()
    assert not (tmp_path / "uploads").exists()
