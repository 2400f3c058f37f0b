"""Value area: the range of levels around the POC that contains a share of the volume."""

from __future__ import annotations

from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.studies.poc import poc
from orderflow.market.studies.study import Chart, Data, Option, Ratio, Result, Study, exact, per_bar

SHARE = Option("share", 70, "percent of the volume to hold", (), 1, 100)
ROWS = Option("rows", 2, "ticks compared and taken at once", ((2, "two at a time"), (1, "one at a time")), 1, 2)


def value_area(
    level: Ints, volume: Ints, poc_index: int, *, share: Ratio = SHARE.default, rows: int = ROWS.default
) -> tuple[int, int]:
    """Indices (low, high), inclusive, of the outermost levels with volume inside the value area.

    The area starts as the POC. While less than `share` percent of the volume is inside, the sum of the next `rows`
    ticks above is compared with that of the next `rows` below, and the larger one is added whole; a tie adds those
    above. A side without remaining levels is not compared; fewer than `rows` remaining ticks count with their volume.
    A tick without a level counts as zero, so the area may end on one; the result is then the outermost level with
    volume inside it. Without any volume the area is the POC.

    level: int64[m], ascending. volume: int64[m], >= 0. The cost is O(m), independent of gaps. Raises ValueError unless
    0 < share <= 100 and rows >= 1.
    """
    part, whole = exact(share)
    whole *= 100
    if part > whole or rows < 1:
        raise ValueError("the share is a percentage above 0 and at least one row is taken at a time")
    levels, volumes = level.tolist(), volume.tolist()
    count, goal, held = len(levels), part * sum(volumes), whole * volumes[poc_index]
    top = bottom = levels[poc_index]
    up, down = poc_index + 1, poc_index - 1
    while held < goal:
        above, next_up = 0, up
        while next_up < count and levels[next_up] <= top + rows:
            above += volumes[next_up]
            next_up += 1
        below, next_down = 0, down
        while next_down >= 0 and levels[next_down] >= bottom - rows:
            below += volumes[next_down]
            next_down -= 1
        # Without a level in reach on the chosen side, both sums are zero or the other side has no levels left. The same
        # side would be chosen again until a level is in reach, so these steps are made at once.
        if up < count and (above >= below or down < 0):
            if next_up == up:
                top += (levels[up] - top - 1) // rows * rows
            else:
                top, up, held = top + rows, next_up, held + whole * above
        elif next_down == down:
            bottom -= (bottom - levels[down] - 1) // rows * rows
        else:
            bottom, down, held = bottom - rows, next_down, held + whole * below
    low, high = down + 1, up - 1
    while high > poc_index and not volumes[high]:
        high -= 1
    while low < poc_index and not volumes[low]:
        low += 1
    return low, high


def _bars(data: Data, **options: Any) -> Result:
    def area(level: Ints, bid: Ints, ask: Ints, unknown: Ints) -> tuple[int, int]:
        low, high = value_area(level, bid + ask + unknown, poc(level, bid, ask, unknown), **options)
        return int(level[low]), int(level[high])

    low, high = np.array(data.by_bar(area), np.int64).reshape(-1, 2).T
    return per_bar(data, prices=("val", "vah"), val=low, vah=high)


STUDY = Study(
    name="value_area",
    title="Value area",
    rule="From the POC outward, the larger of the next rows above and below, until the share of the volume is inside.",
    yields="a low and a high level a bar",
    run=value_area,
    apply=_bars,
    options=(SHARE, ROWS),
    chart=Chart("Value area"),
)
