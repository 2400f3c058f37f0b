"""Compact JSON of the changed bars that a chart polls for.

The marks (POC, value area, imbalances, stacked zones, unfinished auctions), CVD and VWAP are computed here with the
options in force, so that the browser does no calculations of its own. Keys of a bar:

  t, s     start of the bar and of its session (ms UTC)
  o h l c  open, high, low and close (levels)
  lo, k    first row, and the offsets of the rows from it (k is absent if they are 0, 1, 2 …)
  b, a, u  bid, ask and unknown volume of each row (u is absent if all zero)
  n        trades
  d        [delta, min delta, max delta]
  q        CVD at the bar's end
  w        [VWAP, standard deviation] at the bar's end, in levels (absent before any volume)
  p, v     index of the POC's row; indices of the first and the last row of the value area
  ib, is   indices of the rows with buy and sell imbalance
  st       stacked zones [1 buy or -1 sell, first index, last index]
  f        "H", "L" or "HL": unfinished auction at the high, the low, or both; on ticks, whatever the row size
  e        time of the last trade (ms UTC; activity bars only)

Sizes are integers in units of 10**-sd. Row r covers the levels r * rows to r * rows + rows - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.base_bars import BarScalars
from orderflow.market.bars.series import ASK, BID, NO_TOTALS, UNKNOWN, Bar, Totals
from orderflow.market.studies.options import StudyOptions
from orderflow.market.studies.poc import poc
from orderflow.market.studies.unfinished import unfinished
from orderflow.market.studies.vwap import vwap

NONE = np.empty(0, np.int64)
DIGITS = 6
"""Decimals of VWAP and sigma, which are in levels."""


def ladder(bar: Bar, rows: int) -> tuple[Ints, Ints, Ints, Ints]:
    """(row, bid, ask, unknown) of a bar, int64[m] each, with `rows` levels in a row."""
    level, cells = bar.level, bar.cells
    if rows > 1:
        row = level // rows
        new = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
        level, cells = row[new], np.add.reduceat(cells, new, axis=0)
    return level, cells[:, BID], cells[:, ASK], cells[:, UNKNOWN]


def poc_row(bar: Bar, rows: int) -> int:
    """The row of a bar's POC, cached on the bar until the bar changes."""
    if bar.poc is None or bar.poc[0] != rows:
        level, bid, ask, unknown = ladder(bar, rows)
        bar.poc = rows, int(level[poc(level, bid, ask, unknown)])
    return bar.poc[1]


class ProfileSpan(NamedTuple):
    """The bars of a chart's volume profile: start <= bar start <= end (ms UTC; None: up to the newest).

    session: all trades of the session that starts at `start`, whatever bars the chart holds.
    """

    start: int
    end: int | None = None
    session: bool = False


def profile_json(bars: Sequence[Bar], span: ProfileSpan, rows: int, options: StudyOptions) -> dict[str, Any]:
    """JSON of the bars' volume profile in rows of `rows` levels: `span`'s fields and `marks`, [POC, VAL, VAH] as rows.

    marks: None if nothing was traded. Of a session also lo, b, a, k and u: its rows, as a bar has them.
    """
    out: dict[str, Any] = {**span._asdict(), "marks": None}
    if not bars:
        return out
    level = np.concatenate([bar.level for bar in bars]) // rows
    cells = np.concatenate([bar.cells for bar in bars])
    found = options.profile(level, cells[:, BID], cells[:, ASK], cells[:, UNKNOWN])
    if found.volume.any():
        out["marks"] = [int(found.level[at]) for at in (found.poc, found.low, found.high) if at is not None]
    if span.session:
        out |= ladder_json(found.level, found.bid, found.ask, found.unknown)
    return out


def ladder_json(level: Ints, bid: Ints, ask: Ints, unknown: Ints) -> dict[str, Any]:
    """The keys lo, k, b, a and u of m rows. level: int64[m], their numbers, ascending."""
    low = int(level[0])
    out: dict[str, Any] = {"lo": low, "b": bid.tolist(), "a": ask.tolist()}
    if int(level[-1]) - low + 1 != len(level):
        out["k"] = (level - low).tolist()
    if unknown.any():
        out["u"] = unknown.tolist()
    return out


class HeldBars:
    """Adapter of live bars to `studies.study.Bars`: times in ms UTC, prices in rows of `rows` levels."""

    def __init__(self, bars: Sequence[Bar], rows: int, before: tuple[Ints, Ints] = (NONE, NONE)) -> None:
        """before: (starts in ms UTC, rows), int64[k] each, of earlier bars of which only the POC is left."""
        self._bars = bars
        self._rows = rows
        self._start, self._row = before

    @cached_property
    def time(self) -> Ints:
        return self._joined(self._start, [bar.start // 1_000_000 for bar in self._bars])

    @cached_property
    def session(self) -> Ints:
        return self._joined(self._start, [bar.session // 1_000_000 for bar in self._bars])

    @cached_property
    def poc(self) -> Ints:
        return self._joined(self._row, [poc_row(bar, self._rows) for bar in self._bars])

    @cached_property
    def high(self) -> Ints:
        return self._joined(self._row, [_scalars(bar).high // self._rows for bar in self._bars])

    @cached_property
    def low(self) -> Ints:
        return self._joined(self._row, [_scalars(bar).low // self._rows for bar in self._bars])

    @cached_property
    def delta(self) -> Ints:
        return self._joined(np.zeros_like(self._row), [bar.delta for bar in self._bars])

    @staticmethod
    def _joined(before: Ints, held: Sequence[int]) -> Ints:
        return np.concatenate([before, np.array(held, np.int64)])


def _scalars(bar: Bar) -> BarScalars:
    if bar.scalars is None:
        raise ValueError("the bar has no scalars")
    return bar.scalars


def bars_json(
    bars: Sequence[Bar],
    opening: Totals,
    vwap_ref: int,
    rows: int,
    size_decimals: int,
    options: StudyOptions,
    ends: Sequence[int | None],
) -> list[dict[str, Any]]:
    """JSON of consecutive bars in time order. opening: totals of the first bar's session before that bar.

    ends: of each, see `bar_json`.
    """
    found = []
    session = bars[0].session if bars else 0
    for bar, end in zip(bars, ends, strict=True):
        if bar.session != session:
            session, opening = bar.session, NO_TOTALS
        bar.opening = opening
        found.append(bar_json(bar, vwap_ref, rows, size_decimals, options, end))
        opening = opening.plus(bar, vwap_ref)
    return found


def running_json(bar: Bar, vwap_ref: int) -> tuple[int, list[float] | None]:
    """(CVD in size units, [VWAP, sigma] in levels or None before any volume) at the bar's end."""
    total = (bar.opening or NO_TOTALS).plus(bar, vwap_ref)
    line = vwap(total.sums, vwap_ref)
    return total.delta, None if line is None else [round(line.vwap, DIGITS), round(line.sigma, DIGITS)]


def bar_json(
    bar: Bar, vwap_ref: int, rows: int, size_decimals: int, options: StudyOptions, end: int | None = None
) -> dict[str, Any]:
    """JSON of one bar, with the keys listed in the module. Raises ValueError if its scalars are not computed."""
    scalars = _scalars(bar)
    level, bid, ask, unknown = ladder(bar, rows)
    at, deep, high = options.area(level, bid, ask, unknown)
    bar.poc = rows, int(level[at])
    buys, sells = options.imbalances(level, bid, ask, size_decimals)
    total, line = running_json(bar, vwap_ref)
    out: dict[str, Any] = {
        "t": bar.start // 1_000_000,
        "s": bar.session // 1_000_000,
        "o": scalars.open,
        "h": scalars.high,
        "l": scalars.low,
        "c": scalars.close,
        **ladder_json(level, bid, ask, unknown),
        "n": scalars.trades,
        "d": [bar.delta, scalars.min_delta, scalars.max_delta],
        "q": total,
        "p": at,
        "v": [deep, high],
    }
    if line is not None:
        out["w"] = line
    for key, flags in (("ib", buys), ("is", sells)):
        if flags.any():
            out[key] = np.flatnonzero(flags).tolist()
    zones = options.zones(level, buys, sells)
    if zones:
        out["st"] = zones
    at_high, at_low = unfinished(bar.cells[:, BID], bar.cells[:, ASK])
    if at_high or at_low:
        out["f"] = ("H" if at_high else "") + ("L" if at_low else "")
    if end is not None:
        out["e"] = end // 1_000_000
    return out
