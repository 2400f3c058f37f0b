"""Naked points of control of a whole log: those of the bars that are not held any more, counted once and then kept.

A pass over the ticks in time order keeps the points of control that no later bar has traded through, at most one a
row. It goes on where bars fall out of memory. Ticks that arrive in time order never change what was passed; a late one
removes the checkpoints after it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.series import LevelSums, Series, level_sums
from orderflow.market.frames import MINUTE, Frame
from orderflow.market.sessions import bar_end, bar_start
from orderflow.market.studies.naked_poc import naked_poc, untouched
from orderflow.market.studies.poc import poc_of_bars
from orderflow.market.symbol import SymbolState
from orderflow.market.tape import Tape
from orderflow.market.windows.counting import Counting, Work, ready

STEP = 100_000
"""Ticks of one step, about; whole bars."""
SPACING = 4 * STEP
"""Least number of ticks between two checkpoints that stay."""
NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Naked:
    """The naked points of control of the bars before `time` (ns UTC, where a bar may start), if there were no others.

    row: int64[k], ascending. start: int64[k], starts of their bars (ns UTC).
    """

    time: int
    row: Ints
    start: Ints


class NakedPass:
    """Checkpoints of a time frame with `rows` levels in a row, ascending. The first is where the pass begins."""

    def __init__(self, frame: Frame, rows: int, first: Naked) -> None:
        self.frame = frame
        self.rows = rows
        self.points = [first]
        self.changes = 0
        """Grows when checkpoints are removed."""
        self.gone = False
        self.error: str | None = None

    def late(self, time: int) -> bool:
        """Remove the checkpoints after `time` (ns UTC). False if the pass begins after it."""
        keep = bisect_right(self.points, time, key=lambda point: point.time)
        if keep < len(self.points):
            self.changes += 1
            del self.points[max(keep, 1) :]
        return keep > 0


def naked_before(state: SymbolState, series: Series, rows: int, counting: Counting) -> Naked | None:
    """The naked points of control of the log's bars before the held ones of a time frame; None while it is counted.

    Must be called with the tape's lock. Bars with lost ticks are left out.
    """
    tape = state.tape
    if not series.starts:
        return Naked(0, NONE, NONE)
    held = series.starts[0]
    key = series.frame.name, rows
    found: NakedPass | None = tape.passes.naked.find(key)
    if found is None:
        found = tape.passes.naked.keep(
            key, NakedPass(series.frame, rows, Naked(_begin(tape, series.frame), NONE, NONE))
        )
    if not ready(state, found, held, held, counting, WORK):
        return None
    return found.points[-1]


def missing(tape: Tape, found: NakedPass, until: int) -> int:
    """Number of ticks from the last checkpoint to `until` (ns UTC), about."""
    with tape.lock:
        a, b = tape.traded.ticks_before(np.array([found.points[-1].time, max(until, found.points[-1].time)])).tolist()
        return int(b - a)


def extend(state: SymbolState, found: NakedPass, until: int) -> bool:
    """Pass over one more step up to `until` (ns UTC, where a bar starts). False if there is no more."""
    tape, frame = state.tape, found.frame
    with tape.lock:
        changes, at = found.changes, found.points[-1]
        if found.gone or at.time >= until:
            return False
        stop = _stop(tape, frame, at.time, until)
    rule = state.history().rule_before(at.time) if tape.uses_tick_rule else (None, 0)
    ticks = state.history().read(at.time, stop, rule)
    if len(ticks):
        start = bar_start(ticks.time, frame.ns, tape.session)
        new = _passed(at, stop, level_sums(start, ticks.level // found.rows, ticks.size, ticks.side))
    else:
        new = Naked(stop, at.row, at.start)
    with tape.lock:
        if found.changes == changes and found.points[-1] is at:  # nobody else has extended them meanwhile
            _keep(tape, found, new)
    return True


WORK: Work[NakedPass] = Work(missing, extend)


def _begin(tape: Tape, frame: Frame) -> int:
    """Start (ns UTC) of the log's first bar without lost ticks."""
    first = int(bar_start(tape.traded.start[:1], frame.ns, tape.session)[0])
    if tape.lost_until == -(2**63):
        return first
    lost = bar_start(np.array([tape.lost_until]), frame.ns, tape.session)
    return max(first, int(bar_end(lost, frame.ns, tape.session)[0]))


def _stop(tape: Tape, frame: Frame, begin: int, until: int) -> int:
    """End of a step: that of a bar, with about STEP ticks."""
    after = tape.traded.minute_after(begin // MINUTE * MINUTE, STEP)
    if after <= begin:
        return until
    last = bar_start(np.array([after - 1]), frame.ns, tape.session)
    return min(until, max(int(bar_end(last, frame.ns, tape.session)[0]), begin + 1))


def _passed(at: Naked, stop: int, sums: LevelSums) -> Naked:
    """The naked points after some more bars."""
    poc = poc_of_bars(sums.bounds, sums.level, sums.cells)
    low, high = sums.level[sums.bounds[:-1]], sums.level[sums.bounds[1:] - 1]
    stay, new = untouched(at.row, high, low), naked_poc(poc, high, low) < 0
    row, start = np.concatenate([at.row[stay], poc[new]]), np.concatenate([at.start[stay], sums.start[new]])
    order = row.argsort()
    return Naked(stop, row[order], start[order])


def _keep(tape: Tape, found: NakedPass, new: Naked) -> None:
    """Put a checkpoint at the end, in place of the last one if the one before that is near."""
    if len(found.points) > 1:
        before = tape.traded.ticks_before(np.array([found.points[-2].time, new.time]))
        if before[1] - before[0] < SPACING:
            found.points.pop()
    found.points.append(new)
