"""Naked POC: a bar's point of control at which no later bar has traded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.studies.study import Bars, Chart, Data, Result, Study, per_bar


def naked_poc(poc: Ints, high: Ints, low: Ints) -> Ints:
    """int64[n]: index of the bar that fills each bar's POC; -1 while it is naked.

    The first later bar with low <= POC <= high fills it. poc, high, low: int64[n], levels of bars in time order.
    """
    filled = np.full(len(poc), -1, np.int64)
    naked: list[tuple[int, int]] = []  # (POC, bar), ascending
    for bar, (level, top, bottom) in enumerate(zip(poc.tolist(), high.tolist(), low.tolist(), strict=True)):
        a, b = bisect_left(naked, (bottom, -1)), bisect_right(naked, (top, bar))
        for _, earlier in naked[a:b]:
            filled[earlier] = bar
        del naked[a:b]
        insort(naked, (level, bar))
    return filled


def untouched(row: Ints, high: Ints, low: Ints) -> Flags:
    """bool[k]: which rows none of n bars has traded at. row: int64[k], ascending. high, low: int64[n], rows."""
    change = np.zeros(len(row) + 1, np.int64)
    np.add.at(change, row.searchsorted(low), 1)
    np.add.at(change, row.searchsorted(high, side="right"), -1)
    clear: Flags = np.cumsum(change[:-1]) == 0
    return clear


def naked_rows(bars: Bars) -> list[list[int]]:
    """[start of the bar, row of its POC] of bars with a naked POC. The newest bar, which still changes, is left out."""
    naked = np.flatnonzero(naked_poc(bars.poc, bars.high, bars.low)[:-1] < 0)
    return [[int(bars.time[i]), int(bars.poc[i])] for i in naked.tolist()]


def _bars(data: Data) -> Result:
    filled = naked_poc(data.bars.poc, data.bars.high, data.bars.low)
    return per_bar(data, prices=("poc",), poc=data.bars.poc, naked=filled < 0, filled_by=filled)


STUDY = Study(
    name="naked_poc",
    title="Naked POC",
    rule="A bar's POC until the first later bar with low <= POC <= high.",
    yields="the bar that fills it, for every bar",
    run=naked_poc,
    apply=_bars,
    chart=Chart("Naked points of control", on=False, draw=naked_rows, whole_log=True),
)
