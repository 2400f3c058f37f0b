"""A real server on its own core, and a client that is never the bottleneck.

The client sends prepared bytes and reads only the status and length of a response, so that the server is what is
measured. On Linux each gets its own core; elsewhere the system places them.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from _common import ROOT, cores, resident

CORES = cores()
"""The cores that this process may use before a server gets one of them."""
SERVE = ("-m", "orderflow", "serve", "--port", "0")


@dataclass(frozen=True)
class Response:
    """Status and body of a response."""

    status: int
    body: bytes


class Server:
    """`python -m orderflow serve`, or another command that prints `… http://host:port/…`, in its own process.

    began: `time.perf_counter()` before the start. Raises RuntimeError if the command ends without printing an address.
    """

    def __init__(self, process: subprocess.Popen[str], began: float) -> None:
        self.process = process
        self.began = began
        self.port = 0
        assert process.stdout is not None
        for line in process.stdout:
            if "http://" in line and not self.port:
                self.port = int(line.split("http://")[1].split("/")[0].rsplit(":", 1)[1])
            if self.port and ("Ctrl+C" in line or "peer" in line):
                return
        raise RuntimeError("the server did not start; its output is above")

    @property
    def processor_seconds(self) -> float:
        """CPU time used so far by all threads; 0 if the system does not report it."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident(self) -> float:
        """Resident memory in bytes."""
        return resident(self.process.pid)

    def get(self, path: str) -> bytes:
        """The body at a path. Raises RuntimeError unless the status is 200."""
        with Connection(self.port) as connection:
            response = connection.call(request("GET", path, b"", ""))
        if response.status != 200:
            raise RuntimeError(f"GET {path}: {response.status} {response.body[:300]!r}")
        return response.body

    def post(self, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
        """The response body of a POST. Raises RuntimeError if it is rejected."""
        with Connection(self.port) as connection:
            response = connection.call(request("POST", path, body, kind))
        if response.status >= 300:
            raise RuntimeError(f"POST {path}: {response.status} {response.body[:300]!r}")
        return response.body

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait until the process has ended."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def serving(*flags: str, command: Sequence[str] = SERVE, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server on the last core, with this process on the other cores. It is killed at the end."""
    with _on_last_core():
        server = start(*flags, command=command, environ=environ)
    try:
        yield server
    finally:
        server.end(signal.SIGKILL)


def start(*flags: str, command: Sequence[str] = SERVE, environ: Mapping[str, str] | None = None) -> Server:
    """Start a server on any core; the caller must end it. environ: added to its environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERFLOW_") and name != "PORT"}
    clean |= {"PYTHONUNBUFFERED": "1", "ORDERFLOW_LOG_LEVEL": "ERROR", **(environ or {})}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command, *flags], cwd=ROOT, env=clean, stdout=subprocess.PIPE, text=True
    )
    try:
        return Server(process, began)
    except BaseException:  # leave no process running
        process.kill()
        process.wait()
        raise


@contextlib.contextmanager
def _on_last_core() -> Iterator[None]:
    """Processes started in the block run on the last core; afterwards this process does not use that core."""
    mine = CORES
    if len(mine) < 2 or not hasattr(os, "sched_setaffinity"):
        yield
        return
    os.sched_setaffinity(0, mine[-1:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine[:-1])


def request(method: str, path: str, body: bytes, kind: str, more: str = "") -> bytes:
    """A complete request as bytes. more: further header lines."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def unchunked(body: bytes) -> bytes:
    """The body that was sent in chunks."""
    parts, at = [], 0
    while size := int(body[at : (end := body.index(b"\r\n", at))].partition(b";")[0], 16):
        parts.append(body[end + 2 : end + 2 + size])
        at = end + size + 4
    return b"".join(parts)


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def call(self, data: bytes) -> Response:
        """Send a request and wait for its response."""
        self.socket.sendall(data)
        while (response := self.receive()) is None:
            pass
        return response

    def receive(self) -> Response | None:
        """Read once; returns the response if it is complete."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed the connection")
        data = self._rest + piece if self._rest else piece
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._rest = data
            return None
        head = data[:end]
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            if not data.endswith(b"0\r\n\r\n"):
                self._rest = data
                return None
            self._rest = b""
            return Response(int(head[9:12]), unchunked(data[end + 4 :]))
        _, _, length = lower.partition(b"\r\ncontent-length: ")
        whole = end + 4 + int(length.partition(b"\r\n")[0] or 0)  # 204 has none
        if len(data) < whole:
            self._rest = data
            return None
        self._rest = data[whole:]
        return Response(int(head[9:12]), data[end + 4 : whole])


def send_all(port: int, queues: Sequence[Iterable[bytes]], seconds: float = 600.0) -> int:
    """Send all queues at the same time, each over its own connection and one request after the other.

    Returns the number of requests answered with 2xx within `seconds`. Raises RuntimeError for any other status.
    """
    return _drive(port, [iter(queue) for queue in queues], seconds)


def send_shared(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> int:
    """Send the requests in order over the next free connection, for at most `seconds`; returns the number answered."""
    shared = iter(requests)
    return _drive(port, [shared] * connections, seconds)


def _drive(port: int, sources: Sequence[Iterator[bytes]], seconds: float) -> int:
    until = time.perf_counter() + seconds
    done = 0
    with contextlib.ExitStack() as stack:
        picker = stack.enter_context(selectors.DefaultSelector())
        waiting = 0
        for source in sources:
            connection = stack.enter_context(Connection(port))
            picker.register(connection.socket, selectors.EVENT_READ, (connection, source))
            if (data := next(source, None)) is not None:
                connection.socket.sendall(data)
                waiting += 1
        while waiting:
            for key, _ in picker.select(30):
                connection, source = key.data
                response = connection.receive()
                if response is None:
                    continue
                if not 200 <= response.status < 300:
                    raise RuntimeError(f"refused: {response.status} {response.body[:300]!r}")
                done += 1
                data = next(source, None) if time.perf_counter() < until else None
                if data is None:
                    waiting -= 1
                else:
                    connection.socket.sendall(data)
    return done
