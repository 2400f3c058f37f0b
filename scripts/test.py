"""Check everything: `python3 scripts/test.py` runs ruff, the import contracts, mypy and the tests.

It needs Python 3.11 or newer and nothing else: the first time it makes `.venv` and installs everything into it. All
four run even when one fails, a table of them ends the output, and the exit code is that of the first that failed.
`--fast` leaves out the tests that need a browser or much time; further arguments go to pytest (`-n 0`: one after the
other).
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"Orderflow needs Python 3.11 or newer; this is {sys.version.split()[0]} at {sys.executable}")

import os
import subprocess
import time
from pathlib import Path

from _environment import ROOT, SetupFailed, ensure

SLOW = "browser or slow"
PARALLEL = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
"""The files of the tests are shared out over the cores; a test stays with those of its file."""


def checks(python: Path, given: list[str]) -> list[tuple[str, list[str]]]:
    """(name, command) of every check, in the order in which they run."""
    tools = python.parent
    fast = "--fast" in given
    pytest = [str(python), "-m", "pytest", *PARALLEL, *(["-m", f"not ({SLOW})"] if fast else [])]
    return [
        ("ruff", [str(python), "-m", "ruff", "check", "."]),
        ("import contracts", [str(tools / "lint-imports"), "--no-logo"]),
        ("mypy", [str(python), "-m", "mypy"]),
        ("pytest", [*pytest, *(argument for argument in given if argument != "--fast")]),
    ]


def main(given: list[str]) -> int:
    """Set up, run every check, print how each went; 0 when all passed."""
    try:
        python = ensure(["test"])
    except SetupFailed as error:
        print(error, file=sys.stderr)
        return 1
    # The tools the tests start by name are those of the environment, whatever else the machine has.
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    results = []
    for name, command in checks(python, given):
        print(f"\n== {name}", flush=True)
        begun = time.perf_counter()
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        results.append((name, code, time.perf_counter() - begun))
    print()
    for name, code, seconds in results:
        print(f"{name:<18}{'passed' if code == 0 else f'FAILED ({code})':<14}{seconds:8.1f} s")
    return next((code for _, code, _ in results if code), 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
