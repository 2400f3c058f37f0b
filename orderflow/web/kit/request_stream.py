"""The reading side of an HTTP connection: deadlines, turns with the other connections, and request bodies.

A head must arrive within a time, a body at a least rate. Reading never waits beyond the deadline, so a client that
sends byte by byte, or stops, is noticed. A connection on which there is always more to read gives way to the others.
"""

from __future__ import annotations

import io
import math
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent

from orderflow.web.kit.budget import COUNT, PASSING, UNCOUNTED, Budget, Share, client_of
from orderflow.web.kit.turnstile import GIVE_WAY, TURN

BODY_SECONDS = 30.0
BODY_RATE = 1 << 15
"""A body must come at this many bytes per BODY_SECONDS, or end within them."""
PIECE = 1 << 17
"""Bytes that are read at once: no memory is reserved for more than has come."""
DRAIN_BYTES = 256 * 2**20
DRAIN_SECONDS = 10.0
"""How much of an unread body is discarded, so that the client gets the response instead of a connection reset."""
TRAILERS = 20
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n")
_CHUNK_LINE = 256


class BadChunk(OSError):
    """The body in chunks is malformed."""


class Wire(io.RawIOBase):
    """Reads from a connection's gevent socket until the deadline that `allow` set, then raises TimeoutError.

    pause: lets the other connections work. waited: True once bytes had to be waited for; set it back to ask again.
    """

    def __init__(self, sock: Any, pause: Callable[[], object] = lambda: gevent.sleep(GIVE_WAY)) -> None:
        self._sock = sock  # flask-sock takes the connection over from here
        self._pause = pause
        self._seconds = self._deadline = 0.0
        self._rate: float = math.inf
        self._credit = 0
        self._turn = time.monotonic()
        self.waited = True

    def allow(self, seconds: float, rate: float = math.inf) -> None:
        """Reading may take this long from now on, and as long again after each `rate` bytes."""
        self._seconds, self._rate, self._credit = seconds, rate, 0
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        left = self._deadline - began
        if left <= 0:
            raise TimeoutError("the client is too slow")
        before = self._sock.timeout
        self._sock.timeout = left
        try:
            count = int(self._sock.recv_into(buffer))
        finally:
            self._sock.timeout = before
        now = time.monotonic()
        self._credit += count
        if self._credit >= self._rate:
            self._credit = 0
            self._deadline = now + self._seconds
        if now - began > TURN / 10:
            self._turn = now  # the others had their turn meanwhile
            self.waited = True
        else:
            self._give_way()
        return count

    def _give_way(self) -> None:
        """Let the other connections work if this one has done so for TURN."""
        if time.monotonic() - self._turn > TURN:
            self._pause()
            self._turn = time.monotonic()


class Body:
    """A request's body as WSGI's input stream. Bytes that arrive are counted against the budget.

    length: the announced length, None for a chunked body. asked: the socket if the client waits for 100 Continue.

    Reading raises OSError if the client leaves, TimeoutError if it is too slow, BadChunk, and Busy if there is no room.
    """

    def __init__(
        self, stream: Any, environ: dict[str, Any], budget: Budget, length: int | None, asked: Any = None
    ) -> None:
        self.rfile = stream
        self._wire: Wire = stream.raw
        self._environ = environ
        self._budget = budget
        self._share: Share | None = None
        self._chunked = length is None
        self._left = 0 if length is None else length
        self._asked = asked
        self._begun = self._draining = self._failed = False
        self._ended = length == 0
        self._counted = length is None or length > UNCOUNTED
        self._passed = 0
        environ[COUNT] = self.count
        environ[PASSING] = self.pass_on

    @property
    def unread(self) -> bool:
        """True if part of the body has not been read."""
        return not self._ended

    def read(self, size: int | None = -1) -> bytes:
        """`size` bytes, less only at the end of the body; all of them without a size."""
        if self._ended:
            return b""
        whole = bytearray()  # chunks may have a byte each
        left = -1 if size is None or size < 0 else size
        while left and not self._ended:
            piece = self._piece(PIECE if left < 0 else min(left, PIECE))
            left -= len(piece) if left > 0 else 0
            if not whole and (not left or self._ended):
                return piece
            whole += piece
        return bytes(whole)

    def readline(self, size: int | None = -1) -> bytes:
        """One line. Nothing in this program reads bodies by lines: this is for WSGI's sake."""
        line = bytearray()
        while len(line) != size and (byte := self.read(1)):
            line += byte
            if byte == b"\n":
                break
        return bytes(line)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def count(self, size: int) -> None:
        """Count bytes of the body that are in memory until the request ends. Raises Busy."""
        if self._share is None:
            self._share = self._budget.open(client_of(self._environ))
        self._share.add(size)

    def pass_on(self) -> None:
        """The body is not kept in memory: its reader passes it on piece by piece."""
        self._counted = False

    def close(self) -> None:
        """The request has ended."""
        if self._share is not None:
            self._share.close()
        self._budget.ended(self._passed)
        self._passed = 0

    def _discard(self) -> None:
        # gevent calls this when the response is sent; a client that waits for 100 Continue has not sent its body
        if self._ended or self._failed or self._asked is not None:
            return
        self._draining = True
        self._wire.allow(DRAIN_SECONDS)
        left = DRAIN_BYTES
        while left > 0 and (piece := self.read(min(left, 1 << 16))):
            left -= len(piece)

    def _piece(self, size: int) -> bytes:
        try:
            if not self._begun:
                self._begin()
            if self._chunked and not self._left:
                self._next_chunk()
                if self._ended:
                    return b""
            data = self._take(min(size, self._left))
        except OSError:
            self._failed = True
            raise
        if self._draining:
            return data
        if self._counted:
            self.count(len(data))
        else:
            self._passed += len(data)
        return data

    def _begin(self) -> None:
        self._begun = True
        if self._asked is not None:
            self._asked.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._asked = None
        if not self._draining:
            self._wire.allow(BODY_SECONDS, BODY_RATE)

    def _take(self, size: int) -> bytes:
        data: bytes = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError("the client left within its body")
        self._left -= size
        if not self._left:
            if not self._chunked:
                self._ended = True
            elif self.rfile.read(2) != b"\r\n":
                raise BadChunk("a chunk does not end where it should")
        return data

    def _next_chunk(self) -> None:
        match = _CHUNK.fullmatch(self.rfile.readline(_CHUNK_LINE))
        if match is None:
            raise BadChunk("a chunk has no size")
        self._left = int(match[1], 16)
        if self._left:
            return
        for _ in range(TRAILERS):
            line = self.rfile.readline(_CHUNK_LINE)
            if line == b"\r\n":
                self._ended = True
                return
            if not _TRAILER.fullmatch(line):
                raise BadChunk("a trailer is malformed")
        raise BadChunk("there are too many trailers")
