"""Where a feed goes on after a restart: the newest trade that the log holds of a series."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np

from orderflow.errors import NotFound
from orderflow.feeds.numbered import NumberedSequence
from orderflow.feeds.sequence import TradeSequence
from orderflow.feeds.unnumbered import REMEMBERED, UnnumberedSequence
from orderflow.feeds.venues.venue import Held
from orderflow.market.arrivals import Arrivals
from orderflow.market.ticks import NO_ID

NEWEST = 1000
"""Ticks among which the newest trade is sought: they arrive in the venue's order, but for a few."""


class Reader(Protocol):
    """The part of the market that is read."""

    def arrivals(self, symbol: str, since: int = 0, limit: int = 10_000, *, sides: bool = True) -> Arrivals: ...


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest trade of a series, the size that is held of it, and the ids of those before it."""

    held: Held
    size: Decimal
    ids: list[int]


def newest_trade(market: Reader, series: str, count: int = NEWEST) -> Newest | None:
    """The newest trade with an id; None for a series without ticks. count: ids to return at most."""
    try:
        total = market.arrivals(series, 0, 0, sides=False).total
        found = market.arrivals(series, max(0, total - count), count, sides=False)
    except NotFound:
        return None
    ticks = found.ticks
    ids = ticks.id[ticks.id != NO_ID]
    if not len(ids):
        return None
    risen = ids[ids >= 0]
    newest = int(risen.max()) if len(risen) else int(ids[-1])
    at = int(np.flatnonzero(ticks.id == newest)[-1])
    time, level = int(ticks.time[at]), int(ticks.level[at])
    grown = (ticks.id < -1) & (ticks.time == time) & (ticks.level == level) & (np.arange(len(ticks)) > at)
    size = int(ticks.size[(ticks.id == newest) | (grown if len(risen) else False)].sum())
    return Newest(Held(newest, time), Decimal(size).scaleb(-found.grid.size_decimals), ids.tolist())


def resumed_sequence(market: Reader, series: str, contiguous: bool) -> TradeSequence:
    """The sequence of a series, which goes on after the newest trade that is held. contiguous: as `venue.Facts`."""
    found = newest_trade(market, series, NEWEST if contiguous else REMEMBERED)
    held, size = (None, None) if found is None else (found.held, found.size)
    if contiguous:
        return NumberedSequence(held, size)
    return UnnumberedSequence(held, size, [] if found is None else found.ids)
