"""What a killed backup or repair leaves: said by `doctor`, removed by the next one, never while its process lives."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orderflow.maintenance import verify as checks
from orderflow.maintenance.backup import backup
from orderflow.maintenance.repair import repair
from orderflow.maintenance.scratch import BACKUP, leftovers, repair_place, scratch_file, scratch_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is locked there, and nothing removed")
KILLED = """
import os, signal, sys
from pathlib import Path
from orderflow.maintenance import backup, repair
def end(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
data = Path(sys.argv[1])
if sys.argv[2] == "backup":
    backup.verify_ticks = end  # when the copy of the ticks is made
    backup.backup(data, str(data.with_name("killed.zip")))
else:
    repair._repair_games = end  # when the ticks are repaired
    repair.repair(data)
"""


def hidden(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.iterdir()) if path.name.startswith(".")]


@pytest.mark.parametrize("command", ["backup", "repair"])
def test_what_a_killed_command_left_is_named_and_removed_by_the_next(
    command: str, killed: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(killed, tmp_path / "data"))
    foreign = tmp_path / ".orderflow-backup.mine"
    foreign.write_text("not made by a backup")
    code = subprocess.run([sys.executable, "-c", KILLED, str(data), command], check=False, timeout=60).returncode
    assert code == -9
    left = [name for name in hidden(tmp_path) if name != foreign.name]
    assert len(left) == {"backup": 2, "repair": 1}[command]  # of a backup the file, and the copy of the ticks
    text = "\n".join(checks.lines(checks.verify(data)))
    assert [name for name in left if f"left over      {tmp_path / name}: " in text] == left
    if command == "backup":
        backup(data, str(tmp_path / "whole.zip"))
    else:
        repair(data)
    assert hidden(tmp_path) == [foreign.name]
    assert "left over" not in "\n".join(checks.lines(checks.verify(data)))


def test_what_a_living_command_uses_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with (
        scratch_folder(BACKUP, tmp_path) as one,
        scratch_folder(*repair_place(data)) as two,
        scratch_file(BACKUP, tmp_path) as (_, three),
        scratch_folder(BACKUP, tmp_path) as four,
    ):
        assert leftovers(BACKUP, tmp_path) == leftovers(*repair_place(data)) == []
        assert all(path.exists() for path in (one, two, three, four))
    assert hidden(tmp_path) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    link = tmp_path / f"{BACKUP}abc.part"
    link.symlink_to(mine)
    with scratch_folder(BACKUP, tmp_path):
        pass
    assert (mine.is_dir(), link.is_symlink()) == (True, True)
