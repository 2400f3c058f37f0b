"""Bots: traders with known strategies, for rehearsals and small rooms.

    zero         zero intelligence: a random side and quantity, limited by what the bot owns (Gode & Sunder, "Allocative
                 efficiency of markets with zero-intelligence traders", Journal of Political Economy 101, 1993)
    trend        buys after the price rose over the last seconds and sells after it fell
    fundamental  buys below the value of a share and sells above, more when the price is further off

The last two follow Day & Huang, "Bulls, bears and market sheep", Journal of Economic Behavior and Organization 14,
1990. Each bot acts at random times, every `PAUSE` seconds on average. The same seed and prices give the same orders.
Bots have no privileges: their orders are ordinary orders. They are marked as bots in the log and wherever names are
shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from orderflow.herd.rules.participants import Participant
from orderflow.herd.rules.seeded_random import SeededRandom, seeded_uuid
from orderflow.herd.rules.state import State

PAUSE = 2.0
"""Seconds between two orders of one bot, on average."""
MEMORY = 5.0
"""Seconds over which trend followers average the price."""
QUANTITY = 5
"""Largest quantity of an ordinary order."""

KINDS = ("zero", "trend", "fundamental")


class Bots:
    """The bots of one session. Call `orders` once per batch; the only state is the average price.

    seed: of the session, combined with the number of its next event so that a restart does not repeat old orders.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = SeededRandom(seed, "bots")
        self._average: float | None = None
        self._orders = 0

    def orders(self, state: State, bots: Iterable[Participant]) -> list[tuple[str, str, int, int]]:
        """Their orders in this batch: (participant, UUID, sign, quantity)."""
        seconds = state.config.batch_ms / 1000
        price = state.price
        average = self._average if self._average is not None else float(price)
        trend = price / average - 1
        self._average = average + (price - average) * (1 - math.exp(-seconds / MEMORY))
        running = state.round is not None and state.round.running
        value = (state.round.fundamental if state.round is not None and running else None) or state.curve.p0
        gap = math.log(max(value, 1) / price)
        acts = 1 - math.exp(-seconds / PAUSE)
        strategies: dict[str | None, Callable[[], tuple[int, int]]] = {
            "zero": self._zero,
            "trend": lambda: self._trend(trend),
            "fundamental": lambda: self._fundamental(gap),
        }
        out: list[tuple[str, str, int, int]] = []
        for bot in bots:
            if self._random.random() >= acts:
                continue
            sign, wanted = strategies[bot.bot]()
            room = bot.cash // price if sign > 0 else bot.shares + state.config.short
            quantity = min(wanted, room, state.config.max_quantity)
            if sign and quantity > 0:
                self._orders += 1
                out.append((bot.id, seeded_uuid(self._seed, "order", state.n, self._orders), sign, quantity))
        return out

    def _zero(self) -> tuple[int, int]:
        return (1 if self._random.random() < 0.5 else -1), 1 + self._random.randrange(QUANTITY)

    def _trend(self, trend: float) -> tuple[int, int]:
        strength = math.tanh(abs(trend) * 50)  # 2% above the average: 88% follow the trend
        follows = self._random.random() < 0.5 + strength / 2
        sign = 1 if (trend >= 0) == follows else -1
        return sign, 1 + self._random.randrange(QUANTITY)

    def _fundamental(self, gap: float) -> tuple[int, int]:
        if abs(gap) < 0.01:  # within 1% of the value
            self._random.random()
            return 0, 0
        return (1 if gap > 0 else -1), min(4 * QUANTITY, 1 + self._random.randrange(1 + int(abs(gap) * 40)))
