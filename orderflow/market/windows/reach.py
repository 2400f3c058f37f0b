"""Any bar of any frame: how many bars the log has, and the checkpoints from which they are rebuilt.

Time bars are counted by the seconds that had trades (`bars.traded`); only running session totals need a pass over
ticks. Bars of an activity frame depend on all earlier ticks of their session, so the frame is counted once by a pass
over the log, whose checkpoints stay (`bars.checkpoints`). A short pass is made by the request that needs it, a long
one by `windows.counting`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orderflow.market.bars.checkpoints import SPACING, Checkpoint, Checkpoints, Pass, Step
from orderflow.market.bars.series import NO_TOTALS, Series, Totals
from orderflow.market.bars.traded import Places
from orderflow.market.frames import MINUTE, Frame
from orderflow.market.sessions import bar_end, bar_start
from orderflow.market.symbol import SymbolState
from orderflow.market.tape import Tape

AT_ONCE = 500_000
"""Most ticks that a request itself passes over; about 0.1 s."""
READ = 8 * SPACING
"""Ticks that are read at a time."""


def places(tape: Tape, frame: Frame) -> tuple[Places, int]:
    """(the bars of a time frame over the whole log, number of the first one that has no lost ticks)."""
    with tape.lock:
        found = tape.traded.places(frame.ns, tape.session)
        if tape.lost_until == -(2**63):
            return found, 0
        lost = bar_start(np.array([tape.lost_until]), frame.ns, tape.session)
        whole = int(bar_end(lost, frame.ns, tape.session)[0])
        return found, found.rank(min([whole, *tape.series(frame).starts[:1]]))


def candles(tape: Tape, series: Series) -> int:
    """Number of bars of a time frame in the log. series: the newest ones. Must be called with the tape's lock."""
    if series.dropped is None or tape.lost_until > -(2**63):  # dropped bars may be lost
        found, lost = places(tape, series.frame)
        series.dropped = (found.rank(series.starts[0]) - lost) if series.starts else 0
    return series.dropped + len(series.starts)


def newest_minute(tape: Tape) -> int:
    """Start (ns UTC) of the minute that grows: ticks before it are late if they arrive now."""
    return (tape.newest or 0) // MINUTE * MINUTE


def missing(tape: Tape, found: Checkpoints, until: int) -> int:
    """Number of ticks from the last checkpoint to `until` (ns UTC)."""
    with tape.lock:
        a, b = tape.traded.ticks_before(np.array([found.end.time, max(until, found.end.time)])).tolist()
        return int(b - a)


def extend(state: SymbolState, found: Checkpoints, until: int) -> bool:
    """Add checkpoints for up to about READ ticks. False if there are enough up to `until` (ns UTC)."""
    tape = state.tape
    with tape.lock:
        changes, at, until = found.changes, found.end, min(until, newest_minute(tape))
        if found.gone or missing(tape, found, until) < SPACING:
            return False
        stop = min(until, tape.traded.minute_after(at.time, READ))
        cuts = tape.traded.cuts(at.time, stop, tape.session, SPACING)
    new = [step.after for step in _steps(state, found.way, at, cuts)]
    with tape.lock:
        if found.changes == changes and found.end is at:  # nobody else has extended them meanwhile
            found.points += new
    return True


def walk(state: SymbolState, found: Checkpoints, at: Checkpoint, end: int, until: int | None = None) -> Iterator[Step]:
    """The steps of the pass from a checkpoint on, over the ticks before `end` (ns UTC).

    until: leaves out the ticks of memory from this index on.
    """
    tape = state.tape
    while at.time < end:
        with tape.lock:
            whole, after = -(-end // MINUTE) * MINUTE, tape.traded.minute_after(at.time, READ)
            whole = min(whole, after) if after > at.time else whole
            cuts = tape.traded.cuts(at.time, whole, tape.session, SPACING)
        for step in _steps(state, found.way, at, [*cuts[:-1], min(end, whole)], until):
            at = step.after
            yield step


def state_at(state: SymbolState, found: Checkpoints, time: int) -> Checkpoint:
    """The state before `time` (ns UTC)."""
    at = found.at(time)
    for step in walk(state, found, at, time):
        at = step.after
    return at


def session_passes(state: SymbolState, session: int) -> Checkpoints:
    """The checkpoints of a session's totals. session: its start (ns UTC)."""
    tape = state.tape
    with tape.lock:
        found = tape.passes.sessions.find(session)
        if found is None:
            rule = state.history().rule_before(session) if tape.uses_tick_rule else (None, 0)
            way = Pass(None, tape.grid, tape.session, tape.vwap_ref)
            found = tape.passes.sessions.keep(session, Checkpoints(way, Checkpoint(session, rule)))
        return found


def totals_of(at: Checkpoint, session: int) -> Totals:
    """The totals of a session at a checkpoint."""
    return at.totals if at.session == session else NO_TOTALS


def _steps(state: SymbolState, way: Pass, at: Checkpoint, cuts: list[int], until: int | None = None) -> Iterator[Step]:
    ticks = state.history(until).read(cuts[0], cuts[-1], at.rule)
    bounds = ticks.time.searchsorted(cuts).tolist()
    for a, b, end in zip(bounds[:-1], bounds[1:], cuts[1:], strict=True):
        step = way.step(at, ticks.take(slice(a, b)), end)
        at = step.after
        yield step
