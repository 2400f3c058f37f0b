"""Diagonal imbalance: one side overwhelms the other side's queue one tick away.

Buyers at P lift the offer while sellers one tick lower hit the bid: these two meet in the same moment, so they are
compared, and not the two volumes of one level. Never beyond the bar's own low and high, and so never across bars.
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
    """bool[m] of buy and bool[m] of sell imbalance.

    Buy at P: ask(P) > ratio × bid(P - 1 tick); sell at P: bid(P) > ratio × ask(P + 1 tick); strictly, and the
    dominant volume >= `minimum` (size units). The tick compared with must lie in [low, high]; if it has no level its
    volume is zero. Against zero the dominant side wins with zero="dominant" and never does with zero="never".

    level: int64[m] ascending, in ticks; bid, ask: int64[m] >= 0. Raises ValueError for a ratio <= 0.
    """
    times, per = exact(ratio)
    buy, sell = np.zeros(len(level), np.bool_), np.zeros(len(level), np.bool_)
    if len(level) < 2:
        return buy, sell
    if int((bid | ask).max()).bit_length() + max(times, per).bit_length() > 63:
        bid, ask = bid.astype(object), ask.astype(object)  # Python's integers do not overflow
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


def marks(data: Data, *, ratio: Ratio, minimum: Decimal, zero: Zero) -> tuple[Flags, Flags]:
    """bool[m], bool[m]: buy and sell imbalance of all levels of all bars. minimum: a volume, not units."""
    least = max(1, ceil(minimum.scaleb(data.size_decimals)))
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
