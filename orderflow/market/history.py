"""Bars and ticks older than those held: recomputed session by session from the ticks in memory and in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.activity_series import assign
from orderflow.market.bars.base_bars import directions
from orderflow.market.bars.footprint import BarTable, tabulate
from orderflow.market.bars.series import Bar, level_sums
from orderflow.market.bars.updates import BarUpdater
from orderflow.market.buffer import Columns, in_order, join
from orderflow.market.decimals import edges
from orderflow.market.evicted import ReadLog
from orderflow.market.frames import HOUR, MINUTE, Frame
from orderflow.market.sessions import bar_end, bar_start
from orderflow.market.tape import Tape

LOOKBACK = 1_000
"""Ticks to look back at first for the price before a window, which the tick rule needs for the first tick."""


NONE = np.empty(0, np.int64)

Span = Callable[[int, int], tuple[int, int | None] | None]
"""`SymbolState.span`."""


class History:
    """Reader of one tape's past.

    first: time (ns UTC) of the oldest tick in memory or in the log. span(start, 0)[0]: that of the first tick at or
    after `start`; None: there are no such ticks. until: index in memory of the first tick to leave out.
    """

    def __init__(self, tape: Tape, read_log: ReadLog, first: int, span: Span, until: int | None = None) -> None:
        self._tape = tape
        self._read_log = read_log
        self._first = first
        self._span = span
        self._until = until

    def ticks(self, start: int, end: int, limit: int | None = None) -> Columns:
        """The first `limit` ticks with start <= time < end (ns UTC), in (time, id, arrival) order, sides resolved."""
        parts: list[Columns] = []
        count = 0
        for part in self.runs(start, end, limit):
            parts.append(part)
            count += len(part)
            if limit is not None and count >= limit:
                break
        found = join(parts) if parts else self._tape.buffer.slice(0, 0)
        return found if limit is None else found.take(slice(0, limit))

    def runs(self, start: int, end: int, most: int | None) -> Iterator[Columns]:
        """Yield the ticks with start <= time < end (ns UTC) in order, in runs of about `most` at the most.

        Ticks with one time are in one run. None: a run is what a session has.
        """
        for _, part in self._windows(start, end, most=most):
            yield part

    def tables(self, frame: Frame, start: int, end: int) -> Iterator[BarTable]:
        """One table a session, ascending, of the bars of a time frame with start <= bar start < end (ns UTC).

        Bars with lost ticks are left out.
        """
        session = self._tape.session
        after = max(start - 1, self._tape.lost_until)
        start = int(bar_end(bar_start(np.array([after]), frame.ns, session), frame.ns, session)[0])
        if start >= end:  # between two bars: avoid reading a whole session for no result
            return
        end = int(bar_end(bar_start(np.array([end - 1]), frame.ns, session), frame.ns, session)[0])
        align = frame.ns if frame.ns <= HOUR else 1
        begin = -(-int(session.start_of(np.array([start]))[0]) // align) * align
        for opening, ticks in self._windows(begin, end, align):
            table = self._time_table(frame, ticks, opening)
            a, b = np.searchsorted(table.time, [start, end]).tolist()
            if b > a:
                yield table.take(a, b)

    def read(self, start: int, end: int, rule: tuple[int | None, int]) -> Columns:
        """Ticks with start <= time < end (ns UTC) in (time, id, arrival) order, sides resolved.

        rule: state of the tick rule before `start`, see `rule_before`.
        """
        ticks = self._read(start, end)
        return Columns.empty() if ticks is None else BarUpdater.resolved(ticks, rule)

    def extremes(self, frame: Frame, start: int, end: int) -> tuple[Ints, Ints]:
        """(high, low), int64[n] levels each, of the bars of the session [start, end) (ns UTC), oldest first."""
        high, low = [NONE], [NONE]
        for opening, ticks in self._windows(start, end):
            bar, level = bar_start(ticks.time, frame.ns or 1, self._tape.session), ticks.level
            if not frame.ns:
                pieces, _ = assign(frame, self._tape.grid, ticks, np.full(len(ticks), opening), None)
                bar, level = pieces.ordinal, pieces.ticks.level
            new = edges(bar)
            high.append(np.maximum.reduceat(level, new))
            low.append(np.minimum.reduceat(level, new))
        return np.concatenate(high), np.concatenate(low)

    def ladder(self, start: int, end: int) -> Bar | None:
        """One bar with all ticks of the session [start, end) (ns UTC), without scalars; None if there are none."""
        parts = [level_sums(np.full(len(x), start), x.level, x.size, x.side) for _, x in self._windows(start, end)]
        return Bar(start, start, parts[0].level, parts[0].cells, 0) if parts else None

    def _time_table(self, frame: Frame, ticks: Columns, opening: int) -> BarTable:
        session = self._tape.session
        bar = bar_start(ticks.time, frame.ns, session)
        opened = np.full(len(ticks), opening)
        return tabulate(
            self._tape.symbol,
            frame.name,
            self._tape.grid,
            ticks,
            bar,
            opened,
            end=lambda starts, _: bar_end(starts, frame.ns, session),
        )

    def _windows(self, start: int, end: int, align: int = 1, most: int | None = None) -> Iterator[tuple[int, Columns]]:
        """Yield (session start, ticks in time order) for each session with ticks in [start, end).

        Windows end on multiples of `align` ns, because a bar that spans a session start belongs to the earlier session.
        most: ticks in a window, about; a session may then have several. The last level is of another grid when the
        grid was refined between two windows, and is read again.
        """
        start = max(start, self._first // align * align)
        session = self._tape.session
        state: tuple[int | None, int] | None = None
        grid = self._tape.grid
        while start < end:
            opening = int(session.start_of(np.array([start]))[0])
            closing = -(-int(session.end_of(np.array([start]))[0]) // align) * align
            if most is not None and (near := self._span(start, most)) is not None and near[1] is not None:
                closing = min(closing, near[1])
            ticks = self._read(start, min(closing, end))
            if ticks is not None:
                if state is None or self._tape.grid is not grid:
                    grid = self._tape.grid
                    state = self.rule_before(start)
                resolved = BarUpdater.resolved(ticks, state)
                state = int(resolved.level[-1]), int(directions(resolved.level, *state)[-1])
                yield opening, resolved
            elif closing < end:  # skip the sessions without ticks, which may be years
                following = self._span(closing, 0)
                closing = end if following is None else max(closing, following[0] // align * align)
            start = closing

    def _read(self, start: int, end: int) -> Columns | None:
        buffer = self._tape.buffer
        if start > buffer.evicted_until:
            _, ticks = buffer.between(start, end, self._until)
            return ticks if len(ticks) else None
        whole = buffer.evicted_until // MINUTE * MINUTE + MINUTE
        logged = self._read_log(start, min(end, whole))
        _, held = buffer.between(whole if logged is not None else start, end, self._until)
        parts = [part for part in (logged, held) if part is not None and len(part)]
        return join(parts) if parts else None

    def rule_before(self, start: int) -> tuple[int | None, int]:
        """State of the tick rule before `start` (ns UTC): (last level, sign of the last change)."""
        known = self._tape.state_before(start // MINUTE * MINUTE)
        if known is not None and start % MINUTE == 0:
            return known
        level: int | None = None
        end, most = start, LOOKBACK
        while (begin := self._tape.minute_before(end, most)) is not None:
            ticks = self._read(begin, end)
            if ticks is not None:
                order = in_order(ticks)
                levels = ticks.level if order is None else ticks.level[order]
                if level is not None:
                    levels = np.append(levels, level)
                steps = np.flatnonzero(np.diff(levels))
                level = int(levels[-1]) if level is None else level
                if len(steps):
                    return level, int(np.sign(levels[steps[-1] + 1] - levels[steps[-1]]))
            end, most = begin, 2 * most
        return level, 0
