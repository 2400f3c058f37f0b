"""Activity bars of a live stream: `orderflow.market.bars.activity` deals the ticks out, this keeps the bars they made.

A late tick moves every later cut of its session, so it discards the series; the next look builds it again from the
session's first tick. In order, only the last bar and the new ticks are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.activity import OpenBar, first_piece, resume
from orderflow.market.bars.base_bars import BarScalars
from orderflow.market.bars.footprint import BarTable, tabulate
from orderflow.market.bars.series import Bar, Series
from orderflow.market.buffer import Columns, join
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid

MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Pieces:
    """k pieces of trades in time order. ordinal: int64[k], their bars; trades: int64[k], 1 at a trade's first piece."""

    ticks: Columns
    ordinal: Ints
    trades: Ints
    session: Ints

    def take(self, where: slice) -> Pieces:
        """Some of them."""
        return Pieces(self.ticks.take(where), self.ordinal[where], self.trades[where], self.session[where])

    def then(self, more: Pieces) -> Pieces:
        """These, followed by others."""
        return Pieces(
            join([self.ticks, more.ticks]),
            np.concatenate([self.ordinal, more.ordinal]),
            np.concatenate([self.trades, more.trades]),
            np.concatenate([self.session, more.session]),
        )


def deal(
    frame: Frame, grid: Grid, ticks: Columns, session: Ints, last: OpenBar | None
) -> tuple[Pieces, OpenBar | None]:
    """Cut n ticks (time order, sides resolved) into the bars of an activity frame. session: int64[n], session
    starts.
    """
    kind = frame.kind
    if kind == "time":
        raise ValueError(f"{frame.name} is a time frame")
    n = frame.n * 10**grid.size_decimals if kind in ("volume", "delta") else frame.n
    cut = resume(kind, n, ticks.time, ticks.level, ticks.size, ticks.side, session, last)
    pieces = ticks.take(cut.source)
    sized = Columns(pieces.time, pieces.level, cut.size, pieces.flags, pieces.id)
    trades = first_piece(cut.source).astype(np.int64)
    return Pieces(sized, cut.bar, trades, session[cut.source]), cut.open


def table_of(symbol: str, frame: Frame, grid: Grid, pieces: Pieces, vwap_ref: int | None = None) -> BarTable:
    """The bars of pieces; CVD and VWAP count from the first piece on."""
    time = pieces.ticks.time
    return tabulate(
        symbol,
        frame.name,
        grid,
        pieces.ticks,
        pieces.ordinal,
        pieces.session,
        time=lambda first: time[first],
        trades=pieces.trades,
        vwap_ref=vwap_ref,
    )


@dataclass(slots=True)
class ActivitySeries(Series):
    """The newest bars of an activity frame. Two may start in one millisecond, so starts are moved apart by one each:
    a bar's `start` names it, its `end` is the time of its last trade."""

    grid: Grid = field(default_factory=Grid)
    tail: Pieces | None = None
    last: OpenBar | None = None
    ends: dict[int, int] = field(default_factory=dict)

    def feed(self, ticks: Columns, revision: int) -> None:
        """Take in ticks that follow, in time order, all those fed before."""
        session = self.session.start_of(ticks.time)
        pieces, self.last = deal(self.frame, self.grid, ticks, session, self.last)
        if self.tail is not None:
            pieces = self.tail.then(pieces)
        table = table_of("", self.frame, self.grid, pieces, self.vwap_ref)
        for i in range(len(table)):
            self._put(table, i, revision, replaces=i == 0 and self.tail is not None)
        self.tail = pieces.take(slice(int(np.searchsorted(pieces.ordinal, pieces.ordinal[-1])), None))
        if len(self.starts) > self.cap:
            for start in self.starts[: len(self.starts) - self.cap]:
                self.ends.pop(start, None)
            self.drop(len(self.starts) - self.cap)

    def end_of(self, bar: Bar) -> int | None:
        """Time (ns) of the bar's last trade."""
        return self.ends[bar.start]

    def _put(self, table: BarTable, i: int, revision: int, replaces: bool) -> None:
        level, bid, ask, unknown = table.rows(i)
        rows = slice(int(table.offsets[i]), int(table.offsets[i + 1]))
        if replaces:
            start = self.starts[-1]
        else:
            start = int(table.time[i])
            if self.starts:
                start = max(start, (self.starts[-1] // MILLISECOND + 1) * MILLISECOND)
            self.starts.append(start)
        bar = Bar(
            start,
            int(table.session[i]),
            level,
            np.column_stack([ask, bid, unknown, table.level_trades[rows]]),
            revision,
            BarScalars(*(int(getattr(table, name)[i]) for name in BarScalars.__slots__)),
        )
        self.bars[start] = bar
        self.ends[start] = int(table.end[i])
        self._note(start, revision)
