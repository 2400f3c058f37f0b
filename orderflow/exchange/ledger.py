"""The numbers of an instrument's trades and aggregate trades: without gaps, and never another one.

A trade's number is its place in the order of arrival, from 0; a trade that arrived late keeps its place. Trades that
follow each other with the same millisecond, price and side make one aggregate trade: what a venue would call one taker
order's fills at a price. (A side that the tick rule gave does not count for this, since a late trade may change it.)
Where memory was full, numbers begin at what it still holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from orderflow.exchange.dialect import MS, amount
from orderflow.market.buffer import Columns
from orderflow.market.grid import Grid
from orderflow.market.market import Market
from orderflow.market.symbol import Arrivals
from orderflow.market.ticks import Side, SideRule

STEP = 1024
"""Aggregate trades from one remembered place to the next."""
CHUNK = 32_768
PIECE = 4096
"""Ticks looked at in one go: while counting, and while reading."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade or an aggregate trade. first, last: trades' numbers; time: ms; price, size: units of the grid's decimals.

    maker: the buyer was the maker, so the seller was the aggressor; also true where the side is unknown, so that what
    is known to be bought is what has it false.
    """

    number: int
    first: int
    last: int
    time: int
    price: int
    size: int
    maker: bool
    grid: Grid

    def row(self) -> dict[str, Any]:
        """As aggTrades lists it."""
        return {
            "a": self.number,
            "p": amount(self.price, self.grid.price_decimals),
            "q": amount(self.size, self.grid.size_decimals),
            "f": self.first,
            "l": self.last,
            "T": self.time,
            "m": self.maker,
            "M": True,
        }

    def single(self) -> dict[str, Any]:
        """As trades lists it."""
        pd, sd = self.grid.price_decimals, self.grid.size_decimals
        return {
            "id": self.number,
            "price": amount(self.price, pd),
            "qty": amount(self.size, sd),
            "quoteQty": amount(self.price * self.size, pd + sd),
            "time": self.time,
            "isBuyerMaker": self.maker,
            "isBestMatch": True,
        }


def _starts(ticks: Columns) -> Any:
    """Indices at which an aggregate trade begins; n >= 1 ticks."""
    ms = ticks.time // MS
    side = np.where(ticks.rule == SideRule.TICK, np.int8(2), ticks.side)
    new = (ms[1:] != ms[:-1]) | (ticks.level[1:] != ticks.level[:-1]) | (side[1:] != side[:-1])
    return np.concatenate(([0], np.flatnonzero(new) + 1))


class Ledger:
    """The numbers of one symbol. `lock`: reentrant, for threads and greenlets."""

    def __init__(self, market: Market, symbol: str, lock: AbstractContextManager[Any]) -> None:
        self._market = market
        self._symbol = symbol
        self._lock = lock
        self._epoch = ""
        self._forget()

    def _forget(self) -> None:
        self._places: list[int] = []
        self._newest: list[int] = []
        self._base = self._count = self._open = self._seen = 0
        self._latest = -(2**63)

    def advance(self) -> tuple[str, int, int]:
        """Count what is new; (epoch, trades, aggregate trades). Raises NotFound for a symbol without ticks."""
        with self._lock:
            while True:
                got = self._read(self._open, self._seen - self._open + CHUNK)
                if got.epoch != self._epoch:
                    self._forget()
                    self._epoch = got.epoch
                    got = self._read(0, CHUNK)
                if got.first > self._open:  # memory let trades go before they were counted
                    self._count += max(0, got.first - self._seen)
                    self._base = self._count
                    self._places, self._newest = [], []
                    self._open = self._seen = got.first
                end = got.first + len(got)
                if end > self._seen:
                    self._take(got, end)
                if end >= got.total:
                    return self._epoch, self._seen, self._count

    def _take(self, got: Arrivals, end: int) -> None:
        starts = _starts(got.ticks)
        fresh = starts[1:] if self._seen > self._open else starts
        number = self._count
        self._count += len(fresh)
        # remembered places: the aggregate trades base, base + STEP, ...
        first = number + (self._base - number) % STEP
        high = np.maximum.accumulate(got.ticks.time)
        for wanted in range(first, self._count, STEP):
            at = int(fresh[wanted - number])
            self._places.append(got.first + at)
            self._newest.append(max(self._latest, int(high[at - 1])) if at else self._latest)
        self._open = got.first + int(starts[-1])
        self._seen = end
        # of the ticks before the open trade only: it is read again
        if starts[-1]:
            self._latest = max(self._latest, int(high[starts[-1] - 1]))

    def aggregates(self, number: int, limit: int) -> list[Trade]:
        """Up to `limit` aggregate trades from `number` on."""
        with self._lock:
            self.advance()
            found: list[Trade] = []
            for trade in self._from(max(0, (number - self._base) // STEP)):
                if trade.number >= number:
                    found.append(trade)
                    if len(found) >= limit:
                        break
            return found

    def since(self, place: int, limit: int) -> list[Trade]:
        """Up to `limit` aggregate trades that hold the trade at `place` or later ones; of the first, only what is at or
        after it."""
        with self._lock:
            _, seen, _ = self.advance()
            if place >= seen or not self._places:
                return []
            mark = max(0, bisect_right(self._places, place) - 1)
            found = list(islice((trade for trade in self._from(mark) if trade.last >= place), limit))
            return [self._rest(found[0], place), *found[1:]] if found and found[0].first < place else found

    def _rest(self, trade: Trade, place: int) -> Trade:
        got = self._read(place, trade.last + 1 - place)
        return Trade(
            trade.number, place, trade.last, trade.time, trade.price, int(got.ticks.size.sum()), trade.maker, got.grid
        )

    def between(self, start: int | None, end: int | None, limit: int) -> list[Trade]:
        """Aggregate trades with start <= time <= end (ms): the first `limit`, or without a start the last."""
        with self._lock:
            self.advance()
            if start is None:
                stop = self._number_at((end + 1) * MS) if end is not None else self._count
                found = self.aggregates(max(self._base, stop - limit), min(limit, stop - self._base))
                return [trade for trade in found if trade.number < stop and (end is None or trade.time <= end)]
            found = []
            past = 0
            for trade in self._from(self._before(start * MS)):
                if end is not None and trade.time > end:
                    past += 1
                    if past > STEP:
                        break
                elif trade.time >= start:
                    found.append(trade)
                    if len(found) >= limit:
                        break
            return found

    def trades(self, number: int | None, limit: int) -> list[Trade]:
        """Up to `limit` trades from `number` on; None: the newest."""
        with self._lock:
            _, seen, _ = self.advance()
            got = self._read(max(0, seen - limit) if number is None else number, limit)
            return list(_singles(got))

    def place_at(self, ns: int) -> int:
        """The place of the first trade at or after a time (ns); the number of trades when there is none."""
        with self._lock:
            _, seen, _ = self.advance()
            if not self._places:
                return seen
            at = self._places[max(0, bisect_left(self._newest, ns) - 1)]
            while at < seen:
                got = self._read(at, PIECE)
                hits = np.flatnonzero(got.ticks.time >= ns)
                if len(hits):
                    return got.first + int(hits[0])
                at = got.first + max(1, len(got))
            return seen

    def _number_at(self, ns: int) -> int:
        """The number of the aggregate trade that holds the first trade at or after a time."""
        place = self.place_at(ns)
        for trade in self._from(max(0, bisect_right(self._places, place) - 1)):
            if trade.last >= place:
                return trade.number
        return self._count

    def _before(self, ns: int) -> int:
        """The last remembered place before which no trade has this time or a later one."""
        return max(0, bisect_left(self._newest, ns) - 1)

    def _from(self, mark: int) -> Iterator[Trade]:
        """Aggregate trades from the `mark`-th remembered place on."""
        held = bisect_left(self._places, self._read(0, 0).first)
        mark = max(mark, held)
        if mark >= len(self._places):
            return
        at, number, size = self._places[mark], self._base + mark * STEP, PIECE
        while at < self._seen:
            got = self._read(at, min(size, self._seen - at))
            if got.first != at or not len(got):
                return
            starts = _starts(got.ticks)
            whole = at + len(got) >= self._seen
            if not whole and len(starts) == 1:
                size *= 2
                continue
            bounds = np.append(starts, len(got)) if whole else starts
            sums = np.add.reduceat(got.ticks.size, starts)
            for i in range(len(bounds) - 1):
                a, b = int(bounds[i]), int(bounds[i + 1])
                yield _made(got, number, a, b - 1, int(sums[i]))
                number += 1
            at += int(bounds[-1])

    def _read(self, since: int, limit: int) -> Arrivals:
        return self._market.arrivals(self._symbol, since, limit)


def _made(got: Arrivals, number: int, a: int, b: int, size: int) -> Trade:
    ticks, grid = got.ticks, got.grid
    return Trade(
        number,
        got.first + a,
        got.first + b,
        int(ticks.time[a]) // MS,
        int(ticks.level[a]) * grid.tick_units,
        size,
        int(ticks.flags[a] & 3) - 1 != Side.BUY,
        grid,
    )


def _singles(got: Arrivals) -> Iterator[Trade]:
    for i in range(len(got)):
        yield _made(got, got.first + i, i, i, int(got.ticks.size[i]))
