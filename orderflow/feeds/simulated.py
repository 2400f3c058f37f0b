"""The simulated feed: trades of the series `sim:NAME`, so that the ticker page works without a network.

They come from the models of the simulated instruments, with price levels, tick sizes, trade sizes and rates like those
of a real pair, and are called SIMULATED wherever they are shown. Unlike those of the instruments, these ticks are
logged: after a restart a series goes on from its last price. Its times never go back, unless the wall clock is set back
by more than AHEAD: ticks of the future would hide all that come, so the series then begins anew at its last price.

One job makes a second of trades ahead, and sends each to the market at the time that it is stamped with, so that a
page shows it as soon as one of a real feed. It sleeps in between, and keeps no ticks that it has sent.
"""

from __future__ import annotations

import logging
import math
import re
import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from orderflow.errors import Conflict, NotFound, OrderflowError
from orderflow.feeds.live import FeedStatus, SeriesStatus, State
from orderflow.instruments import arrivals
from orderflow.instruments.flow import Trade, TradeFlow
from orderflow.instruments.models import garch
from orderflow.instruments.rng import CommonNoise, Noise, child_seed
from orderflow.market.symbol import SymbolInfo
from orderflow.market.ticks import NO_ID, SIMULATED, SideRule, TickBatch
from orderflow.runtime.clock import JUMP, Clock, Timeline, span
from orderflow.runtime.workers import Handle, Workers

STEP = 1.0
"""Seconds between two prices of a series: its trades are made for so long ahead."""
LEAST_PAUSE = 0.02
"""Seconds between two deliveries to the market, at least: trades that are closer together are sent together."""
WARM_STEPS = 3_900
"""Seconds of trades that a series without ticks begins with: enough for its change over an hour."""
CORRELATION = 0.75
"""Share of the noise that all series have in common: crypto pairs move together."""
AHEAD = 60 * 10**9
"""ns by which a series may be ahead of the wall clock before its ticks are deleted."""
BRANCHING = 0.6
"""Of the arrivals: how many trades a trade causes, on average."""
_SECOND = 10**9

log = logging.getLogger(__name__)


class Sink(Protocol):
    """The part of the market that the feed uses."""

    def ingest(self, batches: Sequence[TickBatch], *, feed: bool) -> object: ...

    def info(self, symbol: str) -> SymbolInfo: ...

    def reset(self, symbol: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Level:
    """What a simulated pair is like.

    price: its first one. decimals: of its prices. spread: in steps of the last decimal. size: median of a trade, in
    units of 10^-size_decimals. rate: trades a second, on average. sigma: volatility a year.
    """

    price: float
    decimals: int
    size: float
    size_decimals: int
    rate: float
    sigma: float
    spread: int = 1


LEVELS = {
    "BTC": Level(65_000.0, 2, 400.0, 5, 2.0, 0.5),
    "ETH": Level(3_200.0, 2, 500.0, 4, 1.4, 0.65),
    "DOGE": Level(0.15, 5, 300.0, 0, 0.8, 0.9),
    "SOL": Level(150.0, 2, 400.0, 3, 1.0, 0.85),
    "XRP": Level(0.6, 4, 200.0, 0, 0.9, 0.8),
}
"""By name. Any other name has a level that is derived from the name."""


def level_of(name: str) -> Level:
    """The level of a name or pair in dollars; one that LEVELS lacks has always the same one, of 0.5 to 500."""
    base = name.upper().replace("-", "").removesuffix("T").removesuffix("USD")
    known = LEVELS.get(name) or LEVELS.get(base)
    if known is not None:
        return known
    share = zlib.crc32(name.encode()) / 2**32
    price = 10 ** (3.0 * share - 0.30103)
    decimals = max(2, 4 - math.floor(math.log10(price)))
    return Level(round(price, decimals), decimals, 20_000.0 / price, 2, 0.5 + share, 0.6 + share / 2.0)


class SimulatedSeries:
    """One series: `follow` makes the trades of the second ahead when it begins, `take` hands over those that are due.

    price: of the model, unrounded. last: time of the newest trade that was handed over, ns UTC. trades, refused: as the
    feed counts them.
    """

    def __init__(
        self, series: str, level: Level, price: float, seed: np.random.SeedSequence, common: CommonNoise, last: int
    ) -> None:
        """price: to go on from, > 0. last: ns UTC; all trades are later. seed, common: of all randomness."""
        noise = Noise(seed, common=common, rho=CORRELATION)
        law = {"rate": level.rate * (1.0 - BRANCHING), "branching": BRANCHING}
        coming = arrivals.HAWKES.start(law, noise.generator("arrivals"))
        flow = {"spread": level.spread, "size": level.size, "size_spread": 1.4, "memory": 0.5}
        self.series = series
        self.last = last
        self.price = price
        self.trades = 0
        self.refused = 0
        self._level = level
        self._path = garch.MODEL.start({"sigma": level.sigma}, price, STEP, noise)
        self._flow = TradeFlow(coming, noise.generator("flow"), flow)
        self._steps = 0
        self._until = 0
        self._made: deque[tuple[int, Trade]] = deque()

    @property
    def due(self) -> int:
        """When there is something to do next, ns UTC."""
        return self._made[0][0] if self._made else self._until

    def follow(self, now: int) -> None:
        """Make the trades of the next second once the one before is over. A longer time that nobody asked is a gap."""
        if self._until <= now:
            self.advance(self._until if now - self._until < _SECOND else now)

    def advance(self, begin: int) -> None:
        """Make one second of trades from `begin` (ns UTC) on."""
        start, self._steps = self._steps * STEP, self._steps + 1
        before, self._until = self.price, begin + _SECOND
        try:
            self.price = self._path.step()
        except Conflict:  # it left the range of all models: it stays where it is
            return
        for trade in self._flow.step(start, start + STEP, before, self.price, self._level.decimals):
            self._made.append((begin + int((trade.t - start) * _SECOND), trade))

    def take(self, now: int) -> TickBatch | None:
        """The trades that are due and were not handed over; None if there are none."""
        made: list[tuple[int, Trade]] = []
        last = self.last
        while self._made and self._made[0][0] <= now:
            time, trade = self._made.popleft()
            last = max(time, last + 1)  # the clock was behind the newest trade when the server started
            made.append((last, trade))
        if not made:
            return None
        self.last = last
        trades = [trade for _, trade in made]
        return TickBatch(
            self.series,
            np.array([time for time, _ in made], np.int64),
            np.array([trade.price for trade in trades], np.int64),
            np.array([trade.size for trade in trades], np.int64),
            np.array([trade.side for trade in trades], np.int8),
            np.full(len(made), SideRule.FLAG, np.int8),
            np.full(len(made), NO_ID, np.int64),
            self._level.decimals,
            self._level.size_decimals,
        )


class SimulatedFeed:
    """The feed `simulated`, as `orderflow.feeds.live.LiveFeed` describes it; nothing runs before `start`.

    seed: None takes the time of the start, so that no two runs make the same trades.
    """

    name = "simulated"

    def __init__(self, market: Sink, workers: Workers, clock: Clock, *, seed: int | None = None) -> None:
        self._market = market
        self._workers = workers
        self._clock = clock
        self._time = Timeline(clock)
        self._seed = clock.now() // _SECOND if seed is None else seed
        self._common = CommonNoise(child_seed(self._seed, "simulated feed"))
        self._pairs: tuple[str, ...] = ()
        self._series: dict[str, SimulatedSeries] = {}
        self._job: Handle | None = None
        self._begins = 0
        self._error = ""

    def default_pair(self, ticker: str) -> str:
        """The name itself: the series of BTC is sim:BTC."""
        return ticker.upper()

    def is_pair(self, text: str) -> bool:
        """Whether a text is formed like a name."""
        return re.fullmatch(r"[A-Z0-9][A-Z0-9._-]{0,31}", text) is not None

    def series(self, pair: str) -> str:
        """The series of a pair."""
        return SIMULATED + pair

    def add(self, pair: str) -> None:
        """Make trades of a pair too, from the next second on."""
        if pair not in self._pairs:
            self._pairs = (*self._pairs, pair)

    def remove(self, pair: str) -> None:
        """Make no more trades of a pair; its ticks stay."""
        self._pairs = tuple(each for each in self._pairs if each != pair)

    def start(self) -> None:
        """Start, or go on after a stop. Does nothing while it runs."""
        if self._job is None:
            self._time.begin(self._clock.now())
            self._job = self._workers.spawn("simulated feed", self._live)

    def stop(self, timeout: float = 2.0) -> None:
        """Stop; the ticks stay."""
        if self._job is not None:
            self._job.cancel()
            self._job.join(timeout)
            self._job = None

    def status(self) -> FeedStatus:
        """See `LiveFeed.status`. refused: trades that could not be stored."""
        state = State.STOPPED if self._job is None else State.OFFLINE if self._error else State.LIVE
        rows = [self._row(pair, state) for pair in self._pairs]
        return FeedStatus(self.name, "Simulated prices", state, self._error, simulated=True, series=rows)

    def _row(self, pair: str, state: State) -> SeriesStatus:
        made = self._series.get(pair)
        if made is None or not (made.trades or made.refused):  # its first trades are under way
            return SeriesStatus(SIMULATED + pair, pair, State.STOPPED if state is State.STOPPED else State.CONNECTING)
        age = max(0.0, (self._time.now() - made.last) / _SECOND)
        return SeriesStatus(
            made.series, pair, state, self._error, trades=made.trades, refused=made.refused, lag=0.0, age=round(age, 3)
        )

    def _live(self) -> None:
        pause = 0.0
        while not self._workers.wait(pause):
            pause = self._workers.run(self.turn)

    def turn(self) -> float:
        """Send what is due to the market. Returns the seconds until there is something to do again."""
        jump = self._time.ahead()
        if jump >= JUMP or jump < -AHEAD:  # forward: leave a gap; a little back: time goes on, as it must not go back
            self._time.begin(self._clock.now())
        if jump < -AHEAD:
            self._series, self._begins = {}, 0
        now, pairs = self._time.now(), self._pairs
        self._series = {pair: series for pair, series in self._series.items() if pair in pairs}
        new = next((pair for pair in pairs if pair not in self._series), None)
        if new is not None and now >= self._begins:
            # one in a second: the first hour of many would keep the processor busy for too long
            self._series[new], self._begins = self._begin(new, now), now + _SECOND
        for series in self._series.values():
            series.follow(now)
        self._send(now)
        due = min([now + _SECOND, *(series.due for series in self._series.values())])
        return max(LEAST_PAUSE, (due - self._time.now()) / _SECOND)

    def _begin(self, pair: str, now: int) -> SimulatedSeries:
        """A series that goes on from its last tick, or from now if that is in the future, or a new one with an hour of
        trades."""
        name, level = SIMULATED + pair, level_of(pair)
        seed = child_seed(self._seed, name)
        try:
            known = self._market.info(name)
        except NotFound:
            begun = now - WARM_STEPS * int(STEP * _SECOND)
            made = SimulatedSeries(name, level, level.price, seed, self._common, begun)
            for step in range(WARM_STEPS):
                made.advance(begun + step * int(STEP * _SECOND))
            return made
        return SimulatedSeries(name, level, known.price, seed, self._common, self._rewound(name, known.last, now))

    def _rewound(self, series: str, last: int, now: int) -> int:
        """The time to go on from: that of the last tick, or now if that tick is in the future and deleted."""
        if last <= now + AHEAD:
            return last
        try:
            self._market.reset(series)
        except OrderflowError as error:  # its times go on from the last one
            log.warning("%s goes on %s from now, and its ticks cannot be deleted: %s", series, span(last - now), error)
            return last
        log.warning("%s begins anew: its ticks were up to %s from now, as the clock was", series, span(last - now))
        return now

    def _send(self, now: int) -> None:
        made = [(series, batch) for series in self._series.values() if (batch := series.take(now)) is not None]
        if not made:
            return
        try:
            self._market.ingest([batch for _, batch in made], feed=True)
            self._error = ""
        except OrderflowError as error:  # what is made up need not be sent again; the next ones are tried
            self._error = str(error)
        for series, batch in made:
            if self._error:
                series.refused += len(batch)
            else:
                series.trades += len(batch)
