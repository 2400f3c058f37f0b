"""Prices in time, of candles or ticks alike: what a signal's entry, exit and excursions are read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Floats, Indices, Ints
from orderflow.errors import BadInput
from orderflow.market.decimals import unit_floats
from orderflow.market.kline_columns import KlineColumns

MS = 10**6


@dataclass(frozen=True, slots=True)
class PricePath:
    """n candles or ticks in order. begin, end: int64[n] ns, when each begins and is complete; equal for a tick. open,
    high, low, close: float64[n]."""

    begin: Ints
    end: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats

    def __len__(self) -> int:
        return len(self.begin)


@dataclass(frozen=True, slots=True)
class Windows:
    """n holding periods. entry, exit: positions in the path. price, gone: float64[n], entered at and left at. high,
    low: float64[n], the extremes of what was traded in between."""

    entry: Indices
    exit: Indices
    price: Floats
    gone: Floats
    high: Floats
    low: Floats


def path_of_candles(klines: KlineColumns, step: int | None) -> PricePath:
    """The path of candles of `step` ms; with None each is complete when the next begins. Raises BadInput for none."""
    if not len(klines):
        raise BadInput("there are no candles")
    begin = klines.time * MS
    if step is None:
        usual = int(np.median(np.diff(begin))) if len(begin) > 1 else 0
        end = np.append(begin[1:], begin[-1] + usual)
    else:
        end = begin + step * MS
    columns = [unit_floats(getattr(klines, name), klines.price_decimals) for name in ("open", "high", "low", "close")]
    return PricePath(begin, end, *columns)


def path_of_ticks(time: Ints, price: Floats) -> PricePath:
    """The path of ticks. time: int64[n] ns, ascending, equal ones allowed. Raises BadInput without any."""
    if not len(time):
        raise BadInput("there are no ticks")
    return PricePath(time, time, price, price, price, price)


def entries_after(path: PricePath, time: Ints) -> Indices:
    """The position of the first price after each time; len(path) where there is none.

    A candle that begins at the very time is not after it: signals are often stamped with the beginning of the candle
    that they were computed from.
    """
    return np.searchsorted(path.begin, time, side="right")


def exits_of(path: PricePath, entry: Indices, horizon: int) -> Indices:
    """The position of the last price that is complete `horizon` ns after the entry; -1 where the data end before."""
    due = path.begin[entry] + horizon
    found = np.searchsorted(path.end, due, side="right") - 1
    return np.where(due > path.end[-1], -1, np.maximum(found, entry))


def windows_of(path: PricePath, entry: Indices, exits: Indices) -> Windows:
    """Holding periods from the open of `entry` to the close of `exits`, both positions in the path."""
    return Windows(
        entry,
        exits,
        path.open[entry],
        path.close[exits],
        _between(np.maximum, path.high, entry, exits),
        _between(np.minimum, path.low, entry, exits),
    )


def _between(ufunc: np.ufunc, values: Floats, first: Indices, last: Indices) -> Floats:
    """The extreme of values[first..last], for many ranges at once.

    Long ranges that overlap cost no more than short ones: a range is covered by two that are as long as the largest
    power of two in it, and the extremes of all ranges of such a length are made of those of half the length.
    """
    power = np.frexp(last - first + 1)[1] - 1
    found = np.empty(len(first))
    for k in range(int(power.max(initial=-1)) + 1):
        if k:
            half = 1 << (k - 1)
            values = ufunc(values[:-half], values[half:])
        now = np.flatnonzero(power == k)
        found[now] = ufunc(values[first[now]], values[last[now] + 1 - (1 << k)])
    return found
