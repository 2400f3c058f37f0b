"""The trades of a simulated instrument between two prices of its model: time, price, size and taker side.

Prices come from a model and times from an arrival law; this module adds the rest by four laws:

- mid: a straight line from the price before the step to the price after it;
- quote: a constant spread of whole ticks around the mid, bid >= 1 tick; a buyer pays the ask, a seller gets the bid;
- side: P(buy) = 1 / (1 + exp(-follow·z)), z = the step's log return over its usual size, |z| <= 8. The usual size is
  the root of the mean squared return per second, exponentially weighted (half-life 64 steps), of the steps before; with
  `memory` > 0 that share of the trades are slices of large orders, whose number of slices has the tail P(L > n) =
  n^-tail. All slices of one order have its side, so signs keep the long memory of Lillo, Mike and Farmer, Physical
  Review E 71 (2005): their autocorrelation falls as lag^-(tail-1);
- size: lognormal, rounded to whole numbers, at least 1.

The same generator and the same steps give the same trades. This module does not store trades or know time zones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from orderflow.instruments.arrivals import BLOCK, Arrivals
from orderflow.instruments.params import Param, checked

STEADY = 64
"""Half-life of the usual return, in steps."""
DECAY = 1.0 - 0.5 ** (1.0 / STEADY)
LARGEST_SIZE = 10**9
LONGEST_ORDER = 10_000
MAX_Z = 8.0
"""Largest |z| that the law of the side uses."""


class Trade(NamedTuple):
    """One trade. t: seconds since the start. price, bid, ask: ints in units of 10^-decimals; bid and ask as they were
    before the trade. size: int >= 1. side: the taker's, 1 buy, -1 sell.
    """

    t: float
    price: int
    size: int
    side: int
    bid: int
    ask: int


PARAMS = (
    Param("spread", 2, 1, 10_000, "ticks", "Ask minus bid; fractions are cut off."),
    Param("tick", 1, 1, 10_000_000, "10^-decimals", "Step of the price grid; fractions are cut off."),
    Param("follow", 1.0, 0.0, 10.0, "", "How strongly buyers prevail in a rising step: log odds per usual return."),
    Param("memory", 0.0, 0.0, 1.0, "", "Share of the trades that are slices of large orders (0: none)."),
    Param("tail", 1.5, 1.0, 10.0, "", "Tail exponent of the number of slices of a large order.", low_open=True),
    Param("size", 2.0, 1.0, 1e6, "", "Median size of a trade."),
    Param("size_spread", 1.0, 0.0, 3.0, "", "Standard deviation of the logarithm of the size (0: all sizes equal)."),
)


class Sizes:
    """Lognormal whole sizes >= 1, at most LARGEST_SIZE; with a spread of 0 always the median."""

    def __init__(self, median: float, spread: float, rng: np.random.Generator) -> None:
        self._log, self._spread, self._rng = math.log(median), spread, rng
        self._waiting: list[int] = []

    def draw(self) -> int:
        """The next size."""
        if not self._waiting:
            drawn = np.rint(np.exp(self._log + self._spread * self._rng.standard_normal(BLOCK)))
            self._waiting = np.clip(drawn, 1, LARGEST_SIZE).astype(np.int64).tolist()
        return self._waiting.pop()


class TradeFlow:
    """The running trade flow of one instrument. `values` can leave out parameters; PARAMS has their defaults."""

    def __init__(self, arrivals: Arrivals, rng: np.random.Generator, values: Mapping[str, float] | None = None) -> None:
        """Draws from children of `rng`. Raises BadInput that names each wrong parameter."""
        self.values = checked("the trade flow", PARAMS, values or {})
        self.arrivals = arrivals
        size_rng, self._rng, self._order_rng = rng.spawn(3)
        self._sizes = Sizes(self.values["size"], self.values["size_spread"], size_rng)
        self._chances: list[float] = []
        self._square = 0.0
        """Mean squared log return per second; 0 before the first price change."""
        self._slices = 0
        self._order_side = 0

    def step(self, t0: float, t1: float, p0: float, p1: float, decimals: int = 2) -> list[Trade]:
        """Return the trades in (t0, t1], in time order, while the price goes from p0 to p1 (both > 0).

        Times are seconds since the start and increase from call to call; arrivals before t0 that no call asked for
        (during a halt) are dropped. The length of the list has the limit of `arrivals`. Raises ValueError for prices
        that are not > 0 and for t1 < t0.
        """
        if not (p0 > 0.0 and p1 > 0.0 and t1 >= t0):
            raise ValueError(f"invalid step from {p0} at {t0} s to {p1} at {t1} s")
        if self.arrivals.generated_until < t0:
            self.arrivals.until(t0)
        times = self.arrivals.until(t1)
        span = t1 - t0
        gain, usual = math.log(p1 / p0), self._square
        if span > 0.0:
            square = gain * gain / span
            usual = usual or square
            self._square = usual + (square - usual) * DECAY
        if not times:
            return []
        chance = self._chance_of_buying(gain, usual * span)
        tick, spread, memory = int(self.values["tick"]), int(self.values["spread"]), self.values["memory"]
        start = p0 * 10.0**decimals / tick
        slope = (p1 - p0) * 10.0**decimals / tick / span
        # the lowest bid is half a spread below the mid, rounded to the nearest tick
        start += 0.5 - spread / 2.0
        wide, floor, draw = spread * tick, math.floor, self._sizes.draw
        trades: list[Trade] = []
        for t in times:
            bid = max(floor(start + slope * (t - t0)), 1) * tick
            ask = bid + wide
            side = 1 if self._draw() < chance else -1
            if memory and self._order_rng.random() < memory:
                side = self._slice(side)
            trades.append(Trade(t, ask if side > 0 else bid, draw(), side, bid, ask))
        return trades

    def _chance_of_buying(self, gain: float, usual: float) -> float:
        """P(buy) in a step with this log return, when the usual squared return is `usual`."""
        if usual <= 0.0:
            return 0.5
        z = max(-MAX_Z, min(MAX_Z, gain / math.sqrt(usual)))
        return 1.0 / (1.0 + math.exp(-self.values["follow"] * z))

    def _draw(self) -> float:
        if not self._chances:
            self._chances = self._rng.random(BLOCK).tolist()
        return self._chances.pop()

    def _slice(self, side: int) -> int:
        """The side of the current large order; when it is complete the next one begins, with this side."""
        if not self._slices:
            length = (1.0 - self._order_rng.random()) ** (-1.0 / self.values["tail"])
            self._slices, self._order_side = min(math.ceil(length), LONGEST_ORDER), side
        self._slices -= 1
        return self._order_side
