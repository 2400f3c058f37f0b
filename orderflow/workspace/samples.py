"""A set of candles and signals that the custom part of the workspace shows until a user has uploaded anything.

The candles are made of a bundled recording of real trades. The signals are of a rule that is said, so that they can be
checked; nobody traded them. They belong to no user and are stored nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orderflow.arrays import Flags
from orderflow.errors import NotFound
from orderflow.formats import open_ticks
from orderflow.formats.samples import find_sample, sample_path
from orderflow.market.decimals import unit_floats
from orderflow.market.indicators.indicator import Candles
from orderflow.market.indicators.registry import find
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.signal import BUY, SELL, Signal
from orderflow.market.ticks import Side, TickBatch
from orderflow.market.timeframes import TIMEFRAMES, Timeframe
from orderflow.runtime.workers import Workers
from orderflow.workspace.klines.grouped import grouped

NAME = "SAMPLE"
"""Of the candles and of the signals."""
RECORDING = "LTCUSDT"
FRAMES = ("1m", "1s", "3m", "5m", "15m")
FAST, SLOW = 3, 8
RULE = f"EMA {FAST} crosses EMA {SLOW} of 1m closes"
NS = 10**6
_TICK = Timeframe("tick", 1)


class Sample:
    """The bundled data set. It is read at its first use; reads in the calling thread."""

    def __init__(self, workers: Workers) -> None:
        self._lock = workers.lock()
        self._candles: dict[str, KlineColumns] = {}
        self._signals: tuple[Signal, ...] = ()

    title = f"{NAME} {RECORDING}"
    source = find_sample(RECORDING).title

    def candles(self, timeframe: str) -> KlineColumns:
        """The candles of one of FRAMES. Raises NotFound, also if the recording is not installed."""
        if timeframe not in FRAMES:
            raise NotFound(f"there are no candles {NAME} of {timeframe[:20]}; there are those of {', '.join(FRAMES)}")
        self._read()
        return self._candles[timeframe]

    def signals(self) -> tuple[Signal, ...]:
        """One for each crossing, at the beginning of the candle that closes behind it. Raises NotFound."""
        self._read()
        return self._signals

    def _read(self) -> None:
        with self._lock:
            if self._candles:
                return
            with open_ticks([sample_path(RECORDING)]) as reader:
                trades = KlineColumns.joined(_trades(batch) for chunk in reader for batch in chunk.batches)
            newest = int(trades.time[-1])
            found = {name: grouped(trades, TIMEFRAMES[name], _TICK, newest) for name in FRAMES}
            self._signals = tuple(_crossings(found["1m"]))
            self._candles = found


def _trades(batch: TickBatch) -> KlineColumns:
    """Each trade as a candle, in the order of the file; several may have one time."""
    size, bought = batch.size, np.where(batch.side == Side.BUY, batch.size, 0)
    none: Flags = np.zeros(len(batch), np.bool_)
    columns = (batch.time // NS, *(batch.price,) * 4, size, np.ones(len(batch), np.int64), bought, none)
    return KlineColumns.of(columns, batch.price_decimals, batch.size_decimals)


def _crossings(klines: KlineColumns) -> Sequence[Signal]:
    close = unit_floats(klines.close, klines.price_decimals)
    zeros = np.zeros(len(klines), np.int64)
    candles = Candles(klines.time * NS, close, close, close, close, close, zeros)
    fast, slow = (find("ema").run(candles, period=period, source="close")["ema"] for period in (FAST, SLOW))
    above = fast > slow
    known = ~(np.isnan(fast) | np.isnan(slow))
    crossed = np.flatnonzero(known[1:] & known[:-1] & (above[1:] != above[:-1])) + 1
    return [
        Signal(
            int(klines.time[at]) * NS,
            BUY if above[at] else SELL,
            "buy" if above[at] else "sell",
            label=f"EMA {FAST} {'above' if above[at] else 'below'} {SLOW}",
        )
        for at in crossed.tolist()
    ]
