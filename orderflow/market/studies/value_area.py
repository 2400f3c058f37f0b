"""Value area: the band of levels around the POC that holds a share of the volume."""

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

    Growing starts at the POC. While less than `share` percent of the volume is inside, the next `rows` ticks above are
    compared with the next `rows` below, the larger sum is taken whole, and a tie goes up. A side that has no level
    left is out of the comparison; fewer than `rows` ticks left count as what they hold. A tick without a level is a
    row of zero, so growing may end on one: the bounds then are the levels with volume nearest to the end, inside it.
    A ladder without any volume has the POC alone.

    level: int64[m] ascending; volume: int64[m] >= 0. Cost is O(m) however wide the gaps are. Raises ValueError unless
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
        # No level within reach on the chosen side means that both sums are zero, or that the other side is used up: the
        # same side is then chosen again and again until a level comes within reach, so those steps are made at once.
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
