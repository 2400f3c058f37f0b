"""What the numbers of a candle must fulfil."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.decimals import unit_text

COUNTS = ("volume", "ticks", "taker", "trades")
MS = 10**6


class Check(NamedTuple):
    """wrong: bool[n], the rows that break a rule of the column of `role`. why: the reason for a row, by position."""

    wrong: Flags
    role: str
    why: Callable[[int], str]


def checks(
    prices: Mapping[str, Ints], decimals: int, time: Ints, counts: Mapping[str, Ints], *, negative: bool
) -> Iterator[Check]:
    """All checks of n rows. prices: open, high, low, close int64[n]. negative: whether prices may be."""
    opened, high, low, close = (prices[name] for name in ("open", "high", "low", "close"))
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)

    def beside(values: Ints, words: str, others: Ints) -> Callable[[int], str]:
        return lambda row: f"{unit_text(int(values[row]), decimals)} {words} {unit_text(int(others[row]), decimals)}"

    yield Check(high < low, "high", beside(high, "is below the low", low))
    yield Check(high < top, "high", beside(high, "is below open or close", top))
    yield Check(low > bottom, "low", beside(low, "is above open or close", bottom))
    yield Check(low == 0, "low", lambda row: "is 0, which is not a price")
    if not negative:
        yield Check(
            low < 0, "low", lambda row: f"{unit_text(int(low[row]), decimals)} is negative; allow `negative` prices"
        )
    for role, values in counts.items():
        yield Check(values < 0, role, lambda row: "is negative")
    yield Check(time % MS != 0, "time", lambda row: "is finer than a millisecond")
