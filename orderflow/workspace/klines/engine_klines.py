"""Klines made of the ticks that are held, in every time frame.

They are the engine's own bars. Time frames above an hour are put together from hours, so that they begin in UTC also
where the chart's days begin with a session. An interval without trades has no kline.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import HOUR, TIME_FRAMES, Frame
from orderflow.market.kline_columns import PRICES, KlineColumns
from orderflow.market.ports import MarketReader
from orderflow.market.symbol import SymbolInfo
from orderflow.market.timeframes import Timeframe
from orderflow.workspace.klines.grouped import grouped

MS = 10**6
GRACE_MS = 2_000
"""How long after its end a kline of a symbol that trades now may still get a late trade."""
QUIET_MS = 86_400_000
"""How old the last trade is of a symbol that does not trade now."""
WIDER = 4
"""How much more is read when a range has too few klines."""
_FRAMES = {frame.ns // MS: frame for frame in map(Frame.parse, TIME_FRAMES) if frame.ns <= HOUR}


class EngineKlines:
    """Reads in the calling thread; raises NotFound for a symbol without ticks."""

    def __init__(self, market: MarketReader) -> None:
        self._market = market

    def has(self, symbol: str) -> bool:
        """Whether ticks of a symbol are held."""
        return self._market.revision(symbol) > 0

    def is_made(self, symbol: str) -> bool:
        """Whether the ticks of a symbol come from a model."""
        return self._market.is_made(symbol)

    def version(self, symbol: str) -> tuple[str, int]:
        """Changes with the symbol's ticks."""
        return self._market.epoch_of(symbol), self._market.revision(symbol)

    def bounds(self, symbol: str) -> tuple[int, int]:
        """Times (ms) of the first and the last trade."""
        info = self._market.info(symbol)
        return info.first // MS, info.last // MS

    def symbols(self) -> list[SymbolInfo]:
        """All symbols with ticks."""
        return self._market.symbols()

    def oldest(self, symbol: str, timeframe: Timeframe, start: int, end: int, limit: int, now: int) -> KlineColumns:
        """The first `limit` klines with start <= open time < end (ms). now: ms, to tell which are closed."""
        first, last = self.bounds(symbol)
        begin, stop = max(start, timeframe.floor(first)), min(end, last + 1)
        count = limit
        while True:
            until = min(stop, begin + count * timeframe.ms)
            found = self._read(symbol, timeframe, begin, until, now)
            if len(found) >= limit or until >= stop:
                return found.take(slice(0, limit))
            count *= WIDER

    def newest(self, symbol: str, timeframe: Timeframe, start: int, end: int, limit: int, now: int) -> KlineColumns:
        """The last `limit` klines with start <= open time < end (ms), in ascending order."""
        first, last = self.bounds(symbol)
        begin, stop = max(start, timeframe.floor(first)), min(end, last + 1)
        count = limit
        while True:
            since = max(begin, timeframe.floor(stop) - count * timeframe.ms)
            found = self._read(symbol, timeframe, since, stop, now)
            if len(found) >= limit or since <= begin:
                return found.take(slice(max(0, len(found) - limit), None))
            count *= WIDER

    def _read(self, symbol: str, timeframe: Timeframe, start: int, end: int, now: int) -> KlineColumns:
        """Klines with start <= open time < end; all of the bars of which they consist are read."""
        low, high = timeframe.index(start - 1) + 1, timeframe.index(end - 1) + 1
        if high <= low:
            return KlineColumns.empty()
        table = self._market.bars(
            symbol, _frame_of(timeframe), start=max(0, timeframe.open(low)) * MS, end=timeframe.open(high) * MS
        )
        return klines_of(table, timeframe, self._market.info(symbol).last // MS, now)


def _frame_of(timeframe: Timeframe) -> Frame:
    return _FRAMES.get(timeframe.ms) or _FRAMES[HOUR // MS]


def klines_of(table: BarTable, timeframe: Timeframe, last: int, now: int) -> KlineColumns:
    """The klines of bars that are not longer. last: time (ms) of the symbol's last trade; now: ms."""
    tick, grid = table.grid.tick_units, table.grid
    if not len(table):
        return KlineColumns.empty(grid.price_decimals, grid.size_decimals)
    columns = (
        table.time // MS,
        *(getattr(table, name) * tick for name in PRICES),
        table.volume,
        table.trades,
        table.ask,
        np.zeros(len(table), np.bool_),
    )
    parts = KlineColumns.of(columns, grid.price_decimals, grid.size_decimals)
    found = grouped(parts, timeframe, timeframe, last)
    return replace(found, closed=_closed(timeframe.opens(timeframe.indices(found.time) + 1), last, now))


def _closed(ends: Ints, last: int, now: int) -> Flags:
    """A kline is closed by a later trade, or by the clock while the symbol trades."""
    trades_now = last > now - QUIET_MS
    closed: Flags = (ends <= last) | (trades_now & (ends + GRACE_MS <= now))
    return closed
