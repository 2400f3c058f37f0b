"""Exact 24 hour statistics of an instrument: the partial first minute from ticks, the rest from minute bars.

A window is computed again when a trade comes or leaves. Finished minutes are cached; they are read again after a late
trade or a reset of the symbol.
"""

from __future__ import annotations

from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import NotFound
from orderflow.exchange.dialect import MS, amount, ratio
from orderflow.exchange.klines import Interval, Kline, Klines
from orderflow.exchange.ledger import Ledger
from orderflow.market.arrivals import Arrivals
from orderflow.market.frames import DAY, MINUTE
from orderflow.market.market import Market
from orderflow.market.symbol import TickTable
from orderflow.market.ticks import Side

MINUTES = Interval("1m", MINUTE)
FEW = 3_000
"""Trades of a window that are summed one by one; of more, minutes are."""
SMALL = 20_000
"""Trades of a symbol that are read at once; of a larger one, only those that are needed are searched for."""
LOOKBACKS = (MINUTE, 60 * MINUTE, 2**61)
"""Spans (ns) whose trades, if they are few, are searched for the last one before a window."""


@dataclass(frozen=True, slots=True)
class Day:
    """A window as one kline. before: last price before it. last_size: size of the last trade, in units. first, last:
    ids of the first and the last trade."""

    kline: Kline
    before: int
    last_size: int
    first: int
    last: int

    def mini(self, name: str, now: int) -> dict[str, Any]:
        """The event of the miniTicker stream. now: ms."""
        k = self.kline
        return {
            "e": "24hrMiniTicker",
            "E": now,
            "s": name,
            "c": amount(k.close, k.pd),
            "o": amount(k.open, k.pd),
            "h": amount(k.high, k.pd),
            "l": amount(k.low, k.pd),
            "v": amount(k.volume, k.sd),
            "q": amount(k.quote, k.pd + k.sd),
        }

    def short(self, name: str) -> dict[str, Any]:
        """The row of ticker/24hr with type=MINI."""
        k = self.kline
        return {
            "symbol": name,
            "openPrice": amount(k.open, k.pd),
            "highPrice": amount(k.high, k.pd),
            "lowPrice": amount(k.low, k.pd),
            "lastPrice": amount(k.close, k.pd),
            "volume": amount(k.volume, k.sd),
            "quoteVolume": amount(k.quote, k.pd + k.sd),
            **self._times(),
        }

    def full(self, name: str, quote: dict[str, str]) -> dict[str, Any]:
        """The row of ticker/24hr. quote: bidPrice, bidQty, askPrice, askQty."""
        k = self.kline
        change = k.close - k.open
        percent = abs(change) * 100_000 // k.open if k.open else 0
        return {
            "symbol": name,
            "priceChange": amount(change, k.pd),
            "priceChangePercent": f"{'-' if change < 0 and percent else ''}{percent // 1000}.{percent % 1000:03d}",
            "weightedAvgPrice": ratio(k.quote, k.volume, k.pd),
            "prevClosePrice": amount(self.before, k.pd),
            "lastPrice": amount(k.close, k.pd),
            "lastQty": amount(self.last_size, k.sd),
            **quote,
            "openPrice": amount(k.open, k.pd),
            "highPrice": amount(k.high, k.pd),
            "lowPrice": amount(k.low, k.pd),
            "volume": amount(k.volume, k.sd),
            "quoteVolume": amount(k.quote, k.pd + k.sd),
            **self._times(),
        }

    def _times(self) -> dict[str, int]:
        k = self.kline
        return {
            "openTime": k.start // MS,
            "closeTime": k.end // MS,
            "firstId": self.first,
            "lastId": self.last,
            "count": k.trades,
        }


@dataclass(frozen=True, slots=True)
class _Known:
    """A window that was computed: it stays the same while no trade comes and none leaves.

    version: epoch and revision of the symbol. start: of the window. oldest: time of its first trade.
    """

    version: tuple[str, int]
    brief: bool
    start: int
    oldest: int
    day: Day

    def holds(self, version: tuple[str, int], start: int, *, brief: bool) -> bool:
        """True if a window that starts at `start` has the same trades."""
        return self.version == version and self.start <= start <= self.oldest and (brief or not self.brief)


class Rolling:
    """The 24 hour window of one symbol. lock: reentrant."""

    def __init__(
        self, market: Market, klines: Klines, ledger: Ledger, symbol: str, lock: AbstractContextManager[Any]
    ) -> None:
        self._market = market
        self._klines = klines
        self._ledger = ledger
        self._symbol = symbol
        self._lock = lock
        self._minutes: deque[Kline] = deque()
        self._version: tuple[str, int] | None = None
        self._known: _Known | None = None

    def day(self, now: int, *, brief: bool = False) -> Day:
        """The 24 hours up to `now` (ns, at or after the last trade). Raises NotFound for a symbol without ticks.

        brief: skip the price before the window, whose search may take long.
        """
        with self._lock:
            start = now - DAY
            version = self._market.epoch_of(self._symbol), self._market.revision(self._symbol)
            known = self._known
            if known is None or not known.holds(version, start, brief=brief):
                known = self._known = _Known(version, brief, start, *self._compute(start, now, brief=brief))
            return replace(known.day, kline=replace(known.day.kline, start=start, end=now))

    def _compute(self, start: int, now: int, *, brief: bool) -> tuple[int, Day]:
        """(time of the oldest trade, the 24 hours): of a small symbol from one read, else from minutes if there are
        many ticks."""
        held = self._market.arrivals(self._symbol, 0, SMALL + 1, sides=False)
        if not held.first and held.total <= SMALL and (small := _day(held, start, now)) is not None:
            return small
        found = self._market.ticks(self._symbol, start=start, end=now + 1, limit=FEW + 1)
        if not len(found.ticks):  # the window includes the last trade, so the symbol was removed just now
            raise NotFound(f"symbol {self._symbol!r} has no ticks")
        kline = _kline(found, start, now) if len(found.ticks) <= FEW else self._from_minutes(start, now)
        before = None if brief or self._market.info(self._symbol).first >= start else self._before(start)
        first, last = self._ledger.place_at(start), self._ledger.place_at(now + 1) - 1
        trades = self._ledger.trades(last, 1)
        day = Day(kline, kline.open if before is None else before.close, trades[0].size if trades else 0, first, last)
        return int(found.ticks.time[0]), day

    def _from_minutes(self, start: int, now: int) -> Kline:
        whole = -(-start // MINUTE) * MINUTE
        self._refresh(whole)
        part = self._part(start, whole)
        pieces = [part] if part is not None else []
        pieces += [minute for minute in self._minutes if minute.start <= now]
        return replace(reduce(Kline.joined, pieces), start=start, end=now)

    def _refresh(self, whole: int) -> None:
        version = (self._market.epoch_of(self._symbol), int(self._market.stats(self._symbol)["late"]))
        grid = self._market.arrivals(self._symbol, 0, 0).grid
        held = self._minutes
        if version != self._version or (
            held and (held[-1].pd, held[-1].sd) != (grid.price_decimals, grid.size_decimals)
        ):
            held.clear()
            self._version = version
        while held and held[0].start < whole:
            held.popleft()
        begin = held.pop().start if held else whole  # the newest minute may have grown
        held.extend(self._klines.traded(self._symbol, MINUTES, begin, 2**62))

    def _part(self, start: int, end: int) -> Kline | None:
        """The ticks of a part of a minute as one kline, None without ticks."""
        if start >= end:
            return None
        found = self._market.ticks(self._symbol, start=start, end=end)
        return _kline(found, start, end) if len(found.ticks) else None

    def _before(self, start: int) -> Kline | None:
        """A kline with the last trade before a time (ns), None without one."""
        for back in LOOKBACKS:
            found = self._market.ticks(self._symbol, start=start - back, end=start, limit=FEW + 1)
            if 0 < len(found.ticks) <= FEW:
                return _kline(found, start - back, start)
        second = start // 10**9 * 10**9
        return self._part(second, start) or self._klines.before(self._symbol, second)


def _day(held: Arrivals, start: int, now: int) -> tuple[int, Day] | None:
    """(time of the oldest trade, the 24 hours) from all trades of a symbol. None without trades in the 24 hours."""
    ticks, grid = held.ticks, held.grid
    time = ticks.time
    place = int((time >= start).argmax())  # the first arrival of the 24 hours
    later = time > now
    last = int(later.argmax()) if later.any() else len(time)  # before the first arrival after `now`
    if (time[1:] <= time[:-1]).any():
        ticks = ticks.take(np.lexsort((ticks.id, time)))
        time = ticks.time
    begin, end = np.searchsorted(time, (start, now + 1)).tolist()
    if begin == end:
        return None
    levels, sizes = ticks.level[begin:end], ticks.size[begin:end]
    units = grid.tick_units
    first, high, low, close = (int(level) * units for level in (levels[0], levels.max(), levels.min(), levels[-1]))
    volume, quote = _sums(levels, sizes)
    kline = Kline(
        start, now, first, high, low, close, volume, quote * units, end - begin, 0, 0,
        grid.price_decimals, grid.size_decimals,
    )  # fmt: skip
    before = int(ticks.level[begin - 1]) * units if begin else first
    return int(time[begin]), Day(kline, before, int(held.ticks.size[last - 1]), place, last - 1)


def _sums(levels: Ints, sizes: Ints) -> tuple[int, int]:
    """(sum of sizes, sum of level * size), exact."""
    if float(levels.max()) * float(sizes.max()) * len(sizes) < 2.0**62:
        return int(sizes.sum()), int(levels @ sizes)
    pairs = list(zip(levels.tolist(), sizes.tolist(), strict=True))
    return sum(size for _, size in pairs), sum(level * size for level, size in pairs)


def _kline(found: TickTable, start: int, end: int) -> Kline:
    """At least one tick as one kline."""
    ticks, grid = found.ticks, found.grid
    levels, sizes = (ticks.level * grid.tick_units).tolist(), ticks.size.tolist()
    bought = [side == Side.BUY for side in ticks.side.tolist()]
    each = list(zip(levels, sizes, bought, strict=True))
    return Kline(
        start, end, levels[0], max(levels), min(levels), levels[-1], sum(sizes), sum(p * q for p, q, _ in each),
        len(each), sum(q for _, q, buy in each if buy), sum(p * q for p, q, buy in each if buy),
        grid.price_decimals, grid.size_decimals,
    )  # fmt: skip
