"""WebSocket routes: the handshake by flask-sock, the sending side by `orderflow.web.kit.fanout`.

What flask-sock leaves open is closed here: a limit on what a client may send, pings, no thread per connection (the
request's greenlet reads), and every byte, answers to pings too, leaves through the client's one non-blocking push.
Origins are checked in front by `orderflow.web.kit.security`, which also refuses compression: a frame is made once for
all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import flask
from flask_sock import Sock
from simple_websocket import Server
from wsproto.events import Ping, Pong

from orderflow.errors import Conflict, NotFound, OrderflowError
from orderflow.web.kit.fanout import Client, Fanout
from orderflow.web.kit.frames import GOING_AWAY
from orderflow.web.kit.params import read_params
from orderflow.web.kit.responses import encode, error_response
from orderflow.web.kit.routes import Route, Values

PING_SECONDS = 25
MAX_MESSAGE = 4096
WRONG, UNKNOWN, FAILED, FULL = 4000, 4004, 1011, 1013
"""Close codes: a wrong request, an unknown thing, our own error, too many clients."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Connection:
    """One open socket: `client` sends, `serve` reads until the end."""

    client: Client
    _socket: Any

    def serve(
        self,
        receive: Callable[[str | bytes], object] = lambda message: None,
        control: Callable[[str, bytes], object] | None = None,
        longest: int | None = None,
    ) -> None:
        """Read until the connection ends; `receive` gets each message.

        control: gets "ping" or "pong" and the payload of each such frame; the connection is then not pinged from here.
        longest: bytes that a message may have, MAX_MESSAGE when not given.
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
        """Whether it was ended for a message that was too long."""
        return bool(self._socket.incoming_message_len > self._socket.max_message_size)

    def close(self, code: int, reason: str) -> None:
        """Say why in a message, for those who cannot see the code, and close."""
        self._socket.send(encode({"type": "error", "message": reason}).decode())
        self._socket.close(code, reason.encode()[:120].decode(errors="ignore"))


Handler = Callable[[Connection, Values], None]


class Sockets:
    """The socket routes of a server. most: connections at the same time."""

    def __init__(self, server: flask.Flask, fanout: Fanout, most: int) -> None:
        server.config["SOCK_SERVER_OPTIONS"] = {
            "thread_class": _NoThread,
            "ping_interval": PING_SECONDS,
            "max_message_size": MAX_MESSAGE,
        }
        for kind in (ConnectionResetError, BrokenPipeError):
            server.register_error_handler(kind, _gone)
        self._sock = Sock(server)
        self._fanout = fanout
        self._most = most

    def register(self, pairs: Iterable[tuple[Route, Handler]]) -> None:
        """Put the handlers at their routes' addresses. Wrong parameters end in close code 4000, NotFound in 4004."""
        for route, handler in pairs:
            self._sock.route(route.rule, endpoint=f"socket {route.path}")(self._bound(route, handler))

    def _bound(self, route: Route, handler: Handler) -> Callable[..., None]:
        def socket(ws: Server, **path: str) -> None:
            client = Client(getattr(ws.sock, "_sock", ws.sock))
            ws.sock = _ClientSocket(ws.sock, client)
            connection = Connection(client, ws)
            try:
                if self._fanout.clients >= self._most:
                    connection.close(FULL, "the server has as many connections as it can take; try again later")
                    return
                handler(
                    connection, read_params(route.params, route.known_query(flask.request.args.items(multi=True)), path)
                )
            except NotFound as error:
                connection.close(UNKNOWN, str(error))
            except Conflict as error:
                connection.close(GOING_AWAY, str(error))
            except OrderflowError as error:
                connection.close(WRONG, str(error))
            except Exception:  # the upgraded connection cannot carry an HTTP error; whatever it was is logged here
                log.exception("socket %s failed", route.path)
                connection.close(FAILED, "the server made an error")
            finally:
                ws.sock.close()  # a copy of the request's own; a client waits for the end of both after a close frame

        socket.__name__ = f"socket {route.path}"
        return socket


def _gone(error: Exception) -> flask.Response:
    """A client that left before its handshake was answered is no error of ours: nobody is there to be told."""
    if flask.request.headers.get("Upgrade", "").lower() == "websocket":
        return flask.Response(status=400)
    return error_response(error)


class _NoThread:
    """In place of simple-websocket's reader thread: the request's greenlet reads."""

    name = "(_thread)"

    def __init__(self, target: Callable[[], None] | None = None) -> None:
        pass

    def start(self) -> None:
        pass


class _Inbox(list[Any]):
    """In place of simple-websocket's queue: hands each message on at once."""

    def __init__(self, receive: Callable[[str | bytes], object]) -> None:
        super().__init__()
        self._receive = receive

    def append(self, message: Any) -> None:
        self._receive(message)


class _ControlFrames:
    """In place of the protocol's connection: tells of the control frames that pass."""

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
    """In place of the socket: reads from it, sends through the client."""

    def __init__(self, sock: Any, client: Client) -> None:
        self._sock = sock
        self._client = client
        self.fileno = sock.fileno
        self.recv = sock.recv
        self.close = sock.close

    def send(self, data: bytes) -> int:
        self._client.control(data)
        return len(data)
