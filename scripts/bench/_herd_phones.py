"""Many simulated phones in one process: each joins over HTTP, opens its socket, and trades at its own pace.

Raw HTTP and raw frames over asyncio, so that 1,000 phones with 500 orders and 4,000 messages per second need far less
than one core. Each message is recorded with its time of arrival; nothing is computed before the end.
"""

from __future__ import annotations

import asyncio
import random
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from _sockets import Listener


class Message(msgspec.Struct):
    """The fields of a message that are measured."""

    type: str
    time: int = 0
    client_id: str = ""
    status: str = ""


@dataclass
class Notes:
    """The records of all phones of a run.

    joins, answers, fills: durations in ms. ages: ms between a price and its arrival. accepted: ids of the orders that
    were answered with 202. settled: their final status. refused: count of other responses by status code. sent: time of
    each order. lags: ms that orders were sent late. counting: whether ages are recorded.
    """

    joins: array[float] = field(default_factory=lambda: array("d"))
    answers: array[float] = field(default_factory=lambda: array("d"))
    fills: array[float] = field(default_factory=lambda: array("d"))
    ages: array[float] = field(default_factory=lambda: array("d"))
    accepted: set[str] = field(default_factory=set)
    settled: dict[str, str] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)
    lags: array[float] = field(default_factory=lambda: array("d"))
    counting: bool = False


class Caller(asyncio.Protocol):
    """One keep-alive HTTP connection, one call at a time. bytes: size of all responses so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self._rest = b""
        self._waiting: asyncio.Future[tuple[int, bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        data = self._rest + data
        self._rest = data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return
        at = data.lower().find(b"content-length: ") + 16
        whole = end + 4 + int(data[at : data.find(b"\r", at)])
        if len(data) >= whole and self._waiting is not None:
            self._rest = data[whole:]
            waiting, self._waiting = self._waiting, None
            waiting.set_result((int(data[9:12]), data[:end], data[end + 4 : whole]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    async def post(self, path: str, body: bytes, cookie: str = "") -> tuple[int, bytes, bytes]:
        """POST and return (status, head, body) of the response."""
        self._waiting = asyncio.get_running_loop().create_future()
        more = f"Cookie: {cookie}\r\n" if cookie else ""
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return await self._waiting

    def close(self) -> None:
        self._transport.close()


class Phone:
    """One participant."""

    def __init__(self, number: int, port: int, notes: Notes, seed: int = 7) -> None:
        self._number = number
        self._port = port
        self._notes = notes
        self._random = random.Random(seed * 1_000_003 + number)
        self._decode = msgspec.json.Decoder(Message).decode
        self.cookie = ""

    @property
    def received(self) -> int:
        """Bytes received by this phone: frames, and responses with their headers."""
        return self.caller.bytes + self.listener.bytes

    async def join(self) -> None:
        """Join, and open the socket."""
        loop = asyncio.get_running_loop()
        begun = time.perf_counter()
        _, self.caller = await loop.create_connection(Caller, "127.0.0.1", self._port)
        status, head, body = await self.caller.post("/herd/join", b"{}")
        if status != 200:
            raise RuntimeError(f"cannot join: {status} {body[:200]!r}")
        self.cookie = head.split(b"Set-Cookie: ")[1].split(b";")[0].decode()
        opened: asyncio.Future[None] = loop.create_future()
        self.listener = Listener(self._number, "/herd/ws", self._port, self._heard, opened, self.cookie)
        await loop.create_connection(lambda: self.listener, "127.0.0.1", self._port)
        await opened
        self._notes.joins.append((time.perf_counter() - begun) * 1000)

    async def trade(self, every: float, until: float) -> None:
        """Send an order every `every` seconds until `until` (`time.perf_counter`), starting at a random time within the
        first period."""
        notes, draw = self._notes, self._random
        due = time.perf_counter() + draw.random() * every
        while due < until:
            now = time.perf_counter()
            if now < due:
                await asyncio.sleep(due - now)
            else:
                notes.lags.append((now - due) * 1000)
            name = str(UUID(int=draw.getrandbits(128), version=4))
            side = b"buy" if draw.random() < 0.5 else b"sell"
            body = b'{"client_id":"%s","side":"%s","quantity":%d}' % (name.encode(), side, draw.randint(1, 3))
            begun = notes.sent[name] = time.time()
            status, _, _ = await self.caller.post("/herd/orders", body, self.cookie)
            if status == 202:
                notes.accepted.add(name)
                notes.answers.append((time.time() - begun) * 1000)
            else:
                notes.refused[status] = notes.refused.get(status, 0) + 1
            due += every

    def _heard(self, number: int, text: bytes, at: float) -> None:
        message = self._decode(text)
        notes = self._notes
        if message.type == "delta":
            if notes.counting:
                notes.ages.append(at * 1000 - message.time)
        elif message.type == "fill":
            notes.settled[message.client_id] = message.status
            if message.client_id in notes.sent:
                notes.fills.append((at - notes.sent[message.client_id]) * 1000)


def listening(notes: Notes) -> Callable[[int, bytes, float], None]:
    """A message handler for sockets that only listen: it records the ages of the prices."""
    decode = msgspec.json.Decoder(Message).decode

    def heard(number: int, text: bytes, at: float) -> None:
        if notes.counting:
            message = decode(text)
            if message.type == "delta":
                notes.ages.append(at * 1000 - message.time)

    return heard
