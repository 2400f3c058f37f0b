"""Ids of an instrument's trades and aggregate trades: consecutive, and stable once assigned.

A trade's id is its position in the order of arrival, from 0; a late trade keeps the position of its arrival.
Consecutive trades with the same millisecond, price and side form one aggregate trade, as the fills of one taker order
at one price. (A side from the tick rule is ignored here, since a late trade may change it.) If trades were evicted from
memory before they were counted, ids begin with the oldest trade still held.
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
from orderflow.market.arrivals import Arrivals
from orderflow.market.buffer import Columns
from orderflow.market.grid import Grid
from orderflow.market.market import Market
from orderflow.market.ticks import Side, SideRule

STEP = 1024
"""Aggregate trades between two checkpoints."""
CHUNK = 32_768
PIECE = 4096
"""Ticks read at once: while counting, and while searching."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade or an aggregate trade. number: its id. first, last: ids of its trades. time: ms. price, size: in units of
    the grid's decimals.

    maker: True if the buyer was the maker, so the seller was the aggressor. Also True for an unknown side, so that
    False always means a known buy.
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
        """The row of GET aggTrades."""
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
        """The row of GET trades."""
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
    """Indices of the ticks that start an aggregate trade. ticks: at least one."""
    ms = ticks.time // MS
    side = np.where(ticks.rule == SideRule.TICK, np.int8(2), ticks.side)
    new = (ms[1:] != ms[:-1]) | (ticks.level[1:] != ticks.level[:-1]) | (side[1:] != side[:-1])
    return np.concatenate(([0], np.flatnonzero(new) + 1))


class Ledger:
    """Trade ids of one symbol. lock: reentrant, safe for threads and greenlets."""

    def __init__(self, market: Market, symbol: str, lock: AbstractContextManager[Any]) -> None:
        self._market = market
        self._symbol = symbol
        self._lock = lock
        self._epoch = ""
        self._clear()

    def _clear(self) -> None:
        self._places: list[int] = []
        self._newest: list[int] = []
        self._base = self._count = self._open = self._seen = 0
        self._latest = -(2**63)

    def advance(self) -> tuple[str, int, int]:
        """Count new trades. Returns (epoch, trades, aggregate trades). Raises NotFound for a symbol without ticks."""
        with self._lock:
            while True:
                got = self._read(self._open, self._seen - self._open + CHUNK)
                if got.epoch != self._epoch:
                    self._clear()
                    self._epoch = got.epoch
                    got = self._read(0, CHUNK)
                if got.first > self._open:  # trades were evicted from memory before they were counted
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
        # checkpoints: the aggregate trades base, base + STEP, ...
        first = number + (self._base - number) % STEP
        high = np.maximum.accumulate(got.ticks.time)
        for wanted in range(first, self._count, STEP):
            at = int(fresh[wanted - number])
            self._places.append(got.first + at)
            self._newest.append(max(self._latest, int(high[at - 1])) if at else self._latest)
        self._open = got.first + int(starts[-1])
        self._seen = end
        # without the open trade, which is read again
        if starts[-1]:
            self._latest = max(self._latest, int(high[starts[-1] - 1]))

    def aggregates(self, number: int, limit: int) -> list[Trade]:
        """Up to `limit` aggregate trades, starting with id `number`."""
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
        """Up to `limit` aggregate trades from trade `place` on; of the first one only the trades from `place` on."""
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
        """Aggregate trades with start <= time <= end (ms): the first `limit`, or the last `limit` if start is None."""
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
        """Up to `limit` trades, starting with id `number`; None: the newest ones."""
        with self._lock:
            _, seen, _ = self.advance()
            got = self._read(max(0, seen - limit) if number is None else number, limit)
            return list(_singles(got))

    def place_at(self, ns: int) -> int:
        """Id of the first trade at or after a time (ns); the number of trades if there is none."""
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
        """Id of the aggregate trade that contains the first trade at or after a time (ns)."""
        place = self.place_at(ns)
        for trade in self._from(max(0, bisect_right(self._places, place) - 1)):
            if trade.last >= place:
                return trade.number
        return self._count

    def _before(self, ns: int) -> int:
        """Index of the last checkpoint before which all trades are older than this time."""
        return max(0, bisect_left(self._newest, ns) - 1)

    def _from(self, mark: int) -> Iterator[Trade]:
        """Aggregate trades from checkpoint `mark` on."""
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
                yield _make_trade(got, number, a, b - 1, int(sums[i]))
                number += 1
            at += int(bounds[-1])

    def _read(self, since: int, limit: int) -> Arrivals:
        return self._market.arrivals(self._symbol, since, limit)


def _make_trade(got: Arrivals, number: int, a: int, b: int, size: int) -> Trade:
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
        yield _make_trade(got, got.first + i, i, i, int(got.ticks.size[i]))
