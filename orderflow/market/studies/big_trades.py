"""Big trades: those among the largest of their session so far, or at least of a fixed size."""

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
    """The exact percentile of a growing set: the ⌈percentile·n/100⌉-th smallest of n numbers (nearest rank)."""

    def __init__(self, percentile: Ratio = PERCENTILE.default) -> None:
        self._part, self._whole = exact(percentile)
        self._whole *= 100
        if self._part > self._whole:
            raise ValueError("a percentile lies in (0, 100]")
        self._top: list[int] = []  # the rank's number and all above it, smallest first
        self._rest: list[int] = []  # all below, negated: largest first
        self.count = 0

    def add(self, number: int) -> int:
        """Take one more number in; returns the percentile of all of them."""
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
    """(bool[n], int64[n]): which trades are big, and the size that each was measured against (-1 for none yet).

    A trade is big when its size >= the percentile of its session's trades up to and including itself, in their order;
    the first `warm` - 1 trades of a session are never big, as the percentile of a few is just their maximum. With
    `fixed` (size units) a trade is big when its size >= that, from the first on. Trades of size 0 take no part.

    size, session: int64[n], size units and session starts, in time order. About 1 µs a trade.
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
