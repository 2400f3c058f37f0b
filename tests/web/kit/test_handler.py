"""Connections of a real gevent server with a small application: deadlines, turns, what is kept open and what is not."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import gevent
import pytest

from orderflow.errors import OrderflowError
from orderflow.web import run
from orderflow.web.kit import handler, request_stream
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.turnstile import AT_HAND, Turns
from orderflow.web.run import HttpServer, listen

MIB = 1 << 20
QUICK = 0.3
"""Seconds of the deadlines in these tests."""
GET = b"GET /%b HTTP/1.1\r\nHost: a\r\n%b\r\n"
POST = b"POST /%b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"


@dataclass
class Toy:
    """A server that answers with the length of the body; `calls` has the paths in the order of their answers.

    The first /busy holds the event loop until `go` is set: what is sent until then has come when it goes on.
    """

    port: int = 0
    go: threading.Event = field(default_factory=threading.Event)
    calls: list[str] = field(default_factory=list)
    at_hand: list[bool] = field(default_factory=list)
    http: Any = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        try:
            found, status = str(len(read_body(environ, 16 * MIB))), "200 OK"
        except OrderflowError as error:
            found, status = str(error), f"{error.status} Refused"
        self.calls.append(environ["PATH_INFO"])
        self.at_hand.append(environ[AT_HAND])
        if environ["PATH_INFO"] == "/busy":
            assert self.go.wait(60)
            until = time.perf_counter() + 0.002
            while time.perf_counter() < until:
                pass
        start(status, [("Content-Length", str(len(found)))])
        return [found.encode()]

    def is_free(self) -> bool:
        """Whether the budget is given back: soon after the answer."""
        until = time.monotonic() + 60
        while self.http.budget.held and time.monotonic() < until:
            time.sleep(0.005)
        return self.http.budget.held == 0

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """A running toy server in a thread with an event loop of its own."""
    monkeypatch.setattr(run, "MAX_WAITING", 20)
    toy = Toy()
    ready = threading.Event()
    ends: list[Any] = []

    def serve() -> None:
        listener = listen("127.0.0.1", 0)
        toy.port = listener.getsockname()[1]
        toy.http = HttpServer(listener, Turns(toy), 16 * MIB)
        ended = gevent.event.Event()
        ends.append((gevent.get_hub().loop, ended))
        toy.http.start()
        ready.set()
        ended.wait()
        toy.http.stop(timeout=0)
        gevent.get_hub().destroy(destroy_loop=True)

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(60)
    yield toy
    loop, ended = ends[0]
    loop.run_callback_threadsafe(ended.set)
    thread.join(60)


def read(sock: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    found = b""
    while piece := sock.recv(1 << 16):
        found += piece
    return found


def answer(sock: socket.socket) -> tuple[bytes, bytes, bytes]:
    """One answer: status line, head, body."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = sock.recv(1 << 16)
        assert piece, found
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += sock.recv(1 << 16)
    return head.partition(b"\r\n")[0], head, body


def test_a_head_that_comes_byte_by_byte_has_a_deadline(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "HEAD_SECONDS", QUICK)
    began = time.monotonic()
    with toy.connect() as sock:
        sock.settimeout(QUICK / 20)
        found = b""
        for byte in GET % (b"x", b"A: " + b"b" * 1000 + b"\r\n"):
            sock.sendall(bytes([byte]))
            try:
                found = sock.recv(1 << 16)
                break
            except TimeoutError:
                pass
        assert found.startswith(b"HTTP/1.1 408 ")
        assert json.loads(found.partition(b"\r\n\r\n")[2])["detail"].startswith("the head did not arrive")
        assert time.monotonic() - began > QUICK / 2
    assert toy.calls == []


def test_a_connection_without_a_request_is_closed_in_silence(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    with toy.connect() as kept:
        kept.sendall(GET % (b"", b""))
        assert answer(kept)[0] == b"HTTP/1.1 200 OK"
        monkeypatch.setattr(handler, "IDLE", QUICK)
        kept.sendall(GET % (b"", b""))
        assert answer(kept)[0] == b"HTTP/1.1 200 OK"
        assert read(kept) == b""
    with toy.connect() as sock:
        assert read(sock) == b""


def test_a_body_that_stops_is_refused_and_one_that_trickles_too(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_stream, "BODY_SECONDS", QUICK)
    with toy.connect() as stopped, toy.connect() as trickling:
        stopped.sendall(POST % (b"stopped", 16 * MIB) + b"abc")
        trickling.sendall(POST % (b"trickling", MIB))
        trickling.settimeout(QUICK / 10)
        found = b""
        while not found:
            trickling.sendall(b"a")
            with suppress(TimeoutError):
                found = trickling.recv(1 << 16)
        assert found.startswith(b"HTTP/1.1 408 ")
        status, head, body = answer(stopped)
        assert (status, body) == (b"HTTP/1.1 408 Refused", b"the body came too slowly; nothing of it was kept")
        assert b"Connection: close" in head
    assert toy.is_free()


def test_many_requests_on_one_connection_do_not_delay_another(toy: Toy) -> None:
    many = 200
    with toy.connect() as greedy, toy.connect() as other:
        threading.Thread(target=greedy.sendall, args=(GET % (b"busy", b"") * many,)).start()
        while not toy.calls:
            time.sleep(0.001)
        other.sendall(GET % (b"other", b""))
        toy.go.set()
        assert answer(other)[0] == b"HTTP/1.1 200 OK"
        found = b""
        while found.count(b"HTTP/1.1 200 OK") < many:
            found += greedy.recv(1 << 16)
    assert toy.calls.count("/busy") == many
    assert toy.calls.index("/other") < many / 2


def test_sockets_that_come_at_once_do_not_delay_a_request_behind_them(toy: Toy) -> None:
    """Each takes 2 ms of the event loop, as a handshake does."""
    toy.http.waiting = handler.Waiting(200)
    upgrade = GET % (b"busy", b"Upgrade: websocket\r\nConnection: Upgrade\r\n")
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(toy.connect()) for _ in range(100)]
        for sock in sockets:
            sock.sendall(upgrade)
        with toy.connect() as other:
            other.sendall(GET % (b"other", b""))
            toy.go.set()
            answer(other)
        before = toy.calls.index("/other")
        for sock in sockets:
            answer(sock)
    assert before < 60
    assert toy.calls.count("/busy") == 100


def test_announcements_lock_nobody_out(toy: Toy) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(toy.connect()).sendall(POST % (b"announced", 16 * MIB) + b"abc")
        other = stack.enter_context(toy.connect())
        other.sendall(POST % (b"other", 8 * MIB) + b"x" * (8 * MIB))
        assert answer(other)[2] == str(8 * MIB).encode()
        assert toy.calls == ["/other"]


def test_a_client_that_fills_its_part_is_told_to_come_back(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_stream, "client_of", lambda environ: environ["PATH_INFO"])
    toy.http.budget = run.Budget(4 * MIB)
    with toy.connect() as greedy, toy.connect() as again, toy.connect() as other:
        greedy.sendall(POST % (b"greedy", 8 * MIB) + b"x" * (8 * MIB))
        status, _, body = answer(greedy)
        assert (status, body[:41]) == (b"HTTP/1.1 429 Refused", b"the server is taking in as much as it can")
        for sock, path in ((again, b"greedy"), (other, b"other")):
            sock.sendall(POST % (path, MIB) + b"x" * MIB)
            assert answer(sock)[0] == b"HTTP/1.1 200 OK"
    assert toy.is_free()


def test_of_too_many_idle_connections_the_oldest_is_closed(toy: Toy) -> None:
    with ExitStack() as stack:
        socks = [stack.enter_context(toy.connect()) for _ in range(25)]
        for sock in socks[:5]:
            assert read(sock) == b""
        socks[-1].sendall(GET % (b"", b""))
        assert answer(socks[-1])[0] == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("fields", [b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"Connection: keep-alive\r\n", b""])
def test_a_connection_goes_on(toy: Toy, fields: bytes) -> None:
    with toy.connect() as sock:
        for _ in range(3):
            sock.sendall(GET % (b"", fields))
            status, head, _ = answer(sock)
            assert status == b"HTTP/1.1 200 OK"
            assert b"Connection" not in head


@pytest.mark.parametrize(
    "call", [GET % (b"", b"Connection: close\r\n"), b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n"]
)
def test_a_connection_ends_when_the_client_wants_it(toy: Toy, call: bytes) -> None:
    with toy.connect() as sock:
        sock.sendall(call)
        found = read(sock)
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")
    assert found.count(b"Connection: close") == 1


def test_what_is_refused_ends_the_connection_and_the_answer_arrives(toy: Toy) -> None:
    for begin in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"A: b\x00\r\n"):
        with toy.connect() as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + begin + b"\r\n" + b"0\r\n\r\n" + b"x" * 200_000)
            found = read(sock)
        assert found.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert found.count(b"HTTP/1.1") == 1
    with toy.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + GET % (b"next", b""))
        found = read(sock)
    assert found.startswith(b"HTTP/1.1 400 ")
    assert toy.calls == ["/"]


def test_requests_that_came_before_an_answer_are_told_apart(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_stream, "TURN", 0.0)  # whatever is read from the network counts as waited for
    with toy.connect() as sock:
        for count in (1, 3, 2):
            sock.sendall(GET % (b"a", b"") * count)
            found = b""
            while found.count(b"HTTP/1.1 200 OK") < count or not found.endswith(b"\r\n\r\n0"):
                found += sock.recv(1 << 16)
    assert toy.at_hand == [False, False, True, True, False, True]
