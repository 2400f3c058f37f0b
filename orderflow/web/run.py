"""Runs gevent's HTTP server in this process until a signal stops it.

On SIGTERM or Ctrl+C, sockets are closed with 1001, running requests get FINISH seconds to complete, the tick log is
flushed, and the process exits with 0 within five seconds. A second signal ends it at once.
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
from collections.abc import Callable
from types import FrameType
from typing import Any

import flask
from gevent import get_hub
from gevent import socket as sockets
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from orderflow.errors import BadSetting
from orderflow.services import Services
from orderflow.web.kit.api import Api
from orderflow.web.kit.backlog import Backlog
from orderflow.web.kit.budget import Budget
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.give_back import GiveBack
from orderflow.web.kit.handler import Handler, Waiting
from orderflow.web.kit.turnstile import TURNSTILE, Turnstile

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]  # tested before it is used

FINISH = 2.0
"""Seconds that running requests get to complete at shutdown."""
BACKLOG = 4096
MAX_WAITING = 4096
"""Connections that may wait for a request; beyond, the one that has waited longest is closed."""
BODIES = 8
LEAST_BUDGET = 1 << 26
"""Bodies of maximum size that may be in memory at the same time, and the least number of bytes."""
SPARE_FILES = 256

log = logging.getLogger(__name__)


class HttpServer(WSGIServer):  # type: ignore[misc]  # gevent has no types
    """gevent's WSGI server, which also counts the running requests. max_body: maximum bytes of one body."""

    def __init__(self, listener: Any, application: Any, max_body: int) -> None:
        self.running = 0
        self.stopping = False
        self.budget = Budget(max(BODIES * max_body, LEAST_BUDGET))
        self.waiting = Waiting(min(MAX_WAITING, raise_file_limit()))
        self.backlog = Backlog()
        super().__init__(listener, application, log=None, error_log=_Errors(), handler_class=Handler, spawn=Pool())
        self.environ[TURNSTILE] = Turnstile()


class _Errors:
    """A file-like object that logs what gevent would print."""

    def write(self, text: str) -> None:
        if text.strip():
            log.error("%s", text.rstrip())

    def flush(self) -> None:
        pass


def listen(host: str, port: int) -> Any:
    """A listening gevent socket. Raises BadSetting if the address is invalid, in use or not permitted."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise BadSetting(f"{host} is not an address to listen on: {error.strerror or error}") from error
    listener = sockets.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise BadSetting(
                f"port {port} is in use by another program; stop it, or choose another with --port (0: any free one)"
            ) from error
        if error.errno == errno.EACCES:
            raise BadSetting(f"port {port} needs more rights than this user has; choose one above 1023") from error
        raise BadSetting(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def serve(services: Services, server: flask.Flask, listener: Any, ready: Callable[[], object] = lambda: None) -> int:
    """Serve until a signal arrives; returns the exit code. `services` must be started; they are stopped at the end.

    ready: called when the server accepts connections.
    """
    fanout: Fanout = server.extensions["orderflow.fanout"]
    apis: tuple[Api, ...] = server.extensions["orderflow.apis"]
    http = HttpServer(listener, server, services.settings.max_body)
    http.backlog.idle = http.budget.idle = fanout.idle = GiveBack(services.workers)
    ended = Event()
    loop = get_hub().loop

    def stop(number: int, frame: FrameType | None) -> None:
        if ended.is_set():
            os._exit(128 + number)  # a second signal: exit without waiting
        loop.run_callback_threadsafe(ended.set)

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    http.start()
    gc.collect()
    gc.freeze()  # objects that exist now live until the end: exclude them from later collections
    ready()
    ended.wait()
    print("stopping", file=sys.stderr, flush=True)
    http.stopping = True
    http.close()
    for api in apis:
        api.close()
    fanout.close_all()
    _finish(http)
    left = services.stop()
    if left:
        log.warning("did not end in time: %s", ", ".join(left))
    return 0


def raise_file_limit() -> int:
    """Raise the limit of open files to the hard limit. Returns the number of sockets it allows (two files each)."""
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
    """Wait up to FINISH seconds for running requests, then end all connections."""
    waited = 0.0
    pause = Event()
    while http.running and waited < FINISH:
        pause.wait(0.02)
        waited += 0.02
    http.pool.kill(block=True, timeout=0.5)
