"""For whoever must see every tick: takes what arrived since the last call, from memory or else from the log.

The bus says that a symbol has changed and may merge messages; the ticks are taken here, by their index, so none is
missed. Ticks that are neither in memory nor in the log are counted in `lost` and logged.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from orderflow.errors import NotFound, StorageFailed
from orderflow.market.arrivals import Arrivals
from orderflow.market.ports import MarketReader

PIECE = 10_000
"""Most ticks of one piece."""

log = logging.getLogger(__name__)


class ArrivalReader:
    """Reads one symbol's ticks in order of arrival, for one caller at a time.

    since: index of the next tick. series: of the ticks that `since` counts; "" before the first. lost: ticks that could
    not be read. sides: see `MarketReader.arrivals`.
    """

    def __init__(
        self, market: MarketReader, symbol: str, *, since: int = 0, series: str = "", sides: bool = False
    ) -> None:
        self._market = market
        self._sides = sides
        self.symbol = symbol
        self.since = since
        self.series = series
        self.lost = 0

    def pieces(self) -> Iterator[Arrivals]:
        """Yield what has arrived until now, in pieces; `since` moves before each is yielded.

        After a reset it begins again with index 0 of the new series. Raises StorageFailed if the log cannot be read;
        then `since` stays, and the next call tries again.
        """
        while (piece := self._next()) is not None:
            self.since = piece.first + len(piece)
            yield piece
            if self.since == piece.total:
                return

    def skip(self) -> Arrivals | None:
        """Go to the newest tick, without those before it. Returns that tick; None without ticks."""
        try:
            total = self._market.arrivals(self.symbol, 0, 0, sides=False).total
            found = self._market.arrivals(self.symbol, max(0, total - 1), 1, sides=False)
        except NotFound:
            return None
        self.series, self.since = found.series, found.first + len(found)
        return found

    def _next(self) -> Arrivals | None:
        try:
            found = self._market.arrivals(self.symbol, self.since, PIECE, sides=self._sides)
            if found.series != self.series:
                if self.series:
                    self.since = 0
                    found = self._market.arrivals(self.symbol, 0, PIECE, sides=self._sides)
                self.series = found.series
            if found.first > self.since:
                found = self._of_log(found)
        except NotFound:
            return None
        return found if len(found) else None

    def _of_log(self, held: Arrivals) -> Arrivals:
        found = self._market.arrivals_of_log(self.symbol, self.since, PIECE)
        if found.series != held.series:
            raise StorageFailed(f"{self.symbol} was reset while its log was read")  # the next call begins again
        if missing := found.first - self.since:
            self.lost += missing
            log.error("%s ticks of %s are neither in memory nor in the log, and were not seen", missing, self.symbol)
            self.since = found.first
        return found if len(found) else self._market.arrivals(self.symbol, self.since, PIECE, sides=self._sides)
