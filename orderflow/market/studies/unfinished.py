"""Unfinished auction: both sides traded at the high or the low of a bar."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.studies.study import Chart, Data, Result, Study, per_bar


def unfinished(bid: Ints, ask: Ints) -> tuple[bool, bool]:
    """(at the high, at the low): whether bid > 0 and ask > 0 at the bar's highest level, and at its lowest.

    bid, ask: int64[m], size units of one bar's ladder.
    """
    return bool(bid[-1] > 0 and ask[-1] > 0), bool(bid[0] > 0 and ask[0] > 0)


def finished_by(at_high: Flags, at_low: Flags, high: Ints, low: Ints) -> tuple[Ints, Ints]:
    """(int64[n], int64[n]): index of the bar that trades through each unfinished high, and each unfinished low.

    An unfinished auction lasts until the first later bar that trades beyond it: above the high or below the low. -1
    where it still lasts, and where the bar has no unfinished auction.

    at_high, at_low: bool[n], `unfinished` of each bar. high, low: int64[n], levels of bars in time order.
    """
    return _passed(at_high, high.tolist()), _passed(at_low, (-low).tolist())


def _passed(flagged: Flags, height: list[int]) -> Ints:
    by = np.full(len(height), -1, np.int64)
    waiting: list[tuple[int, int]] = []
    for bar, (flag, top) in enumerate(zip(flagged.tolist(), height, strict=True)):
        while waiting and waiting[0][0] < top:
            by[heappop(waiting)[1]] = bar
        if flag:
            heappush(waiting, (top, bar))
    return by


def _bars(data: Data) -> Result:
    at_high, at_low = np.array(data.by_bar(lambda _, bid, ask, __: unfinished(bid, ask)), np.bool_).reshape(-1, 2).T
    high_by, low_by = finished_by(at_high, at_low, data.bars.high, data.bars.low)
    return per_bar(data, at_high=at_high, at_low=at_low, high_finished_by=high_by, low_finished_by=low_by)


STUDY = Study(
    name="unfinished",
    title="Unfinished auction",
    rule="Both sides traded at the bar's high, or at its low; lasts until a later bar trades beyond that level.",
    yields="a mark at the high and one at the low of a bar",
    run=unfinished,
    apply=_bars,
    chart=Chart("Unfinished auctions"),
)
