"""Turn a footprint DataFrame into matrices for a figure, and derive bars where no candles are given.

Tables only; this module does not import Plotly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orderflow.arrays import Floats, Ints, Objects
from orderflow.errors import BadInput
from orderflow.market.decimals import scale_floats
from orderflow.market.studies.delta import cvd, delta, extremes
from orderflow.market.studies.poc import poc
from orderflow.market.studies.value_area import value_area

FOOTPRINT = ("time", "price", "bid_volume", "ask_volume")
BARS = ("time", "open", "high", "low", "close", "delta")
MAX_BARS = 100
MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Ladder:
    """n bars over m price rows.

    times: n bar starts, UTC. prices: float64[m], ascending and `step` apart, the lowest price of each row. tick: the
    tick size; a row reaches from half a tick below its price to half a tick below the next row's. decimals: of the
    prices. bid, ask, unknown: float64[m, n] volumes, NaN where a bar has no row. imbalance: object[m, n] of "buy",
    "sell", "both" or "".
    """

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
        return delta(self.bid, self.ask)


def ladder(footprint: pd.DataFrame, bars: int, candles: pd.DataFrame | None = None) -> Ladder:
    """The last `bars` bars of a footprint table. candles: give the tick size where a row holds several ticks.

    footprint: columns time (naive means UTC), price, bid_volume, ask_volume; optionally unknown_volume and imbalance.
    Raises BadInput for a missing column, for `bars` outside 1 to MAX_BARS, and for more than MAX_ROWS price rows.
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
        raise BadInput("the footprint has prices that are not decimal numbers")
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
    """Tick size: the greatest common divisor of the distances between all prices."""
    need(candles, BARS, "candles")
    prices = candles[["open", "high", "low", "close"]].to_numpy(np.float64).ravel()
    others, places, _ = scale_floats(prices[np.isfinite(prices)], decimals)
    every = np.unique(np.concatenate([units * 10 ** (places - decimals), others]))
    return int(np.gcd.reduce(np.diff(every))) / 10.0**places if len(every) > 1 else 10.0**-places


def bars_of(table: Ladder, candles: pd.DataFrame | None) -> pd.DataFrame:
    """One row for each bar of the ladder.

    Columns: time, open, high, low, close, delta, min_delta, max_delta, cvd, vwap (float64), and poc, val, vah as row
    indices of the ladder. candles: columns as `GET /api/v1/bars` has them; missing ones are derived from the ladder,
    NaN where that is impossible (open, close, vwap). Raises BadInput if candles lacks a bar of the ladder.
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
    rows = ["poc", "val", "vah"]  # a drawn row may hold several ticks, so the prices of `candles` do not apply
    for name in [*derived.columns.difference(given.columns), *rows]:
        given[name] = derived[name].to_numpy()
    return given


def need(table: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    """Raise BadInput if the table lacks one of the columns."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise BadInput(f"the {what} needs the columns {', '.join(columns)}; there is no {', '.join(missing)}")


def _times(table: pd.DataFrame) -> Any:
    """Times in UTC, from ISO-8601 text (with or without fractions of a second) or from datetimes."""
    given = table["time"]
    return (
        pd.to_datetime(given, utc=True, format="ISO8601")
        if given.dtype.kind in "OU"
        else pd.to_datetime(given, utc=True)
    )


def _derived(table: Ladder) -> pd.DataFrame:
    """Bars of the ladder alone. CVD starts at its first bar; the extremes of delta are those of one trade a bar."""
    scale = _scale(np.nansum(table.volume, axis=0).sum())
    rows, deltas = [], []
    for column in range(len(table.times)):
        here = np.flatnonzero(~np.isnan(table.bid[:, column]))
        bid, ask, unknown = (
            _units(side[here, column], scale) for side in (table.bid, table.ask, np.nan_to_num(table.unknown))
        )
        at = poc(here, bid, ask, unknown)
        low, high = value_area(here, bid + ask + unknown, at)
        prices = table.prices[here]
        rows.append((prices[0], prices[-1], here[at], here[low], here[high]))
        deltas.append(int(delta(bid, ask).sum()))
    frame = pd.DataFrame(rows, columns=["low", "high", "poc", "val", "vah"])
    frame.insert(0, "time", table.times)
    frame["open"] = frame["close"] = frame["vwap"] = np.nan
    change, least, most = extremes(np.array(deltas, np.int64), np.arange(len(deltas)))
    running = cvd(change, least, most, np.zeros(len(deltas), np.int64)).close
    for name, units in (("delta", change), ("min_delta", least), ("max_delta", most), ("cvd", running)):
        frame[name] = units / scale
    return frame


def _scale(total: float) -> float:
    """Units in one of volume: 10**8, or the largest power of ten with which `total` stays below 2**62."""
    return next(10.0**d for d in range(8, -19, -1) if total * 10.0**d < 2**62)


def _units(values: Floats, scale: float) -> Ints:
    """Volumes as integers for the studies."""
    return np.rint(values * scale).astype(np.int64)
