"""Evaluates studies and marks of the footprint: when a bar closes, or while it forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from orderflow.arrays import Floats
from orderflow.errors import NotFound
from orderflow.market.bars.footprint import BarTable
from orderflow.market.decimals import unit_text
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.market.sessions import Session
from orderflow.tickers.alerts.alert import Kind, Source, Watch
from orderflow.tickers.alerts.bar_values import read_bars, values
from orderflow.tickers.alerts.book import Book, thresholds
from orderflow.tickers.alerts.closes import Closed
from orderflow.tickers.alerts.firing import Tally, choose
from orderflow.tickers.alerts.operators.operator import Bound
from orderflow.tickers.alerts.operators.registry import OPERATORS


@dataclass(frozen=True, slots=True)
class BarFinding:
    """A watch of bars has fired. value: of the study, or the price for a mark. time: the end of the bar, ns UTC; of a
    forming one that of its newest tick. bar: its start, if the frequency is by bar; of an activity bar always."""

    watch: Watch
    value: str
    time: int
    ordinal: int
    bar: int | None
    forming: bool = False


def evaluate_closed(
    market: MarketReader, watches: Sequence[Watch], bars: Closed, ordinal: int, session: Session, tally: Tally
) -> list[BarFinding]:
    """What fires at the bars that have closed. watches: of one symbol and frame. ordinal: of the chunk's first tick."""
    first, last = int(bars.start[0]), int(bars.start[-1])
    found: list[BarFinding] = []
    for source, group in groups(watches):
        read = _read(market, source, group[0], first, last, session)
        if read is None:
            continue
        table, at = read
        series = values(market, source, table, session, at)
        for i in at.tolist():
            where = int(np.searchsorted(bars.start, table.time[i]))
            if where == len(bars) or bars.start[where] != table.time[i]:
                continue  # its ticks came late, into a time without a bar
            end, closing = int(bars.end[where]), ordinal + int(bars.index[where])
            for watch in group:
                if end > watch.floor and closing >= watch.since and holds(watch, series, i):
                    text = finding_text(watch, series, table, i)
                    fired = choose(watch, [(i, end, int(table.time[i]))], tally)
                    found += [BarFinding(watch, text, end, closing, firing.bar) for firing in fired]
    return found


def evaluate_forming(
    market: MarketReader, watches: Sequence[Watch], book: Book, ordinal: int, tally: Tally
) -> list[BarFinding]:
    """What fires in the forming bars, seen once per revision. ordinal: of the newest tick."""
    found: list[BarFinding] = []
    previous = book.previous
    for source, group in groups(watches):
        start = book.closes[group[0].alert.frame.name].start
        if start is None or previous is None:
            continue
        read = _read(market, source, group[0], start, start, book.session)
        if read is None:
            continue
        table, at = read
        series = values(market, source, table, book.session, at)
        for i in at.tolist():
            for watch in group:
                if previous.time >= watch.floor and ordinal >= watch.since and holds(watch, series, i):
                    text = finding_text(watch, series, table, i)
                    fired = choose(watch, [(i, previous.time, start)], tally)
                    found += [
                        BarFinding(watch, text, previous.time, ordinal, firing.bar, forming=True) for firing in fired
                    ]
    return found


def groups(watches: Sequence[Watch]) -> list[tuple[Source, list[Watch]]]:
    """Watches by what they look at and by frame, so that it is computed once."""
    groups: dict[tuple[Source, str], list[Watch]] = defaultdict(list)
    for watch in watches:
        groups[watch.alert.source, watch.alert.frame.name].append(watch)
    return [(source, group) for (source, _), group in groups.items()]


def _read(
    market: MarketReader, source: Source, watch: Watch, first: int, last: int, session: Session
) -> tuple[BarTable, np.ndarray[tuple[int], np.dtype[np.intp]]] | None:
    frame: Frame = watch.alert.frame
    try:
        table = read_bars(market, source, watch.symbol, frame, first, last, session)
    except NotFound:
        return None
    at = np.flatnonzero(table.time >= first)
    return (table, at) if len(at) else None


def holds(watch: Watch, series: Floats, i: int) -> bool:
    """Whether bar `i` meets the condition of a watch. series: float64[n], of what it looks at."""
    now, before = series[i : i + 1], series[i - 1 : i] if i else np.array([np.nan])
    if np.isnan(now[0]):
        return False
    if watch.alert.source.kind is Kind.EVENT:
        return bool(now[0])
    operator = OPERATORS[watch.alert.operator]
    if operator.before and np.isnan(before[0]):
        return False
    if operator.moved is not None and watch.reference is None:
        watch.measure_from(Fraction(float(now[0])))
        return False
    found = bool(operator.holds(before, now, [Bound.of(value) for value in thresholds(watch)])[0])
    if found and operator.moved is not None:
        watch.measure_from(Fraction(float(now[0])))
    return found


def finding_text(watch: Watch, series: Floats, table: BarTable, i: int) -> str:
    """The value of an event as text: of the study, or the price for a mark."""
    if watch.alert.source.kind is Kind.EVENT:
        return unit_text(int(table.close[i]) * table.grid.tick_units, table.grid.price_decimals)
    return repr(float(series[i])).removesuffix(".0")
