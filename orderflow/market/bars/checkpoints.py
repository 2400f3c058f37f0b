"""Checkpoints of a pass over all ticks of a symbol in time order, from which any bar is rebuilt by reading few ticks.

A checkpoint is the state before a whole minute: what the tick rule, the running session totals and, for an activity
frame, the assignment of ticks to bars need from the ticks before it. Ticks that arrive in time order add checkpoints at
the end; a late tick removes those after it. Nothing here reads ticks: `market.windows.reach` does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.activity import Cut, OpenBar, resume
from orderflow.market.bars.base_bars import last_directions
from orderflow.market.bars.series import NO_TOTALS, Totals
from orderflow.market.buffer import Columns
from orderflow.market.decimals import edges
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.sessions import Session

SPACING = 20_000
"""Most ticks between two checkpoints, unless one minute has more."""
MAX_FRAMES = 6
"""Activity frames of one symbol whose checkpoints are kept, the last used ones."""
MAX_SESSIONS = 64
"""Sessions of one symbol whose totals are kept, the last used ones."""
NEVER = -(2**62)
MILLISECOND = 1_000_000

State = tuple[int | None, int]
"""What the tick rule needs: (last level, sign of the last change)."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state before the first tick at or after `time` (ns UTC).

    rule: of the tick rule. session: start (ns UTC) of the last tick's session. totals: of that session's ticks so far.
    open: the last bar of an activity frame. last: its start, ms UTC.
    """

    time: int
    rule: State
    session: int | None = None
    totals: Totals = NO_TOTALS
    open: OpenBar | None = None
    last: int = NEVER

    @property
    def bars(self) -> int:
        """Number of bars that began before."""
        return 0 if self.open is None else self.open.ordinal + 1


class Step(NamedTuple):
    """One step of a pass. before, after: the checkpoints. ticks: passed over, of one session. For an activity frame,
    unless there are no ticks: cut: their pieces; begun: int64[k], starts (ms UTC) of the bars that begin among them.
    """

    before: Checkpoint
    after: Checkpoint
    ticks: Columns
    cut: Cut | None = None
    begun: Ints = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Pass:
    """How ticks are passed over. frame: an activity frame, or None for totals only. vwap_ref: level of VWAP sums."""

    frame: Frame | None
    grid: Grid
    session: Session
    vwap_ref: int

    def step(self, at: Checkpoint, ticks: Columns, until: int) -> Step:
        """Pass over ticks of one session, in time order, sides resolved, up to `until` (ns UTC)."""
        if not len(ticks):
            return Step(at, replace(at, time=until), ticks)
        session = int(self.session.start_of(ticks.time[:1])[0])
        before = at.totals if at.session == session else NO_TOTALS
        rule = int(ticks.level[-1]), int(last_directions(ticks.level, np.array([len(ticks) - 1]), *at.rule)[0])
        passed = replace(at, time=until, rule=rule, session=session, totals=before.plus_ticks(ticks, self.vwap_ref))
        if self.frame is None:
            return Step(at, passed, ticks)
        cut = self.cut(at, ticks, session)
        begun = self.begun(at, ticks, cut)
        last = int(begun[-1]) if len(begun) else at.last
        return Step(at, replace(passed, open=cut.open, last=last), ticks, cut, begun)

    def cut(self, at: Checkpoint, ticks: Columns, session: int) -> Cut:
        """The pieces of ticks of one session that follow a checkpoint. Raises BadInput as `resume` does."""
        frame = self.frame
        if frame is None or frame.kind == "time":
            raise ValueError("a time frame has no pieces")
        opening = np.full(len(ticks), session)
        n = frame.measure(self.grid.size_decimals)
        return resume(frame.kind, n, ticks.time, ticks.level, ticks.size, ticks.side, opening, at.open)

    def begun(self, at: Checkpoint, ticks: Columns, cut: Cut) -> Ints:
        """int64[k]: starts (ms UTC) of the bars that begin in `cut`."""
        new = edges(cut.bar)
        if int(cut.bar[0]) < at.bars:
            new = new[1:]
        return apart(ticks.time[cut.source[new]] // MILLISECOND, at.last)


def apart(time: Ints, last: int) -> Ints:
    """int64[k]: bar starts in ms, moved apart where several bars begin within one millisecond.

    A bar's start identifies it: each is at least 1 ms after the one before. time: int64[k], ms of the first trades,
    ascending. last: start of the bar before them.
    """
    if not len(time):
        return time
    index = np.arange(len(time))
    return np.maximum(np.maximum.accumulate(time - index), last + 1) + index


class Checkpoints:
    """The checkpoints of one pass, ascending. The first is where it begins."""

    def __init__(self, way: Pass, first: Checkpoint) -> None:
        self.way = way
        self.points = [first]
        self.changes = 0
        """Grows when checkpoints are removed: what was read before may be wrong."""
        self.gone = False
        """Whether they are not kept any more."""
        self.error: str | None = None
        """Why the pass cannot be made."""

    def copy(self) -> Checkpoints:
        """The same checkpoints, which late ticks do not remove."""
        found = Checkpoints(self.way, self.points[0])
        found.points = list(self.points)
        return found

    @property
    def end(self) -> Checkpoint:
        """The last checkpoint."""
        return self.points[-1]

    @property
    def begin(self) -> int:
        """Time (ns UTC) at which the pass begins."""
        return self.points[0].time

    def at(self, time: int) -> Checkpoint:
        """The last checkpoint at or before `time` (ns UTC), which is not before the first."""
        return self.points[max(0, bisect_right(self.points, time, key=lambda point: point.time) - 1)]

    def before_bar(self, number: int) -> Checkpoint:
        """The last checkpoint before which bar `number` has not begun."""
        return self.points[max(0, bisect_right(self.points, number, key=lambda point: point.bars) - 1)]

    def after_bar(self, number: int) -> Checkpoint | None:
        """The first checkpoint before which bar `number` has ended; None if there is none."""
        at = bisect_left(self.points, number + 2, key=lambda point: point.bars)
        return self.points[at] if at < len(self.points) else None

    def before_start(self, start: int) -> Checkpoint:
        """The last checkpoint before which no bar begins at or after `start` (ms UTC)."""
        return self.points[max(0, bisect_left(self.points, start, key=lambda point: point.last) - 1)]

    def late(self, time: int) -> bool:
        """Remove the checkpoints after `time` (ns UTC). False if the pass begins after it, so that none is left."""
        keep = bisect_right(self.points, time, key=lambda point: point.time)
        if keep < len(self.points):
            self.changes += 1
            del self.points[max(keep, 1) :]
        return keep > 0


class Kept(Protocol):
    """Checkpoints of any kind. gone: they are not kept any more. error: why the pass cannot be made."""

    gone: bool
    error: str | None

    def late(self, time: int) -> bool: ...


C = TypeVar("C", bound=Kept)


class Store(Generic[C]):
    """The checkpoints that are kept of one kind, by key: the `most` used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, C] = OrderedDict()

    def find(self, key: Hashable) -> C | None:
        """The checkpoints with this key."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def keep(self, key: Hashable, found: C) -> C:
        """Keep checkpoints, in place of those that were not used for the longest time."""
        self._held[key] = found
        while len(self._held) > self._most:
            self._drop(next(iter(self._held)))
        return found

    def late(self, time: int) -> None:
        """Ticks after `time` (ns UTC) have changed."""
        for key in [key for key, found in self._held.items() if not found.late(time)]:
            self._drop(key)

    def clear(self) -> None:
        """Forget everything."""
        for key in [*self._held]:
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        self._held.pop(key).gone = True


class Passes:
    """The checkpoints that are kept of one symbol.

    frames: of activity frames, by name. sessions: of sessions' totals, by their start. naked: of naked points of
    control, by frame and row size (`market.windows.naked`).
    """

    def __init__(self) -> None:
        self.frames: Store[Checkpoints] = Store(MAX_FRAMES)
        self.sessions: Store[Checkpoints] = Store(MAX_SESSIONS)
        self.naked: Store[Any] = Store(MAX_FRAMES)

    def late(self, time: int) -> None:
        """Ticks after `time` (ns UTC) have changed."""
        for store in (self.frames, self.sessions, self.naked):
            store.late(time)

    def clear(self) -> None:
        """Forget everything: the grid, the session or the ticks held have changed."""
        for store in (self.frames, self.sessions, self.naked):
            store.clear()
