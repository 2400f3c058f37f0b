"""A connection that ends at a fixed moment, however slowly the other side sends, and carries a limited number of bytes.

TLS runs over a memory buffer, so that each wait is for the socket alone and has what is left of the time. A time-out of
Python's TLS sockets begins again with every byte that drips in; under gevent that is so in the handshake too.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from orderflow.runtime.unpatched import new_socket
from orderflow.tickers.delivery.outcome import NotSent

PIECE = 16_384


class Deadline:
    """A moment in the future. clock: monotonic seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds
        self._seconds = seconds

    def left(self) -> float:
        """Seconds until then. Raises NotSent when it has passed."""
        left = self._end - self._clock()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> NotSent:
        return NotSent(f"took longer than {self._seconds:g} s")


class Stream:
    """A connected socket as `http.client` and `smtplib` use one: `sendall`, `makefile`, `close`.

    deadline: of everything; most: bytes that may be received. What is beyond either raises NotSent.
    """

    def __init__(self, raw: socket.socket, deadline: Deadline, most: int) -> None:
        self._raw = raw
        self._deadline = deadline
        self._left = most
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    def until(self, deadline: Deadline) -> Stream:
        """This stream with another deadline."""
        self._deadline = deadline
        return self

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on. host: whose certificate it must be. Raises ssl.SSLError, OSError, NotSent."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._until_done(tls.do_handshake)
        self._tls = tls

    def sendall(self, data: Any) -> None:
        """Send all bytes."""
        if self._tls is None:
            self._send(bytes(data))
            return
        view = memoryview(data)
        while view:
            sent = self._until_done(self._tls.write, view)
            view = view[sent:]

    def read(self, most: int) -> bytes:
        """Receive 1 to `most` bytes; b"" at the end."""
        if self._tls is None:
            return self._receive(most)
        try:
            found: bytes = self._until_done(self._tls.read, min(most, PIECE))
        except ssl.SSLZeroReturnError:
            return b""
        return found

    def makefile(self, mode: str = "rb", *_: Any) -> io.BufferedReader:
        """A reader; the stream stays open when it is closed."""
        return io.BufferedReader(_Reader(self), PIECE)

    def close(self) -> None:
        self._raw.close()

    def _until_done(self, step: Callable[..., Any], *args: Any) -> Any:
        """Call a function of TLS until it has all bytes that it needs."""
        while True:
            try:
                found = step(*args)
            except ssl.SSLWantReadError:
                self._flush()
                data = self._receive(PIECE)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return found

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._send(self._outgoing.read())

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._raw.settimeout(self._deadline.left())
            try:
                view = view[self._raw.send(view) :]
            except TimeoutError:
                raise self._deadline.passed() from None

    def _receive(self, most: int) -> bytes:
        if self._left <= 0:
            raise NotSent("the answer is too long")
        self._raw.settimeout(self._deadline.left())
        try:
            data = self._raw.recv(min(most, self._left))
        except TimeoutError:
            raise self._deadline.passed() from None
        self._left -= len(data)
        return data


class _Reader(io.RawIOBase):
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)


def connect(address: str, port: int, deadline: Deadline, most: int) -> Stream:
    """Connect to an IP address. Raises OSError, NotSent."""
    raw = new_socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        raw.settimeout(deadline.left())
        raw.connect((address, port))
    except TimeoutError:
        raw.close()
        raise deadline.passed() from None
    except BaseException:
        raw.close()
        raise
    return Stream(raw, deadline, most)
