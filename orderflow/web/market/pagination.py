"""Cursor pagination of bars, footprints and ticks.

A cursor is a time and the number of rows of that time on earlier pages, so rows with equal times may be split between
two pages. Ticks are read in runs, so a page costs at most a few times its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.footprint import BarTable
from orderflow.market.buffer import Columns, join
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.market.symbol import TickTable
from orderflow.web.market.rows import Rows, bar_rows, chained, footprint_rows, tick_rows

MAX_ROWS = 200_000
"""Maximum rows of one page."""
ROWS_A_BAR = 8
"""Price levels that a bar is assumed to have at least; a page of smaller bars is only shorter."""
RUN = 50_000
"""Ticks read at once, about."""


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
    skip = _rows_to_skip(market, symbol, frame, span)
    wanted = skip + span.limit
    bars = market.bars(symbol, frame, start=span.begin, end=span.end, limit=wanted + 1, group=group)
    first = min(skip, len(bars))
    if len(bars) <= wanted:
        return bars.take(first, len(bars)), None
    return bars.take(first, wanted), _at(bars.time, wanted)


def footprint_page(
    market: MarketReader, symbol: str, frame: Frame, span: Span, group: int = 1
) -> tuple[BarTable, Cursor | None]:
    """Whole bars with at most `limit` levels in all, but at least one bar, and the next cursor. Raises NotFound."""
    skip = _rows_to_skip(market, symbol, frame, span)
    wanted = skip + max(1, span.limit // ROWS_A_BAR)
    bars = market.bars(symbol, frame, start=span.begin, end=span.end, limit=wanted + 1, group=group)
    first = min(skip, len(bars))
    last = int(np.searchsorted(bars.offsets, bars.offsets[first] + span.limit, "right")) - 1
    last = min(max(last, first + 1), wanted)
    if last >= len(bars):
        return bars.take(first, len(bars)), None
    return bars.take(first, last), _at(bars.time, last)


def _rows_to_skip(market: MarketReader, symbol: str, frame: Frame, span: Span) -> int:
    """The cursor's rows to skip, at most those that there are at its time: a cursor may be made up."""
    if not span.skip or span.begin is None:
        return 0
    return min(span.skip, len(market.bars(symbol, frame, start=span.begin, end=span.begin + 1)))


def ticks_page(market: MarketReader, symbol: str, span: Span) -> tuple[TickTable, Cursor | None]:
    """Up to `limit` ticks and the cursor of the next page, None on the last. Raises NotFound."""
    parts: list[TickTable] = []
    count = 0
    for run in tick_runs(market, symbol, span, min(RUN, span.limit + 1)):
        parts.append(run)
        count += len(run.ticks)
        if count > span.limit:
            break
    last = parts[-1] if parts else market.ticks(symbol, start=0, end=0)
    # a tick that arrived meanwhile may have refined the price grid: read the earlier runs again
    if any(part.grid != last.grid for part in parts):
        return ticks_page(market, symbol, span)
    ticks = join([part.ticks for part in parts]) if parts else Columns.empty()
    page = TickTable(symbol, last.grid, ticks.take(slice(0, span.limit)))
    if len(ticks) <= span.limit:
        return page, None
    following = _at(ticks.time, span.limit)
    if following.time == span.begin:  # rows of that time are on earlier pages too
        following = replace(following, skip=following.skip + span.skip)
    return page, following


def tick_runs(market: MarketReader, symbol: str, span: Span, most: int) -> Iterator[TickTable]:
    """The ticks of the span in runs of about `most`, without the rows that the cursor skips. Raises NotFound."""
    skip = span.skip
    for run in market.tick_runs(symbol, span.begin, span.end, most):
        ticks = run.ticks
        if skip:
            begin = min(skip, int(np.searchsorted(ticks.time, span.begin or 0, "right")))
            ticks, skip = ticks.take(slice(begin, None)), 0  # ticks of one time are in one run
        if len(ticks):
            yield TickTable(symbol, run.grid, ticks)


def all_ticks(market: MarketReader, symbol: str, span: Span) -> Rows:
    """All ticks of the span, read run by run as they are written. Raises NotFound."""
    empty = market.ticks(symbol, start=0, end=0)  # raises for an unknown symbol
    return chained(map(tick_rows, tick_runs(market, symbol, span, RUN)), tick_rows(empty), "ms")


def all_bars(
    market: MarketReader, symbol: str, frame: Frame, span: Span, group: int = 1, *, footprint: bool = False
) -> Rows:
    """All bars of the span, or the rows of their footprints, read about a session at a time. Raises NotFound."""
    rows = footprint_rows if footprint else bar_rows
    empty = market.bars(symbol, frame, start=0, end=0)

    def tables() -> Iterator[BarTable]:
        skip = _rows_to_skip(market, symbol, frame, span)
        for table in market.bar_tables(symbol, frame, span.begin, span.end, group):
            first = min(skip, len(table))
            skip -= first
            if first < len(table):
                yield table.take(first, len(table))

    return chained(map(rows, tables()), rows(empty), "s")


def _at(times: Ints, i: int) -> Cursor:
    """The cursor of row i."""
    time = int(times[i])
    return Cursor(time, i - int(np.searchsorted(times, time)))
