"""Klines: the exact bars of the engine, with empty intervals filled in as Binance does.

An interval without trades is flat at the last close with volume 0. Klines start with the first trade; they end now
while the instrument is trading (see `orderflow.exchange.symbols.present`), otherwise with its last trade. Intervals are
aligned to UTC midnight or the requested offset, independent of the chart's session; longer ones are built from hours or
parts of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.exchange.dialect import INTERVALS, MS, amount
from orderflow.exchange.symbols import present
from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import DAY, HOUR, MINUTE, SECOND, Frame
from orderflow.market.market import Market

SAFE = 2**62
LOOKBACKS = (HOUR, DAY, 30 * DAY, 2**61)
"""Spans (ns) searched one after another for the last trade before a kline."""
_FRAMES = {length: Frame.parse(name) for name, length in INTERVALS.items() if length <= HOUR}
_PARTS = (HOUR, 30 * MINUTE, 15 * MINUTE, MINUTE)


@dataclass(frozen=True, slots=True)
class Kline:
    """start, end: ns, end exclusive. Scaled integers: prices with pd decimals, sizes with sd, quote and taker_quote
    with pd + sd."""

    start: int
    end: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote: int
    trades: int
    taker: int
    taker_quote: int
    pd: int
    sd: int

    def row(self) -> list[Any]:
        """The row of GET klines."""
        # most klines of a quiet market are flat: each of their numbers is written once
        price = {units: amount(units, self.pd) for units in {self.open, self.high, self.low, self.close}}
        return [
            self.start // MS,
            price[self.open],
            price[self.high],
            price[self.low],
            price[self.close],
            amount(self.volume, self.sd),
            self.end // MS - 1,
            amount(self.quote, self.pd + self.sd),
            self.trades,
            amount(self.taker, self.sd),
            amount(self.taker_quote, self.pd + self.sd),
            "0",
        ]

    def flat(self, start: int, end: int) -> Kline:
        """A later kline without trades: flat at this close."""
        last = self.close
        return Kline(start, end, last, last, last, last, 0, 0, 0, 0, 0, self.pd, self.sd)

    def joined(self, later: Kline) -> Kline:
        """This kline merged with a later one; keeps this span."""
        return Kline(
            self.start,
            self.end,
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            later.close,
            self.volume + later.volume,
            self.quote + later.quote,
            self.trades + later.trades,
            self.taker + later.taker,
            self.taker_quote + later.taker_quote,
            self.pd,
            self.sd,
        )


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of `ns` aligned to an offset from UTC (ns east)."""

    name: str
    ns: int
    offset: int = 0

    def floor(self, ns: int) -> int:
        """Start of the interval that contains a time."""
        return (ns + self.offset) // self.ns * self.ns - self.offset

    @property
    def frame(self) -> Frame:
        """The longest bars of which these intervals consist."""
        if self.ns <= HOUR and not self.offset % self.ns:
            return _FRAMES[self.ns]
        return _FRAMES[next(part for part in _PARTS if not self.ns % part and not self.offset % part)]


def quote_sums(table: BarTable, sizes: Ints) -> list[int]:
    """Sum of price × size over the levels of each bar, in units of price and size; exact."""
    if not len(table):
        return []
    starts = table.offsets[:-1]
    top = int(table.level.max()) * int(sizes.sum())
    if top < SAFE:
        sums = np.add.reduceat(table.level * sizes, starts).tolist()
    else:
        sums = np.add.reduceat(table.level.astype(object) * sizes.astype(object), starts).tolist()
    return [int(value) * table.grid.tick_units for value in sums]


def read_table(table: BarTable) -> Iterator[Kline]:
    """The bars of a table as klines, with the spans of the bars."""
    tick, pd, sd = table.grid.tick_units, table.grid.price_decimals, table.grid.size_decimals
    columns = (
        table.time,
        table.end,
        table.open * tick,
        table.high * tick,
        table.low * tick,
        table.close * tick,
        table.volume,
    )
    quote = quote_sums(table, table.level_ask + table.level_bid + table.level_unknown)
    taker_quote = quote_sums(table, table.level_ask)
    for i, (start, end, o, h, low, c, v) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        yield Kline(
            start, end, o, h, low, c, v, quote[i], int(table.trades[i]), int(table.ask[i]), taker_quote[i], pd, sd
        )


class Klines:
    """The klines of all symbols of a market."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def traded(self, symbol: str, interval: Interval, start: int, end: int) -> list[Kline]:
        """Klines with trades and start <= open time < end (ns, starts of intervals)."""
        table = self._market.bars(symbol, interval.frame, start=start, end=end)
        found: list[Kline] = []
        for bar in read_table(table):
            begin = interval.floor(bar.start)
            if found and found[-1].start == begin:
                found[-1] = found[-1].joined(bar)
            elif bar.start == begin and bar.end == begin + interval.ns:
                found.append(bar)
            else:
                found.append(_spanning(bar, begin, begin + interval.ns))
        return found

    def before(self, symbol: str, moment: int) -> Kline | None:
        """The last second or minute with a trade before a time (ns, a whole second)."""
        minute = moment // MINUTE * MINUTE
        spans = [(_FRAMES[SECOND], minute, moment)] if minute < moment else []
        for frame, begin, end in [*spans, *((_FRAMES[MINUTE], minute - back, minute) for back in LOOKBACKS)]:
            table = self._market.bars(symbol, frame, start=max(0, begin), end=end)
            if len(table):
                return next(read_table(table.take(len(table) - 1, len(table))))
        return None

    def bounds(self, symbol: str, interval: Interval, now: int) -> tuple[int, int]:
        """Open times (ns) of the first and the last kline there is at `now` (ns); the last is the running one."""
        info = self._market.info(symbol)
        gone = self._market.lost_until(symbol)
        begin = interval.floor(info.first)
        if gone is not None:  # what was lost is not filled with what is made up
            begin = max(begin, interval.floor(gone) + interval.ns)
        return begin, interval.floor(present(info, now))

    def rows(
        self, symbol: str, interval: Interval, now: int, start: int | None, end: int | None, limit: int
    ) -> list[Kline]:
        """Klines with start <= open time <= end (ns): the first `limit`, or the last `limit` if start is None.

        Raises NotFound for a symbol without ticks.
        """
        begin, running = self.bounds(symbol, interval, now)
        high = running if end is None else min(interval.floor(end), running)
        if start is None:
            low = max(begin, high - (limit - 1) * interval.ns)
        else:
            low = max(begin, interval.floor(start + interval.ns - 1))
            high = min(high, low + (limit - 1) * interval.ns)
        if low > high:
            return []
        found = {kline.start: kline for kline in self.traded(symbol, interval, low, high + interval.ns)}
        last = None if low in found else self.before(symbol, low)
        rows: list[Kline] = []
        for opening in range(low, high + 1, interval.ns):
            kline = found.get(opening)
            if kline is None:
                if last is None:
                    continue  # before the first known trade
                kline = last.flat(opening, opening + interval.ns)
            rows.append(kline)
            last = kline
        return rows


def _spanning(bar: Kline, start: int, end: int) -> Kline:
    return Kline(
        start, end, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote, bar.trades, bar.taker,
        bar.taker_quote, bar.pd, bar.sd,
    )  # fmt: skip
