"""Windows: some bars of the log before, after or around a time, whatever memory holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.footprint import bars_of, tabulate
from orderflow.market.bars.series import NO_TOTALS, Bar, Totals
from orderflow.market.bars.traded import Places
from orderflow.market.frames import DAY, MINUTE, Frame
from orderflow.market.sessions import bar_end, bar_start
from orderflow.market.symbol import SymbolState
from orderflow.market.tape import Tape
from orderflow.market.windows.counting import CHECKPOINTS, Counting, ready
from orderflow.market.windows.reach import candles, places, session_passes, state_at, totals_of

Side = Literal["before", "after", "around"]

BARS = 300
"""Bars of a window on each side of the time."""
MOST_TICKS = 150_000
"""Ticks that a window reads at most for more than one bar on a side: a window of days has fewer bars."""


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive bars of the log.

    bars: with scalars. ends: time of the last trade of each (ns UTC; activity frames only). opening: totals of the
    first bar's session before it. before: number of the log's bars before the first. total: number of the log's bars.
    counting: these numbers and the bars come later.
    """

    bars: list[Bar] = field(default_factory=list)
    ends: list[int | None] = field(default_factory=list)
    opening: Totals = NO_TOTALS
    before: int | None = None
    total: int | None = None
    counting: bool = False


def time_window(state: SymbolState, frame: Frame, time: int, side: Side, counting: Counting) -> Window:
    """The window of a time frame at `time` (ms UTC)."""
    tape = state.tape
    with tape.lock:
        series = tape.series(frame)
        found, lost = places(tape, frame)
        total = candles(tape, series)
        held = found.rank(series.starts[0]) if series.starts else len(found)
        first, middle, end = _numbers(found, frame, tape, time * 1_000_000, side, lost)
        if first < min(held, end):
            first, end = _bounded(tape, frame, found, (first, middle, end), held, side)
        starts = found.starts(first, end)
        recent = _held(state, frame, starts[max(0, held - first) :].tolist())
    older = starts[: max(0, held - first)]
    if len(older):
        return _rebuilt(state, frame, older, recent, first - lost, total, counting)
    opening = recent[0].opening if recent else None
    return Window(recent, [None] * len(recent), opening or NO_TOTALS, first - lost, total)


def _numbers(found: Places, frame: Frame, tape: Tape, time: int, side: Side, lost: int) -> tuple[int, int, int]:
    """(first, middle, end): a window has the bars first <= number < end; those next to `middle` matter most.

    lost: number of the first bar that can be had.
    """
    if side == "before":
        end = max(lost, found.rank(time))
        return max(lost, end - BARS), end, end
    if side == "after":
        first = max(lost, found.rank(time + 1_000_000))
        return first, first, min(first + BARS, len(found))
    middle = max(lost, _nearest(found, frame, tape, time))
    return max(lost, middle - BARS), middle, min(middle + BARS + 1, len(found))


def _nearest(found: Places, frame: Frame, tape: Tape, time: int) -> int:
    """Number of the bar that holds `time` (ns UTC), or is nearest to it."""
    later = min(found.rank(time + 1_000_000), len(found) - 1)
    if later <= 0:
        return 0
    starts = found.starts(later - 1, later + 1)
    if starts[1] <= time:
        return later
    end = int(bar_end(starts[:1], frame.ns, tape.session)[0])
    return later if int(starts[1]) - time < time - end else later - 1


def _bounded(
    tape: Tape, frame: Frame, found: Places, numbers: tuple[int, int, int], held: int, side: Side
) -> tuple[int, int]:
    """(first, end) without the outermost bars, where those that are not held have too many ticks. One bar stays."""
    first, middle, end = numbers
    starts = found.starts(first, min(end, held))
    n = len(starts)
    closing = int(bar_end(starts[-1:], frame.ns, tape.session)[0])
    before = tape.traded.ticks_before(np.append(starts // MINUTE * MINUTE, -(-closing // MINUTE) * MINUTE))
    at = min(middle - first, n)
    keep = min(at - 1 if side == "before" else at, n - 1)
    low = min(int(before.searchsorted(before[at] - MOST_TICKS)), keep)
    high = max(int(before.searchsorted(before[at] + MOST_TICKS, side="right")) - 1, keep + 1)
    return first + low, end if high >= n else first + high


def _held(state: SymbolState, frame: Frame, starts: list[int]) -> list[Bar]:
    """Copies of held bars, with scalars and openings. Must be called with the tape's lock."""
    series = state.tape.series(frame)
    state.tape.fill_scalars(series, starts)
    for start in starts:
        series.opening_of(start)
    return [_copied(series.bars[start]) for start in starts]


def _copied(bar: Bar) -> Bar:
    return Bar(
        bar.start, bar.session, bar.level.copy(), bar.cells.copy(), bar.revision, bar.scalars, opening=bar.opening
    )


def _rebuilt(
    state: SymbolState, frame: Frame, older: Ints, recent: list[Bar], before: int, total: int, counting: Counting
) -> Window:
    """The window that begins with bars which are not held. older: their starts (ns UTC)."""
    tape = state.tape
    begin = int(older[0])
    end = int(bar_end(older[-1:], frame.ns, tape.session)[0])
    session, closing = (int(edge(older[:1])[0]) for edge in (tape.session.start_of, tape.session.end_of))
    found = session_passes(state, session)
    if not ready(state, found, begin // MINUTE * MINUTE, closing, counting, CHECKPOINTS):
        return Window(counting=True)
    at = state_at(state, found, begin)
    opening = totals_of(at, session)
    opens = int(bar_start(np.array([session + frame.ns - 1]), frame.ns, tape.session)[0]) if frame.ns < DAY else session
    if opens > session:  # the first ticks of the session belong to the last bar of the session before
        opening = opening.minus(totals_of(state_at(state, found, min(opens, begin)), session))
    ticks = state.history().read(begin, end, at.rule)
    bar = bar_start(ticks.time, frame.ns, tape.session)
    table = tabulate(tape.symbol, frame.name, tape.grid, ticks, bar, tape.session.start_of(bar))
    bars = bars_of(table) + recent
    return Window(bars, [None] * len(bars), opening, before, total)
