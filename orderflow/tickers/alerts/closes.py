"""Bars by their closes: which bar ends with which price, found from the ticks that are not late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.decimals import edges
from orderflow.market.frames import Frame
from orderflow.market.sessions import Session, bar_end, bar_start
from orderflow.tickers.alerts.chunk import Chunk


@dataclass(frozen=True, slots=True)
class Closed:
    """n bars that have closed. start, end: ns UTC. level: the close. before: that of the bar before. known: bool[n],
    whether there is one. index: of the tick that closed each, in its chunk."""

    start: Ints
    end: Ints
    level: Ints
    before: Ints
    known: Flags
    index: Ints

    def __len__(self) -> int:
        return len(self.start)


@dataclass(slots=True)
class Closes:
    """The forming bar of one frame. start: ns UTC. level: the price so far. before: close of the bar before it.

    A bar closes with the first tick of a later one. A late tick neither changes a close nor reopens a bar.
    """

    frame: Frame
    start: int | None = None
    level: int = 0
    before: int | None = None

    def take(self, chunk: Chunk, session: Session) -> Closed | None:
        """Add ticks. Returns the bars that they close, None if there are none."""
        on_time = np.flatnonzero(~chunk.late)
        if not len(on_time):
            return None
        bars = bar_start(chunk.time[on_time], self.frame.ns, session)
        levels = chunk.level[on_time]
        if self.start == int(bars[0]) == int(bars[-1]):
            self.level = int(levels[-1])
            return None
        firsts = edges(bars)
        start = bars[firsts]
        close = levels[np.append(firsts[1:], len(levels)) - 1]
        index = on_time[firsts]
        if self.start is not None:
            if self.start == int(start[0]):
                index = index[1:]
            else:
                start, close = np.concatenate(([self.start], start)), np.concatenate(([self.level], close))
        else:
            index = index[1:]
        before = np.concatenate(([0 if self.before is None else self.before], close[:-1]))
        known = np.ones(len(close), np.bool_)
        known[0] = self.before is not None
        self.start, self.level = int(start[-1]), int(close[-1])
        if len(start) > 1:
            self.before = int(close[-2])
        ended = start[:-1]
        if not len(ended):
            return None
        ends = bar_end(ended, self.frame.ns, session)
        return Closed(ended, ends, close[:-1], before[:-1], known[:-1], index)

    def forms(self, time: Ints, session: Session) -> bool:
        """Whether a tick (int64[1], ns UTC) that is not late belongs to the forming bar."""
        return self.start is not None and int(bar_start(time, self.frame.ns, session)[0]) == self.start

    def rescale(self, factor: int) -> None:
        """Convert the levels to a finer grid."""
        self.level *= factor
        self.before = None if self.before is None else self.before * factor

    def state(self, price: Any) -> dict[str, Any]:
        """What a restart needs. price: exact text of a level."""
        before = None if self.before is None else price(self.before)
        return {"start": self.start, "level": None if self.start is None else price(self.level), "before": before}
