"""Bars older than those a chart holds: the reader pans back beyond memory, and the tick log still has them.

The live poll sends what memory keeps of a frame. What was let go is read here, in pieces, in the poll's wire format:
the page puts it in front of its bars, and every mark is found by the same studies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from orderflow.errors import OrderflowError
from orderflow.market.bars.footprint import BarTable, bars_of
from orderflow.market.bars.series import NO_TOTALS, Totals
from orderflow.market.chart_json import bars_json
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.market.studies.options import StudyOptions

PIECE = 300
"""Bars of one answer, about."""
REACH = 12
"""How often the window is made four times as wide when a stretch without trades comes first."""


@dataclass(frozen=True, slots=True)
class OlderRequest:
    """What the page asks for: bars of `symbol` and `frame` before `first` (start of its first bar, ms), with `rows`
    ticks a row, VWAP sums relative to level `ref` and marks by the definitions `marks`."""

    epoch: str
    symbol: str
    frame: str
    first: int
    rows: int
    ref: int
    marks: dict[str, Any] | None = None

    @staticmethod
    def parse(given: object) -> OlderRequest | None:
        """The request that the browser sent, or None when it makes no sense."""
        try:
            request = msgspec.convert(given, OlderRequest)
        except msgspec.ValidationError:
            return None
        sane = 0 < request.first < 2**43 and 0 < request.rows <= 1_000_000 and abs(request.ref) < 2**53
        return request if sane else None


def older(market: MarketReader, given: object) -> dict[str, Any] | None:
    """The bars before those that the page holds; None for a request that makes no sense.

    given: the fields of `OlderRequest`. The answer repeats them in `request`, and has `bars`, `rows` and `cut` as the
    poll's answers do; `bars` is empty when there is nothing before.
    """
    request = OlderRequest.parse(given)
    if request is None:
        return None
    nothing = {"request": given, "bars": []}
    try:
        frame, options = Frame.parse(request.frame), StudyOptions.parse(request.marks)
        if not frame.ns or market.epoch_of(request.symbol) != request.epoch:
            return nothing
        table = _before(market, request.symbol, frame, request.first * 1_000_000)
        bars = bars_of(table)
        if not bars:
            return nothing
        opening = _opening(market, request.symbol, frame, table, request.ref)
        return {
            "request": given,
            "rows": request.rows,
            "cut": opening.sums.s0 > 0,
            "bars": bars_json(bars, opening, request.ref, request.rows, table.grid.size_decimals, options),
        }
    except OrderflowError:
        return nothing  # the symbol has gone meanwhile


def _before(market: MarketReader, symbol: str, frame: Frame, end: int) -> BarTable:
    """The last bars that start before `end` (ns): a window that grows until it holds one, or there is nothing left."""
    start = next((info.first for info in market.symbols() if info.symbol == symbol), end)
    width = PIECE * frame.ns
    for _ in range(REACH):
        table = market.bars(symbol, frame, start=end - width, end=end)
        if len(table) or end - width <= start:
            return table.take(max(0, len(table) - 2 * PIECE), len(table))
        width *= 4
    return market.bars(symbol, frame, start=end, end=end)


def _opening(market: MarketReader, symbol: str, frame: Frame, table: BarTable, vwap_ref: int) -> Totals:
    """What the session of the first bar gathered before it."""
    prior = market.bars(symbol, frame, start=int(table.session[0]), end=int(table.time[0]))
    totals = NO_TOTALS
    for bar in bars_of(prior):
        if bar.session == table.session[0]:
            totals = totals.plus(bar, vwap_ref)
    return totals
