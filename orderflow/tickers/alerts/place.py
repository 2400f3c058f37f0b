"""Where a symbol's ticks are evaluated next: the place in its series, which survives a restart and a shortened log."""

from __future__ import annotations

import logging
from dataclasses import replace
from fractions import Fraction

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.errors import NotFound, StorageFailed
from orderflow.market.arrival_reader import PIECE, ArrivalReader
from orderflow.market.arrivals import Arrivals
from orderflow.market.buffer import Columns
from orderflow.market.decimals import unit_text
from orderflow.market.grid import Grid
from orderflow.market.ports import MarketReader
from orderflow.tickers.alerts.book import tick_of
from orderflow.tickers.alerts.chunk import LONG_AGO
from orderflow.tickers.alerts.store import Mark, Position

UNKNOWN = 2**63 - 1

log = logging.getLogger(__name__)


class Place:
    """The place of one symbol. offset: ordinal of a tick less its index in the market, which counts anew at every start
    of the process, without the ticks that a shorter log has lost."""

    def __init__(self, market: MarketReader, position: Position) -> None:
        self.reader = ArrivalReader(market, position.symbol)
        self.generation = position.generation
        self.offset = 0
        self._mark = position.mark
        self._last: Arrivals | None = None
        self._newest = self._before = position.before[0] if position.before is not None else UNKNOWN
        self._market = market
        self._wanted: Position | None = position if position.ordinal else None

    @property
    def ordinal(self) -> int:
        """Ordinal of the next tick."""
        return self._wanted.ordinal if self._wanted is not None else self.reader.since + self.offset

    @property
    def mark(self) -> Mark | None:
        """The last tick that was evaluated."""
        if self._last is None:
            return self._mark
        return replace(_mark(self._last, -1), nth=self._number(self._last))

    def find(self) -> bool:
        """Go to the stored place, once. False if the series has begun again meanwhile: then at its first tick.

        Raises StorageFailed if the log cannot be read.
        """
        wanted, self._wanted = self._wanted, None
        if wanted is None or wanted.mark is None:
            return True
        try:
            held = self._market.arrivals(wanted.symbol, 0, 0, sides=False)
        except NotFound:
            self._begin()
            return False
        try:
            index = self._index(wanted, wanted.mark, held)
        except StorageFailed:
            self._wanted = wanted
            raise
        if index is None:
            self._begin()
            return False
        self.reader.since, self.reader.series = index + 1, held.series
        self.offset = wanted.ordinal - self.reader.since
        return True

    def _begin(self) -> None:
        log.warning("%s has begun again: its ticks are not those evaluated before", self.reader.symbol)
        self.begin()
        self.reader.since = 0

    def begin(self) -> None:
        """A new generation: the next tick is its first."""
        self.generation, self.offset, self._mark, self._last = self.generation + 1, 0, None, None
        self._newest = LONG_AGO

    def passed(self, piece: Arrivals) -> None:
        """Remember the last tick of a piece (n >= 1) that was evaluated."""
        self._last, self._before = piece, self._newest
        self._newest = max(LONG_AGO if self._newest == UNKNOWN else self._newest, int(piece.ticks.time.max()))

    def skipped(self, newest: int) -> None:
        """The ticks before are not evaluated. newest: the newest time among them, ns UTC."""
        self._newest = newest

    def _number(self, piece: Arrivals) -> int:
        """Which of the equal ticks the last one of a piece is; others are looked for only if its time is not new."""
        ticks = piece.ticks
        if int(ticks.time[-1]) <= self._before:
            equal = _equal(self._market, self.reader.symbol, _mark(piece, -1))
            return int(np.searchsorted(equal, piece.first + len(piece) - 1, side="right"))
        same = (ticks.time == ticks.time[-1]) & (ticks.level == ticks.level[-1])
        return int(np.count_nonzero(same & (ticks.size == ticks.size[-1]) & (ticks.id == ticks.id[-1])))

    def _index(self, wanted: Position, mark: Mark, held: Arrivals) -> int | None:
        """The index of the last evaluated tick; None if it is not there.

        A shorter log has lost ticks at its front, so the tick is now at its usual place or before.
        """
        usual = wanted.ordinal - 1
        found = _equal(self._market, wanted.symbol, mark)
        if np.count_nonzero(found < 0) and (
            len(found) > 1 or not _is_at(self._market, wanted.symbol, usual, held, mark)
        ):
            found = np.concatenate([_equal_in_log(self._market, wanted.symbol, mark, held), found[found >= 0]])
        equal = [at for at in found.tolist() if at <= usual]
        if 0 < mark.nth <= len(equal):
            return int(equal[mark.nth - 1])
        if usual < held.total and _is_at(self._market, wanted.symbol, usual, held, mark):
            return usual
        return int(equal[-1]) if equal else None


def _is_at(market: MarketReader, symbol: str, index: int, held: Arrivals, mark: Mark) -> bool:
    found = market.arrivals(symbol, index, 1, sides=False)
    if found.first != index:
        found = market.arrivals_of_log(symbol, index, 1)
    return found.first == index and len(found) > 0 and _mark(found, 0) == replace(mark, nth=0)


def _equal_in_log(market: MarketReader, symbol: str, mark: Mark, held: Arrivals) -> Ints:
    """int64[n], ascending: indices of the ticks before those in memory that are like the mark. Reads all of them."""
    found, at = [np.empty(0, np.int64)], 0
    while at < held.first:
        piece = market.arrivals_of_log(symbol, at, PIECE)
        if not len(piece):
            break
        found.append(piece.first + np.flatnonzero(_same(piece.grid, piece.ticks, mark)))
        at = piece.first + len(piece)
    return np.concatenate(found)


def _same(grid: Grid, ticks: Columns, mark: Mark) -> Flags:
    """bool[n]: which ticks are like the mark."""
    level, size = Fraction(mark.price) / tick_of(grid), Fraction(mark.size) * 10**grid.size_decimals
    if level.denominator != 1 or size.denominator != 1:
        return np.zeros(len(ticks), np.bool_)
    same = (ticks.time == mark.time) & (ticks.level == int(level))
    found: Flags = same & (ticks.size == int(size)) & (ticks.id == mark.id)
    return found


def _equal(market: MarketReader, symbol: str, mark: Mark) -> Ints:
    """int64[n], ascending: indices of the ticks that are like the mark, -1 for those that are no longer in memory."""
    try:
        past = market.arrivals_at(symbol, mark.time)
    except NotFound:  # it was reset
        return np.empty(0, np.int64)
    found: Ints = past.index[_same(past.grid, past.ticks, mark)].astype(np.int64)
    return found


def _mark(piece: Arrivals, at: int) -> Mark:
    grid, ticks = piece.grid, piece.ticks
    price = unit_text(int(ticks.level[at]) * grid.tick_units, grid.price_decimals)
    return Mark(int(ticks.time[at]), price, unit_text(int(ticks.size[at]), grid.size_decimals), int(ticks.id[at]))
