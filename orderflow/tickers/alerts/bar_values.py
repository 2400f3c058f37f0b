"""Values of bars that alerts look at: of a column of a study, or whether a bar has a mark of the footprint."""

from __future__ import annotations

from typing import Any

import numpy as np

from orderflow.arrays import Floats
from orderflow.errors import NotFound
from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.market.sessions import Session
from orderflow.market.studies.registry import find
from orderflow.market.studies.study import Data, Result
from orderflow.tickers.alerts.alert import Kind, Source
from orderflow.tickers.alerts.footprint_marks import MARKS

BY_TICK = frozenset({"big_trades", "tape_speed"})
"""Studies that need the ticks."""
BY_BAR = frozenset(
    {"delta", "delta_extremes", "imbalance", "poc", "stacked", "value_area", "vwap", "divergence"}
    | {"stacked_imbalance", "unfinished_auction"}
)
"""Studies and marks that need a bar, or a few before it."""
LOOKBACK = 20
"""Bars before a session that are read as well, for studies that look back."""


def read_bars(
    market: MarketReader, source: Source, symbol: str, frame: Frame, first: int, last: int, session: Session
) -> BarTable:
    """The bars that start from `first` to `last` (ns UTC), with those of their session before, and some more."""
    opening = int(session.start_of(np.array([first]))[0])
    back = lookback(source)
    return market.bars(symbol, frame, start=min(opening, first) - back * frame.ns, end=last + 1)


def needs_session(source: Source) -> bool:
    """Whether a value depends on bars of the session before those of `lookback`."""
    return source.kind in (Kind.STUDY, Kind.EVENT) and source.name not in BY_BAR


def lookback(source: Source) -> int:
    """Bars before a bar that it may be compared with."""
    return max(LOOKBACK, int(str(dict(source.options).get("bars", 0))) + 1)


def values(market: MarketReader, source: Source, bars: BarTable, session: Session, wanted: Floats | Any) -> Floats:
    """float64[n]: a value for each bar, NaN where there is none; a mark is 1 or 0.

    wanted: indices of the bars whose marks are needed. Prices and sizes are in units of the symbol, not in levels.
    """
    if source.kind is Kind.EVENT:
        return _marks(source, bars, wanted)
    if source.name == "delta_extremes":  # the table has them
        return np.asarray(getattr(bars, source.column) / 10.0**bars.grid.size_decimals)
    study = find(source.name)
    given = dict(source.options)
    options = {o.name: o.parse(given[o.name]) if o.name in given else o.default for o in study.options}
    result = study.apply(_data(market, source.name, bars, session), **options)
    return by_bar(result, source.column, bars, _tick_bars(market, bars) if result.per == "tick" else None)


def _marks(source: Source, bars: BarTable, wanted: Any) -> Floats:
    mark = MARKS[source.name]
    given = dict(source.options)
    options = {o.name: o.parse(given[o.name]) if o.name in given else o.default for o in mark.options}
    found = np.full(len(bars), np.nan)
    for i in wanted:
        one, other = mark.of(bars, int(i), options)
        found[i] = one if source.column == mark.sides[0] else other if source.column else one or other
    return found


def _ticks(market: MarketReader, bars: BarTable) -> Any:
    by_time = Frame.parse(bars.frame).ns > 0
    try:
        ticks = market.ticks(bars.symbol, start=int(bars.time[0]), end=int(bars.end[-1]) + (not by_time)).ticks
    except NotFound:
        return None
    return ticks if by_time else ticks.take(slice(0, int(bars.trades.sum())))


def _tick_bars(market: MarketReader, bars: BarTable) -> Any:
    if not Frame.parse(bars.frame).ns:
        return np.repeat(np.arange(len(bars)), bars.trades)
    ticks = _ticks(market, bars)
    return np.searchsorted(bars.time, ticks.time, side="right") - 1


def _data(market: MarketReader, study: str, bars: BarTable, session: Session) -> Data:
    if study not in BY_TICK:
        none = np.empty(0, np.int64)
        return Data(bars, none, none, none, np.empty(0, np.int8), none, bars.grid.size_decimals)
    t = _ticks(market, bars)
    return Data(bars, t.time, t.level, t.size, t.side, session.start_of(t.time), bars.grid.size_decimals)


def by_bar(result: Result, column: str, bars: BarTable, tick_bars: Any = None) -> Floats:
    """float64[n] of one column: a mark of any row of the bar, the sum over its levels, the greatest of its ticks."""
    values = np.asarray(result.columns[column], np.float64)
    if column in result.prices:
        values = values * bars.grid.tick_units / 10.0**bars.grid.price_decimals
    elif column in result.sizes:
        values = values / 10.0**bars.grid.size_decimals
    at = result.at
    if result.per == "level":
        at = np.repeat(np.arange(len(bars)), np.diff(bars.offsets))[result.at]
    elif result.per == "tick":
        at = tick_bars[result.at]
    if result.per == "bar" and len(at) == len(bars):
        return values
    marks = result.columns[column].dtype == np.bool_
    found = np.zeros(len(bars)) if marks or result.per == "level" else np.full(len(bars), np.nan)
    if result.per == "level" and not marks:
        np.add.at(found, at, values)
    else:
        np.fmax.at(found, at, values)
    return found
