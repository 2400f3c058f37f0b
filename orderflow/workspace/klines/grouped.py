"""Longer klines put together from shorter ones."""

from __future__ import annotations

import numpy as np

from orderflow.arrays import Flags, Indices, Ints
from orderflow.market.kline_columns import UNKNOWN, KlineColumns
from orderflow.market.timeframes import Timeframe


def grouped(parts: KlineColumns, frame: Timeframe, part: Timeframe, newest: int) -> KlineColumns:
    """The klines of a time frame, from the shorter klines in it that there are.

    part: the time frame of `parts`. newest: open time (ms) of the newest part there is; a kline is closed if it ends
    before or with it, or if its last part is closed.
    """
    if not len(parts):
        return parts
    index = frame.indices(parts.time)
    last = _edges(index)[1]
    ends = frame.opens(index[last] + 1)
    whole = parts.closed[last] & (part.opens(part.indices(parts.time[last]) + 1) == ends)
    parts = parts.take(_traded(parts, index))
    index = frame.indices(parts.time)
    at, last = _edges(index)
    columns = (
        frame.opens(index[at]),
        parts.open[at],
        np.maximum.reduceat(parts.high, at),
        np.minimum.reduceat(parts.low, at),
        parts.close[last],
        np.add.reduceat(parts.volume, at),
        _sums(parts.trades, at),
        _sums(parts.taker_buy_volume, at),
        whole | (ends <= newest),
    )
    return KlineColumns.of(columns, parts.price_decimals, parts.size_decimals)


def _edges(index: Ints) -> tuple[Indices, Indices]:
    """The first and the last position of each run of equal numbers."""
    apart = index[1:] != index[:-1]
    return np.flatnonzero(np.append(True, apart)), np.flatnonzero(np.append(apart, True))


def _traded(parts: KlineColumns, index: Ints) -> Flags:
    """bool[n]: the parts to use. One without trades, which is flat at the price before, counts only where no other part
    of its kline has any: a kline opens with its first trade."""
    at, _ = _edges(index)
    own = parts.trades != 0
    any_of = np.logical_or.reduceat(own, at)
    group = np.cumsum(np.append(0, index[1:] != index[:-1]))
    used: Flags = own | ~any_of[group]
    return used


def _sums(values: Ints, at: Ints) -> Ints:
    """The sums of groups; UNKNOWN where one of its values is."""
    unknown = np.minimum.reduceat(values, at) == UNKNOWN
    return np.where(unknown, UNKNOWN, np.add.reduceat(values, at))
