"""The exchange as one object: REST calls go in at `call`, `feed` makes streams, and `misbehave` takes the script."""

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
    """weight: of requests, a minute and address. life: seconds that a connection may last. ping: seconds between pings;
    pong: until one must be answered. messages: that a connection may send in a second. streams: that it may have."""

    weight: int = 6000
    life: float = 86_400.0
    ping: float = 20.0
    pong: float = 60.0
    messages: int = 5
    streams: int = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status, headers, JSON; `delay` are seconds to wait before it goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: float = 0.0


def _no_quotes(symbol: str) -> Quote | None:
    return None


@dataclass
class Exchange:
    """One exchange over one market. quotes: the best bid and ask of a symbol of the engine, None where it has no book.

    Set `rules` for other limits, `play` a recording to have its frames instead of the market's streams.
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
        self._usual = self.rules
        self.data = MarketData(
            self.market,
            self.now,
            lambda symbol: self.quotes(symbol),
            lambda: self.rules.weight,
            self.workers.lock,
        )

    def now(self) -> int:
        """The exchange's time in ns: the clock's, wrong by what the script says."""
        return self.clock.now() + self.offset_ms * MS

    def play(self, recording: Recording | Path, velocity: float = 1.0, *, loop: bool = False) -> None:
        """Have the streams, and the REST answers it holds, from a recording; it begins with the first listener. Raises
        BadInput for a file that is none."""
        found = recording if isinstance(recording, Recording) else Recording.load(recording)
        self.player = Player(found, velocity, loop=loop)

    def call(self, path: str, query: Sequence[tuple[str, str]], address: str) -> Reply:
        """Answer one call of a path below /api/v3/ that is in ENDPOINTS; may take long. address: who is charged."""
        endpoint = ENDPOINTS[path]
        weight = endpoint.weight.of(_count(query))
        used, refusal = self.limits.charge(address, weight, self.rules.weight, self.clock.now())
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
        """The stream of a name. Raises Refusal for what there is not."""
        if self.player is None:
            return parse(text, self.data)
        if text not in self.player.recording.streams:
            raise invalid_stream()
        return StreamName(text, "", "", "recorded")

    def feed(self, stream: StreamName) -> Feed | None:
        """The events of a stream from now on; None for a recorded one, whose frames come from the player."""
        return None if stream.kind == "recorded" else make_feed(stream, self.market, self.data, self.now())

    def misbehave(self, steps: Iterable[Mapping[str, Any]]) -> None:
        """Put steps of the script in force, all or none (see `orderflow.exchange.script`). Raises BadInput."""
        for step in self.script.add(steps, self.clock.monotonic()):
            if step.do == "clock":
                self.offset_ms = step.says["offset_ms"]
            elif step.do == "rules":
                self.rules = replace(self.rules, **{k: v for k, v in step.says.items() if v is not None})

    def behave(self) -> None:
        """Clear the script: the clock is right, the rules are the usual ones, nobody is banned."""
        self.script.clear()
        self.offset_ms = 0
        self.rules = self._usual
        self.limits.forget()

    def state(self) -> dict[str, Any]:
        """What is in force, for those who look."""
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
