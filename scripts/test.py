"""Run all checks: `python3 scripts/test.py` runs ruff, import contracts, mypy, the JavaScript checks and the tests.

It needs Python 3.11 or newer: the first run creates `.venv` and installs everything into it. prettier, eslint and tsc
need node; without it they are skipped, or fail with ORDERFLOW_REQUIRE_ALL=1. All checks run even if one fails, a table
of the results ends the output, and the exit code is that of the first failure. Two checks run at a time; the tests
follow alone, already collected once, so that each of their processes finds them compiled. `--fast` skips the tests that
need a browser or are slow; further arguments go to pytest (`-n 0`: one after the other).

A few tests that fail while others use the cores run again, alone: those of the browser once, the others three times.
They must pass each time, and the table counts them: a page that is too slow beside four browsers or a wait that was too
short is no fault of the program, what fails alone is. Their first failures stay in the output, to be looked at.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"Orderflow needs Python 3.11 or newer; this is {sys.version.split()[0]} at {sys.executable}")

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import _node
from _environment import ROOT, SetupFailed, ensure

SLOW = "browser or slow"
PARALLEL = ["-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
"""Test files are distributed over the processes in the order of `tests/conftest.py`; the tests of a file stay together.
Two cores get four processes, because a test that waits for a browser or a server uses none.
"""

FAILURES = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
BROWSER = "tests/browser/"
MOST_ALONE = 20
"""More failures than that are not for want of a core. Tests of a file share a page or server: one may bring others."""


def checks(python: Path, given: list[str]) -> list[tuple[str, list[str] | str]]:
    """(name, command or the reason why it is skipped) of every check; the last one is that of the tests."""
    tools = python.parent
    fast = "--fast" in given
    pytest = [str(python), "-m", "pytest", *PARALLEL, *(["-m", f"not ({SLOW})"] if fast else [])]
    return [
        ("mypy", [str(python), "-m", "mypy"]),  # takes the longest
        ("ruff", [str(python), "-m", "ruff", "check", "."]),
        ("ruff format", [str(python), "-m", "ruff", "format", "--check", "."]),
        ("import contracts", [str(tools / "lint-imports"), "--no-logo"]),
        ("collection", [str(python), "-m", "pytest", "--collect-only", "-q"]),
        *_node.checks(ROOT),
        ("pytest", [*pytest, *(argument for argument in given if argument != "--fast")]),
    ]


def run(command: list[str] | str, environment: dict[str, str]) -> tuple[int, str]:
    """Run one check; returns (exit code, word for the table). Without a command it fails only if all are required."""
    if isinstance(command, str):
        print(command, flush=True)
        code = int(environment.get("ORDERFLOW_REQUIRE_ALL") == "1")
        return code, f"FAILED: {command}" if code else f"skipped: {command}"
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    return code, _word(code)


def _word(code: int) -> str:
    return f"FAILED ({code})" if code else "passed"


def run_beside(check: tuple[str, list[str] | str], environment: dict[str, str]) -> tuple[str, int, str, float]:
    """Run one check beside others, and print what it said at its end; of one that passed the last line.

    Returns (its name, exit code, word for the table, seconds).
    """
    name, command = check
    begun = time.perf_counter()
    if isinstance(command, str):
        return name, *run(command, environment), 0.0
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = done.stdout.strip() if done.returncode else done.stdout.strip().rpartition("\n")[2]
    print(f"\n== {name}\n{said}", flush=True)
    return name, done.returncode, _word(done.returncode), time.perf_counter() - begun


def run_tests(command: list[str] | str, environment: dict[str, str]) -> tuple[int, str]:
    """Run pytest, and alone the few tests that failed. Returns what `run` does."""
    FAILURES.unlink(missing_ok=True)
    code, word = run(command, environment)
    failed = list(json.loads(FAILURES.read_text())) if code == 1 and FAILURES.exists() else []
    if not 0 < len(failed) <= MOST_ALONE:
        return code, word
    print("\n== these failed beside others and run alone now:", *failed, sep="\n", flush=True)
    others = [name for name in failed if not name.startswith(BROWSER)]
    alone = [*command[:3], "-n", "0", *(each for each in command if each.startswith("--hypothesis-profile"))]
    for names in filter(None, (failed, others, others)):
        if code := run([*alone, *names], environment)[0]:
            return code, f"FAILED ({code})"
    return 0, f"passed, {len(failed)} of them only alone"


def main(given: list[str]) -> int:
    """Set up the environment, run every check and print the results; returns 0 if all passed."""
    try:
        python = ensure(["test"])
    except SetupFailed as error:
        print(error, file=sys.stderr)
        return 1
    # so that the tests find the tools of the environment first
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled tests are kept: each process of pytest needs them all
    *others, (name, command) = checks(python, given)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run_beside, others, [environment] * len(others)))
    print(f"\n== {name}", flush=True)
    begun = time.perf_counter()
    results.append((name, *run_tests(command, environment), time.perf_counter() - begun))
    print()
    for name, _, word, seconds in results:
        print(f"{name:<18}{word:<34}{seconds:8.1f} s")
    return next((code for _, code, _, _ in results if code), 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
