"""`python -m orderflow` finds its own packages if a folder has others of the same names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orderflow import __main__ as program

ROOT = Path(__file__).resolve().parents[1]
WHERE = "import callbacks, layouts; print(callbacks.__file__); print(layouts.__file__)"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder with packages that have the names of ours."""
    for name in program.PAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("", "utf-8")
    return tmp_path


def run(folder: Path, path: str, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDERFLOW_")}
    environment |= {"PYTHONPATH": path, "ORDERFLOW_DATA_DIR": str(folder / "state")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_working_folder_does_not_hide_our_packages(foreign: Path) -> None:
    # runpy as `-m` has it: the working folder first
    start = "import os, sys; sys.path[0] = os.getcwd(); from orderflow import __main__ as m; "
    done = run(foreign, str(ROOT), "-c", f"{start}{WHERE}")
    assert str(foreign) in done.stdout, done.stderr
    done = run(foreign, str(ROOT), "-c", f"{start}m.leave_out_working_folder(); assert not m.hidden_package(); {WHERE}")
    assert [Path(line).parent.parent for line in done.stdout.split()] == [ROOT, ROOT], done.stderr


def test_server_names_the_package_that_hides_ours(foreign: Path) -> None:
    for command in ("serve", "demo"):
        done = run(foreign, os.pathsep.join([str(foreign), str(ROOT)]), "-m", "orderflow", command, "--port", "0")
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr == (
            f"orderflow: {foreign.resolve() / 'callbacks'} hides the package 'callbacks' of this program: "
            "remove its folder from PYTHONPATH\n"
        )


def test_other_commands_need_no_pages(foreign: Path) -> None:
    done = run(foreign, os.pathsep.join([str(foreign), str(ROOT)]), "-m", "orderflow", "--version")
    assert done.returncode == 0, done.stderr


def test_the_program_s_own_folder_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [str(ROOT), "elsewhere"])
    program.leave_out_working_folder()
    assert sys.path == [str(ROOT), "elsewhere"]
    assert program.hidden_package() == ""
