"""Uploaded files on disk: what an earlier run left is removed, and nothing else."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from orderflow.errors import Busy
from orderflow.workspace.uploads.spool import MOST_FILES, MOST_OF_A_CLIENT, Held, Spool


def kept(spool: Spool, owner: str, client: str) -> Held:
    with spool.begin(owner, client) as incoming:
        incoming.write(b"x")
        return incoming.keep("a.csv")


def test_files_that_one_client_keeps_make_room_for_those_of_others(tmp_path: Path) -> None:
    """Eleven accounts with three files each kept all others from uploading for an hour."""
    spool = Spool(tmp_path / "uploads", lambda: 0.0)
    mine = kept(spool, "ann", "home")
    many = [kept(spool, f"user {number}", "flood") for number in range(MOST_FILES - 1)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(spool.using(many[:1]))
        assert kept(spool, "bob", "office").path.exists()
        assert [each.path.exists() for each in (mine, *many[:3])] == [True, True, False, True]
        for _ in range(MOST_OF_A_CLIENT - 1):
            stack.enter_context(spool.begin("mallory", "flood"))
        with pytest.raises(Busy):
            spool.begin("mallory", "flood")
        assert kept(spool, "ann", "home").path.exists()
    assert not spool._open
    spool.stop()


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
