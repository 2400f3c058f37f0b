"""Absorption: one side traded heavily at a level, and yet the bar closed beyond it in the other direction.

Heavy means at least k times the median volume of the session's footprint cells (a cell is one level of one bar, with
volume). The median of the session's profile is unsuitable, as it grows all day while the levels of a bar do not.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.studies.study import Data, Option, Ratio, Result, Study, exact

TIMES = Option("times", Decimal(4), "multiple of the session's median level volume", (), Decimal("0.01"), 10**6)


def median_volume(volume: Ints) -> Fraction:
    """Exact median of the footprint cells with volume; 0 if there are none.

    volume: int64[k], bid + ask + unknown of the levels of the session's bars so far, in any order.
    """
    cells = np.sort(volume[volume > 0])
    half = len(cells) // 2
    if not len(cells):
        return Fraction(0)
    return Fraction(int(cells[half])) if len(cells) % 2 else Fraction(int(cells[half - 1]) + int(cells[half]), 2)


def absorption(
    level: Ints, bid: Ints, ask: Ints, close: int, median: Fraction | int, *, times: Ratio = TIMES.default
) -> tuple[Flags, Flags]:
    """(bool[m], bool[m]): levels where buyers were absorbed, and levels where sellers were.

    Buyers: ask >= times × median, and the bar closes below the level. Sellers: bid >= times × median, and it closes
    above. close: a level. median: size units, see `median_volume`; 0 marks nothing.
    """
    numerator, denominator = exact(times)
    heavy = Fraction(median) * numerator / denominator
    least = -(-heavy.numerator // heavy.denominator)  # volumes are integers, so rounding up changes no comparison
    if not least:
        none = np.zeros(len(level), np.bool_)
        return none, none.copy()
    return (ask >= least) & (level > close), (bid >= least) & (level < close)


def _levels(data: Data, *, times: Ratio) -> Result:
    bars = data.bars
    volume = bars.level_bid + bars.level_ask + bars.level_unknown
    opening = bars.offsets[np.searchsorted(bars.session, bars.session)]  # first level row of each bar's session
    found = [
        absorption(
            *bars.rows(i)[:3], int(bars.close[i]), median_volume(volume[opening[i] : bars.offsets[i + 1]]), times=times
        )
        for i in range(len(bars.time))
    ]
    buyers, sellers = (np.concatenate([pair[i] for pair in found]) for i in (0, 1))
    return Result("level", np.arange(len(volume)), {"buyers": buyers, "sellers": sellers})


STUDY = Study(
    name="absorption",
    title="Absorption",
    rule="One side's volume at a level is large against the session's median and the bar closes beyond it, against it.",
    yields="a mark a level, for buyers or for sellers",
    run=absorption,
    apply=_levels,
    options=(TIMES,),
)
