"""The JavaScript checks of scripts/test.py: when npm installs, and the messages without node."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.scripts.load import SCRIPTS, fresh_fixture, load

node = fresh_fixture("_node")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "package-lock.json").write_text("{}")
    return tmp_path


@pytest.fixture
def commands(node: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that ran, with node 20 and an npm whose installation succeeds."""
    calls: list[list[str]] = []

    def run(command: list[str], cwd: Path | None = None, **_: Any) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        if command[1] == "ci":
            assert cwd is not None
            (cwd / "node_modules").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0, "v20.1.0\n", "")

    monkeypatch.setattr(node.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(node.subprocess, "run", run)
    return calls


def test_tools_are_installed_once_and_again_when_the_lock_file_changes(
    node: ModuleType, project: Path, commands: list[list[str]]
) -> None:
    for _ in range(2):
        assert node.checks(project)[0] == ("prettier", ["/bin/npm", "run", "--silent", "prettier"])
    assert [command[1] for command in commands] == ["--version", "ci", "--version"]
    (project / "package-lock.json").write_text("{ }")
    node.checks(project)
    assert [command[1] for command in commands][-1] == "ci"


def test_missing_node_is_the_reason_of_every_check(
    node: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.shutil, "which", lambda _: None)
    assert node.checks(project) == [(name, "node is not installed") for name in node.CHECKS]


def test_old_node_is_refused(
    node: ModuleType, project: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "OLDEST", 21)
    assert node.checks(project)[0][1] == "node 21 or newer is needed; this is v20.1.0"


def test_failed_installation_is_reported_and_retried(
    node: ModuleType, project: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    working = node.subprocess.run

    def run(command: list[str], **kwargs: Any) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = working(command, **kwargs)
        if command[1] == "ci":
            return subprocess.CompletedProcess(command, 1, "", "npm error network\nmore")
        return done

    monkeypatch.setattr(node.subprocess, "run", run)
    for _ in range(2):
        assert node.checks(project)[0][1] == "npm ci failed: npm error network"
    assert [command[1] for command in commands].count("ci") == 2


def test_check_without_a_command_is_skipped_unless_all_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    test = load("test")
    assert test.run("node is not installed", {}) == (0, "skipped: node is not installed")
    assert test.run("node is not installed", {"ORDERFLOW_REQUIRE_ALL": "1"}) == (1, "FAILED: node is not installed")
