"""Compares a venue's klines with those made of the ticks that were received from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.errors import NotFound
from orderflow.market.kline_columns import KlineColumns
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.klines.sources import MOST

COMPARED = ("open", "high", "low", "close", "volume", "taker_buy_volume")
"""Not the trades: a tick may stand for several fills, which the venue counts one by one."""
MOST_READ = 100_000
"""Klines of the venue that are read, also those without trades."""


@dataclass(frozen=True, slots=True)
class Differences:
    """compared: closed klines that both have, or that the venue has with volume. equal: of them.

    time: int64[n], ms, of those that are not. missing: those of them that the ticks do not have. venue, ticks: the
    klines of both at these times, on the same units; zeros where there is none.
    """

    symbol: str
    compared: int
    equal: int
    time: Ints
    missing: Ints
    venue: KlineColumns
    ticks: KlineColumns


def differences(klines: LiveKlines, pair: str, frame: str, limit: int = MOST) -> Differences:
    """Compare the newest `limit` klines of a pair for which there are ticks from beginning to end.

    Raises NotFound if either is missing, BadInput for an unknown time frame.
    """
    series = klines.ticks_of(pair)
    theirs = klines.source(pair, frame)
    ours = klines.source(series, frame)
    if theirs.name == ours.name:
        raise NotFound(f"there are no klines of {pair} from the venue to compare with: add {pair}:{frame} to KLINES")
    held = ours.read(0, 2**53, limit, newest=True)
    held = held.take(slice(1, None))  # the first one may have begun before the ticks
    held = held.take(held.closed)
    if not len(held):
        return _differing(series, KlineColumns.empty(), KlineColumns.empty())
    given = theirs.read(int(held.time[0]), int(held.time[-1]) + 1, MOST_READ, newest=True)
    held = held.take(held.time >= (int(given.time[0]) if len(given) else 0))
    return _differing(series, given.take(given.closed & (given.volume > 0)), held)


def _differing(symbol: str, venue: KlineColumns, ticks: KlineColumns) -> Differences:
    places = max(venue.price_decimals, ticks.price_decimals), max(venue.size_decimals, ticks.size_decimals)
    time = np.union1d(venue.time, ticks.time)
    given, held = (_at(each.rescaled(*places), time) for each in (venue, ticks))
    apart = np.zeros(len(time), np.bool_)
    for name in COMPARED:
        apart |= getattr(given, name) != getattr(held, name)
    missing = time[apart & ~np.isin(time, ticks.time)]
    equal = len(time) - int(apart.sum())
    return Differences(symbol, len(time), equal, time[apart], missing, given.take(apart), held.take(apart))


def _at(klines: KlineColumns, time: Ints) -> KlineColumns:
    """The klines at these times, zeros where there is none."""
    place = np.searchsorted(time, klines.time)
    columns = {name: np.zeros(len(time), np.int64) for name in (*COMPARED, "trades")}
    for name, column in columns.items():
        column[place] = getattr(klines, name)
    closed = np.isin(time, klines.time)
    values: tuple[Ints | Flags, ...] = (
        time,
        *(columns[name] for name in COMPARED[:5]),
        columns["trades"],
        columns["taker_buy_volume"],
        closed,
    )
    return KlineColumns.of(values, klines.price_decimals, klines.size_decimals)
