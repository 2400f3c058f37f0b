"""A stricter, faster and more patient version of gevent's HTTP connection handler.

It reads heads with `request_head` and bodies with `request_stream`, writes small responses with one call, discards
unread bodies up to a limit, and answers malformed requests with JSON. The mail parser that gevent uses for the head,
and a second write, cost as much as the rest of a short request.

No client can hold the server: a head has a deadline and a body a least rate, a connection with many requests at hand
gives way to the others between them, sockets that come at once are let in a few at a time, and of too many idle
connections the one that has waited longest is closed.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
from functools import lru_cache, partial
from typing import Any, Protocol
from urllib.parse import unquote

from orderflow.runtime.redaction import redact
from orderflow.web.kit.request_head import BadHead, Head, read_head
from orderflow.web.kit.request_stream import Body, Wire
from orderflow.web.kit.responses import error_body
from orderflow.web.kit.sending import SendingHandler
from orderflow.web.kit.turnstile import AT_HAND, take_turn

IDLE = 75.0
"""Seconds without a byte after which a connection is closed: between requests, or while sending."""
HEAD_SECONDS = 30.0
"""Seconds from the first byte of a head to its end."""
LINGER_SECONDS = 1.0
LINGER_BYTES = 1 << 20
"""How long, and how much, a connection is read on after a head was refused."""
ONE_WRITE = 1 << 16
REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    505: "HTTP Version Not Supported",
}

NO_CONTENT_FIELDS = ("content-type", "content-length")
"""Fields whose names in the environ have no HTTP_ in front."""

unquote_latin1 = partial(unquote, encoding="latin-1")
log = logging.getLogger(__name__)
access = logging.getLogger("orderflow.access")


class Dropped(Protocol):
    """A connection that can be ended from outside."""

    def drop(self) -> None: ...


class Waiting:
    """The connections that wait for a head. most: their maximum number; beyond, the oldest one is ended."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._connections: dict[Dropped, None] = {}

    def add(self, connection: Dropped) -> None:
        self._connections[connection] = None
        if len(self._connections) > self._most:
            oldest = next(iter(self._connections))
            self.remove(oldest)
            oldest.drop()

    def remove(self, connection: Dropped) -> None:
        self._connections.pop(connection, None)


class Handler(SendingHandler):
    """One connection."""

    wsgi_input: Any

    def __init__(self, sock: Any, address: Any, server: Any) -> None:
        sock.settimeout(IDLE)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wire = Wire(sock, self._let_others_work)
        super().__init__(sock, address, server, io.BufferedReader(self._wire))

    def drop(self) -> None:
        """End the connection, from another greenlet."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def handle_one_request(self) -> Any:
        """Handle one request. True: another may follow. None: the connection ends."""
        waiting = self.server.waiting
        waiting.add(self)
        try:
            head = self._read_head()
        except BadHead as error:
            self._refuse(error)
            return None
        except OSError:
            return None
        finally:
            waiting.remove(self)
        if head is None:
            return None
        self.headers = head
        self.command, self.path, self.request_version = head.method, head.target, head.version
        self.requestline = f"{head.method} {head.target} {head.version}"
        self.close_connection = not head.keeps_alive
        self.environ = self.get_environ()
        self.application = self.server.application
        self.handle_one_response()
        self._wire.waited = False
        return None if self.close_connection or self.rfile.closed else True

    def _let_others_work(self) -> None:
        take_turn(self.environ or self.server.get_environ() | self._peer(), "reading")

    def _peer(self) -> dict[str, str]:
        if not isinstance(self.client_address, tuple):
            return {}
        return dict(zip(("REMOTE_ADDR", "REMOTE_PORT"), map(str, self.client_address), strict=False))

    def _read_head(self) -> Head | None:
        self._wire.allow(IDLE)
        if not self.rfile.peek(1):
            return None
        self._wire.allow(HEAD_SECONDS)
        try:
            return read_head(self.rfile)
        except TimeoutError as error:
            raise BadHead(408, f"the head did not arrive within {HEAD_SECONDS:g} seconds") from error

    def _refuse(self, error: BadHead) -> None:
        """Answer, and read on for a moment: to close at once would discard the response with what is unread."""
        log.debug("unreadable request from %s: %s", self.client_address, error)
        with contextlib.suppress(OSError):
            self.socket.sendall(refusal(error.status, str(error)))
            self.socket.shutdown(socket.SHUT_WR)
            self._wire.allow(LINGER_SECONDS)
            left = LINGER_BYTES
            while left > 0 and (piece := self.rfile.read1(1 << 16)):
                left -= len(piece)

    def get_environ(self) -> Any:
        head: Head = self.headers
        environ = self.server.get_environ()
        environ["REQUEST_METHOD"] = head.method
        environ["SCRIPT_NAME"] = ""
        path, _, environ["QUERY_STRING"] = head.target.partition("?")
        environ["PATH_INFO"] = unquote_latin1(path)
        environ["SERVER_PROTOCOL"] = head.version
        environ |= self._peer()
        environ[AT_HAND] = not self._wire.waited
        for name, value in head.fields:
            add_field(environ, name, value)
        length = None if head.chunked else head.length or 0
        asked = self.socket if length != 0 and (head.get("expect") or "").lower() == "100-continue" else None
        self.wsgi_input = Body(self.rfile, environ, self.server.budget, length, asked)
        environ["wsgi.input"] = self.wsgi_input
        environ["wsgi.input_terminated"] = True
        return environ

    def run_application(self) -> None:
        self.server.running += 1
        try:
            super().run_application()
        finally:
            self.server.running -= 1
            self.wsgi_input.close()
        # a socket sends its own response and ends with the connection; after an unread body no request follows
        if self.status is None or self.server.stopping or self.wsgi_input.unread:
            self.close_connection = True

    def finalize_headers(self) -> None:
        self.close_connection |= self.server.stopping or self.wsgi_input.unread
        if self.close_connection and (b"Connection", b"close") not in self.response_headers:
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

    def format_request(self) -> str:
        return redact(super().format_request())

    def log_error(self, msg: str, *args: Any) -> None:
        log.debug(msg, *args)

    def handle_error(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, OSError):  # the client is gone, or does not read
            log.debug("the connection of %s ended: %s", self.client_address, error)
            self.close_connection = True
            return
        log.error("a response failed", exc_info=(kind, error, trace))
        self._send_error_response_if_possible(500)

    def _send_error_response_if_possible(self, error_code: int) -> None:
        self.close_connection = True
        if not self.response_length:
            with contextlib.suppress(OSError):
                self.socket.sendall(refusal(error_code, "the server could not answer this request"))


def add_field(environ: dict[str, Any], name: str, value: str) -> None:
    """Add a header field to the environ. A name with an underscore is left out: it could pass for another field."""
    key = environ_key(name)
    if key in environ and name not in NO_CONTENT_FIELDS:
        value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
    if key:
        environ[key] = value


@lru_cache(maxsize=500)  # the names of fields are nearly always the same few
def environ_key(name: str) -> str:
    """Where a header field is in the environ, "" for nowhere."""
    key = "" if "_" in name else name.replace("-", "_").upper()
    return f"HTTP_{key}" if key and name not in NO_CONTENT_FIELDS else key


def refusal(status: int, detail: str) -> bytes:
    """A whole response that refuses a request and ends the connection."""
    body = error_body(detail)
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
