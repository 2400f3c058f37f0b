"""Klines as JSON."""

from __future__ import annotations

from typing import Any

from orderflow.arrays import Ints
from orderflow.market.decimals import unit_floats
from orderflow.market.kline_columns import UNKNOWN, KlineColumns
from orderflow.workspace.klines.differences import COMPARED, Differences
from orderflow.workspace.klines.kept_series import Backfill

NAMES = ("time", "open", "high", "low", "close", "volume", "trades", "taker_buy_volume", "closed")


def kline_rows(klines: KlineColumns) -> list[dict[str, Any]]:
    """The rows of `GET /data/klines`. Prices and volumes are the floats that are nearest to the exact numbers."""
    columns = [
        klines.time.tolist(),
        *(unit_floats(getattr(klines, name), klines.price_decimals).tolist() for name in NAMES[1:5]),
        unit_floats(klines.volume, klines.size_decimals).tolist(),
        _maybe(klines.trades, klines.trades.tolist()),
        _maybe(klines.taker_buy_volume, unit_floats(klines.taker_buy_volume, klines.size_decimals).tolist()),
        klines.closed.tolist(),
    ]
    return [dict(zip(NAMES, row, strict=True)) for row in zip(*columns, strict=True)]


def backfill_row(backfill: Backfill) -> dict[str, Any]:
    """How far the history is filled."""
    row: dict[str, Any] = {
        "state": backfill.state,
        "from": backfill.begin,
        "to": backfill.end,
        "missing": [list(each) for each in backfill.missing],
    }
    return {**row, "reason": backfill.reason} if backfill.reason else row


def difference_rows(found: Differences) -> list[dict[str, Any]]:
    """The klines that differ, with the values of both."""
    sides = [_values(each) for each in (found.venue, found.ticks)]
    rows = zip(found.time.tolist(), *sides, strict=True)
    return [{"time": time, "venue": venue, "ticks": ticks} for time, venue, ticks in rows]


def _values(klines: KlineColumns) -> list[dict[str, float] | None]:
    rows = kline_rows(klines)
    return [{name: row[name] for name in COMPARED} if row["closed"] else None for row in rows]


def _maybe(units: Ints, values: list[Any]) -> list[Any]:
    if not (units == UNKNOWN).any():
        return values
    return [None if unit == UNKNOWN else value for unit, value in zip(units.tolist(), values, strict=True)]
