"""The transport of the feeds: each socket in a real thread of its own, and one real thread for all requests of a feed.

`websockets` is used without its I/O: its protocol reads and makes the frames, and answers pings, while the bytes go
through `orderflow.runtime.plain_sockets`, where it says why.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State as ProtocolState
from websockets.uri import parse_uri

from orderflow.feeds.http_get import HttpClient
from orderflow.feeds.transport import Answer
from orderflow.runtime.plain_sockets import PlainConnection
from orderflow.runtime.workers import Workers

CONNECT_SECONDS = 10.0
POLL_SECONDS = 0.05
"""Seconds for which a socket waits for data before it looks whether something is to be sent."""
MOST_UNREAD = 50_000
"""Messages that wait to be taken; beyond, nothing more is read, and the venue sees a slow client."""
LARGEST_MESSAGE = 1 << 22


def reason_of(error: Exception, url: str) -> str:
    """Why a connection ended, for a reader."""
    host = urlsplit(url).hostname
    if isinstance(error, socket.gaierror):
        return f"the address of {host} is not known here: is this machine online?"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses the connection"
    if isinstance(error, OSError) and error.strerror:
        return f"{host}: {error.strerror}"
    return str(error) or type(error).__name__


class NetworkSocket:
    """A `transport.Socket`."""

    def __init__(self, url: str, workers: Workers) -> None:
        self.opened = False
        self.ended: str | None = None
        self.retry_after: str | None = None
        self._url = url
        self._workers = workers
        self._inbox: deque[bytes] = deque()  # the socket's thread appends while another takes
        self._outbox: deque[str] = deque()
        self._parts: list[bytes] = []
        self._closing = False
        self._job = workers.spawn_thread("socket of a feed", self._run)

    def take(self) -> list[bytes]:
        inbox = self._inbox
        return [inbox.popleft() for _ in range(len(inbox))]

    def send(self, text: str) -> None:
        self._outbox.append(text)

    def close(self) -> None:
        self._closing = True
        self._job.cancel()

    def _run(self) -> None:
        try:
            self._live()
        except (OSError, WebSocketException, ValueError) as error:
            self.ended = reason_of(error, self._url)
        finally:
            self.opened = False
            self.ended = self.ended or "closed"

    def _live(self) -> None:
        uri = parse_uri(self._url)
        context = ssl.create_default_context() if uri.secure else None
        connection = PlainConnection(uri.host, uri.port, CONNECT_SECONDS, context)
        try:
            protocol = ClientProtocol(uri, max_size=LARGEST_MESSAGE)
            protocol.send_request(protocol.connect())
            self._flush(protocol, connection)
            connection.settimeout(POLL_SECONDS)
            while self._turn(protocol, connection):
                pass
            self._say_goodbye(protocol, connection)
        finally:
            connection.close()

    def _turn(self, protocol: ClientProtocol, connection: PlainConnection) -> bool:
        """Receive, answer and send once; False at the end."""
        if self._closing or self._workers.wait(POLL_SECONDS if len(self._inbox) >= MOST_UNREAD else 0.0):
            return False
        if len(self._inbox) < MOST_UNREAD:
            try:
                data = connection.receive()
                if data:
                    protocol.receive_data(data)
                else:
                    protocol.receive_eof()
            except TimeoutError:
                pass
            for event in protocol.events_received():
                self._handle(event, protocol)
        while self.opened and self._outbox:
            protocol.send_text(self._outbox.popleft().encode())
        self._flush(protocol, connection)
        if protocol.close_expected() or protocol.state is ProtocolState.CLOSED:
            told = protocol.close_rcvd
            self.ended = "the venue ended the connection" if told is None else f"the venue closed: {told}"
            return False
        return True

    def _handle(self, event: object, protocol: ClientProtocol) -> None:
        if isinstance(event, Response):
            if protocol.handshake_exc is not None:
                if isinstance(protocol.handshake_exc, InvalidStatus) and event.status_code in (418, 429, 503):
                    self.retry_after = event.headers.get("Retry-After")
                raise protocol.handshake_exc
            self.opened = True
        elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if event.fin and not self._parts:
                self._inbox.append(bytes(event.data))
                return
            self._parts.append(bytes(event.data))
            if event.fin:
                self._inbox.append(b"".join(self._parts))
                self._parts.clear()

    def _say_goodbye(self, protocol: ClientProtocol, connection: PlainConnection) -> None:
        if self._closing and protocol.state is ProtocolState.OPEN:
            protocol.send_close(1000)
            self._flush(protocol, connection)

    @staticmethod
    def _flush(protocol: ClientProtocol, connection: PlainConnection) -> None:
        for data in protocol.data_to_send():
            if data:
                connection.send(data)


class Network:
    """A `transport.Transport`. One per feed; its request thread runs from the first request to `close`."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._wake = workers.event()
        self._calls: deque[tuple[str, Mapping[str, str], Answer]] = deque()
        self._closing = False
        self._running = False

    def connect(self, url: str) -> NetworkSocket:
        return NetworkSocket(url, self._workers)

    def get(self, url: str, query: Mapping[str, str]) -> Answer:
        answer = Answer()
        self._calls.append((url, query, answer))
        if not self._running:
            self._running = True
            self._workers.spawn_thread("requests of a feed", self._run)
        self._wake.set()
        return answer

    def close(self) -> None:
        """End the request thread, once the request under way is answered."""
        self._closing = True
        self._wake.set()

    def _run(self) -> None:
        client = HttpClient()
        try:
            while not self._closing and not self._workers.wait(0.0):
                self._wake.wait(0.5)
                self._wake.clear()
                while self._calls and not self._closing:
                    _call(client, *self._calls.popleft())
        finally:
            client.close()


def _call(client: HttpClient, url: str, query: Mapping[str, str], answer: Answer) -> None:
    try:
        found = client.get(url, query)
        answer.headers, answer.body, answer.status = found.headers, found.body, found.status
    except (OSError, ValueError, http.client.HTTPException) as error:
        answer.error = f"{urlsplit(url).netloc} does not answer: {error or type(error).__name__}"
    finally:
        answer.done = True
