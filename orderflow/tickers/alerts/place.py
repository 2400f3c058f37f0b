"""Where a symbol's ticks are evaluated next: the place in its series, which survives a restart and a shortened log."""

from __future__ import annotations

import logging

from orderflow.errors import NotFound, StorageFailed
from orderflow.market.arrival_reader import ArrivalReader
from orderflow.market.arrivals import Arrivals
from orderflow.market.decimals import unit_text
from orderflow.market.ports import MarketReader
from orderflow.tickers.alerts.store import Mark, Position

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
        self._market = market
        self._wanted: Position | None = position if position.ordinal else None

    @property
    def ordinal(self) -> int:
        """Ordinal of the next tick."""
        return self._wanted.ordinal if self._wanted is not None else self.reader.since + self.offset

    @property
    def mark(self) -> Mark | None:
        """The last tick that was evaluated."""
        return self._mark if self._last is None else _mark(self._last, -1)

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

    def passed(self, piece: Arrivals) -> None:
        """Remember the last tick of a piece (n >= 1) that was evaluated."""
        self._last = piece

    def _index(self, wanted: Position, mark: Mark, held: Arrivals) -> int | None:
        """The index of the last evaluated tick; None if it is not there."""
        usual = wanted.ordinal - 1
        if usual < held.total and _is_at(self._market, wanted.symbol, usual, held, mark):
            return usual
        past = self._market.arrivals_at(wanted.symbol, mark.time)
        for index in reversed(past.index.tolist()):
            if index < usual and _is_at(self._market, wanted.symbol, int(index), held, mark):
                return int(index)
        return None


def _is_at(market: MarketReader, symbol: str, index: int, held: Arrivals, mark: Mark) -> bool:
    found = market.arrivals(symbol, index, 1, sides=False)
    if found.first != index:
        found = market.arrivals_of_log(symbol, index, 1)
    return found.first == index and len(found) > 0 and _mark(found, 0) == mark


def _mark(piece: Arrivals, at: int) -> Mark:
    grid, ticks = piece.grid, piece.ticks
    price = unit_text(int(ticks.level[at]) * grid.tick_units, grid.price_decimals)
    return Mark(int(ticks.time[at]), price, unit_text(int(ticks.size[at]), grid.size_decimals), int(ticks.id[at]))
