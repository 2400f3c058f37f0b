"""Big trades: trades at or above a percentile of their session so far, or a fixed size."""

from __future__ import annotations

from decimal import Decimal
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.studies.study import Data, Option, Ratio, Result, Study, exact

PERCENTILE = Option("percentile", Decimal(99), "of the sizes of the session's trades so far", (), Decimal("0.01"), 100)
WARM = Option("warm", 100, "trades of the session before any can be big", (), 1, 10**6)
FIXED: Option[int | None] = Option("fixed", None, "size that takes the percentile's place", (), 1, 10**12)


class Percentile:
    """Exact running percentile by nearest rank: the ⌈percentile·n/100⌉-th smallest of n numbers.

    Raises ValueError unless 0 < percentile <= 100.
    """

    def __init__(self, percentile: Ratio = PERCENTILE.default) -> None:
        self._part, self._whole = exact(percentile)
        self._whole *= 100
        if self._part > self._whole:
            raise ValueError("a percentile lies in (0, 100]")
        self._top: list[int] = []  # heap of the percentile and the numbers above it
        self._rest: list[int] = []  # heap of the numbers below, negated
        self.count = 0

    def add(self, number: int) -> int:
        """Add a number. Returns the percentile of all numbers so far."""
        self.count += 1
        rank = -(-self._part * self.count // self._whole)
        if self._top and number > self._top[0]:
            number = heappushpop(self._top, number)
        heappush(self._rest, -number)
        if len(self._top) < self.count - rank + 1:
            heappush(self._top, -heappop(self._rest))
        return self._top[0]


def big_trades(
    size: Ints,
    session: Ints,
    *,
    percentile: Ratio = PERCENTILE.default,
    warm: int = WARM.default,
    fixed: int | None = FIXED.default,
) -> tuple[Flags, Ints]:
    """(bool[n], int64[n]): which trades are big, and the threshold of each (-1 if there is none yet).

    A trade is big if its size >= the percentile of its session's trades up to and including itself. The first
    `warm` - 1 trades of a session are not big, as the percentile of few trades is their maximum. With `fixed` (size
    units) a trade is big if its size >= `fixed`. Trades of size 0 are ignored.

    size: int64[n], size units. session: int64[n], session starts. Both in time order. Takes about 1 µs a trade.
    """
    exact(percentile)
    if fixed is not None:
        return (size >= fixed) & (size > 0), np.full(len(size), fixed, np.int64)
    against = np.full(len(size), -1, np.int64)
    seen = Percentile(percentile)
    last: int | None = None
    for i, (number, start) in enumerate(zip(size.tolist(), session.tolist(), strict=True)):
        if start != last:
            seen, last = Percentile(percentile), start
        if number:
            limit = seen.add(number)
            if seen.count >= warm:
                against[i] = limit
    return (against >= 0) & (size >= against), against


def _ticks(data: Data, *, fixed: int | None, **options: Any) -> Result:
    units = None if fixed is None else fixed * 10**data.size_decimals
    big, _ = big_trades(data.size, data.session, fixed=units, **options)
    return Result("tick", np.arange(len(big)), {"size": data.size, "big": big}, sizes=("size",))


STUDY = Study(
    name="big_trades",
    title="Big trades",
    rule="Size at or above the session's rolling percentile, or a fixed size.",
    yields="a mark a trade",
    run=big_trades,
    apply=_ticks,
    options=(PERCENTILE, WARM, FIXED),
)
