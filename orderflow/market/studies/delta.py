"""Delta: what aggressive buyers traded less what aggressive sellers did, and its running sum, the CVD.

Volume whose side is unknown counts in no delta. The engine keeps the same figures incrementally; these are the
definitions, for notebooks and for the pages that draw CVD candles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Codes, Ints
from orderflow.market.studies.study import Study


def delta(bid: Ints, ask: Ints) -> Ints:
    """int64[m]: ask - bid at each level (or of each bar), size units."""
    return ask - bid


def extremes(size: Ints, side: Codes) -> tuple[int, int]:
    """(min delta, max delta) of one bar: the running delta's extremes, which starts from 0 before the first trade.

    size: int64[n], side: int8[n] of `Side`, in time order.
    """
    running = np.cumsum(size * side)
    return int(running.min(initial=0)), int(running.max(initial=0))


@dataclass(frozen=True, slots=True)
class Candles:
    """CVD candles of n bars, int64[n] size units each."""

    open: Ints
    high: Ints
    low: Ints
    close: Ints


def cvd(delta: Ints, min_delta: Ints, max_delta: Ints, session: Ints, *, base: int = 0) -> Candles:
    """CVD candles: open is the previous close, high and low come from the bar's extremes of delta.

    delta, min_delta, max_delta: int64[n] of bars in time order. session: int64[n], each bar's session start; where it
    changes the sum begins again from 0. base: what the first bar's session had summed before that bar.
    """
    close = np.cumsum(delta)
    if len(close):
        close += base
        new = np.flatnonzero(np.diff(session)) + 1
        # take away, in every session but the first, what was summed before it began
        offset = np.zeros(len(close), np.int64)
        offset[new] = np.diff(np.concatenate(([0], close[new - 1])))
        close -= np.cumsum(offset)
    opening = close - delta
    return Candles(opening, opening + max_delta, opening + min_delta, close)


STUDY = Study(
    name="delta",
    title="Delta",
    rule="Volume at the ask less volume at the bid; unknown sides count for neither.",
    yields="a figure a level and a bar",
    run=delta,
)
EXTREMES = Study(
    name="delta_extremes",
    title="Min/max delta",
    rule="The lowest and the highest value of the running delta inside the bar, which starts from 0.",
    yields="two figures a bar",
    run=extremes,
)
CVD = Study(
    name="cvd",
    title="CVD",
    rule="Delta summed from the session's start; a candle's high and low come from the bar's min and max delta.",
    yields="a candle a bar",
    run=cvd,
)
