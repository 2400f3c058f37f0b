"""One simulated instrument at work: a step makes the next price, and the trades that led to it.

It is driven from outside (`orderflow.instruments.simulation`): it knows no clock and waits for nothing. Model time is
counted in steps, so the same spec and seed give the same prices and the same trades however late or early each step
is asked for.
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
from orderflow.instruments.ring_buffer import Ring
from orderflow.instruments.rng import CommonNoise, Noise, child_seed
from orderflow.instruments.scenario import CALM, Effects
from orderflow.instruments.spec import Spec
from orderflow.instruments.zero_intelligence import ZeroIntelligence
from orderflow.market.ticks import NO_ID, SideRule, TickBatch

DECIMALS = 2
"""Of prices as they are shown and traded."""
LEAST = 10.0**-DECIMALS


@dataclass(slots=True)
class Pending:
    """Trades that the market has not been given yet, in columns."""

    time: list[int] = field(default_factory=list)
    price: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    side: list[int] = field(default_factory=list)


class Instrument:
    """Starts at its initial price at `now` (ns UTC).

    origin: the second of the scenario at which its first step began. price: the last one, unrounded, > 0. created,
    updated, flushed (when its trades were taken last): ns UTC. steps, trades: made since the start. age: seconds of
    model time that its group had lived then. decimals: of its prices.
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
        """seed: of all its randomness. bounds: between which an initial price is drawn when the spec has none.
        group, span, begin: see `Noise`. Raises BadInput for parameters that do not fit.
        """
        self.origin = origin
        self.age = 0.0
        self.spec = spec
        self.created = self.flushed = now
        self.history = Ring(history)
        self.halted = False
        self.trades = 0
        self.failure: str | None = None
        self._pending = Pending()
        self._told = 0
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
        """One interval of model time passes. now: ns UTC at which its price is shown; wall: seconds of real time that
        the interval takes (its trades are spread over them). False when trading is halted: nothing moved.

        A model that leaves its domain ends there: `failure` says why, and the price stays.
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
                self._feel(effects)
            elif not self._calm:
                self._feel(CALM)
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
        """The trades since the last call, as a batch for the market; None when there were none."""
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

    @property
    def waiting(self) -> int:
        """Trades that `take` would give."""
        return len(self._pending.time)

    @property
    def shown(self) -> float:
        """The price as people see it: two decimals, never below 0.01."""
        return max(round(self.price, DECIMALS), LEAST)

    def quote(self) -> dict[str, float] | None:
        """Best bid and ask with their sizes, of an instrument that has an order book."""
        if self.book is None:
            return None
        bid, bid_size, ask, ask_size = self.book.quote()
        unit = 10.0**DECIMALS
        return {"bid": bid / unit, "bid_size": bid_size, "ask": ask / unit, "ask_size": ask_size}

    def _feel(self, effects: Effects) -> None:
        if effects.factor != 1.0:
            self.path.scale(effects.factor)
        self.path.volatility(effects.volatility)
        self._calm = effects.volatility == 1.0

    def _keep(self, trades: list[Trade], now: int, end: float, pace: float) -> None:
        held = self._pending
        time, price, size, side = held.time.append, held.price.append, held.size.append, held.side.append
        told = self._told
        for trade in trades:
            # a step that was asked for early must not put its first trades before the last ones of the step before
            told = max(told, now - int((end - trade.t) * pace * 1e9))
            time(told)
            price(trade.price)
            size(trade.size)
            side(trade.side)
        self._told = told
        self.trades += len(trades)


def seed_of(common: int, spec: Spec) -> np.random.SeedSequence:
    """The seed of one instrument: its own, or the child of the common one that its id names."""
    return child_seed(common, spec.id) if spec.seed is None else np.random.SeedSequence(spec.seed)


Listener = Callable[[Instrument], object]
"""Told of every new price; must be quick and raise nothing."""
