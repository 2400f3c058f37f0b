"""The compact JSON of changed bars that a chart polls for. Everything is an integer but the few figures of the header.

The marks (POC, value area, imbalances, stacked zones, unfinished auctions) are found here, once, with the definitions
in force, so that no browser has mathematics of its own to disagree with.

A bar's keys: t, s start of the bar and of its session (ms); o, h, l, c levels; lo its first row, k the rows' offsets
from it (left out when they are 0, 1, 2 …); b, a, u bid, ask and unknown volume a row (u left out when all zero); n
trades; d least and greatest delta; w the sums Σv, Σv·(L - vwap_ref), Σv·(L - vwap_ref)² for VWAP; p, v indices of the
POC's row and of the value area's first and last; ib, is indices of buy and sell imbalances; st stacked zones [1 buy
or -1 sell, first index, last index]; f "H", "L" or "HL" for unfinished auctions at the high and the low; e the last
trade's time (activity bars). Sizes are integers in 10**-sd. A row r covers the levels r * rows to r * rows + rows -
1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from orderflow.market.bars.series import ASK, BID, UNKNOWN, Bar, SessionCarry
from orderflow.market.studies.options import StudyOptions
from orderflow.market.studies.unfinished import unfinished

TALL = 40
"""Rows that a typical bar should have when the row size is chosen for the viewer."""


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


def bar_json(
    bar: Bar, vwap_ref: int, rows: int, size_decimals: int, options: StudyOptions, end: int | None = None
) -> dict[str, Any]:
    """One scalars bar, with the keys that the module names."""
    fold = bar.scalars
    if fold is None:
        raise ValueError("the bar is not scalars")
    level, cells = bar.level, bar.cells
    if rows > 1:
        row = level // rows
        new = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
        level, cells = row[new], np.add.reduceat(cells, new, axis=0)
    low, count = int(level[0]), len(level)
    bid, ask, unknown = cells[:, BID], cells[:, ASK], cells[:, UNKNOWN]
    at, deep, high = options.area(level, bid, ask, unknown)
    buys, sells = options.imbalances(level, bid, ask, size_decimals)
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
        "d": [fold.min_delta, fold.max_delta],
        "w": [_plain(value) for value in bar.vwap_sums(vwap_ref)],
        "p": at,
        "v": [deep, high],
    }
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


def base_json(first: int | None, carry: SessionCarry) -> list[int | float]:
    """[start of the first held bar in ms, delta and VWAP sums of its session before it]."""
    return [0 if first is None else first // 1_000_000, carry.delta, *(_plain(value) for value in carry.sums)]


def _plain(value: int) -> int | float:
    """An integer that JSON readers hold exactly, else its nearest float."""
    return value if abs(value) < 2**53 else float(value)
