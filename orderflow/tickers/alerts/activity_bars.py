"""Alerts on bars of ticks, volume, range and delta: which of them have closed, and what fires when they do.

The engine cuts the bars, here is only which of them were evaluated. A bar closes with the first tick of a later one, as
those of time do. A late tick may move the later bars of its session: bars that were evaluated are not evaluated again.
An alert begins with the bar that forms when it is made; those that have closed by then are past for it. The bars are
read again only once so much has come that one may have closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput, NotFound
from orderflow.market.bars.footprint import BarTable
from orderflow.market.buffer import Columns
from orderflow.market.decimals import ascends, unit_text
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.ports import MarketReader
from orderflow.market.sessions import Session
from orderflow.tickers.alerts.alert import Kind, Watch
from orderflow.tickers.alerts.bar_values import LOOKBACK, lookback, needs_session, values
from orderflow.tickers.alerts.bar_watches import BarFinding, finding_text, groups, holds
from orderflow.tickers.alerts.book import thresholds, tick_of
from orderflow.tickers.alerts.firing import Tally, choose
from orderflow.tickers.alerts.operators.operator import Bound
from orderflow.tickers.alerts.operators.registry import OPERATORS


@dataclass(slots=True)
class ActivityBars:
    """The bars of one activity frame. start: key of the newest bar that was evaluated, None before the first. behind:
    the same for single alerts (by id), where it is less: late ticks may have the bars before `start` form again, and
    for an alert that is made then only those that have closed are past."""

    frame: Frame
    start: int | None = None
    behind: dict[str, int] = field(default_factory=dict)
    _grid: Grid | None = None
    _room: int = 0
    _low: int = 0
    _high: int = 0
    _newest: int = 0
    _closing: int = 0
    _came: bool = True
    _near: int | None = None

    def note(self, grid: Grid, ticks: Columns) -> None:
        """Count n >= 1 ticks (on `grid`) towards the end of the forming bar."""
        self._came = True
        late = int(ticks.time[0]) < self._newest or not ascends(ticks.time)
        self._newest = max(self._newest, int(ticks.time[-1]))
        if self._grid != grid or late or self._newest >= self._closing:
            self._grid = None
        elif self.frame.kind == "range":
            self._low, self._high = min(self._low, int(ticks.level.min())), max(self._high, int(ticks.level.max()))
            self._room = self.frame.n - (self._high - self._low)
        else:
            self._room -= len(ticks) if self.frame.kind == "ticks" else int(ticks.size.sum())

    def due(self, *, forming: bool) -> bool:
        """Whether a bar may have closed; with `forming`, whether any tick has come."""
        return self._came and (forming or self._grid is None or self._room <= 0)

    def forget(self, *, all_bars: bool) -> None:
        """The series has begun again, or (not all_bars) its ticks are the same and its bars may be others."""
        if all_bars:
            self.start, self.behind = None, {}
        self._grid, self._came, self._newest, self._near = None, True, 0, None

    def near(self, back: int) -> int | None:
        """A time (ns UTC) from which on there are `back` bars before those to evaluate; None if it is not known."""
        return self._near if back <= LOOKBACK and self.start is not None and not self.behind else None

    def read(self, table: BarTable, keys: Ints, session: Session) -> None:
        """Note the bars that are there now; all but the last one are evaluated."""
        self._near = int(table.time[-LOOKBACK - 2]) if len(table) > LOOKBACK + 1 else self._near
        if len(keys) > 1:
            closed = int(keys[-2])
            self.start = closed if self.start is None else max(self.start, closed)
            self.behind = {each: max(key, closed) for each, key in self.behind.items() if max(key, closed) < self.start}
        self._grid, self._came = table.grid, False
        self._newest = int(table.end[-1])
        self._closing = int(session.end_of(table.time[-1:])[0])
        self._low, self._high = int(table.low[-1]), int(table.high[-1])
        used = {
            "ticks": int(table.trades[-1]),
            "volume": int(table.volume[-1]),
            "delta": abs(int(table.ask[-1]) - int(table.bid[-1])),
            "range": self._high - self._low,
        }
        self._room = self.frame.measure(table.grid.size_decimals) - used[self.frame.kind]

    def begin(
        self, market: MarketReader, symbol: str, newest: int, session: Session, alert_id: str, *, alone: bool
    ) -> None:
        """Begin an alert with the bar that forms now.

        newest: time of the newest evaluated tick, ns UTC. alone: no other one looks at these bars.

        Another one that was made before the first tick has seen no bar close, and still looks at bars of the sessions
        before, which late ticks may make: for the new one they are past, as they end before it was made.
        """
        if self.start is None and not alone:
            return
        table = read_activity(market, symbol, self.frame, newest, newest + 1, 0, session, self.near(0))
        if table is None:
            return
        keys = keys_of(table)
        past = int(keys[-2]) if len(keys) > 1 else int(session.start_of(np.array([newest]))[0]) - 1
        if self.start is None:
            self.start = past
            self.read(table, keys, session)
        elif past < self.start:
            self.behind[alert_id] = past
        else:
            self.behind.pop(alert_id, None)

    def state(self) -> dict[str, Any]:
        """What a restart needs."""
        return {"start": self.start} | ({"behind": self.behind} if self.behind else {})

    def parts(self, watches: Sequence[Watch], keys: Ints) -> Iterator[tuple[list[Watch], range]]:
        """(watches, rows of the closed bars that they have not looked at). keys: of all bars, as `keys_of` gives."""
        behind = [watch for watch in watches if watch.alert.id in self.behind]
        level = [watch for watch in watches if watch.alert.id not in self.behind]
        for group, past in [(level, self.start), *(([watch], self.behind[watch.alert.id]) for watch in behind)]:
            first = 0 if past is None else int(np.searchsorted(keys, past, side="right"))
            yield group, range(first, len(keys) - 1)


def keys_of(table: BarTable) -> Ints:
    """int64[n]: what each bar is known by, its start (ns UTC); of those that start together the later ones have 1, 2 …
    more, as one large trade may fill several bars."""
    index = np.arange(len(table))
    return np.maximum.accumulate(table.time - index) + index


def read_activity(
    market: MarketReader,
    symbol: str,
    frame: Frame,
    after: int | None,
    end: int | None,
    back: int,
    session: Session,
    near: int | None = None,
) -> BarTable | None:
    """The bars of the session with the time `after` (ns UTC; None: from the first on) and of those later that start
    before `end`, and of the session before if there are fewer than `back` of them before `after`. None if there are
    none, or if they would be too small to cut. near: only those that start from this time on, which costs much less in
    a long session."""

    def read(start: int | None) -> BarTable:
        return market.bars(symbol, frame, start=start, end=end)

    try:
        if after is None or near is not None:
            table = read(near)
        else:
            opening = int(session.start_of(np.array([after]))[0])
            table = read(opening)
            if int(np.searchsorted(table.time, after)) < back:
                table = read(int(session.start_of(np.array([opening - 1]))[0]))
    except (NotFound, BadInput):
        return None
    return table if len(table) else None


def evaluate_activity(
    market: MarketReader,
    watches: Sequence[Watch],
    bars: ActivityBars,
    newest: tuple[int, int],
    session: Session,
    tally: Tally,
) -> list[BarFinding]:
    """What fires at the bars that have closed, and in the forming one. watches: of one symbol and this frame. newest:
    (time, ordinal) of the newest tick."""
    back = max(lookback(watch.alert.source) for watch in watches)
    near = None if any(needs_session(watch.alert.source) for watch in watches) else bars.near(back)
    after = min([bars.start, *bars.behind.values()]) if bars.start is not None else None
    table = read_activity(market, watches[0].symbol, bars.frame, after, None, back, session, near)
    if table is None:
        return []
    keys, last = keys_of(table), len(table) - 1
    found: list[BarFinding] = []
    for group, rows in bars.parts(watches, keys):
        found += fire_closed(market, group, table, rows, newest[1], session, tally)
    inside = [watch for watch in watches if watch.alert.intrabar and not watch.done]
    if inside:
        found += _fire(market, inside, table, range(last, last + 1), newest[1], session, tally, newest[0])
    bars.read(table, keys, session)
    return found


def fire_closed(
    market: MarketReader,
    watches: Sequence[Watch],
    table: BarTable,
    at: range,
    ordinal: int,
    session: Session,
    tally: Tally,
) -> list[BarFinding]:
    """What fires at the rows `at` of a table, which have closed. ordinal: of the newest tick."""
    return _fire(market, watches, table, at, ordinal, session, tally, None)


def _fire(
    market: MarketReader,
    watches: Sequence[Watch],
    table: BarTable,
    at: range,
    ordinal: int,
    session: Session,
    tally: Tally,
    forming: int | None,
) -> list[BarFinding]:
    """As `fire_closed`. forming: time of the newest tick (ns UTC), if the rows are of the forming bar."""
    found: list[BarFinding] = []
    keys = keys_of(table)
    for source, group in groups(watches) if len(at) else []:
        series = None if source.kind is Kind.PRICE else values(market, source, table, session, np.array(at))
        for i in at:
            time = int(table.end[i]) if forming is None else forming
            for watch in group:
                late = time <= watch.floor if forming is None else time < watch.floor
                if late or ordinal < watch.since:
                    continue
                if _close_holds(watch, table, i) if series is None else holds(watch, series, i):
                    text = _price(table, i) if series is None else finding_text(watch, series, table, i)
                    for _ in choose(watch, [(i, time, int(keys[i]))], tally):
                        _measure(watch, table, i)
                        found.append(BarFinding(watch, text, time, ordinal, int(keys[i]), forming is not None))
    return found


def _close_holds(watch: Watch, table: BarTable, i: int) -> bool:
    """Whether the close of a bar meets the condition of a price."""
    operator = OPERATORS[watch.alert.operator]
    if operator.moved is not None and watch.reference is None:
        watch.measure_from(_exact(table, i))
        return False
    if operator.before and not i:
        return False
    bounds = [Bound.on_grid(price / tick_of(table.grid)) for price in thresholds(watch)]
    now = table.close[i : i + 1]
    return bool(operator.holds(table.close[i - 1 : i] if i else now, now, bounds)[0])


def _measure(watch: Watch, table: BarTable, i: int) -> None:
    if watch.alert.source.kind is Kind.PRICE and OPERATORS[watch.alert.operator].moved is not None:
        watch.measure_from(_exact(table, i))


def _exact(table: BarTable, i: int) -> Fraction:
    return int(table.close[i]) * tick_of(table.grid)


def _price(table: BarTable, i: int) -> str:
    return unit_text(int(table.close[i]) * table.grid.tick_units, table.grid.price_decimals)
