"""Clients that ask for large answers and do not read them: bounded memory, the others are served, nothing is left."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer
from tests.stress.attacks import MIB, Watcher, request, resident

TICKS = 100_000
CLIENTS = 40
GROWTH = 150 * MIB
"""Most bytes by which the server may grow in an attack. Forty answers of ticks took it from 298 to 550 MB before."""
SECONDS = 60.0
START = 1_790_000_000_000
PATHS = (
    "/api/v1/ticks/UNREAD",
    "/api/v1/ticks/UNREAD?format=csv",
    "/api/v1/ticks/UNREAD?format=arrow",
    "/api/v1/bars/UNREAD?frame=ticks:8",
    "/api/v1/footprint/UNREAD?frame=ticks:50",
)

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")


@pytest.fixture(scope="module")
def full(server: RunningServer) -> Iterator[RunningServer]:
    """The shared server with many ticks; each of the large answers has been made once."""
    rows = "".join(f"{START + i * 10},{100 + i % 50},1,buy,{i}\n" for i in range(TICKS))
    server.post("/ticks?symbol=UNREAD", f"timestamp,price,size,side,id\n{rows}".encode(), "text/csv")
    for path in PATHS:
        read_all(server, path)
    yield server
    server.post("/reset?symbol=UNREAD", b"")


def ask(server: RunningServer, path: str, buffer: int | None = None) -> socket.socket:
    """A connection that has asked for an answer. buffer: bytes that the client's system takes of it, about."""
    client = socket.socket()
    if buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(SECONDS)
    client.connect(("127.0.0.1", server.port))
    client.sendall(request("GET", path))
    return client


def read_all(server: RunningServer, path: str) -> tuple[bytes, int]:
    """(status, bytes) of an answer that is read to its end."""
    with ask(server, path) as client:
        head = client.recv(1 << 16)
        size = len(head)
        while piece := client.recv(1 << 16):
            size += len(piece)
    return head.split()[1], size


@contextlib.contextmanager
def unread(server: RunningServer, path: str) -> Iterator[None]:
    """Many connections that ask for an answer and do not read it."""
    with contextlib.ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(ask(server, path, 4096))
        yield


@pytest.mark.parametrize("path", PATHS)
def test_unread_answers_take_little_and_give_it_back(full: RunningServer, path: str) -> None:
    before = resident(full.process.pid)
    with Watcher(full.port, full.process.pid) as other, unread(full, path):
        time.sleep(1.0)  # there is nothing to wait for: before, the memory was taken in this time
        until = time.monotonic() + SECONDS
        while len(other.waits) <= 5:
            assert time.monotonic() < until
            time.sleep(0.01)
    assert other.most < before + GROWTH
    until = time.monotonic() + SECONDS
    while resident(full.process.pid) > 1.2 * before:
        assert time.monotonic() < until, f"{resident(full.process.pid) / MIB:.0f} MB are left of {before / MIB:.0f}"
        time.sleep(0.1)
    assert not any("Traceback" in line for line in full.errors)


def test_those_who_read_are_served_meanwhile(full: RunningServer) -> None:
    with unread(full, PATHS[0]):
        status, size = read_all(full, PATHS[1])
    assert status == b"200"
    assert size > TICKS * 30
