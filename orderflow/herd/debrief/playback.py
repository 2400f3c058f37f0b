"""Playing a session again: its prices, orders and captions by time, and a position that moves through them.

Positions are times of the session in ms since 1970, as in the frames. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from orderflow.herd.debrief.captions import caption
from orderflow.herd.rules.events import BatchCleared, Event, NewsPublished, RoundChanged, RoundUndone
from orderflow.herd.rules.money import units
from orderflow.herd.rules.state import State

Json = dict[str, Any]
Line = tuple[list[float], list[float]]
"""x in seconds after the session's begin, y in units of money."""
Steps = tuple[list[float], list[float | None]]
"""A line with gaps: y is None where there is no value."""

MS = 1_000_000
MOMENTS = (BatchCleared, NewsPublished, RoundChanged, RoundUndone)
"""Events after which the price, the order flow or the fundamental value may differ."""
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
BUCKETS = 1_000
"""Time buckets of a thinned line; each keeps at most four points."""
PHASE = re.compile(r"(open|frozen|ended|lobby|waiting)", re.IGNORECASE)


def frames(log: Sequence[Event]) -> Json:
    """What is needed to show a session again, as `GET /herd/frames` answers it.

    Columns `t` (ms), `price`, `buys`, `sells` and `fundamental` (None where a session has no rounds) have one entry for
    each event of `MOMENTS`; `events` has the captions as {"t", "kind", "text"}.
    """
    state = State.of(log[0])
    moments = [(log[0].t // MS, units(state.price), 0, 0, _fundamental(state))]
    captions = []
    for event in log[1:]:
        state.apply(event)
        if isinstance(event, MOMENTS):
            flow = (event.buys, event.sells) if isinstance(event, BatchCleared) else (0, 0)
            moments.append((event.t // MS, units(state.price), *flow, _fundamental(state)))
        if (words := caption(event, state)) is not None:
            captions.append({"t": event.t // MS, "kind": event.tag, "text": words})
    times, prices, buys, sells, values = (list(column) for column in zip(*moments, strict=True))
    return {
        "session": state.session_id,
        "start": prices[0],
        "t": times,
        "price": prices,
        "buys": buys,
        "sells": sells,
        "events": captions,
        "fundamental": values if any(value is not None for value in values) else None,
    }


def _fundamental(state: State) -> float | None:
    """The value of a share in the running round, in currency."""
    running = state.round
    worth = running.fundamental if running is not None and running.running else None
    return None if worth is None else units(worth)


class Playback:
    """The frames of one session, looked up by position. size: number of events of the log that they are made from."""

    def __init__(self, frames: Json, size: int = 0) -> None:
        self.session: str = frames["session"]
        self.size = size
        self.captions: list[Json] = frames["events"]
        self.prices: list[float] = frames["price"]
        self.start: float = frames["start"]
        self.has_value = frames["fundamental"] is not None
        self._times: list[int] = frames["t"]
        self._buys, self._sells = frames["buys"], frames["sells"]
        self._told: list[int] = [event["t"] for event in self.captions]
        self._moments = sorted([*self._times, *self._told])
        self.begin: int = self._moments[0]
        self.end: int = self._moments[-1]
        self.origin = self._origin()
        self._steps = _steps([self.seconds(time) for time in self._times], frames["fundamental"] or [])
        self._states = _states(self.captions)

    @property
    def empty(self) -> bool:
        """True when the price never had a chance to move: there is nothing to play."""
        return len(self._times) < 2

    def seconds(self, time: float) -> float:
        """A time as seconds after the session's begin."""
        return (time - self.begin) / 1000

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

    def told(self, position: float) -> int:
        """How many captions are past."""
        return bisect_right(self._told, position)

    def price(self, position: float) -> float:
        return self.prices[self.count(position) - 1]

    def direction(self, position: float) -> int:
        """1, -1 or 0: which way the price went in the last `TREND` ms."""
        change = self.price(position) - self.price(position - TREND)
        return (change > 0) - (change < 0)

    def value(self, position: float) -> float | None:
        """The fundamental value, None outside of rounds."""
        past = bisect_right(self._steps[0], self.seconds(position))
        return self._steps[1][past - 1] if past else None

    def state(self, position: float) -> tuple[str, str]:
        """(phase, words about the round, "" before the first)."""
        return self._states[self.told(position)]

    def buyers(self, position: float) -> float | None:
        """Share of buying in the orders filled in the last `METER` ms; None when there were none."""
        since, until = bisect_right(self._times, position - METER), bisect_right(self._times, position)
        bought, sold = sum(self._buys[since:until]), sum(self._sells[since:until])
        return bought / (bought + sold) if bought + sold else None

    def points(self, after: float, until: float) -> Line:
        """The price at each moment in (after, until]: what a chart that ends at `after` lacks."""
        since, to = bisect_right(self._times, after), bisect_right(self._times, until)
        return [self.seconds(time) for time in self._times[since:to]], list(self.prices[since:to])

    def value_points(self, after: float, until: float) -> Steps:
        """The steps of the fundamental value in (after, until]."""
        x, y = self._steps
        since, to = bisect_right(x, self.seconds(after)), bisect_right(x, self.seconds(until))
        return x[since:to], y[since:to]

    def chart_begin(self, position: float) -> float:
        """Where a chart at this position begins: shortly before the first change, so that a long wait takes no room."""
        return self.origin if position >= self.origin else self.begin

    def line(self, position: float) -> Line:
        """The price from `chart_begin` to the position, thinned without losing a peak."""
        begin = self.chart_begin(position)
        x, y = self.points(begin, position)
        first = self.prices[self.count(begin) - 1]
        return thin([self.seconds(begin), *x], [first, *y])

    def _origin(self) -> float:
        changed = next((i for i, price in enumerate(self.prices) if price != self.prices[0]), None)
        marked = next((event["t"] for event in self.captions if event["kind"] != "phase"), self.end)
        moved = self.end if changed is None else self._times[changed - 1]
        return max(self.begin, min(moved, marked) - LEAD)


def _steps(times: Sequence[float], values: Sequence[float | None]) -> Steps:
    """The changes of the fundamental value; where it ends, its last value comes before the None."""
    x: list[float] = []
    y: list[float | None] = []
    last: float | None = None
    for time, value in zip(times, values, strict=False):  # without rounds there are no values
        if value == last:
            continue
        if value is None:
            x.append(time)
            y.append(last)
        x.append(time)
        y.append(value)
        last = value
    return x, y


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


def thin(x: Sequence[float], y: Sequence[float], buckets: int = BUCKETS) -> Line:
    """The first, lowest, highest and last point of each of `buckets` equal spans of x; all points where they are few.

    x: ascending.
    """
    if len(x) <= 4 * buckets:
        return list(x), list(y)
    width = (x[-1] - x[0]) / buckets
    kept: list[int] = []
    first = 0
    while first < len(x):
        edge = x[0] + (int((x[first] - x[0]) / width) + 1) * width
        after = max(first + 1, bisect_left(x, edge, first))
        span = range(first, after)
        kept += sorted({first, min(span, key=lambda i: y[i]), max(span, key=lambda i: y[i]), after - 1})
        first = after
    return [x[i] for i in kept], [y[i] for i in kept]
