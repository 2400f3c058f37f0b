"""Bars before those held that were read once, and for how long they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orderflow.market.bars.series import Bar
from orderflow.market.grid import Grid
from orderflow.market.sessions import Session
from orderflow.market.tape import Tape


@dataclass(frozen=True, slots=True)
class Where:
    """Which bars: of a frame, with start <= bar start < end (ns UTC), on a grid, in sessions of a kind.

    until: time (ns UTC) at which the last of them has ended.
    """

    frame: str
    start: int
    end: int
    grid: Grid
    session: Session
    until: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class PastBars:
    """Bars read when the tape had `revision`; None if they are being counted."""

    where: Where
    revision: int
    bars: Sequence[Bar] | None

    def holds(self, tape: Tape, where: Where) -> bool:
        """Whether these are the bars of `where`, and no late tick has changed them. Needs the tape's lock."""
        late = tape.late.since(self.revision)
        return self.where == where and (late is None or late >= where.until)
