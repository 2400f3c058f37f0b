"""Klines for tests of the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from orderflow.market.kline_columns import COLUMNS, UNKNOWN, KlineColumns
from orderflow.storage.records.series import SeriesKey

MINUTE = 60_000
T0 = 1_700_000_040_000
"""A whole minute in November 2023."""
KEY = SeriesKey("", "klines", "BTCUSDT", "1m")


def klines(
    minutes: Iterable[int], *, base: int = 100, places: tuple[int, int] = (2, 3), **columns: Any
) -> KlineColumns:
    """One kline for each minute after T0, its numbers made from the minute and `base`."""
    n = np.fromiter(minutes, np.int64)
    made: dict[str, Any] = {
        "time": T0 + n * MINUTE,
        "open": base + n,
        "high": base + n + 5,
        "low": base + n - 5,
        "close": base + n + 1,
        "volume": 7 * n + 1,
        "trades": n + 2,
        "taker_buy_volume": 3 * n,
        "closed": np.ones(len(n), np.bool_),
    }
    made |= {name: np.broadcast_to(np.asarray(value), n.shape) for name, value in columns.items()}
    return KlineColumns.of((made[name] for name in COLUMNS), *places)


def ohlcv(minutes: Iterable[int], **options: Any) -> KlineColumns:
    """Klines of which neither the trades nor the takers' volume are known."""
    return klines(minutes, trades=UNKNOWN, taker_buy_volume=UNKNOWN, **options)


def same(found: KlineColumns, expected: KlineColumns) -> bool:
    """Whether both are equal, decimals included."""
    units = [(each.price_decimals, each.size_decimals) for each in (found, expected)]
    equal = all(np.array_equal(getattr(found, name), getattr(expected, name)) for name in COLUMNS)
    return equal and units[0] == units[1]
