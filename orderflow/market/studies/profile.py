"""Volume profile: the ladders of several bars summed into one, with its POC and value area.

The caller chooses the bars: a session's, the visible ones, or a drawn range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.studies.poc import poc
from orderflow.market.studies.study import Data, Ratio, Result, Study
from orderflow.market.studies.value_area import ROWS, SHARE, value_area


@dataclass(frozen=True, slots=True)
class Profile:
    """A ladder of m levels with its marks.

    level: int64[m], ascending and distinct. bid, ask, unknown: int64[m], size units. poc, low, high: indices of the POC
    and of the value area's bounds; None if m is 0.
    """

    level: Ints
    bid: Ints
    ask: Ints
    unknown: Ints
    poc: int | None
    low: int | None
    high: int | None

    @property
    def volume(self) -> Ints:
        return self.bid + self.ask + self.unknown


def profile(
    level: Ints, bid: Ints, ask: Ints, unknown: Ints, *, share: Ratio = SHARE.default, rows: int = ROWS.default
) -> Profile:
    """Sum levels by price and mark POC and value area.

    level, bid, ask, unknown: int64[k], the concatenated ladders of the bars; levels may repeat. share, rows: see
    `value_area`.
    """
    if not len(level):
        return Profile(level, bid, ask, unknown, None, None, None)
    order = np.argsort(level, kind="stable")
    sorted_level = level[order]
    first = np.flatnonzero(np.concatenate(([True], sorted_level[1:] != sorted_level[:-1])))
    distinct = sorted_level[first]
    bids, asks, unknowns = (np.add.reduceat(side[order], first) for side in (bid, ask, unknown))
    control = poc(distinct, bids, asks, unknowns)
    low, high = value_area(distinct, bids + asks + unknowns, control, share=share, rows=rows)
    return Profile(distinct, bids, asks, unknowns, control, low, high)


def _prices(data: Data, **options: Any) -> Result:
    bars = data.bars
    found = profile(bars.level, bars.level_bid, bars.level_ask, bars.level_unknown, **options)
    at = np.arange(len(found.level))
    inside = (at >= (found.low or 0)) & (at <= (found.high or 0))
    columns = {"bid": found.bid, "ask": found.ask, "unknown": found.unknown, "poc": at == found.poc}
    return Result("price", found.level, {**columns, "value_area": inside}, sizes=("bid", "ask", "unknown"))


STUDY = Study(
    name="profile",
    title="Volume profile",
    rule="Volume by level over the session, the visible range or a drawn range, with its POC and value area.",
    yields="a ladder with three marked levels",
    run=profile,
    apply=_prices,
    options=(SHARE, ROWS),
)
