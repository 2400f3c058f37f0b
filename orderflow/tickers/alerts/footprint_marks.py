"""Marks of the footprint as events of alerts: whether a bar has one. The formulas are those of `market.studies`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orderflow.market.bars.footprint import BarTable
from orderflow.market.studies.absorption import TIMES, absorption, median_volume
from orderflow.market.studies.divergence import BARS, divergence
from orderflow.market.studies.imbalance import MINIMUM, RATIO, ZERO, imbalance, minimum_units
from orderflow.market.studies.stacked import STACK, stacked
from orderflow.market.studies.study import Option
from orderflow.market.studies.unfinished import unfinished

Marked = tuple[bool, bool]
Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FootprintMark:
    """A mark. sides: words for the two kinds of it. of(bars, i, options): whether bar i has the one and the other."""

    name: str
    title: str
    sides: tuple[str, str]
    of: Callable[[BarTable, int, Options], Marked]
    options: tuple[Option[Any], ...] = ()


def _stacked(bars: BarTable, i: int, options: Options) -> Marked:
    level, bid, ask, _ = bars.rows(i)
    least = minimum_units(options["minimum"], bars.grid.size_decimals)
    buy, sell = imbalance(level, bid, ask, ratio=options["ratio"], minimum=least, zero=options["zero"])
    stack = options["stack"]
    return bool(stacked(level, buy, stack=stack)), bool(stacked(level, sell, stack=stack))


def _divergence(bars: BarTable, i: int, options: Options) -> Marked:
    at = slice(max(0, i - options["bars"]), i + 1)
    bearish, bullish = divergence(bars.high[at], bars.low[at], bars.delta[at], bars=options["bars"])
    return bool(bullish[-1]), bool(bearish[-1])


def _absorption(bars: BarTable, i: int, options: Options) -> Marked:
    opening = int(bars.offsets[int((bars.session == bars.session[i]).argmax())])
    cells = slice(opening, int(bars.offsets[i + 1]))
    median = median_volume(bars.level_bid[cells] + bars.level_ask[cells] + bars.level_unknown[cells])
    level, bid, ask, _ = bars.rows(i)
    buyers, sellers = absorption(level, bid, ask, int(bars.close[i]), median, times=options["times"])
    return bool(buyers.any()), bool(sellers.any())


def _unfinished(bars: BarTable, i: int, options: Options) -> Marked:
    _, bid, ask, _ = bars.rows(i)
    high, low = unfinished(bid, ask)
    return bool(high), bool(low)


MARKS: dict[str, FootprintMark] = {
    mark.name: mark
    for mark in (
        FootprintMark(
            "stacked_imbalance", "Stacked imbalance", ("buy", "sell"), _stacked, (RATIO, MINIMUM, ZERO, STACK)
        ),
        FootprintMark("divergence", "Delta divergence", ("bullish", "bearish"), _divergence, (BARS,)),
        FootprintMark("absorption", "Absorption", ("buyers", "sellers"), _absorption, (TIMES,)),
        FootprintMark("unfinished_auction", "Unfinished auction", ("high", "low"), _unfinished),
    )
}
"""By name, in the order in which pages show them."""
