"""Cursor pagination of bars, footprints and ticks.

A cursor is a time and the number of rows of that time on earlier pages, so rows with equal times may be split between
two pages. Ticks are read in time windows whose width adapts to their number, so a page costs at most a few times its
rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from orderflow.market.bars.footprint import BarTable
from orderflow.market.buffer import Columns, join
from orderflow.market.columns import tick_columns
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.market.symbol import TickTable
from orderflow.web.market.tables import UNITS, Table, Unit, finest

MAX_ROWS = 200_000
"""Maximum rows of one page."""
ROWS_A_BAR = 8
"""Price levels that a bar is assumed to have at least; a page of smaller bars is only shorter."""
WINDOW = 15 * 60 * 10**9
"""Width of the first time window, ns."""
FULL = 50_000
"""Ticks in a window above which the next window is narrower."""


@dataclass(frozen=True)
class Cursor:
    """Start of a page: at `time` (ns), after `skip` rows of that time."""

    time: int
    skip: int = 0

    def __str__(self) -> str:
        return f"{self.time}.{self.skip}" if self.skip else str(self.time)

    @staticmethod
    def parse(text: str) -> Cursor:
        """The cursor in the URL of a `next` page. Raises ValueError if the text is not a cursor."""
        match = re.fullmatch(r"([0-9]{1,19})(?:\.([0-9]{1,9}))?", text)
        if not match or int(match[1]) >= 2**63:
            raise ValueError("must be the cursor of a page's `next`")
        return Cursor(int(match[1]), int(match[2] or 0))


@dataclass(frozen=True)
class Span:
    """A requested range: start <= time < end (ns, None: unbounded), from the cursor on, at most `limit` rows."""

    start: int | None = None
    end: int | None = None
    cursor: Cursor | None = None
    limit: int = MAX_ROWS

    @property
    def begin(self) -> int | None:
        return self.start if self.cursor is None else max(self.cursor.time, self.start or 0)

    @property
    def skip(self) -> int:
        return 0 if self.cursor is None or self.begin != self.cursor.time else self.cursor.skip


def bars_page(
    market: MarketReader, symbol: str, frame: Frame, span: Span, group: int = 1
) -> tuple[BarTable, Cursor | None]:
    """Up to `limit` bars and the cursor of the next page, None on the last. Raises NotFound."""
    wanted = span.skip + span.limit
    bars = market.bars(symbol, frame, start=span.begin, end=span.end, limit=wanted + 1, group=group)
    first = min(span.skip, len(bars))
    if len(bars) <= wanted:
        return bars.take(first, len(bars)), None
    return bars.take(first, wanted), _at(bars.time, wanted)


def footprint_page(
    market: MarketReader, symbol: str, frame: Frame, span: Span, group: int = 1
) -> tuple[BarTable, Cursor | None]:
    """Whole bars with at most `limit` levels in all, but at least one bar, and the next cursor. Raises NotFound."""
    wanted = span.skip + max(1, span.limit // ROWS_A_BAR)
    bars = market.bars(symbol, frame, start=span.begin, end=span.end, limit=wanted + 1, group=group)
    first = min(span.skip, len(bars))
    last = int(np.searchsorted(bars.offsets, bars.offsets[first] + span.limit, "right")) - 1
    last = min(max(last, first + 1), wanted)
    if last >= len(bars):
        return bars.take(first, len(bars)), None
    return bars.take(first, last), _at(bars.time, last)


def ticks_page(market: MarketReader, symbol: str, span: Span) -> tuple[TickTable, Cursor | None]:
    """Up to `limit` ticks and the cursor of the next page, None on the last. Raises NotFound."""
    wanted = span.skip + span.limit
    parts: list[TickTable] = []
    count = 0
    for window in tick_windows(market, symbol, span.begin, span.end):
        parts.append(window)
        count += len(window.ticks)
        if count > wanted:
            break
    last = parts[-1] if parts else market.ticks(symbol, start=0, end=0)
    # a tick that arrived meanwhile may have refined the price grid: read the earlier windows again
    if any(part.grid != last.grid for part in parts):
        return ticks_page(market, symbol, span)
    ticks = join([part.ticks for part in parts]) if parts else Columns.empty()
    page = TickTable(symbol, last.grid, ticks.take(slice(span.skip, wanted)))
    return page, _at(ticks.time, wanted) if len(ticks) > wanted else None


def tick_windows(market: MarketReader, symbol: str, start: int | None, end: int | None) -> Iterator[TickTable]:
    """The ticks with start <= time < end, window by window, without empty windows. Raises NotFound."""
    empty = market.ticks(symbol, start=0, end=0, limit=1)  # raises for an unknown symbol, whatever the times
    info = next((known for known in market.symbols() if known.symbol == empty.symbol), None)
    if info is None:
        return
    at = info.first if start is None else max(start, info.first)
    stop = info.last + 1 if end is None else min(end, info.last + 1)
    width = WINDOW
    while at < stop:
        window = market.ticks(symbol, start=at, end=min(at + width, stop))
        at += width
        if len(window.ticks) > FULL:
            width = max(width // 2, 10**9)
        elif len(window.ticks) < FULL // 4:
            width *= 2
        if len(window.ticks):
            yield window


def csv_ticks(market: MarketReader, symbol: str, span: Span) -> Iterator[bytes]:
    """All ticks of the span as CSV, window by window. The number of digits of times may grow, but never shrinks."""
    unit: Unit = "ms"
    skip, header = span.skip, True
    for window in tick_windows(market, symbol, span.begin, span.end):
        ticks = window.ticks.take(slice(skip, None))
        skip -= min(skip, len(window.ticks))
        unit = min(unit, finest([ticks.time]), key=lambda name: UNITS[name])
        yield from Table(tick_columns(TickTable(symbol, window.grid, ticks)), unit).csv(header)
        header = False
    if header:
        yield from Table(tick_columns(market.ticks(symbol, start=0, end=0)), unit).csv()


def in_worker(run: Callable[..., bytes | None], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Iterate over `pieces`, computing each with `run` (in a worker thread)."""
    while (piece := run(next, pieces, None)) is not None:
        yield piece


def _at(times: np.ndarray[tuple[int], np.dtype[np.int64]], i: int) -> Cursor:
    """The cursor of row i."""
    time = int(times[i])
    return Cursor(time, i - int(np.searchsorted(times, time)))
