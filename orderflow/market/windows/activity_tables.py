"""Tables of activity bars over a span of the log, begun at the nearest checkpoint and read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orderflow.market.bars.activity_series import Pieces, table_of
from orderflow.market.bars.checkpoints import Pass, Step
from orderflow.market.bars.footprint import BarTable
from orderflow.market.bars.series import NO_TOTALS, Totals
from orderflow.market.decimals import edges
from orderflow.market.frames import MINUTE, Frame
from orderflow.market.symbol import SymbolState
from orderflow.market.windows.activity_window import frame_of, frame_passes, opening_of, pieces_of
from orderflow.market.windows.reach import extend, newest_minute, walk

MOST_PIECES = 200_000
"""Pieces of a table, about."""


@dataclass(slots=True)
class _Part:
    """Pieces that begin with a bar. opening: totals of the first piece's session before it."""

    pieces: list[Pieces]
    opening: Totals

    @property
    def is_long(self) -> bool:
        """Whether it has many pieces, of more than one bar."""
        count = sum(len(pieces.ordinal) for pieces in self.pieces)
        return count > MOST_PIECES and int(self.pieces[0].ordinal[0]) < int(self.pieces[-1].ordinal[-1])

    def divided(self, vwap_ref: int) -> tuple[_Part, _Part]:
        """(all bars but the last one, the last one)."""
        pieces = Pieces.joined(self.pieces)
        at = int(pieces.ordinal.searchsorted(pieces.ordinal[-1]))
        before, last = pieces.take(slice(0, at)), pieces.take(slice(at, None))
        same = before.session == last.session[0]
        opening = self.opening if same.all() else NO_TOTALS
        return _Part([before], self.opening), _Part([last], opening.plus_ticks(before.ticks.take(same), vwap_ref))


def activity_tables(state: SymbolState, frame: Frame, begin: int, end: int, limit: int | None) -> Iterator[BarTable]:
    """Tables of the first `limit` bars whose first trade is at begin <= time < end (ns UTC), one after the other."""
    tape = state.tape
    tape.refresh()
    if not len(tape.traded):
        return
    found = frame_passes(state, frame)
    while extend(state, found, min(max(begin, found.begin) // MINUTE * MINUTE, newest_minute(tape))):
        pass
    way = found.way
    left = 2**62 if limit is None else limit
    part: _Part | None = None
    for step in walk(state, found, found.at(begin), (tape.newest or 0) + 1):
        if part is None and step.before.time >= end:
            return
        a, b, count, over = _span(step, begin if part is None else None, end, left)
        left -= count
        if a < b:
            part = part or _Part([], opening_of(way, step, a))
            part.pieces.append(pieces_of(way, step, slice(a, b)))
        if over:
            break
        if part is not None and part.is_long:
            whole, part = part.divided(way.vwap_ref)
            yield _table(state, way, whole)
    if part is not None:
        yield _table(state, way, part)


def _table(state: SymbolState, way: Pass, part: _Part) -> BarTable:
    pieces = Pieces.joined(part.pieces)
    return table_of(state.tape.symbol, frame_of(way), way.grid, pieces, way.vwap_ref, part.opening)


def _span(step: Step, begin: int | None, end: int, most: int) -> tuple[int, int, int, bool]:
    """(first piece of a step to take, end of those to take, number of bars that begin there, whether they are all).

    begin: the first bar to take begins at or after this time (ns UTC); None: take the pieces of an earlier bar, too.
    most: bars that may begin.
    """
    if step.cut is None:
        return 0, 0, 0, False
    new = edges(step.cut.bar)
    if int(step.cut.bar[0]) < step.before.bars:
        new = new[1:]
    time = step.ticks.time[step.cut.source[new]]
    a = 0 if begin is None else int(time.searchsorted(begin))
    b = min(int(time.searchsorted(end)), a + most)
    bounds = np.append(new, len(step.cut.bar))
    return 0 if begin is None else int(bounds[a]), int(bounds[max(a, b)]), max(0, b - a), b < len(new)
