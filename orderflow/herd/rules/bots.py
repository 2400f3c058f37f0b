"""Traders of known habits, for rehearsals, for small rooms, and as the baseline of the debrief.

    zero         zero intelligence: a side and a quantity by chance, within what it owns (Gode & Sunder, "Allocative
                 efficiency of markets with zero-intelligence traders", Journal of Political Economy 101, 1993)
    trend        buys what has risen over the last seconds and sells what has fallen
    fundamental  buys below the value of a share and sells above, the more the further off

(the last two as in Day & Huang, "Bulls, bears and market sheep", Journal of Economic Behavior and Organization 14,
1990). Each acts by chance every `PAUSE` seconds on average. With the same seed and the same prices they do the same.
They have no privileges: their orders are orders, and they are marked as bots in the log and wherever names are shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from orderflow.herd.rules.participants import Participant
from orderflow.herd.rules.seeded_random import Stream, uuid
from orderflow.herd.rules.state import State

PAUSE = 2.0
"""Seconds between two orders of one bot, on average."""
MEMORY = 5.0
"""Seconds over which trend followers average the price."""
QUANTITY = 5
"""Largest quantity of an ordinary order."""

KINDS = ("zero", "trend", "fundamental")


class Bots:
    """The bots of one session. Asked once a batch; remembers only the average price.

    seed: the session's, with the number of its next event mixed in by the caller where a restart must not repeat.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = Stream(seed, "bots")
        self._average: float | None = None
        self._orders = 0

    def orders(self, state: State, bots: Iterable[Participant]) -> list[tuple[str, str, int, int]]:
        """What they order in this batch: (participant, UUID, sign, quantity)."""
        seconds = state.config.batch_ms / 1000
        price = state.price
        average = self._average if self._average is not None else float(price)
        trend = price / average - 1
        self._average = average + (price - average) * (1 - math.exp(-seconds / MEMORY))
        running = state.round is not None and state.round.running
        value = (state.round.fundamental if state.round is not None and running else None) or state.curve.p0
        gap = math.log(max(value, 1) / price)
        acts = 1 - math.exp(-seconds / PAUSE)
        habits: dict[str | None, Callable[[], tuple[int, int]]] = {
            "zero": self._zero,
            "trend": lambda: self._trend(trend),
            "fundamental": lambda: self._fundamental(gap),
        }
        out: list[tuple[str, str, int, int]] = []
        for bot in bots:
            if self._chance.uniform() >= acts:
                continue
            sign, wanted = habits[bot.bot]()
            room = bot.cash // price if sign > 0 else bot.shares + state.config.short
            quantity = min(wanted, room, state.config.max_quantity)
            if sign and quantity > 0:
                self._orders += 1
                out.append((bot.id, uuid(self._seed, "order", state.n, self._orders), sign, quantity))
        return out

    def _zero(self) -> tuple[int, int]:
        return (1 if self._chance.uniform() < 0.5 else -1), 1 + self._chance.below(QUANTITY)

    def _trend(self, trend: float) -> tuple[int, int]:
        sure = math.tanh(abs(trend) * 50)  # 2% above the average: three of four go along
        with_it = self._chance.uniform() < 0.5 + sure / 2
        sign = 1 if (trend >= 0) == with_it else -1
        return sign, 1 + self._chance.below(QUANTITY)

    def _fundamental(self, gap: float) -> tuple[int, int]:
        if abs(gap) < 0.01:  # fair enough
            self._chance.uniform()
            return 0, 0
        return (1 if gap > 0 else -1), min(4 * QUANTITY, 1 + self._chance.below(1 + int(abs(gap) * 40)))
