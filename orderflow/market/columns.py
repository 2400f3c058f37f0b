"""Public columns of bars, footprints and ticks, as the API and notebooks return them.

Numeric columns are `Fixed`: exact integers with a number of decimals, available as exact text or as float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.market.bars.footprint import VWAP_DIGITS, BarTable
from orderflow.market.decimals import unit_floats, unit_text
from orderflow.market.studies.options import DEFAULT_OPTIONS, StudyOptions
from orderflow.market.symbol import TickTable
from orderflow.market.ticks import NO_ID, Side, SideRule

BAR_COLUMNS = [
    "time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "ask_volume",
    "bid_volume",
    "unknown_volume",
    "delta",
    "min_delta",
    "max_delta",
    "cvd",
    "trades",
    "vwap",
    "poc",
    "vah",
    "val",
]

FOOTPRINT_COLUMNS = ["time", "price", "bid_volume", "ask_volume", "unknown_volume", "trades", "imbalance"]
TICK_COLUMNS = ["time", "price", "size", "side", "side_rule", "id"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Decimal numbers units / 10**decimals. units: int64[n]. missing: bool[n], where there is no value."""

    units: Ints
    decimals: int = 0
    missing: Flags | None = None

    def floats(self) -> Floats:
        """float64[n]; NaN where missing."""
        values = unit_floats(self.units, self.decimals)
        return values if self.missing is None else np.where(self.missing, np.nan, values)

    def text(self) -> list[str]:
        """n exact decimal texts without trailing zeros; empty where missing."""
        words = [unit_text(units, self.decimals) for units in self.units.tolist()]
        if self.missing is not None:
            words = ["" if absent else word for word, absent in zip(words, self.missing.tolist(), strict=True)]
        return words


@dataclass(frozen=True, slots=True)
class Times:
    """Times. ns: int64[n], ns since 1970 UTC."""

    ns: Ints

    def text(self) -> list[str]:
        """n ISO-8601 texts with Z, with as many digits of a second as the column needs: 0, 3, 6 or 9."""
        for unit, step in (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)):
            if not (self.ns % step).any():
                stamps = np.datetime_as_string(self.ns.view("M8[ns]"), unit=unit)  # type: ignore[call-overload]  # unit is one of its literals
                return [f"{stamp}Z" for stamp in stamps.tolist()]
        raise AssertionError("every time is a whole number of nanoseconds")


Column = Fixed | Times | list[str]


def bar_columns(table: BarTable) -> dict[str, Column]:
    """The columns BAR_COLUMNS, n rows each."""
    poc, val, vah = table.areas

    def price(level: Ints) -> Fixed:
        return Fixed(level * table.grid.tick_units, table.grid.price_decimals)

    def row_price(row: Ints) -> Fixed:
        return price(row * table.group)

    def size(units: Ints) -> Fixed:
        return Fixed(units, table.grid.size_decimals)

    digits = table.grid.price_decimals + VWAP_DIGITS
    missing = np.isnan(table.vwap)
    vwap = np.rint(np.where(missing, 0.0, table.vwap) * 10.0**digits).astype(np.int64)
    return {
        "time": Times(table.time),
        "open": price(table.open),
        "high": price(table.high),
        "low": price(table.low),
        "close": price(table.close),
        "volume": size(table.volume),
        "ask_volume": size(table.ask),
        "bid_volume": size(table.bid),
        "unknown_volume": size(table.unknown),
        "delta": size(table.delta),
        "min_delta": size(table.min_delta),
        "max_delta": size(table.max_delta),
        "cvd": size(table.cvd),
        "trades": Fixed(table.trades),
        "vwap": Fixed(vwap, digits, missing if missing.any() else None),
        "poc": row_price(poc),
        "vah": row_price(vah),
        "val": row_price(val),
    }


def footprint_columns(table: BarTable, options: StudyOptions = DEFAULT_OPTIONS) -> dict[str, Column]:
    """The columns FOOTPRINT_COLUMNS, m rows each: bars in time order, prices ascending within a bar.

    imbalance: "buy", "sell", "both" or "". price: of the lowest level in a row.
    """
    flags: list[str] = []
    words = ("", "buy", "sell", "both")
    for i in range(len(table)):
        level, bid, ask, _ = table.rows(i)
        buys, sells = options.imbalances(level, bid, ask, table.grid.size_decimals)
        flags += [words[k] for k in (buys + 2 * sells.astype(np.int8)).tolist()]
    size = table.grid.size_decimals
    return {
        "time": Times(np.repeat(table.time, np.diff(table.offsets))),
        "price": Fixed(table.level * (table.group * table.grid.tick_units), table.grid.price_decimals),
        "bid_volume": Fixed(table.level_bid, size),
        "ask_volume": Fixed(table.level_ask, size),
        "unknown_volume": Fixed(table.level_unknown, size),
        "trades": Fixed(table.level_trades),
        "imbalance": flags,
    }


def tick_columns(table: TickTable) -> dict[str, Column]:
    """The columns TICK_COLUMNS, n rows each. An id that was not numeric is `#` and its hash."""
    ticks, grid = table.ticks, table.grid
    sides = {int(Side.BUY): "buy", int(Side.SELL): "sell", int(Side.UNKNOWN): ""}
    rules = {int(rule): rule.name.lower() for rule in SideRule}
    return {
        "time": Times(ticks.time),
        "price": Fixed(ticks.level * grid.tick_units, grid.price_decimals),
        "size": Fixed(ticks.size, grid.size_decimals),
        "side": [sides[side] for side in ticks.side.tolist()],
        "side_rule": [rules[rule] for rule in ticks.rule.tolist()],
        "id": ["" if i == NO_ID else str(i) if i >= 0 else f"#{-i:x}" for i in ticks.id.tolist()],
    }
