"""The compact JSON of changed bars that a chart polls for. Everything is an integer but the few figures of the header.

The marks (POC, value area, imbalances, stacked zones, unfinished auctions) are found here, once, with the definitions
in force, so that no browser has mathematics of its own to disagree with.

A bar's keys: t, s start of the bar and of its session (ms); o, h, l, c levels; lo its first row, k the rows' offsets
from it (left out when they are 0, 1, 2 …); b, a, u bid, ask and unknown volume a row (u left out when all zero); n
trades; d delta, and its least and greatest value within the bar; q CVD at the bar's end; w VWAP and its standard
deviation at the bar's end, in levels (left out before any volume); p, v indices of the
POC's row and of the value area's first and last; ib, is indices of buy and sell imbalances; st stacked zones [1 buy
or -1 sell, first index, last index]; f "H", "L" or "HL" for unfinished auctions at the high and the low; e the last
trade's time (activity bars). Sizes are integers in 10**-sd. A row r covers the levels r * rows to r * rows + rows -
1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.series import ASK, BID, NOTHING, UNKNOWN, Bar, Totals
from orderflow.market.studies.options import StudyOptions
from orderflow.market.studies.poc import poc
from orderflow.market.studies.unfinished import unfinished
from orderflow.market.studies.vwap import vwap

TALL = 40
"""Rows that a typical bar should have when the row size is chosen for the viewer."""

DIGITS = 6
"""Decimals of a level that VWAP and sigma are sent with."""

_NICE: tuple[int, ...] = (1, 2, 4, 5, *(step * 10**k for k in range(8) for step in (10, 20, 25, 50)))


def choose_rows(bars: Sequence[Bar]) -> int:
    """How many levels to put in one row so that the median bar has at most about TALL rows."""
    if not bars:
        return 1
    span = float(np.median([int(bar.level[-1]) - int(bar.level[0]) + 1 for bar in bars]))
    for step in _NICE:
        if span <= step * TALL:
            return step
    return _NICE[-1]


def ladder(bar: Bar, rows: int) -> tuple[Ints, Ints, Ints, Ints]:
    """(row, bid, ask, unknown) of a bar, int64[m] each, with `rows` levels to a row."""
    level, cells = bar.level, bar.cells
    if rows > 1:
        row = level // rows
        new = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
        level, cells = row[new], np.add.reduceat(cells, new, axis=0)
    return level, cells[:, BID], cells[:, ASK], cells[:, UNKNOWN]


def poc_row(bar: Bar, rows: int) -> int:
    """The row of a bar's POC, kept on the bar until it changes."""
    if bar.poc is None or bar.poc[0] != rows:
        level, bid, ask, unknown = ladder(bar, rows)
        bar.poc = rows, int(level[poc(level, bid, ask, unknown)])
    return bar.poc[1]


def profile_json(bars: Sequence[Bar], rows: int, options: StudyOptions) -> list[int] | None:
    """[POC, low, high of the value area], as rows of `rows` levels, of the profile of these bars; None without any."""
    if not bars:
        return None
    level = np.concatenate([bar.level for bar in bars]) // rows
    cells = np.concatenate([bar.cells for bar in bars])
    found = options.profile(level, cells[:, BID], cells[:, ASK], cells[:, UNKNOWN])
    marks = (found.poc, found.low, found.high)
    return None if not found.volume.any() else [int(found.level[at]) for at in marks if at is not None]


class HeldBars:
    """Bars as the studies of a chart take them: time in ms, prices as rows of `rows` levels (`studies.study.Bars`)."""

    def __init__(self, bars: Sequence[Bar], rows: int) -> None:
        self._bars = bars
        self._rows = rows

    @cached_property
    def time(self) -> Ints:
        return np.array([bar.start // 1_000_000 for bar in self._bars], np.int64)

    @cached_property
    def session(self) -> Ints:
        return np.array([bar.session // 1_000_000 for bar in self._bars], np.int64)

    @cached_property
    def poc(self) -> Ints:
        return np.array([poc_row(bar, self._rows) for bar in self._bars], np.int64)

    @cached_property
    def high(self) -> Ints:
        return self._scalar("high") // self._rows

    @cached_property
    def low(self) -> Ints:
        return self._scalar("low") // self._rows

    @cached_property
    def delta(self) -> Ints:
        return np.array([bar.delta for bar in self._bars], np.int64)

    def _scalar(self, name: str) -> Ints:
        return np.array([getattr(bar.scalars, name) for bar in self._bars], np.int64)


def bars_json(
    bars: Sequence[Bar], opening: Totals, vwap_ref: int, rows: int, size_decimals: int, options: StudyOptions
) -> list[dict[str, Any]]:
    """Bars that follow each other, in time order. opening: what the first one's session gathered before it."""
    found = []
    session = bars[0].session if bars else 0
    for bar in bars:
        if bar.session != session:
            session, opening = bar.session, NOTHING
        bar.opening = opening
        found.append(bar_json(bar, vwap_ref, rows, size_decimals, options))
        opening = opening.plus(bar, vwap_ref)
    return found


def running_json(bar: Bar, vwap_ref: int) -> tuple[int, list[float] | None]:
    """(CVD, [VWAP, sigma]) at the bar's end: size units, and levels; None before any volume."""
    total = (bar.opening or NOTHING).plus(bar, vwap_ref)
    line = vwap(total.sums, vwap_ref)
    return total.delta, None if line is None else [round(line.vwap, DIGITS), round(line.sigma, DIGITS)]


def bar_json(
    bar: Bar, vwap_ref: int, rows: int, size_decimals: int, options: StudyOptions, end: int | None = None
) -> dict[str, Any]:
    """One bar that has its scalars and its opening, with the keys that the module names."""
    fold = bar.scalars
    if fold is None:
        raise ValueError("the bar has no scalars")
    level, bid, ask, unknown = ladder(bar, rows)
    low, count = int(level[0]), len(level)
    at, deep, high = options.area(level, bid, ask, unknown)
    bar.poc = rows, int(level[at])
    buys, sells = options.imbalances(level, bid, ask, size_decimals)
    total, line = running_json(bar, vwap_ref)
    out: dict[str, Any] = {
        "t": bar.start // 1_000_000,
        "s": bar.session // 1_000_000,
        "o": fold.open,
        "h": fold.high,
        "l": fold.low,
        "c": fold.close,
        "lo": low,
        "b": bid.tolist(),
        "a": ask.tolist(),
        "n": fold.trades,
        "d": [bar.delta, fold.min_delta, fold.max_delta],
        "q": total,
        "p": at,
        "v": [deep, high],
    }
    if line is not None:
        out["w"] = line
    if int(level[-1]) - low + 1 != count:
        out["k"] = (level - low).tolist()
    if unknown.any():
        out["u"] = unknown.tolist()
    for key, flags in (("ib", buys), ("is", sells)):
        if flags.any():
            out[key] = np.flatnonzero(flags).tolist()
    zones = options.zones(level, buys, sells)
    if zones:
        out["st"] = zones
    at_high, at_low = unfinished(bid, ask)
    if at_high or at_low:
        out["f"] = ("H" if at_high else "") + ("L" if at_low else "")
    if end is not None:
        out["e"] = end // 1_000_000
    return out
