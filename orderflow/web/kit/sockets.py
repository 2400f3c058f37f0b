"""WebSocket routes: flask-sock does the handshake, `orderflow.web.kit.fanout` the sending.

This module adds what flask-sock lacks: a limit on incoming messages, pings, no thread per connection (the request's
greenlet reads), and one non-blocking `Client` through which all bytes are sent, including replies to pings. Origins
are checked by `orderflow.web.kit.security`, which also removes the offer of compression, because all clients are sent
the same frame.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import flask
import gevent
from flask_sock import Sock
from simple_websocket import Server
from wsproto.events import Ping, Pong

from orderflow.errors import Busy, Conflict, NotFound, OrderflowError
from orderflow.web.kit.budget import client_of
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.fanout_client import Client
from orderflow.web.kit.frames import GOING_AWAY
from orderflow.web.kit.responses import encode, error_response
from orderflow.web.kit.routes import Route, Values
from orderflow.web.kit.turnstile import take_turn

PING_SECONDS = 25
MAX_MESSAGE = 4096
PIECE = 1024
"""Bytes that are read at once: some 170 of the smallest frames."""
RATE, BURST = 4096, 1 << 16
"""Bytes that a client may send per second, and at once. One that sends more is read more slowly."""
WRONG, UNKNOWN, FAILED, FULL = 4000, 4004, 1011, 1013
"""Close codes: bad request, not found, server error, too many connections."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Connection:
    """One open socket: `client` sends, `serve` reads until the connection ends."""

    client: Client
    _socket: Any

    def serve(
        self,
        receive: Callable[[str | bytes], object] = lambda message: None,
        control: Callable[[str, bytes], object] | None = None,
        longest: int | None = None,
    ) -> None:
        """Read until the connection ends, calling `receive` with each message.

        control: called with "ping" or "pong" and the payload of each such frame; this class then sends no pings of its
        own. longest: maximum bytes of a message, MAX_MESSAGE by default.
        """
        self._socket.input_buffer = _Inbox(receive)
        if longest is not None:
            self._socket.max_message_size = longest
        if control is not None:
            self._socket.ping_interval = None
            self._socket.ws = _ControlFrames(self._socket.ws, control)
        self._socket._thread()  # simple-websocket's read loop; there is no public name for it

    @property
    def oversized(self) -> bool:
        """True if the connection was ended because of a message that was too long."""
        return bool(self._socket.incoming_message_len > self._socket.max_message_size)

    def close(self, code: int, reason: str) -> None:
        """Send the reason as an error message, for clients that cannot read the close code, then close."""
        self._socket.send(encode({"type": "error", "message": reason}).decode())
        self._socket.close(code, reason.encode()[:120].decode(errors="ignore"))


Handler = Callable[[Connection, Values], None]


class Sockets:
    """The socket routes of a server, within the limits of the fan-out."""

    def __init__(self, server: flask.Flask, fanout: Fanout) -> None:
        server.config["SOCK_SERVER_OPTIONS"] = {
            "thread_class": _NoThread,
            "ping_interval": PING_SECONDS,
            "max_message_size": MAX_MESSAGE,
            "receive_bytes": PIECE,
        }
        for kind in (ConnectionResetError, BrokenPipeError):
            server.register_error_handler(kind, _gone)
        self._sock = Sock(server)
        self._limits = fanout.limits

    def register(self, pairs: Iterable[tuple[Route, Handler]]) -> None:
        """Register the handlers at their routes. Bad parameters close the socket with 4000, NotFound with 4004."""
        for route, handler in pairs:
            self._sock.route(route.rule, endpoint=f"socket {route.path}")(self._bound(route, handler))

    def _bound(self, route: Route, handler: Handler) -> Callable[..., None]:
        def socket(ws: Server, **path: str) -> None:
            address = client_of(flask.request.environ)
            client = Client(getattr(ws.sock, "_sock", ws.sock), address=address, limit=self._limits.waiting)
            ws.sock = _ClientSocket(ws.sock, client, ws, partial(take_turn, flask.request.environ, "messages"))
            connection = Connection(client, ws)
            try:
                with self._limits.places.take(address):
                    query = tuple(flask.request.args.items(multi=True))
                    handler(connection, route.read(lambda: query, path))
            except Busy as error:
                connection.close(FULL, str(error))
            except NotFound as error:
                connection.close(UNKNOWN, str(error))
            except Conflict as error:
                connection.close(GOING_AWAY, str(error))
            except OrderflowError as error:
                connection.close(WRONG, str(error))
            except Exception:  # an upgraded connection cannot carry an HTTP error, so it is logged here
                log.exception("socket %s failed", route.path)
                connection.close(FAILED, "internal server error")
            finally:
                client.kill()
                ws.sock.close()  # a duplicate of the request's socket; after a close frame the client waits for both

        socket.__name__ = f"socket {route.path}"
        return socket


def _gone(error: Exception) -> flask.Response:
    """Ignore clients that disconnect during the handshake: that is not a server error, and nobody reads a response."""
    if flask.request.headers.get("Upgrade", "").lower() == "websocket":
        return flask.Response(status=400)
    return error_response(error)


class _NoThread:
    """Replaces simple-websocket's reader thread, because the request's greenlet reads."""

    name = "(_thread)"

    def __init__(self, target: Callable[[], None] | None = None) -> None:
        pass

    def start(self) -> None:
        pass


class _Inbox(list[Any]):
    """Replaces simple-websocket's queue: passes each message to `receive` at once."""

    def __init__(self, receive: Callable[[str | bytes], object]) -> None:
        super().__init__()
        self._receive = receive

    def append(self, message: Any) -> None:
        self._receive(message)


class _ControlFrames:
    """Replaces the wsproto connection: reports pings and pongs to `control`."""

    def __init__(self, protocol: Any, control: Callable[[str, bytes], object]) -> None:
        self._protocol = protocol
        self._control = control
        self.send = protocol.send
        self.receive_data = protocol.receive_data

    def events(self) -> Iterator[Any]:
        for event in self._protocol.events():
            if isinstance(event, Ping | Pong):
                self._control(type(event).__name__.lower(), bytes(event.payload))
            yield event


class _ClientSocket:
    """Replaces the socket: reads from it at a bounded rate, sends through the client.

    messages: the connection, of whose unfinished message the bytes count as kept for the client. turn: waits until it
    is the client's turn.
    """

    def __init__(self, sock: Any, client: Client, messages: Any, turn: Callable[[], object]) -> None:
        self._sock = sock
        self._client = client
        self._messages = messages
        self._turn = turn
        self._unfinished = 0
        self._allowance = float(BURST)
        self._counted_at = time.monotonic()
        self.fileno = sock.fileno
        self.close = sock.close

    def recv(self, size: int) -> bytes:
        unfinished = self._messages.incoming_message_len
        self._client.keep(unfinished - self._unfinished)
        self._unfinished = unfinished
        if self._client.closed:  # what a client sent before its end is not worked through
            return b""
        data: bytes = self._sock.recv(size)
        now = time.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._counted_at) * RATE) - len(data)
        self._counted_at = now
        if self._allowance < 0:
            gevent.sleep(-self._allowance / RATE)
        self._turn()
        return data

    def send(self, data: bytes) -> int:
        self._client.control(data)
        return len(data)
