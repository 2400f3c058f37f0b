"""The newest activity bars of a live stream. `orderflow.market.bars.activity` assigns the ticks to bars.

In-order ticks change only the last bar. A late tick moves every later bar of its session, so the caller discards the
series and rebuilds it from the session's first tick.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.activity import OpenBar, first_piece, resume
from orderflow.market.bars.base_bars import BarScalars
from orderflow.market.bars.footprint import BarTable, tabulate
from orderflow.market.bars.series import NO_TOTALS, Bar, Series, Totals
from orderflow.market.buffer import Columns, join
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid

MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Pieces:
    """k pieces of trades in time order.

    ordinal: int64[k], their bars. trades: int64[k], 1 at the first piece of a trade, else 0. session: int64[k], session
    starts (ns UTC).
    """

    ticks: Columns
    ordinal: Ints
    trades: Ints
    session: Ints

    def take(self, where: slice) -> Pieces:
        """The pieces at `where`."""
        return Pieces(self.ticks.take(where), self.ordinal[where], self.trades[where], self.session[where])

    @staticmethod
    def joined(parts: list[Pieces]) -> Pieces:
        """Parts that follow one another, at least one, as one."""
        return Pieces(
            join([part.ticks for part in parts]),
            np.concatenate([part.ordinal for part in parts]),
            np.concatenate([part.trades for part in parts]),
            np.concatenate([part.session for part in parts]),
        )


def assign(
    frame: Frame, grid: Grid, ticks: Columns, session: Ints, last: OpenBar | None
) -> tuple[Pieces, OpenBar | None]:
    """Assign n ticks (in time order, sides resolved) to the bars of an activity frame.

    session: int64[n], session starts (ns UTC). last: state of the previous call. Returns the pieces and the new state.
    Raises ValueError for a time frame, BadInput as `resume` does.
    """
    kind = frame.kind
    if kind == "time":
        raise ValueError(f"{frame.name} is a time frame")
    cut = resume(
        kind, frame.measure(grid.size_decimals), ticks.time, ticks.level, ticks.size, ticks.side, session, last
    )
    pieces = ticks.take(cut.source)
    sized = Columns(pieces.time, pieces.level, cut.size, pieces.flags, pieces.id)
    trades = first_piece(cut.source).astype(np.int64)
    return Pieces(sized, cut.bar, trades, session[cut.source]), cut.open


def table_of(
    symbol: str,
    frame: Frame,
    grid: Grid,
    pieces: Pieces,
    vwap_ref: int | None = None,
    opening: Totals = NO_TOTALS,
) -> BarTable:
    """The table of the bars of `pieces`. opening: totals of the first piece's session before it."""
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
        opening=opening,
    )


@dataclass(slots=True)
class ActivitySeries(Series):
    """The newest bars of an activity frame.

    A bar's `start` identifies it, so starts within one millisecond are moved apart by 1 ms. Its end is the time of its
    last trade (ns UTC).
    """

    grid: Grid = field(default_factory=Grid)
    tail: Pieces | None = None
    last: OpenBar | None = None
    ends: dict[int, int] = field(default_factory=dict)
    skip: int = 0
    """Ordinal of the first bar to hold; the pieces before it are only carried."""
    newest: int = -(2**62)
    """Start (ms UTC) of the bar before the first one."""
    begin: int = 0
    """Start (ns UTC) of the session whose first bar has the ordinal 0."""
    before: int | None = 0
    """Number of the log's bars before that one; None while they are being counted."""

    def feed(self, ticks: Columns, revision: int) -> None:
        """Add ticks in time order, all of them later than the ticks added before."""
        session = self.session.start_of(ticks.time)
        pieces, self.last = assign(self.frame, self.grid, ticks, session, self.last)
        if self.tail is None:
            pieces = self._skipped(pieces)
            if not len(pieces.ordinal):
                return
        if self.tail is not None:
            pieces = Pieces.joined([self.tail, pieces])
        table = table_of("", self.frame, self.grid, pieces, self.vwap_ref)
        for i in range(len(table)):
            self._put(table, i, revision, replaces=i == 0 and self.tail is not None)
        self.tail = pieces.take(slice(int(np.searchsorted(pieces.ordinal, pieces.ordinal[-1])), None))
        if len(self.starts) > self.cap:
            for start in self.starts[: len(self.starts) - self.cap]:
                self.ends.pop(start, None)
            self.drop(len(self.starts) - self.cap)

    def _skipped(self, pieces: Pieces) -> Pieces:
        """Carry the pieces before the first bar to hold; returns the others."""
        at = int(pieces.ordinal.searchsorted(self.skip))
        if at:
            before = pieces.take(slice(0, at))
            self.carry.totals = self.carry.totals.plus_ticks(before.ticks, self.vwap_ref)
        return pieces.take(slice(at, None))

    def end_of(self, bar: Bar) -> int | None:
        """Time (ns) of the bar's last trade."""
        return self.ends[bar.start]

    def _put(self, table: BarTable, i: int, revision: int, replaces: bool) -> None:
        level, bid, ask, unknown = table.rows(i)
        rows = slice(int(table.offsets[i]), int(table.offsets[i + 1]))
        if replaces:
            start = self.starts[-1]
        else:
            before = self.starts[-1] // MILLISECOND if self.starts else self.newest
            start = max(int(table.time[i]), (before + 1) * MILLISECOND)
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
        self._log_change(start, revision)
