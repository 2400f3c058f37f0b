"""The HTTP server: gevent's, in this process, until it is told to stop.

Whatever ends it (SIGTERM, Ctrl+C), sockets are closed with 1001, running calls get a moment to finish, the log is
flushed, and the process ends with 0 within five seconds. A second signal ends it at once.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import flask
from gevent import get_hub
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import Input, WSGIHandler, WSGIServer

from orderflow.errors import BadSetting
from orderflow.services import Services
from orderflow.web.answers import error_body
from orderflow.web.fanout import Fanout

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]  # tested before it is used

IDLE = 75.0
"""Seconds without a byte after which a connection is closed: between calls, within a body, or while it is not read."""
FINISH = 2.0
"""Seconds that running calls get at the end."""
DRAIN_BYTES = 256 * 2**20
DRAIN_SECONDS = 10.0
"""How much of a refused body is read and thrown away, so that the client hears the answer instead of a reset."""
BACKLOG = 4096
SPARE_FILES = 256

log = logging.getLogger(__name__)
access = logging.getLogger("orderflow.access")


class Body(Input):  # type: ignore[misc]  # gevent has no types
    """A request's body; what a refusal left of it is thrown away within bounds, and the connection ends."""

    @property
    def unread(self) -> bool:
        """Whether a part of it was not read."""
        if self.chunked_input:
            return bool(self.chunk_length != 0)
        return bool(self.position < (self.content_length or 0))

    def _discard(self) -> None:
        # a client that waits for leave to send its body (self.socket is set) got the refusal instead
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
            # answers are written at once, head and body apart; Nagle's algorithm would hold back the second
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, address, server, rfile)

    def run_application(self) -> None:
        self.server.running += 1
        try:
            super().run_application()
        finally:
            self.server.running -= 1
        if "HTTP_UPGRADE" in self.environ:
            self.close_connection = True  # what follows is no HTTP
        elif self.server.stopping or self.wsgi_input.unread:
            self.close_connection = True

    def finalize_headers(self) -> None:
        if self.server.stopping or self.wsgi_input.unread:
            self.response_headers.append((b"Connection", b"close"))
        super().finalize_headers()

    def get_environ(self) -> Any:
        environ = super().get_environ()
        given = self.wsgi_input
        self.wsgi_input = Body(given.rfile, given.content_length, given.socket, given.chunked_input)
        if environ["wsgi.input"] is given:
            environ["wsgi.input"] = self.wsgi_input
        return environ

    def log_request(self) -> None:
        if access.isEnabledFor(logging.DEBUG):
            access.debug("%s", self.format_request())

    def log_error(self, msg: str, *args: Any) -> None:
        log.debug(msg, *args)

    def _handle_client_error(self, ex: BaseException) -> tuple[str, bytes]:
        log.debug("unreadable request from %s: %s", self.client_address, ex)
        body = error_body("this is not a request that the server can read")
        return "400", _raw("400 Bad Request", body)

    def handle_one_request(self) -> Any:
        result = super().handle_one_request()
        if isinstance(result, tuple) and result[0] == "414":
            return "414", _raw("414 URI Too Long", error_body("the address is too long"))
        return result


class HttpServer(WSGIServer):  # type: ignore[misc]  # gevent has no types
    """The listener; knows how many calls are running."""

    def __init__(self, listener: Any, application: Any) -> None:
        self.running = 0
        self.stopping = False
        super().__init__(listener, application, log=None, error_log=_Errors(), handler_class=Handler, spawn=Pool())


class _Errors:
    """Takes what gevent would print."""

    def write(self, text: str) -> None:
        if text.strip():
            log.error("%s", text.rstrip())

    def flush(self) -> None:
        pass


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises BadSetting, in words, when the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener: socket.socket = WSGIServer.get_listener((host, port), backlog=BACKLOG, family=family)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BadSetting(
                f"port {port} is in use by another program; stop it, or choose another with --port (0: any free one)"
            ) from error
        if error.errno == errno.EACCES:
            raise BadSetting(f"port {port} needs more rights than this user has; choose one above 1023") from error
        raise BadSetting(f"cannot listen on {host} port {port}: {error.strerror or error}") from error


def serve(
    services: Services, server: flask.Flask, listener: socket.socket, ready: Callable[[], object] = lambda: None
) -> int:
    """Serve until a signal; the exit code. `services` must be started; they are stopped here.

    ready: called once connections are taken.
    """
    fanout: Fanout = server.extensions["orderflow.fanout"]
    http = HttpServer(listener, server)
    ended = Event()
    loop = get_hub().loop

    def stop(number: int, frame: FrameType | None) -> None:
        if ended.is_set():
            os._exit(128 + number)  # asked twice: whoever asks does not want to wait
        loop.run_callback_threadsafe(ended.set)

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    http.start()
    gc.collect()
    gc.freeze()  # what lives now lives for good: later collections need not look at it
    ready()
    ended.wait()
    print("stopping", file=sys.stderr, flush=True)
    http.stopping = True
    http.close()
    fanout.close_all()
    _finish(http)
    left = services.stop()
    if left:
        log.warning("did not end in time: %s", ", ".join(left))
    return 0


def raise_file_limit() -> int:
    """Ask for as many open files as are allowed (two a socket); returns how many sockets that is room for."""
    if resource is None:
        return 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 1 << 20) if hard != resource.RLIM_INFINITY else 1 << 20
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(10, (soft - SPARE_FILES) // 2)


def _finish(http: HttpServer) -> None:
    """Give running calls their moment, then end all connections."""
    waited = 0.0
    pause = Event()
    while http.running and waited < FINISH:
        pause.wait(0.02)
        waited += 0.02
    http.pool.kill(block=True, timeout=0.5)


def _raw(status: str, body: bytes) -> bytes:
    head = ["Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([f"HTTP/1.1 {status}", *head, "", ""]).encode() + body
