"""Fixtures that every room's tests may use: real market data, a market, a server in this process, a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import flask
import pytest
from flask.testing import FlaskClient

from orderflow.market.book import Market
from orderflow.services import Services, build_services
from orderflow.settings import Settings
from orderflow.web.server import create_server

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 30.0


def require(what: str) -> NoReturn:
    """Skip a test that needs `what`; with ORDERFLOW_REQUIRE_ALL=1 its absence is a failure."""
    if os.environ.get("ORDERFLOW_REQUIRE_ALL") == "1":
        pytest.fail(f"{what}; ORDERFLOW_REQUIRE_ALL=1 allows no skipping")
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real market data beside the repository (or ORDERFLOW_SHARED_DATA)."""
    named = os.environ.get("ORDERFLOW_SHARED_DATA")
    folder = Path(named) if named else ROOT / ".." / "shared" / "data"
    if not folder.is_dir():
        require(f"the real market data is not here ({folder.name} beside the repository, or ORDERFLOW_SHARED_DATA)")
    return folder.resolve()


@pytest.fixture
def market() -> Market:
    """An empty market that keeps nothing on disk."""
    return Market()


@pytest.fixture
def make_services() -> Iterator[Callable[..., Services]]:
    """make_services(**settings): started ephemeral services, stopped after the test."""
    made: list[Services] = []

    def make(**settings: Any) -> Services:
        services = build_services(Settings(**{"ephemeral": True, **settings}))
        made.append(services)
        services.start()
        return services

    yield make
    for services in made:
        services.stop()


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """Started ephemeral services with the default settings."""
    return make_services()


@pytest.fixture
def web(services: Services) -> flask.Flask:
    """The Flask application of `services`, without pages."""
    return create_server(services)


@pytest.fixture
def client(web: flask.Flask) -> FlaskClient:
    """A client that calls `web` without a network."""
    return web.test_client()


@dataclass
class RunningServer:
    """A real server process. `url` has no slash at the end; `lines` is what it printed."""

    process: subprocess.Popen[str]
    url: str
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: bytes, kind: str = "application/json", **headers: str) -> Any:
        """The JSON that a POST is answered with."""
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind, **headers})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = 15.0) -> int:
        """Signal it and wait; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def start_server(*flags: str, environ: dict[str, str] | None = None, command: str = "serve") -> RunningServer:
    """`python -m orderflow serve` on a free port of loopback, ready to be called. Stop it with `stop()`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERFLOW_") and name != "PORT"}
    process = subprocess.Popen(
        [sys.executable, "-m", "orderflow", command, "--port", "0", *flags],
        cwd=ROOT,
        env={**clean, "PYTHONUNBUFFERED": "1", **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
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


@pytest.fixture
def launch() -> Iterator[Callable[..., RunningServer]]:
    """launch(*flags, environ={}): real servers of one test, ended after it."""
    running: list[RunningServer] = []

    def start(*flags: str, **options: Any) -> RunningServer:
        server = start_server(*flags, **options)
        running.append(server)
        return server

    yield start
    for server in running:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """One real ephemeral server for all tests of the run: reset a symbol of your own, never everything."""
    running = start_server("--ephemeral", "--no-browser")
    yield running
    if running.process.poll() is None:
        running.stop()


def _drain(pipe: Any, into: list[str]) -> None:
    with pipe:  # closed at its end, or the open pipe of a server that is gone fails the run
        into.extend(line.rstrip() for line in pipe)
