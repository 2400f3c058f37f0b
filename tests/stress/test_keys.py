"""One real server with a key, at its most talkative: nothing of the key is in its log, files are private from their
creation, and `orderflow key rotate` ends what the old key has opened while the server runs."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.running import ROOT, RunningServer, start_server
from tests.web.herd.phones import Phone, call

HOST = "flow.example"
TICK = b'{"timestamp":"2025-10-09T18:00:00Z","price":10.5,"size":1}'
WRONG = "wrong-horse-battery"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "data"


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RunningServer]:
    """A server with a key of its own, whose umask would let others read what it writes."""
    before = os.umask(0o022)
    try:
        running = start_server("--data-dir", str(folder), "--allowed-hosts", HOST, "--log-level", "DEBUG")
    finally:
        os.umask(before)
    yield running
    running.stop()


def key_of(folder: Path) -> str:
    return (folder / "key").read_text().strip()


def raw(server: RunningServer, request: bytes) -> bytes:
    """The first bytes of the answer to a request as it stands."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as sock:
        sock.sendall(request)
        return sock.recv(4096)


def test_no_form_of_a_key_is_in_the_log(server: RunningServer, folder: Path) -> None:
    key = key_of(folder)
    assert f"?key={key}" in "\n".join(server.lines), "it is printed once, for the operator"
    encoded = "".join(f"%{ord(letter):02x}" for letter in key)
    for given in (key, WRONG):
        for line in (
            f"GET /chart/?key={given} HTTP/1.1\r\nHost: localhost",
            f"GET /chart/?k%65y={given}&x=%41 HTTP/1.1\r\nHost: localhost",
            f"POST /tick?key={given} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0",
            f"GET /nothing?next={quote(f'/chart/?key={given}', safe='')} HTTP/1.1\r\nHost: localhost",
            f"GET /nothing HTTP/1.1\r\nHost: localhost\r\nReferer: http://localhost/chart/?key={given}",
            f"GET /_dash-layout?key={given} HTTP/1.1\r\nHost: evil.example",
            f"GET /stats HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {given}",
            f"GET /stats?key={given} HTTP/9.9\r\nHost: localhost",
            f"G@T /?key={given} HTTP/1.1\r\nHost: localhost\r\nbad header {given}",
            f"POST /_dash-update-component?key={given} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{{x}}",
        ):
            raw(server, f"{line}\r\nConnection: close\r\n\r\n".encode())
    raw(server, f"GET /chart/?key={encoded} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    server.get("/stats")  # what came before it is in the log
    log = "\n".join(server.errors)
    assert "GET /stats" in log, "requests are logged at this level"
    for word in (key, WRONG, quote(key, safe=""), encoded, encoded.upper()):
        assert word not in log
    assert "wrong key from 127.0.0.1, 1 from there so far" in log


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_files_are_private_from_their_creation(server: RunningServer, folder: Path) -> None:
    bearer = f"Bearer {key_of(folder)}"
    server.post("/tick", TICK, Authorization=bearer)
    status, _, _ = call(server.url, "/herd/join", {"nickname": "Ada"})
    assert status == 200
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert {"key", "ticks/cache.db", "ticks/cache.db-wal", "ticks/cache.db-shm", "ticks/in-use", "herd/secret"} <= found
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path
    assert "could be read by other users" not in "\n".join(server.errors)


def test_a_rotated_key_ends_what_the_old_one_opened(server: RunningServer, folder: Path) -> None:
    old = key_of(folder)
    opened = raw(server, f"GET /chart/?key={old} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    assert b" 303 " in opened
    cookie = opened.partition(b"Set-Cookie: ")[2].partition(b";")[0].decode()
    assert server.post("/tick", TICK, Cookie=cookie)["accepted"] == 1
    screen = Phone(server.url).connect("?view=stage", f"Authorization: Bearer {old}")
    assert "fundamental" in screen.kind("snapshot")
    done = subprocess.run(
        [sys.executable, "-m", "orderflow", "key", "rotate", "--data-dir", str(folder), "--allowed-hosts", HOST],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    new = key_of(folder)
    assert new != old
    assert f"?key={new}" in done.stdout
    for headers in ({"Cookie": cookie}, {"Authorization": f"Bearer {old}"}):
        with pytest.raises(urllib.error.HTTPError, match=r"401|403"):
            server.post("/tick", TICK, **headers)
    assert server.post("/tick", TICK, Authorization=f"Bearer {new}")["accepted"] == 1
    snapshot = screen.kind("snapshot")  # the screen is made a watcher, and gets what watchers may see
    assert "fundamental" not in snapshot
    screen.close()
    log = "\n".join(server.errors)
    assert "the key has changed" in log
    assert old not in log
    assert new not in log


def test_many_wrong_keys_hold_nobody_up(server: RunningServer, folder: Path) -> None:
    request = f"GET /chart/?key={WRONG} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    slowest = 0.0
    for _ in range(200):
        assert raw(server, request).split()[1] in (b"403", b"429")
        begin = time.monotonic()
        server.get("/health")
        slowest = max(slowest, time.monotonic() - begin)
    assert raw(server, request).split()[1] == b"429"
    assert slowest < 5, "a wrong key is refused, not waited for"
    assert server.post("/tick", TICK, Authorization=f"Bearer {key_of(folder)}", Host=HOST)["accepted"] == 1
    lines = [line for line in server.errors if "wrong key from" in line]
    assert len(lines) <= 10, "the log is limited"
