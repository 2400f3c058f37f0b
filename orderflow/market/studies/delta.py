"""Delta (aggressive buy volume minus aggressive sell volume), its extremes within a bar, and its running sum (CVD).

Volume with unknown side does not count.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

import numpy as np

from orderflow.arrays import Floats, Indices, Ints
from orderflow.market.studies.study import Data, Result, Study, per_bar

Amount = TypeVar("Amount", int, Ints, Floats)
Sizes = TypeVar("Sizes", Ints, Floats)


def delta(bid: Amount, ask: Amount) -> Amount:
    """ask - bid of levels or bars: int64[m] size units, float64[m] volumes, or one int."""
    return ask - bid


def extremes(signed: Ints, bounds: Ints | Indices) -> tuple[Ints, Ints, Ints]:
    """(delta, min delta, max delta) of k bars, int64[k] each.

    Min and max are the extremes of the running delta within the bar, which is 0 before its first trade.

    signed: int64[n], size × side (1 buy, -1 sell, 0 unknown) of trades in time order. bounds: int64[k], index of each
    bar's first trade, strictly ascending from 0.
    """
    running = np.cumsum(signed)
    before = running[bounds] - signed[bounds]
    ends = np.append(bounds[1:], len(signed)) - 1
    low = np.minimum(np.minimum.reduceat(running, bounds) - before, 0)
    high = np.maximum(np.maximum.reduceat(running, bounds) - before, 0)
    return running[ends] - before, low, high


class Candles(NamedTuple, Generic[Sizes]):
    """CVD candles of n bars: int64[n] size units each, or float64[n] volumes."""

    open: Sizes
    high: Sizes
    low: Sizes
    close: Sizes


def cvd_candles(close: Sizes, delta: Sizes, min_delta: Sizes, max_delta: Sizes) -> Candles[Sizes]:
    """CVD candles of bars whose CVD is known.

    Open is close - delta, the CVD before the bar; high and low add the bar's extremes of delta to it. All: int64[n] or
    float64[n].
    """
    opening = close - delta
    return Candles(opening, opening + max_delta, opening + min_delta, close)


def cvd(delta: Ints, min_delta: Ints, max_delta: Ints, session: Ints, *, base: int = 0) -> Candles[Ints]:
    """CVD candles: delta summed from the session's start, see `cvd_candles`.

    delta, min_delta, max_delta: int64[n] of bars in time order. session: int64[n], session starts; the sum restarts
    from 0 where it changes. base: delta of the first bar's session before that bar.
    """
    close = np.cumsum(delta)
    if len(close):
        close += base
        new = np.flatnonzero(np.diff(session)) + 1
        # in every session but the first, subtract the sum at its start
        offset = np.zeros(len(close), np.int64)
        offset[new] = np.diff(np.concatenate(([0], close[new - 1])))
        close -= np.cumsum(offset)
    return cvd_candles(close, delta, min_delta, max_delta)


def _levels(data: Data) -> Result:
    change = delta(data.bars.level_bid, data.bars.level_ask)
    return Result("level", np.arange(len(change)), {"delta": change}, sizes=("delta",))


def _extremes(data: Data) -> Result:
    _, low, high = extremes(data.size * data.side, np.searchsorted(data.time, data.bars.time))
    return per_bar(data, sizes=("min_delta", "max_delta"), min_delta=low, max_delta=high)


def _candles(data: Data) -> Result:
    bars = data.bars
    found = cvd(bars.delta, bars.min_delta, bars.max_delta, bars.session)
    return per_bar(data, sizes=Candles._fields, **found._asdict())


STUDY = Study(
    name="delta",
    title="Delta",
    rule="Volume at the ask less volume at the bid; unknown sides count for neither.",
    yields="a figure a level and a bar",
    run=delta,
    apply=_levels,
)
EXTREMES = Study(
    name="delta_extremes",
    title="Min/max delta",
    rule="The lowest and the highest value of the running delta inside the bar, which starts from 0.",
    yields="two figures a bar",
    run=extremes,
    apply=_extremes,
)
CVD = Study(
    name="cvd",
    title="CVD",
    rule="Delta summed from the session's start; a candle's high and low come from the bar's min and max delta.",
    yields="a candle a bar",
    run=cvd,
    apply=_candles,
)
