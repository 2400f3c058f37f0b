"""The server notices changed source files and restarts with the same arguments."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from orderflow.runtime.reload import Watch
from tests.running import ROOT


def test_changed_added_and_removed_files_are_seen(tmp_path: Path) -> None:
    file, other = tmp_path / "a.py", tmp_path / "deep" / "b.css"
    other.parent.mkdir()
    file.write_text("1")
    watch = Watch([tmp_path, tmp_path / "missing"])
    (tmp_path / "data.csv").write_text("not a source")
    assert not watch.check()
    os.utime(file, ns=(1, 1))
    assert watch.check()
    assert watch.seen
    watch = Watch([tmp_path])
    other.write_text("new")
    assert watch.check()
    watch = Watch([tmp_path])
    file.unlink()
    assert watch.check()


def test_a_change_starts_the_server_again(tmp_path: Path) -> None:
    for name in ("orderflow", "callbacks", "layouts", "assets", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ORDERFLOW_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "orderflow", "serve", "--port", "0", "--ephemeral", "--ticker-count", "0"],
        cwd=tmp_path,
        env={**environ, "RELOAD": "true", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            assert wait_for(process, "is ready")
            (tmp_path / "orderflow" / "clock.py").touch()
            assert wait_for(process, "is ready")
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def wait_for(process: subprocess.Popen[str], words: str) -> bool:
    """Read the output up to a line with these words; False if it ends first."""
    assert process.stdout is not None
    return any(words in line for line in process.stdout)
