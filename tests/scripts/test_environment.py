"""The setup shared by run.py and test.py: when it installs, and its error messages."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.scripts.load import SCRIPTS, fresh_fixture, load

environment = fresh_fixture("_environment")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = x\n")
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


@pytest.fixture
def installs(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The calls of the installer; the environment is a folder with a file for its Python."""
    calls: list[list[str]] = []

    def create(venv: Path) -> None:
        python = environment.interpreter(venv)
        python.parent.mkdir(parents=True)
        python.touch()

    def install(venv: Path, python: Path, root: Path, extras: list[str]) -> None:
        calls.append(extras)

    monkeypatch.setattr(environment, "_create", create)
    monkeypatch.setattr(environment, "_install", install)
    monkeypatch.setattr(environment, "_works", lambda python: python.exists())
    return calls


def test_installs_once(environment: ModuleType, project: Path, installs: list[list[str]]) -> None:
    python = environment.ensure(root=project)
    assert python == environment.ensure(root=project) == environment.interpreter(project / ".venv")
    assert installs == [[]]


def test_installs_again_when_the_packaging_changes(
    environment: ModuleType, project: Path, installs: list[list[str]]
) -> None:
    environment.ensure(root=project)
    (project / "setup.cfg").write_text("[metadata]\nname = y\n")
    environment.ensure(root=project)
    assert installs == [[], []]


def test_test_requirements_are_added_and_kept(
    environment: ModuleType, project: Path, installs: list[list[str]]
) -> None:
    environment.ensure(root=project)
    environment.ensure(["test"], root=project)
    environment.ensure(root=project)
    (project / "pyproject.toml").write_text("# changed\n")
    environment.ensure(root=project)
    assert installs == [[], ["test"], ["test"]]


def test_a_broken_stamp_means_installing(environment: ModuleType, project: Path, installs: list[list[str]]) -> None:
    environment.ensure(root=project)
    (project / ".venv" / environment.STAMP).write_text("{")
    environment.ensure(root=project)
    assert installs == [[], []]


def test_a_failed_installation_is_tried_again(
    environment: ModuleType, project: Path, installs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise environment.SetupFailed("no")

    with monkeypatch.context() as patch:
        patch.setattr(environment, "_install", fail)
        with pytest.raises(environment.SetupFailed):
            environment.ensure(root=project)
    environment.ensure(root=project)
    assert installs == [[]]


def test_without_venv_it_says_what_to_install(
    environment: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(environment.SetupFailed, match=r"apt install python3\.\d+-venv") as failure:
        environment.ensure(root=project)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("WARNING: Retrying after NewConnectionError('…')\nERROR: No matching distribution", "cannot reach"),
        ("ERROR: No matching distribution found for dash<4.5,>=4.4", "No matching distribution found for dash"),
        ("  error: subprocess-exited-with-error\n  | error: no\n      error: disk full", "disk full"),
        ("Killed", "no reason"),
    ],
)
def test_a_failed_installation_is_one_line_that_names_the_log(
    environment: ModuleType, tmp_path: Path, said: str, told: str
) -> None:
    log = tmp_path / "log"
    log.write_text(said, "utf-8")
    text = environment._explain(log)
    assert told in text
    assert str(log) in text
    assert "\n" not in text


@pytest.mark.parametrize("name", ["run.py", "test.py"])
def test_old_python_gives_a_one_line_error(name: str) -> None:
    program = (
        "import sys, runpy; sys.version_info = (3, 10, 2, 'final', 0); sys.version = '3.10.2 (main)';"
        f"runpy.run_path({str(SCRIPTS / name)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Orderflow needs Python 3.11 or newer; this is 3.10.2 at ")
    assert done.stderr.count("\n") == 1


def test_arguments_go_to_the_demo_unless_they_name_another_command(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load("run")
    assert module.arguments([]) == ["demo"]
    assert module.arguments(["--no-browser", "--port", "9000"]) == ["demo", "--no-browser", "--port", "9000"]
    assert module.arguments(["serve", "--lan"]) == ["serve", "--lan"]
