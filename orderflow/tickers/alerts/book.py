"""All price alerts of one symbol, evaluated tick by tick. Live ticks, a replay and held history all go through here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.buffer import Columns
from orderflow.market.decimals import unit_text
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.sessions import Session, bar_start
from orderflow.tickers.alerts.alert import Frequency, Watch
from orderflow.tickers.alerts.chunk import Chunk, Past, Sample, chunk_of, extremes, newest_between, newest_sample
from orderflow.tickers.alerts.closes import Closed, Closes
from orderflow.tickers.alerts.cuts import Cuts
from orderflow.tickers.alerts.firing import Firing, Tally, choose
from orderflow.tickers.alerts.operators.operator import Bound, Operator
from orderflow.tickers.alerts.operators.registry import OPERATORS

Cell = tuple[int, int]
NO_ROOM: Cell = (0, 0)


@dataclass(frozen=True, slots=True)
class Found:
    """An alert has fired at a price. time: of the tick, or the end of the bar, ns UTC. behind: ns by which the tick is
    older than the newest one before it; 0 if it is not late."""

    watch: Watch
    level: int
    time: int
    ordinal: int
    bar: int | None
    behind: int


@dataclass(slots=True)
class Book:
    """The watches of one symbol that are active, and the samples that their next ticks are compared with.

    past: see `chunk_of`; it is asked for late ticks only. previous: the newest sample. closes: by frame. session: of
    the bars. With another grid than the last one, `fit` must be called first.
    """

    tally: Tally
    past: Past
    grid: Grid = field(default_factory=Grid)
    session: Session = field(default_factory=Session)
    previous: Sample | None = None
    closes: dict[str, Closes] = field(default_factory=dict)
    _cuts: Cuts = field(default_factory=Cuts)
    _closers: list[Watch] = field(default_factory=list)
    _room: Cell = NO_ROOM

    def fit(self, grid: Grid) -> None:
        """Use another grid, a finer one as a rule: thresholds and samples are converted."""
        if grid == self.grid:
            return
        if self.grid.tick_units:
            step = tick_of(self.grid) / tick_of(grid)
            factor = int(step) if step.denominator == 1 else 0
            if not factor:  # the new grid does not hold the old samples: it is of other ticks
                self.forget()
            elif self.previous is not None:
                self.previous = replace(self.previous, level=self.previous.level * factor)
            for closes in self.closes.values():
                closes.rescale(factor or 1)
        self.grid = grid
        self.replace_all()

    def replace_all(self) -> None:
        """Put every watch at its cuts again, after `previous` or the grid was set."""
        for watch in list(self._cuts):
            self._place(watch)

    def forget(self) -> None:
        """Forget the samples before: the series has begun again."""
        self.previous, self._room = None, NO_ROOM
        self.closes = {name: Closes(closes.frame) for name, closes in self.closes.items()}
        self.replace_all()

    def add(self, watch: Watch) -> None:
        """Evaluate a watch of a price from now on."""
        if watch.alert.frequency is Frequency.CLOSE:
            self._closers.append(watch)
            self.follow(watch.alert.frame)
        else:
            self._place(watch)

    def remove(self, watch: Watch) -> None:
        """Evaluate a watch no more."""
        self._closers = [other for other in self._closers if other is not watch]
        self._cuts.remove(watch)
        self._room = NO_ROOM

    def follow(self, frame: Frame) -> Closes:
        """Note the closes of a frame from now on."""
        return self.closes.setdefault(frame.name, Closes(frame))

    def take(self, ordinal: int, ticks: Columns) -> tuple[list[Found], dict[str, Closed]]:
        """Evaluate n >= 1 ticks on the book's grid, which follow those taken before. ordinal: of the first.

        Returns what has fired, in order, and the bars that have closed, by frame.
        """
        if (newest := self._quiet(ticks)) is not None:
            self.previous = newest
            for closes in self.closes.values():
                closes.level = newest.level
            return [], {}
        chunk = chunk_of(ordinal, ticks.time, ticks.level, self.previous, self.past)
        found = [self._found(chunk, firing) for firing in self._ticks(chunk)]
        closed = {}
        for name, closes in self.closes.items():
            if (bars := closes.take(chunk, self.session)) is not None:
                closed[name] = bars
                found += self._closing(chunk, name, bars)
        return sorted(found, key=lambda each: each.ordinal), closed

    def _quiet(self, ticks: Columns) -> Sample | None:
        """The newest sample if no watch can be concerned by the ticks, which is the usual case."""
        previous = self.previous
        if self._cuts.hot or previous is None:
            return None
        if self._room is NO_ROOM:
            self._room = self._cuts.room(previous.level)
        newest = newest_between(ticks, previous.time, *self._room)
        if newest is None or not all(each.forms(ticks.time[-1:], self.session) for each in self.closes.values()):
            return None
        return newest

    def _ticks(self, chunk: Chunk) -> Iterator[Firing]:
        touched = list(self._cuts)
        if self.previous is not None:
            low, high = extremes(np.concatenate((chunk.before[chunk.known], chunk.level)))
            touched = self._cuts.touched(min(low, self.previous.level), max(high, self.previous.level))
        self.previous, self._room = newest_sample(chunk, self.previous), NO_ROOM
        for watch in touched:
            yield from self._evaluate(watch, chunk)
            if watch.done or self.tally.stopped(watch.alert.id):
                self._cuts.remove(watch)
            else:
                self._place(watch)

    def _evaluate(self, watch: Watch, chunk: Chunk) -> list[Firing]:
        operator = OPERATORS[watch.alert.operator]
        may = (chunk.time >= watch.floor) & (np.arange(len(chunk)) >= watch.since - chunk.ordinal)
        if operator.before:
            may &= chunk.known
        if not may.any():
            return []
        ns = watch.alert.frame.ns
        bars = bar_start(chunk.time, ns, self.session) if ns else chunk.time  # which are not asked for
        if operator.moved is not None:
            return self._moves(watch, chunk, may, bars)
        holds = may & operator.holds(chunk.before, chunk.level, self._bounds(watch))
        return choose(watch, _samples(holds, chunk.time, bars), self.tally)

    def _moves(self, watch: Watch, chunk: Chunk, may: Flags, bars: Ints) -> list[Firing]:
        """As `_evaluate`, for operators that measure from a reference, which each event moves to its own price."""
        operator = OPERATORS[watch.alert.operator]
        chosen: list[Firing] = []
        at = 0
        while not watch.done and not self.tally.stopped(watch.alert.id):
            if watch.reference is None:
                at = int(np.argmax(may))
                watch.measure_from(self.price(int(chunk.level[at])))
                at += 1
            holds = may & operator.holds(chunk.before, chunk.level, self._bounds(watch))
            holds[:at] = False
            fired = []
            for sample in _samples(holds, chunk.time, bars):
                if fired := choose(watch, [sample], self.tally):
                    break
            if not fired:
                break
            chosen += fired
            watch.measure_from(self.price(int(chunk.level[fired[0].index])))
            at = fired[0].index + 1
        return chosen

    def _closing(self, chunk: Chunk, frame: str, bars: Closed) -> Iterator[Found]:
        """Evaluate the watches that look at closes only."""
        for watch in [each for each in self._closers if each.alert.frame.name == frame]:
            operator = OPERATORS[watch.alert.operator]
            may = (bars.end > watch.floor) & (bars.index >= watch.since - chunk.ordinal)
            if operator.before:
                may &= bars.known
            for at in np.flatnonzero(may).tolist():
                level, before = bars.level[at : at + 1], bars.before[at : at + 1]
                if operator.moved is not None and watch.reference is None:
                    watch.measure_from(self.price(int(level[0])))
                elif operator.holds(before, level, self._bounds(watch))[0]:
                    sample = (at, int(bars.end[at]), int(bars.start[at]))
                    for firing in choose(watch, [sample], self.tally):
                        if operator.moved is not None:
                            watch.measure_from(self.price(int(level[0])))
                        ordinal = chunk.ordinal + int(bars.index[at])
                        yield Found(watch, int(level[0]), sample[1], ordinal, firing.bar, 0)
        self._closers = [each for each in self._closers if not self.tally.stopped(each.alert.id)]

    def _found(self, chunk: Chunk, firing: Firing) -> Found:
        i = firing.index
        time, newest = int(chunk.time[i]), int(chunk.newest[i])
        behind = newest - time if time < newest else 0
        return Found(firing.watch, int(chunk.level[i]), time, chunk.ordinal + i, firing.bar, behind)

    def _place(self, watch: Watch) -> None:
        """Put a watch at its cuts, and note whether it holds already."""
        operator = OPERATORS[watch.alert.operator]
        self._room = NO_ROOM
        if not self.grid.tick_units or (operator.moved is not None and watch.reference is None):
            self._cuts.add(watch, ())
            self._cuts.heat(watch, holds=True)
            return
        bounds = self._bounds(watch)
        self._cuts.add(watch, (int(cut) for cut in operator.cuts(bounds)))
        if self.previous is None:
            self._cuts.heat(watch, holds=True)
        elif not operator.before:
            level = np.array([self.previous.level])
            self._cuts.heat(watch, holds=bool(operator.holds(level, level, bounds)[0]))

    def _bounds(self, watch: Watch) -> list[Bound]:
        return [Bound.on_grid(price / tick_of(self.grid)) for price in thresholds(watch)]

    def price(self, level: int) -> Fraction:
        """The exact price of a level."""
        return level * tick_of(self.grid)

    def text(self, level: int) -> str:
        """The exact price of a level as decimal text."""
        return unit_text(level * self.grid.tick_units, self.grid.price_decimals)


def tick_of(grid: Grid) -> Fraction:
    """The exact tick size."""
    return Fraction(grid.tick_units, 10**grid.price_decimals)


def thresholds(watch: Watch) -> tuple[Fraction, ...]:
    """The thresholds in force, as prices; of a movement, from its reference, which must be known."""
    operator: Operator = OPERATORS[watch.alert.operator]
    if operator.moved is None:
        return watch.alert.values
    assert watch.reference is not None
    return (operator.moved(watch.reference, watch.alert.values[0]),)


def _samples(holds: Flags, time: Ints, bars: Ints) -> Iterator[tuple[int, int, int]]:
    for i in np.flatnonzero(holds).tolist():
        yield i, int(time[i]), int(bars[i])
