"""Playing a session again: its prices, orders and captions by time, and a position that moves through them.

Positions are times of the session in ms since 1970, as in the frames. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
Point = tuple[int, float]
"""(ms after the session's begin, price)."""
Step = tuple[int, float | None]
"""(ms after the session's begin, fundamental value from then on; None: there is none)."""

PAUSE = 8_000
"""ms without any event after which a pause is skipped."""
KEPT = 1_500
"""ms of a skipped pause that are played at its begin and at its end."""
METER = 5_000
"""ms that the meter of buyers and sellers looks back."""
TREND = 3_000
"""ms over which the direction of the price is judged."""
LEAD = 5_000
"""ms of quiet that the chart shows before the first change."""
GAP = 600
"""ms without a moment after which the price goes to the next in a step."""
MARKS = ("news", "round")
"""Kinds of captions that a chart marks."""
PHASE = re.compile(r"(open|frozen|ended|lobby|waiting)", re.IGNORECASE)


class Playback:
    """The frames of one session, looked up by position. size: number of events of the log that they are made from."""

    def __init__(self, frames: Json, size: int = 0) -> None:
        self.session: str = frames["session"]
        self.size = size
        self.captions: list[Json] = frames["events"]
        self.prices: list[float] = frames["price"]
        self.start: float = frames["start"]
        self._times: list[int] = frames["t"]
        self._buys, self._sells = frames["buys"], frames["sells"]
        self._caption_times: list[int] = [event["t"] for event in self.captions]
        self._moments = sorted([*self._times, *self._caption_times])
        self.begin: int = self._moments[0]
        self.end: int = self._moments[-1]
        self.origin = self._origin()
        self._values = _changes(frames["fundamental"] or [])
        self._states = _states(self.captions)

    @property
    def empty(self) -> bool:
        """True when the price never had a chance to move: there is nothing to play."""
        return len(self._times) < 2

    def elapsed(self, time: float) -> int:
        """A time as whole ms after the session's begin."""
        return round(time) - self.begin

    def clamp(self, position: float) -> float:
        """The nearest position inside the session."""
        return min(self.end, max(self.begin, position))

    def advance(self, position: float, ms: float) -> tuple[float, float]:
        """(the position after `ms` of the session's time, ms of a pause that were skipped)."""
        position += ms
        after = bisect_right(self._moments, position)
        if 0 < after < len(self._moments):
            last, following = self._moments[after - 1], self._moments[after]
            if following - position > PAUSE and position - last >= KEPT:
                return following - KEPT, following - KEPT - position
        return self.clamp(position), 0.0

    def count(self, position: float) -> int:
        """How many moments are past: at least the first."""
        return max(1, bisect_right(self._times, position))

    def captions_past(self, position: float) -> int:
        """How many captions are past."""
        return bisect_right(self._caption_times, position)

    def last_moment(self, position: float) -> float:
        """The time of the newest moment that is past."""
        return self._times[self.count(position) - 1]

    def price(self, position: float) -> float:
        """The price at a position."""
        return self.prices[self.count(position) - 1]

    def lately(self, position: float) -> float:
        """How much the price rose in the last `TREND` ms."""
        return self.price(position) - self.price(position - TREND)

    def state(self, position: float) -> tuple[str, str]:
        """(phase, words about the round, "" before the first)."""
        return self._states[self.captions_past(position)]

    def buyers(self, position: float) -> float | None:
        """Share of buying in the orders filled in the last `METER` ms; None when there were none."""
        since, until = bisect_right(self._times, position - METER), bisect_right(self._times, position)
        bought, sold = sum(self._buys[since:until]), sum(self._sells[since:until])
        return bought / (bought + sold) if bought + sold else None

    def points(self, after: float, until: float) -> list[Point]:
        """The price at each time in (after, until]: what a chart that ends at `after` lacks."""
        since, to = bisect_right(self._times, after), bisect_right(self._times, until)
        points: list[Point] = []
        for i in range(since, to):
            time, price = self.elapsed(self._times[i]), self.prices[i]
            if i and self._times[i] - self._times[i - 1] > GAP and self.prices[i - 1] != price:
                points.append((time - 1, self.prices[i - 1]))
            if points and points[-1][0] == time:
                points.pop()  # of several moments at one time the last counts
            points.append((time, price))
        return points

    def values(self, position: float) -> list[Step]:
        """The changes of the fundamental value up to a position."""
        count = self.count(position)
        return [(self.elapsed(self._times[i]), value) for i, value in self._values if i < count]

    def marks(self, position: float) -> list[Json]:
        """The captions of `MARKS` up to a position: {"t": ms after the session's begin, "kind", "text"}."""
        past = self.captions[: self.captions_past(position)]
        return [event | {"t": self.elapsed(event["t"])} for event in past if event["kind"] in MARKS]

    def chart_begin(self, position: float) -> float:
        """Where a chart at this position begins: shortly before the first change, so that a long wait takes no room."""
        return self.origin if position >= self.origin else self.begin

    def line(self, position: float) -> list[Point]:
        """The price from `chart_begin` to a position."""
        begin = self.chart_begin(position)
        return [(self.elapsed(begin), self.price(begin)), *self.points(begin, position)]

    def _origin(self) -> float:
        changed = next((i for i, price in enumerate(self.prices) if price != self.prices[0]), None)
        marked = next((event["t"] for event in self.captions if event["kind"] != "phase"), self.end)
        moved = self.end if changed is None else self._times[changed - 1]
        return max(self.begin, min(moved, marked) - LEAD)


def _changes(values: Sequence[float | None]) -> list[tuple[int, float | None]]:
    """(index, value) wherever the value changes, from None on."""
    return [(i, value) for i, value in enumerate(values) if value != (values[i - 1] if i else None)]


def _states(captions: Sequence[Json]) -> list[tuple[str, str]]:
    """(phase, words about the round) before the first caption and after each."""
    states = [("open", "")]
    for event in captions:
        phase, words = states[-1]
        if event["kind"] == "phase" and (found := PHASE.search(event["text"])):
            phase = found[1].lower().replace("waiting", "lobby")
        elif event["kind"] == "round":
            words = event["text"]
        states.append((phase, words))
    return states
