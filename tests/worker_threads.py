"""Worker threads for tests, and tests run again in a process that gevent has patched, as the server's is.

It is loaded as a plugin in both runs, so it imports nothing that is large or that gevent would have to patch first.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderflow.runtime.workers import Workers

PATCHED = "gevent.monkey" in sys.modules and sys.modules["gevent.monkey"].is_module_patched("threading")

not_patched = pytest.mark.skipif(PATCHED, reason="this is the run under gevent")
"""For the test that starts the run under gevent."""

_CODE = "from gevent import monkey; monkey.patch_all(); import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"


@pytest.fixture
def workers() -> Iterator[Workers]:
    """Three worker threads."""
    made = Workers(threads=3)
    yield made
    made.stop(5.0)


def run_under_gevent(*tests: str, conftest: bool = False) -> None:
    """Run files or tests under gevent. conftest: whether those need the fixtures of their folder's conftest."""
    root = Path(__file__).resolve().parents[1]
    own = [f"--confcutdir={Path(tests[0].partition('::')[0]).parents[1]}" if conftest else "--noconftest"]
    done = subprocess.run(
        [sys.executable, "-c", _CODE, "-q", "-p", "no:cacheprovider", "-p", "no:dash", "-p", __name__, *own, *tests],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=root,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
