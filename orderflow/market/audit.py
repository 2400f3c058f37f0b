"""Audit of the incremental sums: a minute is recomputed from its ticks, compared, and repaired if it differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from orderflow.market.bars.base_bars import FIELDS, BaseBars, rows_of
from orderflow.market.bars.series import Series, level_sums
from orderflow.market.buffer import Columns
from orderflow.market.frames import MINUTE


@dataclass(slots=True)
class Audit:
    """Audit counts. bars: sealed bars recomputed from their ticks. failures: bars that differed and were repaired."""

    bars: int = 0
    failures: int = 0


def audit_minute(minutes: BaseBars, series: Iterable[Series], ticks: Columns, start: int) -> bool:
    """Recompute the minute at `start` (ns UTC) from its ticks in time order. True if it differed and was repaired."""
    held = minutes.row(minutes.find(start))
    rows = rows_of(ticks, np.array([start]), np.array([0]))
    rows["passes"][0], rows["direction"][0] = held["passes"], held["direction"]
    wrong = any(held[name] != int(rows[name][0]) for name in FIELDS)
    if wrong:
        minutes.put(rows)
    true = level_sums(np.full(len(ticks), start), ticks.level, ticks.size, ticks.side, record=True)
    for each in series:
        bar = each.bars.get(start) if each.frame.ns == MINUTE else None
        if bar is not None and not (np.array_equal(bar.level, true.level) and np.array_equal(bar.cells, true.cells)):
            bar.level, bar.cells, wrong = true.level, true.cells, True
            bar.scalars = bar.sums = bar.poc = None
            each.clear_openings(start)
    return wrong
