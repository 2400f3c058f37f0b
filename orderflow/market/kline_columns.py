"""Klines as columns of exact integers: the form in which they are read from venues, stored, compared and served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.errors import BadInput

UNKNOWN = -1
"""In `trades` and `taker_buy_volume`: the source does not say."""
MAX_STORED = 2**62
"""Largest number of units of a price or volume."""
PRICES = ("open", "high", "low", "close")
COLUMNS = ("time", *PRICES, "volume", "trades", "taker_buy_volume", "closed")
KLINE_BYTES = 8 * (len(COLUMNS) - 1) + 1
"""Of a kline: numbers of 8 bytes, and a flag."""


@dataclass(frozen=True, slots=True)
class KlineColumns:
    """n klines in ascending order of their open times, no time twice.

    time: int64[n], ms since 1970, UTC. open, high, low, close: int64[n], units of 10**-price_decimals. volume,
    taker_buy_volume: int64[n], units of 10**-size_decimals. trades: int64[n]. closed: bool[n], False while a kline may
    still change. trades and taker_buy_volume are UNKNOWN where the source does not say.
    """

    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    trades: Ints
    taker_buy_volume: Ints
    closed: Flags
    price_decimals: int
    size_decimals: int

    def __len__(self) -> int:
        return len(self.time)

    @staticmethod
    def empty(price_decimals: int = 0, size_decimals: int = 0) -> KlineColumns:
        """No klines."""
        return KlineColumns.of([np.zeros(0, np.int64)] * len(COLUMNS), price_decimals, size_decimals)

    @staticmethod
    def of(columns: Iterable[Ints | Flags], price_decimals: int, size_decimals: int) -> KlineColumns:
        """Klines from their columns in the order of COLUMNS; closed may be integers, 0 or 1."""
        values: dict[str, Any] = {name: np.asarray(column) for name, column in zip(COLUMNS, columns, strict=True)}
        values["closed"] = values["closed"].astype(np.bool_, copy=False)
        return KlineColumns(**values, price_decimals=price_decimals, size_decimals=size_decimals)

    @staticmethod
    def joined(parts: Iterable[KlineColumns]) -> KlineColumns:
        """Parts that follow each other as one, with the most decimals of any. Raises BadInput, see `rescaled`."""
        found = [part for part in parts if len(part)] or [KlineColumns.empty()]
        price, size = (max(getattr(part, name) for part in found) for name in ("price_decimals", "size_decimals"))
        scaled = [part.rescaled(price, size) for part in found]
        return KlineColumns.of((np.concatenate([getattr(p, name) for p in scaled]) for name in COLUMNS), price, size)

    def take(self, index: slice | Flags) -> KlineColumns:
        """Some of the klines, in the same order. A slice shares the memory."""
        chosen = (getattr(self, name)[index] for name in COLUMNS)
        return KlineColumns.of(chosen, self.price_decimals, self.size_decimals)

    def pieces(self, most: int) -> Iterator[KlineColumns]:
        """Parts of at most `most` klines, in order."""
        for begin in range(0, len(self), most):
            yield self.take(slice(begin, begin + most))

    def rescaled(self, price_decimals: int, size_decimals: int) -> KlineColumns:
        """The same klines in finer units. Raises BadInput if a number is too large for them, ValueError if they are
        coarser."""
        price = _factor(self.price_decimals, price_decimals)
        size = _factor(self.size_decimals, size_decimals)
        if price == size == 1:
            return self
        check_fits(self, price, size)
        known = self.taker_buy_volume >= 0
        return replace(
            self,
            **{name: getattr(self, name) * price for name in PRICES},
            volume=self.volume * size,
            taker_buy_volume=np.where(known, self.taker_buy_volume * size, UNKNOWN),
            price_decimals=price_decimals,
            size_decimals=size_decimals,
        )

    def check_order(self, after: int | None = None) -> None:
        """Raises BadInput unless the times ascend, and begin after `after` (ms) if it is given."""
        steps = np.diff(self.time) if after is None else np.diff(self.time, prepend=after)
        if len(steps) and steps.min() <= 0:
            row = int((steps <= 0).argmax()) + (after is None)
            raise BadInput(f"the time of kline {row}, {int(self.time[row])}, is not after the one before it")


def check_fits(columns: KlineColumns, price: int, size: int) -> None:
    """Raises BadInput if prices times `price` or volumes times `size` are beyond MAX_STORED."""
    for names, factor in ((PRICES, price), (("volume", "taker_buy_volume"), size)):
        for name in names:
            values = getattr(columns, name)
            if len(values) and int(np.abs(values).max()) > MAX_STORED // factor:
                raise too_large(name)


def too_large(name: str) -> BadInput:
    """The error for a number that cannot be kept with all its decimals."""
    return BadInput(f"a number in {name} is too large to be kept exactly together with the others of its series")


def _factor(decimals: int, finer: int) -> int:
    if finer < decimals:
        raise ValueError(f"{finer} decimals are fewer than {decimals}")
    return int(10 ** (finer - decimals))
