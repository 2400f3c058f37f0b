"""The live feed of one venue: a real thread that drives its connection and puts what comes into the market."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Protocol

from orderflow.feeds.connection import Connection
from orderflow.feeds.intake import Intake, Target
from orderflow.feeds.live import FeedStatus, SeriesStatus, State
from orderflow.feeds.resume import Reader, resumed_sequence
from orderflow.feeds.sequence import TradeSequence
from orderflow.feeds.transport import Transport
from orderflow.feeds.venues.venue import Venue
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Handle, Workers

POLL_SECONDS = 0.025
"""Seconds between two looks at the socket: what came meanwhile goes into the market together."""
STATUS_SECONDS = 0.25
RESTART_SECONDS = 5.0
"""Seconds until a connection is made anew after an unexpected error."""
SHOWN_HOLES = 10
"""Holes of a series in the status; all of them are counted."""


class Market(Target, Reader, Protocol):
    """The part of the market that a feed uses."""


class ClosableTransport(Transport, Protocol):
    """A transport that ends with the feed."""

    def close(self) -> None: ...


class VenueFeed:
    """A `live.LiveFeed`.

    transport: makes the way to the venue, at every start. rest_url, ws_url: "" for the venue's own. fill_hours: age of
    gaps that are filled.
    """

    def __init__(
        self,
        venue: Venue,
        market: Market,
        workers: Workers,
        clock: Clock,
        transport: Callable[[Workers], ClosableTransport],
        *,
        rest_url: str = "",
        ws_url: str = "",
        fill_hours: float = 24.0,
    ) -> None:
        self.name = venue.facts.name
        self._venue = venue
        self._market = market
        self._workers = workers
        self._clock = clock
        self._urls = rest_url, ws_url
        self._fill = fill_hours * 3600
        self._make_transport = transport
        self._wanted: dict[str, None] = {}
        self._changes: deque[tuple[str, bool]] = deque()
        self._intakes: dict[str, Intake] = {}
        self._sequences: dict[str, TradeSequence] = {}
        self._job: Handle | None = None
        self._status = FeedStatus(self.name, venue.facts.title)

    def default_pair(self, ticker: str) -> str:
        return self._venue.default_pair(ticker)

    def is_pair(self, text: str) -> bool:
        return self._venue.is_pair(text)

    def series(self, pair: str) -> str:
        return f"{self.name}:{pair}"

    def add(self, pair: str) -> None:
        if pair not in self._wanted:
            self._wanted[pair] = None
            self._changes.append((pair, True))

    def remove(self, pair: str) -> None:
        if pair in self._wanted:
            del self._wanted[pair]
            self._changes.append((pair, False))

    def start(self) -> None:
        if self._job is None or not self._job.alive():
            self._changes = deque((pair, True) for pair in self._wanted)
            self._status = FeedStatus(self.name, self._venue.facts.title, State.CONNECTING)
            self._job = self._workers.spawn_thread(f"feed {self.name}", self._run, self._make_transport(self._workers))

    def stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job.join(2.0)
            self._status.state = State.STOPPED

    def status(self) -> FeedStatus:
        return self._status

    def _run(self, transport: ClosableTransport) -> None:
        """Drive the connection until the feed is stopped, and make it anew after an unexpected error."""
        while True:
            try:
                return self._drive(transport)
            except Exception as error:  # a feed that ends in silence would be worse: it is said, and tried again
                self._workers.note(f"feed {self.name}", error)
                self._status.state = State.OFFLINE
                self._status.reason = f"an error of this program, {type(error).__name__}: see its log"
            if self._workers.wait(RESTART_SECONDS):
                self._status.state = State.STOPPED
                return
            self._changes = deque((pair, True) for pair in tuple(self._wanted))
            transport = self._make_transport(self._workers)

    def _drive(self, transport: ClosableTransport) -> None:
        connection = Connection(
            self._venue,
            transport,
            self._clock,
            random.Random(),
            rest_url=self._urls[0],
            ws_url=self._urls[1],
            fill=self._fill,
        )
        told = 0.0
        try:
            while not self._workers.wait(POLL_SECONDS):
                self._change(connection)
                connection.step()
                if not self._store(connection):
                    break
                if (now := self._clock.monotonic()) - told >= STATUS_SECONDS:
                    told, self._status = now, self._look(connection)
        finally:
            connection.close()
            transport.close()
            self._status = self._look(connection, State.STOPPED)

    def _change(self, connection: Connection) -> None:
        while self._changes:
            pair, wanted = self._changes.popleft()
            if not wanted:
                connection.remove(pair)
            elif pair not in connection.pairs:
                series = self.series(pair)
                self._sequences[pair] = resumed_sequence(self._market, series, self._venue.facts.contiguous)
                connection.add(pair, self._sequences[pair])
                self._intakes.setdefault(pair, Intake(self._market, series, self._pause))

    def _store(self, connection: Connection) -> bool:
        for name in list(connection.pairs):
            trades = self._sequences[name].take()
            if trades and not self._intakes[name].put(trades):
                return False
        return True

    def _pause(self, seconds: float) -> bool:
        """Wait while ticks cannot be stored; the status says why."""
        problems = [intake.problem for intake in self._intakes.values() if intake.problem]
        self._status.reason = problems[0] if problems else ""
        return self._workers.wait(seconds)

    def _look(self, connection: Connection, forced: State | None = None) -> FeedStatus:
        state, reason = connection.state() if forced is None else (forced, "")
        now = self._clock.monotonic()
        rows = []
        for name, pair in connection.pairs.items():
            own, why = connection.pair_state(name) if forced is None else (forced, "")
            age = None if pair.arrived is None else round(now - pair.arrived, 3)
            lag = None if pair.lag is None else round(pair.lag, 3)
            order = self._sequences[name]
            rows.append(
                SeriesStatus(
                    self.series(name),
                    name,
                    own,
                    why,
                    order.trades,
                    order.gaps,
                    order.hole_count,
                    order.missing,
                    self._intakes[name].refused,
                    order.repeated,
                    lag,
                    age,
                    list(order.holes)[-SHOWN_HOLES:],
                )
            )
        return FeedStatus(
            self.name,
            self._venue.facts.title,
            state,
            reason,
            reconnects=connection.reconnects,
            malformed=connection.malformed + connection.filler.malformed,
            messages=connection.messages,
            used_weight=connection.filler.used_weight,
            series=rows,
        )
