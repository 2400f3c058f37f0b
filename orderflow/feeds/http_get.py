"""GET requests of a feed's request thread, over `orderflow.runtime.plain_sockets`; a connection is kept for the next.

`requests` is not used here: in a thread beside the hub gevent's patched sockets make an event loop and resolver threads
of their own, which outlive the thread; a server with such threads did not always end (gevent 26.9).
"""

from __future__ import annotations

import http.client
import io
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from orderflow import __version__
from orderflow.runtime.plain_sockets import PlainConnection

LARGEST = 1 << 25
"""Bytes of an answer at most."""
STEP_SECONDS = 10.0
"""Seconds to connect, and for each part of an answer."""
TOTAL_SECONDS = 30.0
"""Seconds for a whole answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. headers: by lower case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Reader(io.RawIOBase):
    """The bytes that a connection receives until a deadline, as a file."""

    def __init__(self, connection: PlainConnection, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        if not self._rest:
            if time.monotonic() > self._deadline:
                raise TimeoutError(f"no whole answer within {TOTAL_SECONDS:.0f} s")
            self._rest = self._connection.receive()
        part, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(part)] = part
        return len(part)


@dataclass(frozen=True, slots=True)
class _Readable:
    """What `http.client.HTTPResponse` needs of a socket."""

    connection: PlainConnection

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self.connection, time.monotonic() + TOTAL_SECONDS))


class HttpClient:
    """One connection at a time, of one thread. Raises OSError, ValueError or http.client.HTTPException."""

    def __init__(self) -> None:
        self._server: tuple[str, str, int] | None = None
        self._connection: PlainConnection | None = None

    def get(self, url: str, query: Mapping[str, str]) -> Response:
        """The answer to a GET request; redirects are not followed."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        server = (parts.scheme, parts.hostname or "", parts.port or (443 if secure else 80))
        target = (parts.path or "/") + (f"?{urlencode(query)}" if query else "")
        request = (
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\nAccept: application/json\r\n"
            f"Accept-Encoding: identity\r\nUser-Agent: orderflow/{__version__}\r\n\r\n"
        ).encode("ascii")
        if self._connection is not None and self._server == server:
            try:
                return self._call(self._connection, request)
            except (OSError, http.client.HTTPException):  # the server has ended the kept connection meanwhile
                self.close()
        self.close()
        context = ssl.create_default_context() if secure else None
        self._connection, self._server = PlainConnection(server[1], server[2], STEP_SECONDS, context), server
        try:
            return self._call(self._connection, request)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the kept connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _call(self, connection: PlainConnection, request: bytes) -> Response:
        connection.send(request)
        response = http.client.HTTPResponse(cast(Any, _Readable(connection)), method="GET")
        response.begin()
        body = response.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise ValueError(f"the answer is larger than {LARGEST:,} bytes")
        if response.will_close or not response.isclosed():
            self.close()
        return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
