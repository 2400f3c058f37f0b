"""Windows of activity bars, and the newest bars of an activity frame, rebuilt from checkpoints."""

from __future__ import annotations

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.activity import first_piece
from orderflow.market.bars.activity_series import MILLISECOND, ActivitySeries, Pieces, table_of
from orderflow.market.bars.checkpoints import Checkpoint, Checkpoints, Pass, Step
from orderflow.market.bars.footprint import bars_of
from orderflow.market.bars.series import NO_TOTALS, Bar, SessionCarry, Totals
from orderflow.market.buffer import Columns
from orderflow.market.frames import Frame
from orderflow.market.symbol import SymbolState
from orderflow.market.tape import Tape
from orderflow.market.windows.counting import CHECKPOINTS, Counting, ready
from orderflow.market.windows.reach import extend, newest_minute, state_at, totals_of, walk
from orderflow.market.windows.window import BARS, MOST_TICKS, Side, Window

LIVE_TICKS = 1_000_000
"""Most ticks of the last sessions, about, whose bars are shown while the log is being counted."""


def frame_passes(state: SymbolState, frame: Frame) -> Checkpoints:
    """The checkpoints of an activity frame over the whole log; only the first one if there were none."""
    tape = state.tape
    with tape.lock:
        found = tape.passes.frames.find(frame.name)
        if found is None:
            begin = int(tape.session.start_of(tape.traded.start[:1])[0])
            found = tape.passes.frames.keep(frame.name, passes_from(state, frame, begin))
        return found


def passes_from(state: SymbolState, frame: Frame, session: int) -> Checkpoints:
    """New checkpoints of an activity frame that begin with a session (ns UTC)."""
    tape = state.tape
    rule = state.history().rule_before(session) if tape.uses_tick_rule else (None, 0)
    return Checkpoints(Pass(frame, tape.grid, tape.session, tape.vwap_ref), Checkpoint(session, rule))


def activity_window(state: SymbolState, frame: Frame, time: int, side: Side, counting: Counting) -> Window:
    """The window of an activity frame at `time` (ms UTC)."""
    tape = state.tape
    found, newest = frame_passes(state, frame), newest_minute(tape)
    if not ready(state, found, newest, newest, counting, CHECKPOINTS):
        return Window(counting=True)
    with tape.lock:
        found = found.copy()
    end = (tape.newest or 0) + 1
    total = found.end.bars + sum(len(step.begun) for step in walk(state, found, found.end, end))
    first, last = _numbers(state, found, time, side, total, end)
    if first > last:
        return Window(before=first, total=total)
    return _collect(state, found, first, last, end, total)


def activity_bars(state: SymbolState, frame: Frame, start: int, end: int, counting: Counting) -> list[Bar] | None:
    """The log's bars with start <= bar start < end (ms UTC); None while they are being counted."""
    tape = state.tape
    found, newest = frame_passes(state, frame), newest_minute(tape)
    if not ready(state, found, newest, newest, counting, CHECKPOINTS):
        return None
    until = (tape.newest or 0) + 1
    first, last = (_rank(state, found, time, until) for time in (start, end))
    return _collect(state, found, first, last - 1, until, last).bars if first < last else []


def newest_bars(state: SymbolState, frame: Frame, revision: int, counting: Counting) -> ActivitySeries | None:
    """The newest bars of an activity frame, which grow with the ticks; None if a long pass must come first.

    Must be called with the tape's lock. While the log is being counted, they are those of the last sessions.
    """
    tape = state.tape
    if not len(tape.traded):
        return ActivitySeries(frame, tape.session, tape.max_candles, tape.vwap_ref, log_floor=revision, grid=tape.grid)
    found, newest = frame_passes(state, frame), newest_minute(tape)
    if ready(state, found, newest, newest, counting, CHECKPOINTS):
        return _grown(state, found, revision, 0)
    begin = _last_sessions(tape)
    if begin is None:
        return None
    found = passes_from(state, frame, begin)
    while extend(state, found, newest):
        pass
    return _grown(state, found, revision, None)


def activity_candles(state: SymbolState, series: ActivitySeries, counting: Counting) -> int | None:
    """Number of bars of an activity frame in the log; None while they are being counted.

    series: the newest ones. Must be called with the tape's lock.
    """
    if series.before is None:
        found, newest = frame_passes(state, series.frame), newest_minute(state.tape)
        if not ready(state, found, newest, newest, counting, CHECKPOINTS):
            return None
        at = state_at(state, found, series.begin)
        if at.last >= series.begin // MILLISECOND:  # starts of bars were moved from one session into the next
            state.tape.discard_activity(series.frame)
        series.before = at.bars
    return series.before + (0 if series.last is None else series.last.ordinal + 1)


def _grown(state: SymbolState, found: Checkpoints, revision: int, before: int | None) -> ActivitySeries:
    """The series with the last `max_candles` bars of the checkpoints, and the bars after them."""
    tape, cap = state.tape, state.tape.max_candles
    at = found.before_bar(max(0, found.end.bars - cap))
    series = ActivitySeries(frame_of(found.way), tape.session, cap, tape.vwap_ref, log_floor=revision, grid=tape.grid)
    series.carry = SessionCarry(at.session, at.totals)
    series.last, series.skip, series.newest = at.open, at.bars, at.last
    series.begin, series.before = found.begin, before
    for step in walk(state, found, at, (tape.newest or 0) + 1, tape.aggregated):
        if len(step.ticks):
            series.feed(step.ticks, revision)
    return series


def _last_sessions(tape: Tape) -> int | None:
    """Start (ns UTC) of the last sessions that have at most about LIVE_TICKS ticks; None if the last one has more."""
    newest = tape.newest or 0
    minute = tape.minute_before(newest + 1, LIVE_TICKS)
    if minute is None or minute == tape.traded.start[0]:
        return int(tape.session.start_of(tape.traded.start[:1])[0])
    begin = int(tape.session.end_of(np.array([minute]))[0])
    return begin if begin <= newest else None


def _numbers(state: SymbolState, found: Checkpoints, time: int, side: Side, total: int, end: int) -> tuple[int, int]:
    """Numbers of the first and the last bar of a window."""
    if side == "before":
        last = _rank(state, found, time, end) - 1
        return max(0, last - BARS + 1, min(last, _earliest(state, found, last))), last
    if side == "after":
        first = _rank(state, found, time + 1, end)
        return first, min(total - 1, first + BARS - 1, max(first, _latest(state, found, first)))
    middle = max(0, _rank(state, found, time + 1, end) - 1)
    first = max(0, middle - BARS, min(middle, _earliest(state, found, middle)))
    return first, min(total - 1, middle + BARS, max(middle, _latest(state, found, middle)))


def _rank(state: SymbolState, found: Checkpoints, start: int, end: int) -> int:
    """Number of bars that start before `start` (ms UTC)."""
    at = found.before_start(start)
    for step in walk(state, found, at, end):
        if len(step.begun) and step.begun[-1] >= start:
            return step.before.bars + int(step.begun.searchsorted(start))
        at = step.after
    return at.bars


def _earliest(state: SymbolState, found: Checkpoints, last: int) -> int:
    """Number of the first bar from which on there are at most about MOST_TICKS ticks to the end of bar `last`."""
    until = found.after_bar(last) or found.end
    ticks = _ticks_before(state, found)
    at = int(ticks.searchsorted(ticks[found.points.index(until)] - MOST_TICKS))
    return found.points[at].bars


def _latest(state: SymbolState, found: Checkpoints, first: int) -> int:
    """Number of the last bar that ends at most about MOST_TICKS ticks after the beginning of bar `first`."""
    ticks = _ticks_before(state, found)
    at = int(ticks.searchsorted(ticks[found.points.index(found.before_bar(first))] + MOST_TICKS))
    return found.points[at].bars - 2 if at < len(found.points) else 2**62


def _ticks_before(state: SymbolState, found: Checkpoints) -> Ints:
    with state.tape.lock:
        return state.tape.traded.ticks_before(np.array([point.time for point in found.points]))


def _collect(state: SymbolState, found: Checkpoints, first: int, last: int, end: int, total: int) -> Window:
    """The window of the bars first <= number <= last."""
    tape, until = state.tape, found.after_bar(last)
    pieces: list[Pieces] = []
    starts: list[Ints] = []
    opening = NO_TOTALS
    for step in walk(state, found, found.before_bar(first), end if until is None else until.time):
        if step.cut is None:
            continue
        bar = step.cut.bar
        a, b = bar.searchsorted([first, last + 1]).tolist()
        if not pieces and a < len(bar):
            opening = opening_of(found.way, step, a)
        if a < b:
            pieces.append(pieces_of(found.way, step, slice(a, b)))
        number = step.before.bars
        starts.append(step.begun[max(0, first - number) : max(0, last + 1 - number)])
    if not pieces:
        return Window(before=first, total=total)
    table = table_of(tape.symbol, frame_of(found.way), found.way.grid, Pieces.joined(pieces))
    bars = bars_of(table)
    for bar_, start in zip(bars, np.concatenate(starts).tolist(), strict=True):
        bar_.start = start * MILLISECOND
    return Window(bars, list(table.end.tolist()), opening, first, total)


def opening_of(way: Pass, step: Step, end: int) -> Totals:
    """Totals of the step's session before its piece `end`."""
    session = int(way.session.start_of(step.ticks.time[:1])[0])
    return totals_of(step.before, session).plus_ticks(pieces_of(way, step, slice(0, end)).ticks, way.vwap_ref)


def pieces_of(way: Pass, step: Step, where: slice) -> Pieces:
    """Some pieces of a step."""
    cut = step.cut
    if cut is None:
        raise ValueError("the step has no pieces")
    source = cut.source[where]
    ticks = step.ticks.take(source)
    sized = Columns(ticks.time, ticks.level, cut.size[where], ticks.flags, ticks.id)
    trades = first_piece(cut.source)[where].astype(np.int64)
    return Pieces(sized, cut.bar[where], trades, way.session.start_of(ticks.time))


def frame_of(way: Pass) -> Frame:
    """The activity frame of a pass. Raises ValueError if it is of none."""
    if way.frame is None:
        raise ValueError("the pass is of no frame")
    return way.frame
