"""Bars and their footprints as one columnar table, used by the API, notebooks and the studies.

`tabulate` computes it from ticks in one pass (history, activity bars, notebooks), `from_series` from the live bars.
Both give the same table for the same ticks, which a test checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from orderflow.arrays import Floats, Ints
from orderflow.market.bars.base_bars import BarScalars, rows_of
from orderflow.market.bars.series import ASK, BID, NO_TOTALS, TRADES, UNKNOWN, Bar, Totals, level_sums
from orderflow.market.buffer import Columns
from orderflow.market.grid import Grid
from orderflow.market.studies.delta import cvd, delta
from orderflow.market.studies.poc import poc
from orderflow.market.studies.value_area import value_area
from orderflow.market.studies.vwap import Sums, running, sums_of_bars, vwap, vwap_units

VWAP_DIGITS = 4
"""Decimals of a VWAP in addition to those of the prices."""


@dataclass(frozen=True)
class BarTable:
    """n bars in time order with m level rows.

    time, end, session: int64[n], ns UTC; the start of the bar, its end (exclusive; for activity bars the time of the
    last trade) and the start of its session. open, high, low, close: int64[n], levels. ask, bid, unknown: int64[n],
    size units by aggressor. trades: int64[n]. min_delta, max_delta: int64[n], size units, extremes of the running delta
    within the bar, which starts at 0. cvd: int64[n], size units, delta from the session's start to the bar's end.
    vwap, sigma: float64[n], the session's VWAP at the bar's end and its standard deviation, in price; NaN before any
    volume. offsets: int64[n + 1], where each bar begins in level, level_ask, level_bid, level_unknown and level_trades:
    int64[m], levels ascending within a bar. group: levels in one row; row r covers levels r * group to
    r * group + group - 1, and `level` holds rows.

    The price of a level is level * grid.tick_units / 10**grid.price_decimals; a size is
    units / 10**grid.size_decimals.
    """

    symbol: str
    frame: str
    grid: Grid
    time: Ints
    end: Ints
    session: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    ask: Ints
    bid: Ints
    unknown: Ints
    trades: Ints
    min_delta: Ints
    max_delta: Ints
    cvd: Ints
    vwap: Floats
    sigma: Floats
    offsets: Ints
    level: Ints
    level_ask: Ints
    level_bid: Ints
    level_unknown: Ints
    level_trades: Ints
    group: int = 1

    def __len__(self) -> int:
        return len(self.time)

    @property
    def volume(self) -> Ints:
        """int64[n], size units: ask + bid + unknown."""
        return self.ask + self.bid + self.unknown

    @property
    def delta(self) -> Ints:
        """int64[n], size units: ask - bid."""
        return delta(self.bid, self.ask)

    @cached_property
    def areas(self) -> tuple[Ints, Ints, Ints]:
        """(poc, val, vah), int64[n] each, as rows (see `group`)."""
        out = np.empty((3, len(self)), np.int64)
        for i in range(len(self)):
            level, bid, ask, unknown = self.rows(i)
            at = poc(level, bid, ask, unknown)
            low, high = value_area(level, bid + ask + unknown, at)
            out[:, i] = level[at], level[low], level[high]
        return out[0], out[1], out[2]

    @property
    def poc(self) -> Ints:
        """int64[n], as rows (see `group`)."""
        return self.areas[0]

    def rows(self, i: int) -> tuple[Ints, Ints, Ints, Ints]:
        """(level, bid, ask, unknown) of bar i, int64[k] each."""
        at = slice(int(self.offsets[i]), int(self.offsets[i + 1]))
        return self.level[at], self.level_bid[at], self.level_ask[at], self.level_unknown[at]

    def take(self, start: int, end: int) -> BarTable:
        """The bars with index start <= i < end."""
        a, b = int(self.offsets[start]), int(self.offsets[end])
        values: dict[str, Any] = {
            name: getattr(self, name)[start:end] if name in _BAR_COLUMNS else getattr(self, name)[a:b]
            for name in (*_BAR_COLUMNS, *_LEVEL_COLUMNS)
        }
        return BarTable(
            self.symbol, self.frame, self.grid, offsets=self.offsets[start : end + 1] - a, group=self.group, **values
        )

    def grouped(self, group: int) -> BarTable:
        """The same bars with `group` levels in a row. Open, high, low and close stay exact levels."""
        if group == 1:
            return self
        rows = self.level // group
        bar = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        new = np.flatnonzero(
            np.concatenate(([True], (rows[1:] != rows[:-1]) | (bar[1:] != bar[:-1])))
            if len(rows)
            else np.zeros(0, np.bool_)
        )
        values: dict[str, Any] = {name: getattr(self, name) for name in _BAR_COLUMNS}
        values["level"] = rows[new]
        for name in _LEVEL_COLUMNS[1:]:
            values[name] = np.add.reduceat(getattr(self, name), new) if len(new) else getattr(self, name)
        offsets = np.searchsorted(bar[new], np.arange(len(self) + 1))
        return BarTable(self.symbol, self.frame, self.grid, offsets=offsets, group=group, **values)


_BAR_COLUMNS = [
    "time",
    "end",
    "session",
    "open",
    "high",
    "low",
    "close",
    "ask",
    "bid",
    "unknown",
    "trades",
    "min_delta",
    "max_delta",
    "cvd",
    "vwap",
    "sigma",
]
_LEVEL_COLUMNS = ["level", "level_ask", "level_bid", "level_unknown", "level_trades"]


def _running(
    values: dict[str, Ints], session: Ints, parts: Sequence[Sums], opening: Totals, vwap_ref: int, grid: Grid
) -> dict[str, Any]:
    """Columns cvd, vwap and sigma at the end of each bar, restarting with each session.

    values: the columns of the bars. opening: totals of the first bar's session before that bar.
    """
    candles = cvd(
        delta(values["bid"], values["ask"]), values["min_delta"], values["max_delta"], session, base=opening.delta
    )
    totals = running(parts, session.tolist(), opening.sums)
    scale, digits = grid.tick_units * 10**VWAP_DIGITS, 10 ** (grid.price_decimals + VWAP_DIGITS)
    units = [vwap_units(total, vwap_ref, scale) for total in totals]
    lines = [vwap(total, vwap_ref, tick=Fraction(grid.tick_units, 10**grid.price_decimals)) for total in totals]
    return {
        "cvd": candles.close,
        "vwap": np.array([np.nan if value is None else value / digits for value in units], np.float64),
        "sigma": np.array([np.nan if line is None else line.sigma for line in lines], np.float64),
    }


def from_series(
    symbol: str, frame: str, grid: Grid, bars: Sequence[Bar], ends: Ints, opening: Totals, vwap_ref: int
) -> BarTable:
    """The table of live bars whose scalars are computed.

    ends: int64[n], ns UTC. opening: totals of the first bar's session before that bar.
    """
    sizes = [len(bar.level) for bar in bars]
    cells = np.concatenate([bar.cells for bar in bars]) if bars else np.empty((0, 4), np.int64)
    session = np.array([bar.session for bar in bars], np.int64)
    scalars = [bar.scalars for bar in bars]
    values: dict[str, Any] = {
        name: np.array([getattr(each, name) for each in scalars], np.int64)
        for name in ["open", "high", "low", "close", "ask", "bid", "unknown", "trades", "min_delta", "max_delta"]
    }
    values |= _running(values, session, [bar.vwap_sums(vwap_ref) for bar in bars], opening, vwap_ref, grid)
    return BarTable(
        symbol,
        frame,
        grid,
        time=np.array([bar.start for bar in bars], np.int64),
        end=ends,
        session=session,
        offsets=np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64),
        level=np.concatenate([bar.level for bar in bars]) if bars else np.empty(0, np.int64),
        level_ask=cells[:, ASK],
        level_bid=cells[:, BID],
        level_unknown=cells[:, UNKNOWN],
        level_trades=cells[:, TRADES],
        **values,
    )


def tabulate(
    symbol: str,
    frame: str,
    grid: Grid,
    ticks: Columns,
    bar: Ints,
    session: Ints,
    *,
    time: Callable[[Ints], Ints] | None = None,
    end: Callable[[Ints, Ints], Ints] | None = None,
    trades: Ints | None = None,
    vwap_ref: int | None = None,
    opening: Totals = NO_TOTALS,
) -> BarTable:
    """The table of n ticks in time order, with sides resolved, computed in one pass.

    bar: int64[n], non-decreasing, the start of each tick's bar (ns UTC) or its ordinal. session: int64[n], session
    starts (ns UTC). time(first): start times of the bars, from the index of each bar's first tick; by default `bar`.
    end(time, last): ends of the bars, from their starts and the index of each bar's last tick; by default the time of
    that tick. trades: int64[n], what each tick adds to the trade count (0 for later pieces of a split trade). vwap_ref:
    level that VWAP sums are relative to, by default the first. opening: totals of the first bar's session before it.
    """
    vwap_ref = int(ticks.level[0]) if vwap_ref is None else vwap_ref
    new = np.flatnonzero(np.concatenate(([True], bar[1:] != bar[:-1])))
    rows = rows_of(ticks, bar[new], new)
    ordinal = np.repeat(np.arange(len(new)), np.diff(np.append(new, len(ticks))))
    part = level_sums(ordinal * 1_000_000_000, ticks.level, ticks.size, ticks.side, 1 if trades is None else trades)
    parts = sums_of_bars(part.level, part.cells[:, :TRADES].sum(axis=1), part.bounds, vwap_ref)
    starts = bar[new] if time is None else time(new)
    sessions = session[new]
    last = np.append(new[1:], len(ticks)) - 1
    counted = rows["trades"] if trades is None else np.add.reduceat(trades, new)
    values: dict[str, Any] = {
        name: rows[name] for name in ["open", "high", "low", "close", "ask", "bid", "unknown", "min_delta", "max_delta"]
    }
    values |= _running(rows, sessions, parts, opening, vwap_ref, grid)
    return BarTable(
        symbol,
        frame,
        grid,
        time=starts,
        end=ticks.time[last] if end is None else end(starts, last),
        session=sessions,
        trades=counted,
        offsets=part.bounds,
        level=part.level,
        level_ask=part.cells[:, ASK],
        level_bid=part.cells[:, BID],
        level_unknown=part.cells[:, UNKNOWN],
        level_trades=part.cells[:, TRADES],
        **values,
    )


def bars_of(table: BarTable) -> list[Bar]:
    """The bars of a table with one level in a row, as live bars."""
    cells = np.column_stack([table.level_ask, table.level_bid, table.level_unknown, table.level_trades])
    found = []
    for i in range(len(table)):
        rows = slice(int(table.offsets[i]), int(table.offsets[i + 1]))
        scalars = BarScalars(*(int(getattr(table, name)[i]) for name in BarScalars.__slots__))
        found.append(Bar(int(table.time[i]), int(table.session[i]), table.level[rows], cells[rows], 0, scalars))
    return found


def concat(tables: Sequence[BarTable]) -> BarTable:
    """Concatenate tables of one symbol, frame and grid."""
    first = tables[0]
    if len(tables) == 1:
        return first
    values: dict[str, Any] = {
        name: np.concatenate([getattr(table, name) for table in tables]) for name in (*_BAR_COLUMNS, *_LEVEL_COLUMNS)
    }
    sizes = np.concatenate([np.diff(table.offsets) for table in tables])
    return BarTable(first.symbol, first.frame, first.grid, offsets=np.concatenate(([0], np.cumsum(sizes))), **values)
