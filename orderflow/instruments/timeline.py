"""The effects of one instrument's events as a pure function of time, for any interval in any order.

Price factors are added as logarithms, so that many of them cannot overflow. This module does not read files or know
ids.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from orderflow.instruments.events import DIGITS, HALT, VOLATILITY, Event

MAX_LOG_FACTOR = 600.0
"""Largest logarithm of a factor that is still a float."""
MAX_VOLATILITY = 1e6
"""Largest combined volatility factor."""


class Effects(NamedTuple):
    """The effects on one instrument in one step.

    factor: multiply the price by it, also during a halt. volatility: multiple of the model's own, the root mean square
    over the step. halted: no trades and no step of the model.
    """

    factor: float
    volatility: float
    halted: bool


CALM = Effects(1.0, 1.0, False)


class Timeline:
    """The events of one instrument, cut at each beginning and end: segment i is between times i and i + 1."""

    def __init__(self, events: Iterable[Event], loop: float | None) -> None:
        whole = list(events)
        self._loop = loop
        self._movers = [event for event in whole if event.kind.level is not None]
        self._halts = _joined([event.times for event in whole if event.kind is HALT])
        last = math.inf if loop is None else loop
        self._times = sorted({0.0, last, *(time for event in whole for time in event.times)})
        segments = range(len(self._times) - 1)
        self._volatility = [1.0 for _ in segments]
        for event in whole:
            if event.kind is VOLATILITY:
                for segment in self._between(*event.times):
                    together = self._volatility[segment] * event.values["factor"]
                    self._volatility[segment] = min(together, MAX_VOLATILITY)
        halted = {segment for halt in self._halts for segment in self._between(*halt)}
        moving = {
            segment
            for event in self._movers
            for part in event.kind.moves
            for segment in self._between(event.times[part], event.times[part + 1])
        } - halted
        still = [Effects(1.0, self._volatility[segment], segment in halted) for segment in segments]
        # the usual result is one shared object, so that callers can test it by identity
        self._quiet = [None if n in moving else CALM if e == CALM else e for n, e in enumerate(still)]
        self._round = self._squares(0.0, loop) if loop else 0.0
        self._gain = sum(math.log(event.level(math.inf)) for event in self._movers)

    def effects(self, t_from: float, t_to: float) -> Effects:
        """The effects from t_from until just before t_to. Raises ValueError for t_to < t_from."""
        t_from, t_to = round(t_from, DIGITS), round(t_to, DIGITS)
        if not t_to >= t_from:
            raise ValueError(f"the interval from {t_from} s to {t_to} s is not valid")
        first, start = self._place(t_from)
        last, end = self._place(t_to)
        if first == last:
            segment = bisect_right(self._times, start) - 1
            # a jump can happen at the very beginning of a segment
            if start > self._times[segment] and end <= self._times[segment + 1]:
                quiet = self._quiet[segment]
                if quiet is not None:
                    return quiet
        gain = self._gain * (last - first) + self._level(end) - self._level(start)
        factor = math.exp(max(-MAX_LOG_FACTOR, min(MAX_LOG_FACTOR, gain)))
        return Effects(factor, self._root_mean_square(first, start, last, end), self._halted(first, start, last, end))

    def _place(self, t: float) -> tuple[int, float]:
        """(round, time in it). The end of a round belongs to it, as effects are taken just before a time."""
        if t <= 0.0:
            return 0, 0.0
        if self._loop is None:
            return 0, t
        number = math.ceil(t / self._loop) - 1
        return number, min(round(t - number * self._loop, DIGITS), self._loop)

    def _between(self, begin: float, end: float) -> range:
        """The segments between two of the times."""
        return range(bisect_left(self._times, begin), bisect_left(self._times, end))

    def _level(self, t: float) -> float:
        """The logarithm of the price factor just before t, within a round; during a halt, that of its beginning."""
        for begin, over in self._halts:
            if begin <= t <= over:
                t = begin
                break
        return sum(math.log(event.level(t)) for event in self._movers)

    def _squares(self, start: float, end: float) -> float:
        """The integral of the squared volatility factor over a part of one round."""
        total = 0.0
        segment = max(bisect_right(self._times, start) - 1, 0)
        while segment < len(self._volatility) and self._times[segment] < end:
            inside = min(end, self._times[segment + 1]) - max(start, self._times[segment])
            total += self._volatility[segment] ** 2 * inside
            segment += 1
        return total

    def _root_mean_square(self, first: int, start: float, last: int, end: float) -> float:
        if first == last:
            if end <= start:
                return self._volatility[min(bisect_left(self._times, start, 1), len(self._volatility)) - 1]
            return math.sqrt(self._squares(start, end) / (end - start))
        loop = self._loop or 0.0
        total = self._squares(start, loop) + (last - first - 1) * self._round + self._squares(0.0, end)
        return math.sqrt(total / ((last - first) * loop + end - start))

    def _halted(self, first: int, start: float, last: int, end: float) -> bool:
        if first == last:
            return any(begin < end and over > start for begin, over in self._halts)
        return any(over > start or begin < end or last - first > 1 for begin, over in self._halts)


def _joined(spans: Iterable[tuple[float, ...]]) -> list[tuple[float, float]]:
    """Merge spans that touch or overlap, in time order."""
    joined: list[tuple[float, float]] = []
    for begin, over in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], over))
        else:
            joined.append((begin, over))
    return joined
