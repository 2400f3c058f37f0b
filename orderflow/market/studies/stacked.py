"""Stacked imbalance: imbalances of one side on consecutive ticks of one bar."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.studies.imbalance import MINIMUM, RATIO, ZERO, marks
from orderflow.market.studies.study import Chart, Data, Option, Result, Study

STACK = Option("stack", 3, "ticks that a run needs at least", (), 2, 100)


def stacked(level: Ints, flags: Flags, *, stack: int = STACK.default) -> list[tuple[int, int]]:
    """(low index, high index), inclusive, of every run of at least `stack` consecutive flagged ticks, ascending.

    level: int64[m], ascending, in ticks. flags: bool[m], one side of `imbalance`. A tick without a level ends a run.
    """
    marked = np.flatnonzero(flags)
    if len(marked) < stack or not len(marked):
        return []
    # inside a run levels rise by one, so a new run begins where the level jumps
    breaks = np.flatnonzero(np.diff(level[marked]) != 1) + 1
    runs = zip([0, *breaks.tolist()], [*breaks.tolist(), len(marked)], strict=True)
    return [(int(marked[a]), int(marked[b - 1])) for a, b in runs if b - a >= stack]


def _runs(data: Data, *, stack: int) -> Result:
    rows: list[tuple[int, int, int, int]] = []
    flags = marks(data, ratio=RATIO.default, minimum=MINIMUM.default, zero=ZERO.default)
    for i, (a, b) in enumerate(pairwise(data.bars.offsets.tolist())):
        level = data.bars.level[a:b]
        for side, marked in zip((1, -1), flags, strict=True):
            rows += [(i, side, int(level[x]), int(level[y])) for x, y in stacked(level, marked[a:b], stack=stack)]
    at, sides, low, high = np.array(rows, np.int64).reshape(-1, 4).T
    return Result("bar", at, {"side": sides, "low": low, "high": high}, prices=("low", "high"))


STUDY = Study(
    name="stacked",
    title="Stacked imbalance",
    rule="A run of imbalances of one side on consecutive ticks of one bar.",
    yields="a low and a high level for every run",
    run=stacked,
    apply=_runs,
    options=(STACK,),
    chart=Chart("Stacked zones"),
)
