"""Keeps the klines of a venue: one real thread that drives a connection and stores what comes."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from orderflow.errors import Conflict, OrderflowError
from orderflow.feeds.connection import Connection
from orderflow.feeds.kline_sequence import KlineVenue
from orderflow.feeds.live import State
from orderflow.feeds.venue_feed import ClosableTransport
from orderflow.market.timeframes import DAY, Timeframe
from orderflow.runtime.clock import Clock, Timeline, span
from orderflow.runtime.workers import Handle, Workers
from orderflow.workspace.klines.kept_series import Backfill, KeptSeries, open_series
from orderflow.workspace.store import Klines

POLL_SECONDS = 0.025
"""Seconds between two looks at the socket, and while an answer is awaited."""
BUSY_SECONDS = 0.002
STORAGE_SECONDS = 2.0
"""Seconds between two attempts to store what the disk refuses."""
STATUS_SECONDS = 0.25
RESTART_SECONDS = 5.0
FAR_NS = DAY * 10**6
"""A difference to the venue's clock that matters for where the klines begin."""
Wanted = tuple[str, Timeframe]
"""A pair and its time frame."""

log = logging.getLogger(__name__)


class VenueKlines:
    """wanted: what is kept. days: how far back. transport: makes the way to the venue. rest_url, ws_url: "" for the
    venue's own."""

    def __init__(
        self,
        venue: KlineVenue,
        store: Klines,
        workers: Workers,
        clock: Clock,
        transport: Callable[[Workers], ClosableTransport],
        wanted: Sequence[Wanted],
        *,
        days: int = 30,
        rest_url: str = "",
        ws_url: str = "",
    ) -> None:
        self.venue = venue
        self.wanted = tuple(wanted)
        self.state = State.STOPPED
        self.reason = ""
        self.stored = 0
        self._store, self._workers, self._clock = store, workers, clock
        self._make_transport = transport
        self._line = Timeline(clock)
        self._days = days
        self._urls = rest_url, ws_url
        self._kept: Mapping[tuple[str, str], KeptSeries] = {}
        self._ahead = 0
        """The venue's clock less ours (ns), as far as it was noticed."""
        self._job: Handle | None = None

    def start(self) -> None:
        """Begin to fill and keep the series; does nothing without any, or while it runs."""
        if self.wanted and (self._job is None or not self._job.alive()):
            self.state = State.CONNECTING
            name = f"klines of {self.venue.facts.name}"
            self._job = self._workers.spawn_thread(name, self._run, self._make_transport(self._workers))

    def stop(self) -> None:
        """End; what came is stored."""
        if self._job is not None:
            self._job.cancel()
            self._job.join(2.0)

    def kept(self, pair: str, timeframe: str) -> KeptSeries | None:
        """A series, None if it is not kept or not opened yet."""
        return self._kept.get((pair, timeframe))

    def backfill(self, pair: str, timeframe: str) -> Backfill:
        """How far a series is filled."""
        found = self.kept(pair, timeframe)
        return Backfill(reason=self.reason) if found is None else found.backfill

    # in its thread

    def _run(self, transport: ClosableTransport) -> None:
        """Keep the series until this is stopped, with a new connection after an unexpected error."""
        while True:
            pause = RESTART_SECONDS
            try:
                if not self._drive(transport):
                    return
                pause = 0.0
            except Exception as error:  # to end in silence would be worse: it is said, and tried again
                self._workers.note(f"klines of {self.venue.facts.name}", error)
                self.reason = f"an error of this program, {type(error).__name__}: see its log"
                for kept in self._kept.values():
                    kept.stop(self.reason)
            if self._workers.wait(pause):
                return
            transport = self._make_transport(self._workers)

    def _drive(self, transport: ClosableTransport) -> bool:
        """Keep the series until this is stopped, or they must be opened again (true), because the clock was wrong."""
        rest_url, ws_url = self._urls
        connection = Connection(self.venue, transport, self._clock, random.Random(), rest_url=rest_url, ws_url=ws_url)
        try:
            return self._again(lambda: self._open(connection)) and self._live(connection)
        finally:
            connection.close()
            transport.close()
            self.state = State.STOPPED
            for kept in self._kept.values():
                kept.stop("")

    def _open(self, connection: Connection) -> None:
        present = self._clock.now() + self._ahead
        self._line.begin(present)
        begin = present // 10**6 - self._days * DAY
        opened = {}
        for pair, timeframe in self.wanted:
            if (pair, timeframe.name) not in opened:
                opened[pair, timeframe.name] = open_series(self.venue, connection, self._store, pair, timeframe, begin)
        self._kept = opened

    def _live(self, connection: Connection) -> bool:
        told = 0.0
        while not self._workers.wait(BUSY_SECONDS if connection.filler.busy else POLL_SECONDS):
            connection.step()
            now = self._clock.monotonic()
            for kept in self._kept.values():
                if not self._again(partial(kept.save, now)):
                    return False
            if now - told >= STATUS_SECONDS:
                told = now
                self.state, self.reason = connection.state()
                for kept in self._kept.values():
                    kept.look(connection)
            if connection.filler.told and abs(connection.filler.now() - self._line.now()) > FAR_NS:
                self._ahead = connection.filler.offset
                log.warning(
                    "klines begin at another time: our clock and that of the venue differ by %s", span(self._ahead)
                )
                return True
        return False

    def _again(self, fn: Callable[[], object]) -> bool:
        """Call `fn` until the records take what it stores; false if this is to end before."""
        while True:
            try:
                fn()
                return True
            except Conflict:  # the workers are stopping
                return False
            except OrderflowError as error:
                if self.reason != str(error):
                    log.warning("klines cannot be stored: %s", error)
                self.reason = str(error)
                if self._workers.wait(STORAGE_SECONDS):
                    return False
