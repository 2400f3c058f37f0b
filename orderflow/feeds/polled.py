"""A feed that asks again and again, for sources without a socket: one thread for all its pairs.

What an answer means is the poller's matter. Here the waiting, the back-off, the state and the way into the market are.
Trades with ids are taken once, also over restarts; there is no gap fill beyond what an answer has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orderflow.feeds.intake import Intake, Target
from orderflow.feeds.live import FeedStatus, SeriesStatus, State
from orderflow.feeds.resume import Reader, newest_trade
from orderflow.feeds.unnumbered import REMEMBERED
from orderflow.feeds.venues.venue import Held, Trade
from orderflow.market.ticks import NO_ID
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Handle, Workers

LONGEST_PAUSE = 300.0
"""Seconds between two attempts after many failures, at most."""
STALE_POLLS = 4
"""Polls in a row without anything new after which a series counts as stale."""


class Poller(Protocol):
    """Asks one source. Its methods are called in the feed's thread only, but for the first three members."""

    title: str

    def default_pair(self, ticker: str) -> str: ...

    def is_pair(self, text: str) -> bool: ...

    def fetch(self, pair: str, newest: Held | None) -> Sequence[Trade]:
        """The trades or price points after `newest`, oldest first; they may begin before. () if the answer tells
        nothing. Raises any error of its library."""


class Market(Target, Reader, Protocol):
    """The part of the market that is used."""


@dataclass(slots=True)
class _Series:
    status: SeriesStatus
    intake: Intake
    newest: Held | None = None
    known: dict[int, None] = field(default_factory=dict)
    idle: int = 0
    taken: float | None = None
    resumed: bool = False


class PolledFeed:
    """See `orderflow.feeds.live.LiveFeed`. interval: seconds between two polls of a pair. chance: random numbers below
    1 for the back-off."""

    def __init__(
        self,
        name: str,
        poller: Poller,
        market: Market,
        workers: Workers,
        clock: Clock,
        interval: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self._poller = poller
        self._market = market
        self._workers = workers
        self._clock = clock
        self._interval = interval
        self._chance = chance
        self._series: dict[str, _Series] = {}
        self._pairs: tuple[str, ...] = ()
        self._failures = 0
        self._reason = ""
        self._job: Handle | None = None

    def default_pair(self, ticker: str) -> str:
        """See `LiveFeed`."""
        return self._poller.default_pair(ticker)

    def is_pair(self, text: str) -> bool:
        """See `LiveFeed`."""
        return self._poller.is_pair(text)

    def series(self, pair: str) -> str:
        """See `LiveFeed`."""
        return f"{self.name}:{pair}"

    def add(self, pair: str) -> None:
        """See `LiveFeed`."""
        if pair not in self._pairs:
            self._pairs = (*self._pairs, pair)

    def remove(self, pair: str) -> None:
        """See `LiveFeed`."""
        self._pairs = tuple(each for each in self._pairs if each != pair)

    def start(self) -> None:
        """See `LiveFeed`."""
        if self._job is None:
            self._job = self._workers.spawn_thread(f"feed {self.name}", self._run)

    def stop(self) -> None:
        """See `LiveFeed`. A request that is under way ends by itself; its answer is thrown away."""
        if self._job is not None:
            self._job.cancel()
            self._job.join(0.5)
            self._job = None

    def status(self) -> FeedStatus:
        """See `LiveFeed`."""
        rows = [self._row(pair) for pair in self._pairs]
        state = State.STOPPED if self._job is None else State.OFFLINE if self._failures else State.LIVE
        return FeedStatus(self.name, self._poller.title, state, self._reason, series=rows)

    def _row(self, pair: str) -> SeriesStatus:
        found = self._series.get(pair)
        status = SeriesStatus(self.series(pair), pair) if found is None else found.status
        state = State.STOPPED if self._job is None else State.CONNECTING if found is None else status.state
        age = None if found is None or found.taken is None else round(self._clock.monotonic() - found.taken, 3)
        return SeriesStatus(
            status.series,
            pair,
            state,
            status.reason,
            trades=status.trades,
            refused=0 if found is None else found.intake.refused,
            repeated=status.repeated,
            age=age,
        )

    def _run(self) -> None:
        while not self._workers.wait(self.poll()):
            pass

    def poll(self) -> float:
        """Ask for every pair once. Returns the seconds until the next time."""
        failed = ""
        for pair in self._pairs:
            try:
                self._ask(pair, self._of(pair))
            except Exception as error:  # whatever the library raises: it is said, and tried again
                failed = f"{type(error).__name__}: {error}"[:300]
                self._of(pair).status.state, self._of(pair).status.reason = State.OFFLINE, failed
            if self._workers.wait(0):
                return 0.0
        self._failures = self._failures + 1 if failed else 0
        self._reason = failed
        pause = min(LONGEST_PAUSE, self._interval * 2**self._failures)
        return self._interval + self._chance() * (pause - self._interval) if failed else self._interval

    def _of(self, pair: str) -> _Series:
        found = self._series.get(pair)
        if found is None:
            series = self.series(pair)
            intake = Intake(self._market, series, self._workers.wait)
            found = self._series[pair] = _Series(SeriesStatus(series, pair, State.CONNECTING), intake)
        return found

    def _resume(self, series: _Series) -> None:
        """Go on after the newest trade that is held. Raises any error of reading it; then it is tried again."""
        newest = newest_trade(self._market, series.status.series, REMEMBERED)
        if newest is not None:
            series.newest, series.known = newest.held, dict.fromkeys(newest.ids)
        series.resumed = True

    def _ask(self, pair: str, series: _Series) -> None:
        if not series.resumed:
            self._resume(series)
        answer = self._poller.fetch(pair, series.newest)
        fresh = [trade for trade in answer if trade.id == NO_ID or trade.id not in series.known]
        series.status.repeated += len(answer) - len(fresh)
        if not fresh:
            series.idle += 1
            if series.idle >= STALE_POLLS:
                said = "nothing new" if answer else "the answer is empty, so the price is unknown"
                series.status.state, series.status.reason = State.STALE, said
            return
        if not series.intake.put(fresh):
            return
        for trade in fresh:
            series.known[trade.id] = None
            if len(series.known) > REMEMBERED:
                del series.known[next(iter(series.known))]
        last = fresh[-1]
        series.newest, series.idle, series.taken = Held(last.id, last.time), 0, self._clock.monotonic()
        series.status.trades += len(fresh)
        series.status.state, series.status.reason = State.LIVE, ""
