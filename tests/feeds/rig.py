"""A connection to the simulated exchange without a network and without waiting: time is moved by hand.

The exchange's own hub and fault script make the messages; only the wires between it and the connection are the test's.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orderflow.exchange.exchange import Exchange
from orderflow.feeds.connection import Connection, make_sequence
from orderflow.feeds.sequence import TradeSequence
from orderflow.feeds.tick_columns import tick_batch
from orderflow.feeds.transport import Answer
from orderflow.feeds.venues.binance import Binance
from orderflow.feeds.venues.venue import Held, Trade
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.web.exchange.exchange_hub import Hub, Listener
from tests.clocks import ManualClock
from tests.exchange.trades import Fill, send

STEP = 0.1
SERIES = "binance:BTCUSDT"


class _Client:
    """What the hub sends to: it reads the frames and keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.pings: list[bytes] = []
        self.closed = False
        self.code: int | None = None
        self.version: object = None

    def control(self, data: bytes) -> None:
        while data and not self.closed:
            size, start = data[1], 2
            if size == 126:
                size, start = struct.unpack_from("!H", data, 2)[0], 4
            elif size == 127:
                size, start = struct.unpack_from("!Q", data, 2)[0], 10
            payload = data[start : start + size]
            if data[0] == 0x81:
                self.messages.append(payload)
            elif data[0] == 0x89:
                self.pings.append(payload)
            elif data[0] == 0x88:
                self.code = struct.unpack_from("!H", payload)[0]
            data = data[start + size :]

    def keep(self, size: int) -> None: ...

    def kill(self) -> None:
        self.closed = True


@dataclass
class NoFanout:
    def join(self, *args: object) -> None: ...

    def leave(self, *args: object) -> None: ...


class WiredSocket:
    """A `transport.Socket` that ends at the hub. lost: the wire is cut silently, nothing comes any more."""

    def __init__(self, network: Wires, refused: str | None) -> None:
        self._network = network
        self.opened = refused is None
        self.ended = refused
        self.retry_after: str | None = None
        self.sent: list[tuple[float, str]] = []
        self.client = _Client()
        self.listener: Listener | None = None
        if self.opened:
            self.listener, _ = network.hub.join(self.client, combined=True)  # type: ignore[arg-type]

    def take(self) -> list[bytes]:
        found, self.client.messages = self.client.messages, []
        pings, self.client.pings = self.client.pings, []
        for payload in pings if self.listener is not None else ():
            self._network.hub.control(self.listener, "pong", payload)
        if self.client.closed and self.ended is None:
            self.ended = f"closed with {self.client.code}"
            self.opened = False
            self._leave()
        return found

    def send(self, text: str) -> None:
        self.sent.append((self._network.clock.monotonic(), text))
        if self.listener is not None:
            self._network.hub.receive(self.listener, text)

    def close(self) -> None:
        self.ended = self.ended or "closed"
        self._leave()

    def _leave(self) -> None:
        if self.listener is not None:
            self._network.hub.leave(self.listener, None)  # type: ignore[arg-type]
            self.listener = None


@dataclass
class Wires:
    """A `transport.Transport` to an exchange in this process. down: nothing can be reached."""

    exchange: Exchange
    hub: Hub
    clock: ManualClock
    down: bool = False
    deaf: bool = False
    sockets: list[WiredSocket] = field(default_factory=list)
    calls: list[tuple[float, str, Mapping[str, str]]] = field(default_factory=list)

    def connect(self, url: str) -> WiredSocket:
        assert url == "ws://venue/stream"
        made = WiredSocket(self, "nothing listens there" if self.down else None)
        self.sockets.append(made)
        return made

    def get(self, url: str, query: Mapping[str, str]) -> Answer:
        self.calls.append((self.clock.monotonic(), url, query))
        if self.down or self.deaf:
            return Answer(done=True, error="the venue does not answer")
        path = url.removeprefix("http://venue/api/v3/")
        reply = self.exchange.call(path, list(query.items()), "10.0.0.1")
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(True, reply.status, headers, reply.body)


class Rig:
    """An exchange, a connection to it, and the market that it fills."""

    def __init__(self, exchange: Exchange, clock: ManualClock, *, silence: float = 60.0, life: float = 86_400.0):
        self.exchange, self.clock = exchange, clock
        self.hub = Hub(exchange, NoFanout())  # type: ignore[arg-type]
        self.hub._running = True  # the test polls, no job does
        self.wires = Wires(exchange, self.hub, clock)
        self.ours = Market()
        self.taken: list[Trade] = []
        self.venue = Binance()
        self.venue.facts = replace(Binance.facts, silence=silence, life=life)  # type: ignore[misc]
        self.connection = self.connect()

    def connect(self, held: Held | None = None, size: Any = None, fill: float = 86_400.0) -> Connection:
        """A new connection, as after a restart."""
        made = Connection(
            self.venue,
            self.wires,
            self.clock,
            random.Random(7),
            rest_url="http://venue",
            ws_url="ws://venue/",
            fill=fill,
        )
        made.add("BTCUSDT", make_sequence(self.venue)(held, size))
        self.connection = made
        return made

    @property
    def sequence(self) -> TradeSequence:
        return self.connection.pairs["BTCUSDT"].sequence

    def run(self, seconds: float, fills: Sequence[Fill] = (), step: float = STEP) -> None:
        """Move time on, step by step; the fills are spread over it, in their order."""
        steps = max(1, round(seconds / step))
        for number in range(steps):
            due = fills[number * len(fills) // steps : (number + 1) * len(fills) // steps]
            if due:
                send(self.exchange.market, *due)
            self.clock.advance(step)
            self.hub.poll()
            self.connection.step()
            self.drain()

    def until(self, reached: Any, seconds: float = 300.0) -> None:
        """Move time on until a condition holds."""
        for _ in range(round(seconds / STEP)):
            if reached():
                return
            self.run(STEP)
        raise AssertionError(f"not within {seconds} s: {self.connection.state()}, {self.sequence.held}")

    def drain(self) -> None:
        trades = self.sequence.take()
        if trades:
            batch, refused = tick_batch(SERIES, trades)
            assert not refused
            receipt = self.ours.ingest([batch])
            assert receipt.accepted == len(trades)
            assert not receipt.duplicates
            self.taken += trades

    def klines(self) -> list[tuple[Any, ...]]:
        """(time ms, open, high, low, close, volume, taker buy volume, trades) of the exchange's minutes with trades."""
        query = [("symbol", "BTCUSDT"), ("interval", "1m"), ("limit", "1000"), ("startTime", "0")]
        rows = json.loads(self.exchange.call("klines", query, "10.0.0.9").body)
        return [(row[0], *map(float, row[1:6]), float(row[9]), row[8]) for row in rows if row[8]]

    def bars(self) -> list[tuple[Any, ...]]:
        """The same of our minutes; the trades are the sum of last - first + 1."""
        table = self.ours.bars(SERIES, Frame.parse("1min"))
        count: dict[int, int] = {}
        for trade in self.taken:
            minute = trade.time // 10**6 // 60_000 * 60_000
            count[minute] = count.get(minute, 0) + trade.last - trade.first + 1
        tick = table.grid.tick_units / 10**table.grid.price_decimals
        unit = 10**table.grid.size_decimals
        rows = []
        for i in range(len(table.time)):
            at = int(table.time[i]) // 10**6
            prices = [round(int(column[i]) * tick, 8) for column in (table.open, table.high, table.low, table.close)]
            volume = int(table.ask[i] + table.bid[i] + table.unknown[i])
            rows.append((at, *prices, volume / unit, int(table.ask[i]) / unit, count.get(at, 0)))
        return rows

    def assert_exact(self) -> None:
        """No gap and no double count: our bars are the exchange's klines."""
        assert self.bars() == self.klines()
        assert sum(trade.last - trade.first + 1 for trade in self.taken) == self.sequence.trades
