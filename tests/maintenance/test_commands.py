"""The commands on the command line: their words and exit codes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from orderflow import cli
from tests.maintenance.stored import TICKS, flip_row
from tests.running import run_python

ENDED = """
import os, signal, sys
from orderflow.cli import main
from orderflow.maintenance import backup

def end(*_):
    os.kill(os.getpid(), signal.SIGTERM)

backup._add_records = end
sys.exit(main(["backup", sys.argv[2], "--data-dir", sys.argv[1]]))
"""


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.main([str(word) for word in words])
    return code, *capsys.readouterr()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORDERFLOW_DATA_DIR", raising=False)


def test_doctor_verifies_data(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--data", "--data-dir", data)
    assert code == 0
    assert "All data is sound." in out
    flip_row(data, b"T", 0, "value", 60)
    assert run(capsys, "doctor", "--data", "--data-dir", data)[0] == 1


def test_from_damage_to_a_repaired_directory(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip_row(data, b"T", 0, "value", 60)
    code, out, _ = run(capsys, "repair", "--data-dir", data)
    assert code == 0
    assert "50 ticks of NQ" in out
    (target,) = data.parent.glob("data.repaired-*")
    assert f"orderflow serve --data-dir {target}" in out
    assert run(capsys, "doctor", "--data", "--data-dir", target)[0] == 0


def test_backup_and_restore(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "backup", "saved.zip", "--data-dir", data)
    assert code == 0
    assert f"{sum(TICKS.values())} ticks of {len(TICKS)} symbols" in out
    code, _, err = run(capsys, "backup", "saved.zip", "--data-dir", data)
    assert code == 1
    assert err.startswith("orderflow: ")
    assert "--force" in err
    assert run(capsys, "backup", "saved.zip", "--data-dir", data, "--force")[0] == 0
    code, _, err = run(capsys, "restore", "saved.zip", "--data-dir", data)
    assert (code, "--replace" in err) == (1, True)
    code, out, _ = run(capsys, "restore", "saved.zip", "--data-dir", "new")
    assert code == 0
    assert "checksums fit" in out
    assert run(capsys, "doctor", "--data", "--data-dir", "new")[0] == 0
    assert run(capsys, "restore", "none.zip", "--data-dir", "other")[0] == 1
    assert run(capsys, "repair", "--data-dir", "other")[0] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "new", "saved.zip"]


def test_a_folder_that_may_not_be_read_is_one_line(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    code, _, err = run(capsys, "doctor", "--data", "--data-dir", data)
    assert (code, err) == (1, f"orderflow: {data}: Permission denied\n")


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without asking it")
def test_a_command_that_is_ended_leaves_nothing(data: Path, tmp_path: Path) -> None:
    """Half a backup is of no use, and may hold keys."""
    run = run_python(ENDED, str(data), str(tmp_path / "saved.zip"))
    assert run.returncode == 128 + signal.SIGTERM
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
