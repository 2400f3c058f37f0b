"""The exchange as one object: `call` answers REST calls, `feed` makes streams, `add_faults` injects faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from orderflow.exchange.dialect import ENDPOINTS, MS, Refusal
from orderflow.exchange.limits import Limits
from orderflow.exchange.market_data import MarketData, Quote, Quotes
from orderflow.exchange.recording import Player, Recording
from orderflow.exchange.script import Script
from orderflow.exchange.streams import Feed, StreamName, invalid_stream, make_feed, parse
from orderflow.market.market import Market
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of the exchange.

    weight: request weight per minute and address. life: seconds that a connection lasts at most. ping: seconds between
    pings. pong: seconds within which a ping must be answered. messages: per second and connection. streams: per
    connection.
    """

    weight: int = 6000
    life: float = 86_400.0
    ping: float = 20.0
    pong: float = 60.0
    messages: int = 5
    streams: int = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: HTTP status, headers, JSON body. delay: seconds to wait before sending it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: float = 0.0


def _no_quotes(symbol: str) -> Quote | None:
    return None


@dataclass
class Exchange:
    """An exchange over a market. quotes: best bid and ask by symbol of the engine, None for one without a book.

    Set `rules` to change the limits. After `play` the streams come from a recording instead of the market.
    """

    market: Market
    workers: Workers
    clock: Clock
    quotes: Quotes = _no_quotes
    rules: Rules = field(default_factory=Rules)
    script: Script = field(default_factory=Script)
    limits: Limits = field(default_factory=Limits)
    player: Player | None = None
    offset_ms: int = 0

    def __post_init__(self) -> None:
        self._initial_rules = self.rules
        self.data = MarketData(
            self.market,
            self.now,
            lambda symbol: self.quotes(symbol),
            lambda: self.rules.weight,
            self.workers.lock,
        )

    def now(self) -> int:
        """The exchange's time in ns: the clock plus the offset of the script."""
        return self.clock.now() + self.offset_ms * MS

    def play(self, recording: Recording | Path, velocity: float = 1.0, *, loop: bool = False) -> None:
        """Take the streams, and REST responses where recorded, from a recording. It starts with the first listener.

        Raises BadInput if the file is not a recording.
        """
        found = recording if isinstance(recording, Recording) else Recording.load(recording)
        self.player = Player(found, velocity, loop=loop)

    def call(self, path: str, query: Sequence[tuple[str, str]], address: str) -> Reply:
        """Answer a call of an endpoint (path below /api/v3/); may take long. address: the client, charged for it."""
        endpoint = ENDPOINTS[path]
        weight = endpoint.weight.of(_count(query))
        clock = self.clock
        used, refusal = self.limits.charge(address, weight, self.rules.weight, clock.now(), clock.monotonic())
        headers = {"X-MBX-USED-WEIGHT": str(used), "X-MBX-USED-WEIGHT-1M": str(used)}
        delay, scripted = self.script.call(path)
        try:
            if refusal := scripted or refusal:
                raise refusal
            recorded = self.player.recording.answer(path, query) if self.player is not None else None
            body = msgspec.json.encode(self.data.answer(endpoint, query)) if recorded is None else recorded
        except Refusal as error:
            return Reply(error.status_code, headers | error.headers, msgspec.json.encode(error.body), delay)
        return Reply(200, headers, body, delay)

    def stream(self, text: str) -> StreamName:
        """Parse the name of a stream. Raises Refusal if there is no such stream."""
        if self.player is None:
            return parse(text, self.data)
        if text not in self.player.recording.streams:
            raise invalid_stream()
        return StreamName(text, "", "", "recorded")

    def feed(self, stream: StreamName) -> Feed | None:
        """The events of a stream from now on; None for a recorded stream, whose frames come from the player."""
        return None if stream.kind == "recorded" else make_feed(stream, self.market, self.data, self.now())

    def add_faults(self, steps: Iterable[Mapping[str, Any]]) -> None:
        """Add steps to the fault script, all or none (see `orderflow.exchange.script`). Raises BadInput."""
        for step in self.script.add(steps, self.clock.monotonic()):
            if step.do == "clock":
                self.offset_ms = step.members["offset_ms"]
            elif step.do == "rules":
                self.rules = replace(self.rules, **{k: v for k, v in step.members.items() if v is not None})

    def clear_faults(self) -> None:
        """Clear the script, the clock offset, changed rules and bans."""
        self.script.clear()
        self.offset_ms = 0
        self.rules = self._initial_rules
        self.limits.forget()

    def state(self) -> dict[str, Any]:
        """The script, clock offset, rules and recording, JSON-ready."""
        rules = {name: getattr(self.rules, name) for name in Rules.__slots__}
        return {
            "steps": self.script.state(),
            "offset_ms": self.offset_ms,
            "rules": rules,
            "recording": None if self.player is None else self.player.state(),
        }


def _count(query: Sequence[tuple[str, str]]) -> int | None:
    given = dict(query)
    if "symbols" in given:
        return max(2, given["symbols"].count(",") + 1)
    return 1 if "symbol" in given else None
