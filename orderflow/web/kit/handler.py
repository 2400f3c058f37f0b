"""A stricter and faster version of gevent's HTTP connection handler.

It parses the request head in one pass, writes small responses with one call, discards unread bodies up to a limit, and
answers malformed requests with JSON. The mail parser that gevent uses for the head, and a second write, cost as much as
the rest of a short request.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

from gevent.pywsgi import Input, WSGIHandler

from orderflow.web.kit.responses import error_body

IDLE = 75.0
"""Seconds without a byte after which a connection is closed: between requests, in a body, or while sending."""
DRAIN_BYTES = 256 * 2**20
DRAIN_SECONDS = 10.0
"""How much of an unread body is discarded, so that the client gets the response instead of a connection reset."""
LINE = 1 << 16
LINES = 100
"""Maximum length of a header line in bytes, and maximum number of header lines."""
ONE_WRITE = 1 << 16

_FIELD = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*\r?\n", re.DOTALL)

log = logging.getLogger(__name__)
access = logging.getLogger("orderflow.access")


class Headers:
    """The header fields, with the methods that gevent uses. Raises ValueError for a malformed head."""

    status = ""

    def __init__(self, stream: Any) -> None:
        self.fields: list[tuple[str, str]] = []
        self._values: dict[str, str] = {}
        while (line := stream.readline(LINE).decode("latin-1")) not in ("\r\n", "\n"):
            match = _FIELD.fullmatch(line)
            if match is None or len(self.fields) >= LINES:
                raise ValueError("the head of the request is damaged or too long")
            name, value = match[1].lower(), match[2]
            if name in ("content-length", "transfer-encoding", "host") and name in self._values:
                raise ValueError(f"{name} is given twice")
            self.fields.append((name, value))
            self._values[name] = value
        if self._values.get("transfer-encoding", "chunked").lower() != "chunked":
            raise ValueError("the transfer coding is not chunked")
        length = self._values.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise ValueError("the content length is not a number")

    def get(self, name: str, default: str | None = None) -> str | None:
        return self._values.get(name.lower(), default)

    getheader = get

    def __delitem__(self, name: str) -> None:
        del self._values[name.lower()]

    @property
    def typeheader(self) -> str | None:
        return self._values.get("content-type")


class Body(Input):  # type: ignore[misc]  # gevent has no types
    """A request's body. If a response was sent before it was read, the rest is discarded up to a limit."""

    @property
    def unread(self) -> bool:
        """True if part of the body has not been read."""
        if self.chunked_input:
            return bool(self.chunk_length != 0)
        return bool(self.position < (self.content_length or 0))

    def _discard(self) -> None:
        # a client that sent "Expect: 100-continue" (self.socket is set) has not sent its body
        if self._chunked_input_error or not self.unread or self.socket is not None:
            return
        until = time.monotonic() + DRAIN_SECONDS
        left = DRAIN_BYTES
        while left > 0 and time.monotonic() < until and (piece := self.read(min(left, 1 << 16))):
            left -= len(piece)


class Handler(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """One connection."""

    wsgi_input: Any

    def __init__(self, sock: Any, address: Any, server: Any, rfile: Any = None) -> None:
        sock.settimeout(IDLE)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, address, server, rfile)

    def MessageClass(self, stream: Any, seekable: int) -> Headers:
        return Headers(stream)

    def _headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self.headers.fields:
            if name not in ("content-type", "content-length") and "_" not in name:
                yield "HTTP_" + name.replace("-", "_").upper(), value

    def get_environ(self) -> Any:
        environ = super().get_environ()
        given = self.wsgi_input
        self.wsgi_input = Body(given.rfile, given.content_length, given.socket, given.chunked_input)
        if environ["wsgi.input"] is given:
            environ["wsgi.input"] = self.wsgi_input
        return environ

    def run_application(self) -> None:
        self.server.running += 1
        try:
            super().run_application()
        finally:
            self.server.running -= 1
        # after an upgrade or an unread body, the next bytes are not a request
        if "HTTP_UPGRADE" in self.environ or self.server.stopping or self.wsgi_input.unread:
            self.close_connection = True

    def finalize_headers(self) -> None:
        if self.server.stopping or self.wsgi_input.unread:
            self.response_headers.append((b"Connection", b"close"))
        super().finalize_headers()

    def _write_with_headers(self, data: bytes) -> None:
        self.headers_sent = True
        self.finalize_headers()
        head = [b"HTTP/1.1 ", self.status, b"\r\n"]
        for name, value in self.response_headers:
            head += (name, b": ", value, b"\r\n")
        head.append(b"\r\n")
        if data and not self.response_use_chunked and len(data) <= ONE_WRITE:
            head.append(data)
            data = b""
        self._sendall(b"".join(head))
        self._write(data)

    def log_request(self) -> None:
        if access.isEnabledFor(logging.DEBUG):
            access.debug("%s", self.format_request())

    def log_error(self, msg: str, *args: Any) -> None:
        log.debug(msg, *args)

    def _handle_client_error(self, ex: BaseException) -> tuple[str, bytes]:
        log.debug("unreadable request from %s: %s", self.client_address, ex)
        return "400", _raw("400 Bad Request", f"the request is malformed: {ex}")

    def handle_one_request(self) -> Any:
        result = super().handle_one_request()
        if isinstance(result, tuple) and result[0] == "414":
            return "414", _raw("414 URI Too Long", "the URL is too long")
        return result


def _raw(status: str, detail: str) -> bytes:
    body = error_body(detail)
    head = ["Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([f"HTTP/1.1 {status}", *head, "", ""]).encode() + body
