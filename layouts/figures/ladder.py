"""A footprint table as matrices: what a figure needs of the DataFrame, and what it works out when bars are not given.

Pure tables; knows no Plotly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orderflow.arrays import Floats, Ints, Objects
from orderflow.errors import BadInput
from orderflow.market.decimals import scale_floats
from orderflow.market.studies.poc import poc
from orderflow.market.studies.value_area import value_area

FOOTPRINT = ("time", "price", "bid_volume", "ask_volume")
BARS = ("time", "open", "high", "low", "close", "delta")
MAX_BARS = 100
MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Ladder:
    """n bars over m price rows. times: n; prices: float64[m] ascending, `step` apart, each the lowest of its row; tick:
    the distance of prices, so a row reaches from half a tick below its price to as much below the next; bid, ask,
    unknown: float64[m, n], NaN where a bar has no row; imbalance: object[m, n] of "buy", "sell", "both" or ""."""

    times: pd.DatetimeIndex
    prices: Floats
    step: float
    tick: float
    decimals: int
    bid: Floats
    ask: Floats
    unknown: Floats
    imbalance: Objects

    @property
    def edges(self) -> Floats:
        """float64[m + 1]: where rows begin and end."""
        return np.append(self.prices, self.prices[-1] + self.step) - self.tick / 2

    @property
    def volume(self) -> Floats:
        """float64[m, n]."""
        return self.bid + self.ask + self.unknown

    @property
    def delta(self) -> Floats:
        """float64[m, n], ask - bid."""
        return self.ask - self.bid


def ladder(footprint: pd.DataFrame, bars: int, candles: pd.DataFrame | None = None) -> Ladder:
    """The last `bars` bars of a footprint table; candles tell the tick where rows hold several.

    footprint: columns time (naive means UTC), price, bid_volume, ask_volume; unknown_volume and imbalance where known.
    Raises BadInput naming what is missing, or when the rows are too many to draw.
    """
    need(footprint, FOOTPRINT, "footprint")
    if not 1 <= bars <= MAX_BARS:
        raise BadInput(f"bars is {bars}; a static figure draws 1 to {MAX_BARS}")
    if footprint.empty:
        raise BadInput("the footprint has no rows")
    table = footprint.assign(time=_times(footprint))
    times = pd.DatetimeIndex(np.sort(table["time"].unique()))[-bars:]
    table = table[table["time"] >= times[0]]
    units, decimals, exact = scale_floats(table["price"].to_numpy(np.float64))
    if not exact.all():
        raise BadInput("the footprint has prices that are no decimal numbers")
    distinct = np.unique(units)
    step = int(np.gcd.reduce(np.diff(distinct))) if len(distinct) > 1 else 1
    first, last = int(distinct[0]), int(distinct[-1])
    count = (last - first) // step + 1
    if count > MAX_ROWS:
        raise BadInput(
            f"the footprint has {count:,} price rows, more than {MAX_ROWS:,}: group prices, or take fewer bars"
        )
    row = ((units - first) // step).astype(np.intp)
    column = times.get_indexer(pd.DatetimeIndex(table["time"]))

    def matrix(name: str) -> Floats:
        cells = np.full((count, len(times)), np.nan)
        cells[row, column] = table[name].to_numpy(np.float64) if name in table else 0.0
        return cells

    marks = np.full((count, len(times)), "", object)
    if "imbalance" in table:
        marks[row, column] = table["imbalance"].fillna("").astype(str).to_numpy()
    prices = (first + step * np.arange(count)) / 10.0**decimals
    scale = 10.0**decimals
    return Ladder(
        times,
        prices,
        step / scale,
        step / scale if candles is None else _tick(units, decimals, candles),
        decimals,
        matrix("bid_volume"),
        matrix("ask_volume"),
        matrix("unknown_volume"),
        marks,
    )


def _tick(units: Ints, decimals: int, candles: pd.DataFrame) -> float:
    """The greatest common distance of all prices there are."""
    need(candles, BARS, "candles")
    prices = candles[["open", "high", "low", "close"]].to_numpy(np.float64).ravel()
    others, places, _ = scale_floats(prices[np.isfinite(prices)], decimals)
    every = np.unique(np.concatenate([units * 10 ** (places - decimals), others]))
    return int(np.gcd.reduce(np.diff(every))) / 10.0**places if len(every) > 1 else 10.0**-places


def bars_of(table: Ladder, candles: pd.DataFrame | None) -> pd.DataFrame:
    """One row a bar of the ladder: time, open, high, low, close, delta, min_delta, max_delta, cvd, vwap; and poc, val,
    vah as rows of the ladder.

    candles: columns as `GET /api/v1/bars` has them; what it does not have is worked out from the ladder, or NaN where
    it cannot be (open and close). Raises BadInput when a bar of the ladder is missing in it.
    """
    derived = _derived(table)
    if candles is None:
        return derived
    need(candles, BARS, "candles")
    given = candles.assign(time=_times(candles)).drop_duplicates("time").set_index("time")
    missing = table.times.difference(pd.DatetimeIndex(given.index))
    if len(missing):
        raise BadInput(f"the candles have no bar at {missing[0]:%Y-%m-%d %H:%M:%S}, which the footprint has")
    given = given.loc[table.times].reset_index(names="time")
    rows = ["poc", "val", "vah"]  # of the rows as drawn, which may hold several of the candles' ticks
    for name in [*derived.columns.difference(given.columns), *rows]:
        given[name] = derived[name].to_numpy()
    return given


def need(table: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    """Raises BadInput when a table lacks columns."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise BadInput(f"the {what} needs the columns {', '.join(columns)}; there is no {', '.join(missing)}")


def _times(table: pd.DataFrame) -> Any:
    """Times in UTC, from text as the API writes it (some with fractions, some without) or from what pandas knows."""
    given = table["time"]
    return (
        pd.to_datetime(given, utc=True, format="ISO8601")
        if given.dtype.kind in "OU"
        else pd.to_datetime(given, utc=True)
    )


def _derived(table: Ladder) -> pd.DataFrame:
    rows = []
    for column in range(len(table.times)):
        here = np.flatnonzero(~np.isnan(table.bid[:, column]))
        bid, ask, unknown = (
            _units(side[here, column]) for side in (table.bid, table.ask, np.nan_to_num(table.unknown))
        )
        at = poc(here, bid, ask, unknown)
        low, high = value_area(here, bid + ask + unknown, at)
        prices = table.prices[here]
        rows.append((prices[0], prices[-1], here[at], here[low], here[high], np.nansum(table.delta[:, column])))
    frame = pd.DataFrame(rows, columns=["low", "high", "poc", "val", "vah", "delta"])
    frame.insert(0, "time", table.times)
    frame["open"] = frame["close"] = frame["vwap"] = np.nan
    frame["min_delta"], frame["max_delta"] = frame["delta"].clip(upper=0), frame["delta"].clip(lower=0)
    frame["cvd"] = frame["delta"].cumsum()
    return frame


def _units(values: Floats) -> Ints:
    """Volumes as integers for the studies; exact for up to 8 decimals, which is all that a comparison needs."""
    return np.rint(values * 1e8).astype(np.int64)
