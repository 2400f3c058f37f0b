"""Many WebSocket clients in one process, with raw frames over asyncio so that they are not the bottleneck.

Each client counts its messages and passes each one, with its arrival time, to a function; nothing is parsed here.
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable, Sequence

Heard = Callable[[int, bytes, float], None]
"""Called with (number of the client, text of the message, `time.time()` of its arrival)."""


class Listener(asyncio.Protocol):
    """One client. closed: whether the connection has ended. bytes: size of all frames received, including their
    headers. cookie: sent with the handshake."""

    def __init__(
        self, number: int, path: str, port: int, heard: Heard, opened: asyncio.Future[None], cookie: str = ""
    ) -> None:
        self.number = number
        self.bytes = 0
        self.messages = 0
        self.closed = False
        self._heard = heard
        self._opened = opened
        self._rest = b""
        self._head = (
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
            + (f"Cookie: {cookie}\r\n\r\n" if cookie else "\r\n")
        ).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
            self._rest = b""
        at = 0
        if not self._opened.done():
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            if b" 101 " not in data[:end].split(b"\r\n", 1)[0]:
                self._opened.set_exception(ConnectionError(data[:end].decode("latin-1")))
                return
            self._opened.set_result(None)
            at = end + 4
        now = time.time()
        size = len(data)
        while size - at >= 2:
            length, head = data[at + 1], 2
            if length == 126:
                if size - at < 4:
                    break
                length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif length == 127:
                if size - at < 10:
                    break
                length, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            end = at + head + length
            if end > size:
                break
            self.bytes += head + length
            kind = data[at] & 15
            if kind == 1:
                self.messages += 1
                self._heard(self.number, data[at + head : end], now)
            elif kind == 9:  # a ping; the pong has the same bytes, masked with zeros
                self.transport.write(bytes((0x8A, 0x80 | length)) + bytes(4) + data[at + head : end])
            at = end
        self._rest = data[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self._opened.done():
            self._opened.set_exception(ConnectionError(f"closed before the handshake: {exc}"))


async def connect(port: int, paths: Sequence[str], heard: Heard, at_once: int = 100) -> list[Listener]:
    """Connect one listener per path, `at_once` at a time. Raises ConnectionError if one is refused."""
    loop = asyncio.get_running_loop()
    made: list[Listener] = []
    for begin in range(0, len(paths), at_once):
        opened = []
        for number in range(begin, min(begin + at_once, len(paths))):
            future: asyncio.Future[None] = loop.create_future()
            listener = Listener(number, paths[number], port, heard, future)
            await loop.create_connection(lambda listener=listener: listener, "127.0.0.1", port)  # type: ignore[misc]
            made.append(listener)
            opened.append(future)
        await asyncio.gather(*opened)
    return made
