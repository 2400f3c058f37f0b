"""Turn a venue's trades into the columns that the market takes, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.feeds.venues.venue import Trade
from orderflow.market.decimals import MAX_UNITS, decimal_units, scale_floats
from orderflow.market.ticks import SideRule, TickBatch

SAFE_LENGTH = 16
"""Characters of a decimal up to which a float64 tells it from every other: 15 digits and the point."""


def tick_batch(series: str, trades: Sequence[Trade]) -> tuple[TickBatch, int]:
    """The ticks of trades in their order, and the number of trades left out because a number cannot be kept exactly.

    A price must be above 0; a size may be 0.
    """
    n = len(trades)
    price, price_decimals, priced = exact_units([trade.price for trade in trades])
    size, size_decimals, sized = exact_units([trade.size for trade in trades])
    side = np.fromiter((trade.side for trade in trades), np.int8, n)
    rule = np.where(side == 0, np.int8(SideRule.NONE), np.int8(SideRule.FLAG)).astype(np.int8)
    time = np.fromiter((trade.time for trade in trades), np.int64, n)
    ids = np.fromiter((trade.id for trade in trades), np.int64, n)
    batch = TickBatch(series, time, price, size, side, rule, ids, price_decimals, size_decimals)
    good = priced & sized & (price > 0) & (size >= 0)
    return (batch, 0) if good.all() else (batch.take(good), n - int(np.count_nonzero(good)))


def exact_units(texts: Sequence[str]) -> tuple[Ints, int, Flags]:
    """(units int64[n], decimals, exact bool[n]) of decimal texts, with the fewest decimals that hold all of them."""
    floats, read = _floats(texts)
    units, decimals, exact = scale_floats(floats)
    exact &= read
    for at in [
        i for i, text in enumerate(texts) if len(text) > SAFE_LENGTH and len(text.rstrip("0")) > SAFE_LENGTH and read[i]
    ]:
        units, decimals = _replace(texts[at], at, units, decimals, exact)
    return units, decimals, exact


def _floats(texts: Sequence[str]) -> tuple[Floats, Flags]:
    try:
        values = np.array([float(text) for text in texts], np.float64)
    except ValueError:
        values = np.array([_float(text) for text in texts], np.float64)
    read: Flags = np.isfinite(values)
    return (values, read) if read.all() else (np.where(read, values, 0.0), read)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _replace(text: str, at: int, units: Ints, decimals: int, exact: Flags) -> tuple[Ints, int]:
    """The column with one long text read digit by digit."""
    exact[at] = False
    try:
        value, places = decimal_units(text)
    except ValueError:
        return units, decimals
    if places > decimals:
        factor = 10 ** (places - decimals)
        exact &= np.abs(units) <= MAX_UNITS // factor
        units, decimals = np.where(exact, units, 0) * factor, places
    value *= 10 ** (decimals - places)
    if abs(value) <= MAX_UNITS:
        units[at], exact[at] = value, True
    return units, decimals
