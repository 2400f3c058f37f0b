"""scripts/test.py: which tests that failed run again, and that they must pass then."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.scripts.load import fresh_fixture

script = fresh_fixture("test")

COMMAND = ["python", "-m", "pytest", "-n", "3", "-m", "not slow", "--hypothesis-profile=ci", "tests"]
ALONE = ["python", "-m", "pytest", "-n", "0", "--hypothesis-profile=ci"]
PAGE, GRID = "tests/browser/test_pages.py::test_theme", "tests/market/test_grid.py::test_grid"


@pytest.fixture
def command(script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """scripts/test.py as a module, with a list of failures of its own."""
    monkeypatch.setattr(script, "FAILURES", tmp_path / "lastfailed")
    return script


def runs(module: ModuleType, monkeypatch: pytest.MonkeyPatch, failed: list[str], *codes: int) -> list[list[str]]:
    """Let the runs end with these codes, the first one with these failures; returns the commands as they are run."""
    commands: list[list[str]] = []
    left = list(codes)

    def run(given: list[str], environment: Any) -> tuple[int, str]:
        commands.append(given)
        if len(commands) == 1:
            module.FAILURES.write_text(json.dumps(dict.fromkeys(failed, True)))
        code = left.pop(0)
        return code, f"FAILED ({code})" if code else "passed"

    monkeypatch.setattr(module, "run", run)
    return commands


@pytest.mark.parametrize(
    ("failed", "codes", "result"),
    [
        (PAGE, [0], (0, "passed, 1 of them only alone")),
        (PAGE, [1], (1, "FAILED (1)")),
        (GRID, [0, 0, 0], (0, "passed, 1 of them only alone")),
        (GRID, [0, 0, 1], (1, "FAILED (1)")),
    ],
)
def test_a_test_that_failed_must_pass_alone(
    command: ModuleType, monkeypatch: pytest.MonkeyPatch, failed: str, codes: list[int], result: tuple[int, str]
) -> None:
    commands = runs(command, monkeypatch, [failed], 1, *codes)
    assert command.run_tests(COMMAND, {}) == result
    assert commands[1:] == [[*ALONE, failed]] * len(codes)


def test_only_those_outside_the_browser_run_three_times(command: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = runs(command, monkeypatch, [PAGE, GRID], 1, 0, 0, 0)
    assert command.run_tests(COMMAND, {}) == (0, "passed, 2 of them only alone")
    assert [each[len(ALONE) :] for each in commands[1:]] == [[PAGE, GRID], [GRID], [GRID]]


@pytest.mark.parametrize("failed", [[], [*(f"{PAGE}[{i}]" for i in range(21))]])
def test_none_and_many_failures_are_final(
    command: ModuleType, monkeypatch: pytest.MonkeyPatch, failed: list[str]
) -> None:
    commands = runs(command, monkeypatch, failed, 1)
    assert command.run_tests(COMMAND, {}) == (1, "FAILED (1)")
    assert len(commands) == 1


def test_failures_of_an_earlier_run_do_not_count(command: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    command.FAILURES.write_text(json.dumps({PAGE: True}))
    monkeypatch.setattr(command, "run", lambda *_: (2, "FAILED (2)"))
    assert command.run_tests(COMMAND, {}) == (2, "FAILED (2)")
    assert not command.FAILURES.exists()


@pytest.mark.parametrize(
    ("code", "said", "word"),
    [(0, "All checks passed!", "passed"), (3, "first.py: wrong\nAll checks passed!", "FAILED (3)")],
)
def test_a_check_that_passed_says_its_last_line(
    command: ModuleType, capsys: pytest.CaptureFixture[str], code: int, said: str, word: str
) -> None:
    program = f"print('first.py: wrong'); print('All checks passed!'); raise SystemExit({code})"
    found = command.run_beside(("ruff", [sys.executable, "-c", program]), dict(os.environ))
    assert found[:3] == ("ruff", code, word)
    assert capsys.readouterr().out == f"\n== ruff\n{said}\n"


def test_the_tests_are_the_last_check_and_collected_before(command: ModuleType) -> None:
    names = [name for name, _ in command.checks(Path("python"), ["--fast"])]
    assert names[-1] == "pytest"
    assert "collection" in names
