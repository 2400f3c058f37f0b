"""Sends the answers of one HTTP connection, and ends it when the client stops reading.

What the operating system's buffer takes is sent at once. The rest counts in the server's `Backlog` until it is sent. A
client must keep acknowledging bytes: the kernel's buffers alone would hide for minutes that nobody reads.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from gevent.pywsgi import WSGIHandler

from orderflow.web.kit.backlog import BACKLOG, Backlog
from orderflow.web.kit.budget import client_of
from orderflow.web.kit.fanout_client import unacknowledged

LEAST_BYTES = 1 << 16
STALL_SECONDS = 20.0
"""A client must acknowledge this many bytes within this time while an answer waits for it, or the rest of it."""
CHECK_SECONDS = 1.0
SEND_BUFFER = 1 << 18
"""Size of the kernel's send buffer for an answer that does not fit it; by itself it would grow to 4 MB."""


class Sender:
    """The sending side of one connection. sock: a gevent socket. address: of the client, for `Backlog`."""

    def __init__(
        self, sock: Any, backlog: Backlog, address: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sock = sock
        self._raw = getattr(sock, "_sock", sock)
        self._backlog = backlog
        self._clock = clock
        self.address = address
        self._sent = self._acknowledged = self._mark = 0
        self._blocked = 0.0
        """Seconds spent waiting since `_mark` bytes were acknowledged."""
        self._waiting_since: float | None = None
        self._limited = False

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError if the client is gone, TimeoutError if it does not read."""
        try:
            count = self._raw.send(data)
        except (BlockingIOError, InterruptedError):
            count = 0
        self._sent += count
        if count < len(data):
            self._wait_for(memoryview(data)[count:])

    def stalled_for(self) -> float:
        """Seconds for which the client has acknowledged nothing of what is waiting for it; 0 if nothing is."""
        return 0.0 if self._waiting_since is None else self._clock() - self._waiting_since

    def gone(self) -> bool:
        """True if the client has closed the connection, or at least its sending side, and sent nothing more."""
        try:
            return bool(self._raw.recv(1, socket.MSG_PEEK) == b"")
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True

    def drop(self) -> None:
        """End the connection, from another greenlet."""
        with contextlib.suppress(OSError):
            self._raw.shutdown(socket.SHUT_RDWR)

    def _wait_for(self, left: memoryview) -> None:
        timeout = self._sock.gettimeout()
        if not self._limited:
            self._limited = True
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._waiting_since = self._clock()
        try:
            with self._backlog.add(self, len(left)):
                self._sock.settimeout(CHECK_SECONDS)
                while left:
                    left = left[self._send_some(left) :]
        finally:
            self._waiting_since = None
            self._sock.settimeout(timeout)

    def _send_some(self, left: memoryview) -> int:
        begin = self._clock()
        try:
            count = int(self._sock.send(left))
        except TimeoutError:
            count = 0
        self._sent += count
        self._blocked += self._clock() - begin
        acknowledged = self._sent - unacknowledged(self._raw)
        if acknowledged > self._acknowledged:
            self._acknowledged, self._waiting_since = acknowledged, self._clock()
        if acknowledged - self._mark >= LEAST_BYTES:
            self._mark, self._blocked = acknowledged, 0.0
        elif self._blocked > STALL_SECONDS:
            raise TimeoutError(f"the client read less than {LEAST_BYTES} bytes in {STALL_SECONDS:g} seconds")
        return count


class SendingHandler(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """gevent's handler of one connection, sending through a `Sender`. Its server has a `backlog`."""

    status: Any
    code: int

    @cached_property
    def sender(self) -> Sender:
        """The connection's sending side."""
        return Sender(self.socket, self.server.backlog)

    def run_application(self) -> None:
        self.environ[BACKLOG] = self.server.backlog, self.sender
        super().run_application()

    def _sendall(self, data: bytes) -> None:
        self.sender.address = client_of(self.environ or {})  # behind a proxy it is known by then
        try:
            self.sender.send(data)
        except OSError as error:  # as gevent does
            self.status = f"socket error: {error}"
            self.code = -abs(self.code)
            raise
        self.response_length += len(data)
