"""The sending side of a connection: partial writes, and clients that read slowly, not at all, or leave."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orderflow.web.kit import sending
from orderflow.web.kit.backlog import Backlog
from orderflow.web.kit.sending import LEAST_BYTES, STALL_SECONDS, Sender


class Socket:
    """A socket that waits as gevent's do: `_sock` never blocks, `send` waits up to the timeout."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._waits = sock.dup()
        sock.setblocking(False)
        self._timeout: float | None = 75.0
        self.setsockopt = sock.setsockopt

    def gettimeout(self) -> float | None:
        return self._timeout

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds

    def send(self, data: Any) -> int:
        # a file description has one blocking mode, so waiting is done by select
        if not select.select([], [self._sock], [], 0.002)[1]:
            raise TimeoutError
        return self._sock.send(data)

    def close(self) -> None:
        self._waits.close()
        self._sock.close()


class Connection:
    """Both ends of a connection, and a clock that each look moves by half a second."""

    def __init__(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.client = socket.create_connection(listener.getsockname())
        self.server = Socket(listener.accept()[0])
        listener.close()
        self.backlog = Backlog()
        self.now = 0.0
        self.sender = Sender(self.server, self.backlog, "a", self.clock)

    def clock(self) -> float:
        self.now += 0.5
        return self.now

    def read(self, most: int) -> int:
        """Read up to so many bytes; how many came."""
        count = 0
        while count < most and (piece := self.client.recv(min(1 << 16, most - count))):
            count += len(piece)
        return count


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection()
    yield made
    made.client.close()
    made.server.close()


def test_a_small_answer_is_sent_at_once_and_counts_nowhere(connection: Connection) -> None:
    connection.sender.send(b"x" * 1000)
    assert connection.read(1000) == 1000
    assert (connection.backlog.size, connection.now) == (0, 0.0)


def test_a_large_answer_counts_until_it_is_read(connection: Connection) -> None:
    size = 16 * 2**20
    writer = threading.Thread(target=connection.sender.send, args=(b"x" * size,))
    writer.start()
    while not connection.backlog.size:
        pass
    assert connection.read(size) == size
    writer.join(60)
    assert connection.backlog.size == 0
    assert connection.server.gettimeout() == 75.0
    assert connection.sender.stalled_for() == 0.0


def test_a_client_that_does_not_read_is_given_up(connection: Connection) -> None:
    with pytest.raises(TimeoutError, match="the client read less than"):
        connection.sender.send(b"x" * (16 * 2**20))
    assert connection.now >= STALL_SECONDS
    assert connection.backlog.size == 0


def test_so_is_one_that_reads_a_few_bytes_now_and_then(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "unacknowledged", lambda sock: 0)
    waits = connection.server.send

    def trickle(data: Any) -> int:
        connection.client.recv(LEAST_BYTES // 100)
        return waits(data[:100])

    connection.server.send = trickle  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        connection.sender.send(b"x" * (16 * 2**20))


def test_a_dropped_or_closed_connection_ends_the_sending(connection: Connection) -> None:
    assert not connection.sender.gone()
    connection.client.close()
    with pytest.raises(OSError, match=r"reset|pipe|Broken"):
        connection.sender.send(b"x" * (64 << 20))
    assert connection.sender.gone()
    connection.sender.drop()
