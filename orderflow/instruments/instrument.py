"""One simulated instrument: a step makes the next price and the trades that led to it.

It is driven by `orderflow.instruments.simulation`, has no clock and never waits. Model time is counted in steps, so the
same spec and seed give the same prices and the same trades, however late or early each step is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from orderflow.errors import Conflict
from orderflow.instruments import arrivals
from orderflow.instruments.flow import Trade, TradeFlow
from orderflow.instruments.models import registry
from orderflow.instruments.models.model import Path
from orderflow.instruments.ring_buffer import RingBuffer
from orderflow.instruments.rng import CommonNoise, Noise, child_seed
from orderflow.instruments.scenario import CALM, Effects
from orderflow.instruments.spec import Spec
from orderflow.instruments.zero_intelligence import ZeroIntelligence
from orderflow.market.ticks import NO_ID, SideRule, TickBatch

DECIMALS = 2
"""Decimals of displayed and traded prices."""
MIN_PRICE = 10.0**-DECIMALS


@dataclass(slots=True)
class Pending:
    """Trades that the market has not received yet, in columns."""

    time: list[int] = field(default_factory=list)
    price: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    side: list[int] = field(default_factory=list)


class Instrument:
    """A simulated instrument that starts at its initial price at `now` (ns UTC).

    origin: the second of the scenario at which its first step began. price: the last one, unrounded, > 0. created,
    updated, flushed (when its trades were last taken): ns UTC. steps, trades: number since the start. age: seconds of
    model time of its group at its start. revision: grows with every price, over all instruments. decimals: of its
    prices.
    """

    decimals = DECIMALS

    def __init__(
        self,
        origin: float,
        spec: Spec,
        seed: np.random.SeedSequence,
        *,
        bounds: tuple[float, float],
        history: int,
        now: int,
        group: CommonNoise | None = None,
        span: int = 1,
        begin: int = 0,
    ) -> None:
        """seed: of all its randomness. bounds: the range of a random initial price if the spec has none. group, span,
        begin: see `Noise`. Raises BadInput for parameters that do not fit together.
        """
        self.origin = origin
        self.age = 0.0
        self.revision = 0
        self.spec = spec
        self.created = self.flushed = now
        self.history = RingBuffer(history)
        self.halted = False
        self.trades = 0
        self.failure: str | None = None
        self._pending = Pending()
        self._last_trade = 0
        shared = group is not None
        noise = Noise(seed, common=group, rho=spec.correlation if shared else 0.0, span=span, begin=begin)
        self._begin(noise, bounds, now)

    def _begin(
        self,
        noise: Noise,
        bounds: tuple[float, float],
        now: int,
    ) -> None:
        spec = self.spec
        low, high = bounds
        drawn = low + (high - low) * float(noise.generator("initial price").random())
        self.initial_price = round(spec.initial_price if spec.initial_price is not None else drawn, DECIMALS)
        model = registry.get(spec.model)
        self.path: Path = model.start(spec.params, self.initial_price, spec.interval, noise)
        self.flow: TradeFlow | None = None
        self.book: ZeroIntelligence | None = None
        self.price = self.path.price
        if spec.book:
            self.book = ZeroIntelligence(spec.flow, noise.generator("book"), self.initial_price, DECIMALS)
            self.price = self.book.mid
        else:
            coming = arrivals.get(spec.arrivals).start(spec.arrival_params, noise.generator("arrivals"))
            self.flow = TradeFlow(coming, noise.generator("flow"), spec.flow)
        self.updated = now
        self.steps = 0
        self._calm = True
        self.history.add(now, self.price)

    def step(self, now: int, wall: float, effects: Effects = CALM) -> bool:
        """Advance one interval of model time. Returns False if trading is halted and nothing moved.

        now: ns UTC at which the price is shown. wall: real seconds that the interval takes; its trades are spread over
        them. A model that leaves its domain ends: `failure` says why, and the price stays.
        """
        self.halted = effects.halted
        interval = self.spec.interval
        t0 = self.steps * interval
        self.steps += 1
        if self.failure is not None:
            return False
        before = self.price
        try:
            if effects is not CALM:
                self._apply(effects)
            elif not self._calm:
                self._apply(CALM)
            if effects.halted:
                return False
            price = self.path.step()
        except Conflict as error:
            self.failure = str(error)
            return False
        if self.book is not None:
            trades = self.book.step(t0, t0 + interval, price)
            price = self.book.mid
        elif self.flow is not None:
            trades = self.flow.step(t0, t0 + interval, before, price, DECIMALS)
        self.price = price
        self.updated = now
        self.history.add(now, price)
        if trades:
            self._keep(trades, now, t0 + interval, wall / interval)
        return True

    def take(self) -> TickBatch | None:
        """Return the trades since the last call as a batch for the market; None if there are none."""
        held = self._pending
        count = len(held.time)
        if not count:
            return None
        self._pending = Pending()
        return TickBatch(
            self.spec.id,
            np.array(held.time, np.int64),
            np.array(held.price, np.int64),
            np.array(held.size, np.int64),
            np.array(held.side, np.int8),
            np.full(count, SideRule.FLAG, np.int8),
            np.full(count, NO_ID, np.int64),
            DECIMALS,
            0,
        )

    def shift(self, ns: int) -> None:
        """Move all its times, after a jump of the wall clock."""
        self.created += ns
        self.updated += ns
        self.flushed += ns
        self._last_trade += ns
        self.history.shift(ns)
        self._pending.time = [time + ns for time in self._pending.time]

    @property
    def pending_trades(self) -> int:
        """The number of trades that `take` would return."""
        return len(self._pending.time)

    @property
    def shown(self) -> float:
        """The displayed price: two decimals, at least 0.01."""
        return max(round(self.price, DECIMALS), MIN_PRICE)

    def quote(self) -> dict[str, float] | None:
        """Best bid and ask with their sizes, for an instrument with an order book."""
        if self.book is None:
            return None
        bid, bid_size, ask, ask_size = self.book.quote()
        unit = 10.0**DECIMALS
        return {"bid": bid / unit, "bid_size": bid_size, "ask": ask / unit, "ask_size": ask_size}

    def _apply(self, effects: Effects) -> None:
        if effects.factor != 1.0:
            self.path.scale(effects.factor)
        self.path.volatility(effects.volatility)
        self._calm = effects.volatility == 1.0

    def _keep(self, trades: list[Trade], now: int, end: float, pace: float) -> None:
        held = self._pending
        time, price, size, side = held.time.append, held.price.append, held.size.append, held.side.append
        last = self._last_trade
        for trade in trades:
            # keep the order: a step made early must not put its first trades before the last ones of the step before
            last = max(last, now - int((end - trade.t) * pace * 1e9))
            time(last)
            price(trade.price)
            size(trade.size)
            side(trade.side)
        self._last_trade = last
        self.trades += len(trades)


def seed_of(common: int, spec: Spec) -> np.random.SeedSequence:
    """The seed of one instrument: its own, or the child of the common seed for its id."""
    return child_seed(common, spec.id) if spec.seed is None else np.random.SeedSequence(spec.seed)


Listener = Callable[[Instrument], object]
"""Called with every new price; must be fast and must not raise."""
