"""Diagonal imbalance: aggressive volume at a level against the opposite side one tick away.

Buyers at P lift the offer while sellers one tick lower hit the bid. These two compete at the same moment, so they are
compared, not the two volumes of one level. Comparisons stay within one bar's low and high.
"""

from __future__ import annotations

from decimal import Decimal
from math import ceil
from typing import Any, Literal

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.market.studies.study import Chart, Data, Option, Ratio, Result, Study, exact

RATIO = Option("ratio", Decimal(3), "the side must be more than this many times the other", (), Decimal("0.01"), 1000)
MINIMUM = Option("minimum", Decimal(1), "least volume of the dominant side", (), 0, 10**12)
Zero = Literal["dominant", "never"]
ZERO: Option[Zero] = Option(
    "zero", "dominant", "against an empty other side", (("dominant", "counts"), ("never", "never counts"))
)


def imbalance(
    level: Ints,
    bid: Ints,
    ask: Ints,
    *,
    ratio: Ratio = RATIO.default,
    minimum: int = int(MINIMUM.default),
    zero: Zero = ZERO.default,
) -> tuple[Flags, Flags]:
    """(bool[m], bool[m]): buy and sell imbalance.

    Buy at P: ask(P) > ratio × bid(P - 1 tick). Sell at P: bid(P) > ratio × ask(P + 1 tick). The dominant volume must be
    >= `minimum` (size units). The other tick must lie within the bar's low and high; without a level its volume is 0.
    A volume of 0 on the other side is an imbalance with zero="dominant", and is not with zero="never".

    level: int64[m] ascending, in ticks; bid, ask: int64[m] >= 0. Raises ValueError for a ratio <= 0.
    """
    times, per = exact(ratio)
    buy, sell = np.zeros(len(level), np.bool_), np.zeros(len(level), np.bool_)
    if len(level) < 2:
        return buy, sell
    if int((bid | ask).max()).bit_length() + max(times, per).bit_length() > 63:
        bid, ask = bid.astype(object), ask.astype(object)  # Python integers do not overflow
    near = level[1:] - level[:-1] == 1
    bought, sold = ask[1:], bid[:-1]
    under, over = sold * near, bought * near
    if per != 1:
        bought, sold = bought * per, sold * per
    floor = minimum * per
    buy[1:] = (bought > under * times) & (bought >= floor)
    sell[:-1] = (sold > over * times) & (sold >= floor)
    if zero == "never":
        buy[1:] &= under > 0
        sell[:-1] &= over > 0
    return buy, sell


def minimum_units(minimum: Decimal, size_decimals: int) -> int:
    """The least volume in size units, rounded up; at least 1."""
    return max(1, ceil(minimum.scaleb(size_decimals)))


def marks(data: Data, *, ratio: Ratio, minimum: Decimal, zero: Zero) -> tuple[Flags, Flags]:
    """(bool[m], bool[m]): buy and sell imbalance of all levels of all bars. minimum: in contracts or coins."""
    least = minimum_units(minimum, data.size_decimals)
    found = data.by_bar(lambda level, bid, ask, _: imbalance(level, bid, ask, ratio=ratio, minimum=least, zero=zero))
    buy, sell = (np.concatenate([pair[i] for pair in found]) for i in (0, 1))
    return buy, sell


def _levels(data: Data, **options: Any) -> Result:
    buy, sell = marks(data, **options)
    return Result("level", np.arange(len(buy)), {"buy": buy, "sell": sell})


STUDY = Study(
    name="imbalance",
    title="Imbalance",
    rule="Ask at P above ratio × bid one tick lower (buy); bid at P above ratio × ask one tick higher (sell).",
    yields="a buy and a sell mark a level",
    run=imbalance,
    apply=_levels,
    options=(RATIO, MINIMUM, ZERO),
    chart=Chart("Diagonal imbalance"),
)
