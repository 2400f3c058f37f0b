"""Tick counters of a symbol: totals, late, repeated and rejected ticks, id conflicts, side rules, the tick rate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.buffer import Columns
from orderflow.market.decimals import ascends, largest
from orderflow.market.id_run import IdRun
from orderflow.market.ticks import SideRule

RATE_SECONDS = 10
"""Length of the window of the tick rate, in seconds of monotonic time."""


@dataclass(slots=True)
class Counters:
    """Counts since the start or the last reset.

    duplicates: repetitions that were left out. id_conflicts: ticks that were kept although another trade has their id.
    volume: size units. low, high, close: levels. first, last: ns UTC. active: monotonic seconds of the last batch.
    rules: ticks by `SideRule`, starting with rule 1. ids: the trade ids, to tell which are missing.
    """

    ticks: int = 0
    late: int = 0
    duplicates: int = 0
    id_conflicts: int = 0
    rejected: int = 0
    volume: int = 0
    low: int = 2**63 - 1
    high: int = -1
    close: int = 0
    first: int = 2**63 - 1
    last: int = -(2**63)
    active: float = 0.0
    rules: list[int] = field(default_factory=lambda: [0] * len(SideRule))
    ids: IdRun = field(default_factory=IdRun)
    _seconds: dict[int, int] = field(default_factory=dict)

    def add(self, ticks: Columns, now: float) -> None:
        """Count published ticks. A tick is late if an earlier arrival has a later time. now: monotonic seconds."""
        n, time, level = len(ticks), ticks.time, ticks.level
        if int(time[0]) >= self.last and ascends(time):
            self.close, self.last = int(level[-1]), int(time[-1])
            self.first = min(self.first, int(time[0]))
        else:
            self._add_late(time, level)
        self.high = max(self.high, largest(level))
        self.low = min(self.low, int(level[0]) if n == 1 else int(level.min()))
        self.volume += int(ticks.size[0]) if n == 1 else int(ticks.size.sum())
        self.ticks += n
        if n == 1:
            self.rules[int(ticks.rule[0]) - 1] += 1
        else:
            for rule, count in enumerate(np.bincount(ticks.rule, minlength=len(SideRule) + 1)[1:].tolist()):
                self.rules[rule] += count
        self.ids.add(ticks.id)
        self.active = now
        second = int(now)
        self._seconds[second] = self._seconds.get(second, 0) + len(ticks)
        if len(self._seconds) > 2 * RATE_SECONDS:
            self._seconds = {s: c for s, c in self._seconds.items() if s > second - RATE_SECONDS}

    def _add_late(self, time: Ints, level: Ints) -> None:
        newest = np.maximum.accumulate(np.concatenate(([self.last], time)))
        self.late += int((time < newest[:-1]).sum())
        if int(newest[-1]) > self.last or int(time[-1]) == self.last:
            self.close = int(level[len(time) - 1 - int(time[::-1].argmax())])
            self.last = int(newest[-1])
        self.first = min(self.first, int(time.min()))

    def rate(self, now: float) -> float:
        """Ticks per second over the last RATE_SECONDS whole seconds."""
        second = int(now)
        return sum(c for s, c in self._seconds.items() if second - RATE_SECONDS < s <= second) / RATE_SECONDS

    def rescale(self, level: int, size: int) -> None:
        """Multiply levels and sizes for a finer grid."""
        if self.ticks:
            self.low, self.high, self.close = self.low * level, self.high * level, self.close * level
        self.volume *= size
