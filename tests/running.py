"""A real server process for tests: its address, its output, and its exit code."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.forking import Forge, Forked

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 120.0


def run_python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run code to its end in a Python of its own that finds the packages of this repository."""
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )


@dataclass
class RunningServer:
    """A real server process. `url` has no slash at the end; `lines` is what it printed."""

    process: subprocess.Popen[str] | Forked
    url: str
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: bytes, kind: str = "application/json", **headers: str) -> Any:
        """The JSON answer of a POST."""
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind, **headers})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            again = urllib.error.HTTPError(error.url, error.code, error.msg, error.headers, io.BytesIO(text))
            again.add_note(text.decode())  # so that a test that fails says why
            raise again from None

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = 60.0) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


_forge: Forge | None = None


def forge() -> Forge:
    """The process that this one's servers are forked from, until `end_forge`."""
    global _forge
    _forge = _forge or Forge()
    return _forge


def end_forge() -> None:
    """End it, at the end of a run."""
    global _forge
    if _forge is not None:
        _forge.close()
        _forge = None


def start_server(
    *flags: str, environ: dict[str, str] | None = None, command: str = "serve", fresh: bool = False
) -> RunningServer:
    """Start a server on a free loopback port and wait until it is ready. Stop it with `stop()`.

    It has no simulated instruments, unless `environ` has a TICKER_COUNT, and no feeds, unless it has FEEDS.
    fresh: start it as a user does, as `python -m orderflow serve`, for tests of the process itself. The others are
    forked from a process that has imported the program.
    """
    unwanted = ("PORT", "PYTHONDONTWRITEBYTECODE")
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("ORDERFLOW_") and name not in unwanted
    }
    given = [command, "--port", "0", *flags]
    environ = {**clean, "PYTHONUNBUFFERED": "1", "TICKER_COUNT": "0", "FEEDS": "none", **(environ or {})}
    process = _start(given, environ) if fresh else forge().fork(given, environ)
    server = RunningServer(process, "")
    threading.Thread(target=_drain, args=(process.stderr, server.errors), daemon=True).start()
    assert process.stdout is not None
    for line in process.stdout:
        server.lines.append(line.rstrip())
        if "API" in line:
            server.url = line.split()[-1].removesuffix("/docs").replace("localhost", "127.0.0.1")
        if "Ctrl+C" in line:
            break
    threading.Thread(target=_drain, args=(process.stdout, server.lines), daemon=True).start()
    if not server.url:
        process.kill()
        raise AssertionError(f"the server did not start: {''.join(server.errors)[-2000:]}")
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            assert server.get("/health") == {"status": "healthy"}
            return server
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                process.kill()
                raise
            time.sleep(0.05)


def _start(given: list[str], environ: dict[str, str]) -> subprocess.Popen[str]:
    """A process of its own. It keeps its compiled code for the next one."""
    return subprocess.Popen(
        [sys.executable, "-m", "orderflow", *given],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _drain(pipe: Any, into: list[str]) -> None:
    with pipe:  # closed at its end, or the open pipe of a server that is gone fails the run
        into.extend(line.rstrip() for line in pipe)
