"""Klines to measure with, and records to keep them in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from _common import OPENING

from orderflow.market.kline_columns import KlineColumns
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import Address
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.series import SeriesKey

MINUTE = 60_000
KEY = SeriesKey("", "klines", "BTCUSDT", "1m")
START = OPENING // 10**6


def klines(count: int, *, first: int = START, seed: int = 5) -> KlineColumns:
    """Minutes of a random walk around 65,000.00, from `first` (ms) on."""
    random = np.random.default_rng(seed)
    close = 6_500_000 + np.cumsum(random.integers(-300, 301, count))
    opened = np.append(close[:1], close[:-1])
    high, low = np.maximum(opened, close) + 50, np.minimum(opened, close) - 50
    volume = random.integers(1, 10**9, count)
    trades = random.integers(1, 5_000, count)
    columns = (
        first + np.arange(count) * MINUTE,
        opened,
        high,
        low,
        close,
        volume,
        trades,
        volume // 2,
        np.ones(count, np.bool_),
    )
    return KlineColumns.of(columns, 2, 5)


@contextlib.contextmanager
def opened(address: Address) -> Iterator[tuple[KlineStore, Records]]:
    """A store in started records."""
    workers = Workers(2)
    records = Records(address, workers)
    records.start()
    try:
        if records.problem:
            raise RuntimeError(records.problem)
        yield KlineStore(records, lambda: 1), records
    finally:
        records.close()
        workers.stop()
