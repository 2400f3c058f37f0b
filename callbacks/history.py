"""Bars older than those a chart holds: the reader pans back beyond memory, and the tick log still has them.

The live poll sends what memory keeps of a frame. What was let go is read here, in pieces, in the poll's wire format:
the page puts it in front of its bars, and every mark is found by the same studies.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from orderflow.errors import OrderflowError
from orderflow.market.bars.base_bars import BarScalars
from orderflow.market.bars.footprint import BarTable
from orderflow.market.bars.series import Bar, SessionCarry
from orderflow.market.chart_json import bar_json, base_json
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.options import StudyOptions

PIECE = 300
"""Bars of one answer, about."""
REACH = 12
"""How often the window is made four times as wide when a stretch without trades comes first."""


def older(market: Market, ask: Any) -> dict[str, Any] | None:
    """The bars before those that the page holds; None for a question that makes no sense.

    ask: [epoch, symbol, frame, first held bar in ms, rows, vwap_ref, marks], as the page keeps them. The answer repeats
    `ask`, and has `bars` and `base` as in the poll's answers; `bars` is empty when there is nothing before.
    """
    given = _read(ask)
    if given is None:
        return None
    epoch, symbol, name, first, rows, vwap_ref, chosen = given
    try:
        frame, options = Frame.parse(name), StudyOptions.parse(chosen)
        if not frame.ns or market.epoch_of(symbol) != epoch:
            return {"ask": ask, "bars": []}
        table = _before(market, symbol, frame, first * 1_000_000)
        bars = [_bar(table, i) for i in range(len(table))]
        if not bars:
            return {"ask": ask, "bars": []}
        return {
            "ask": ask,
            "base": base_json(bars[0].start, _carry(market, symbol, frame, table, vwap_ref)),
            "bars": [bar_json(bar, vwap_ref, rows, table.grid.size_decimals, options) for bar in bars],
        }
    except OrderflowError:
        return {"ask": ask, "bars": []}  # the symbol has gone meanwhile: there is nothing older


def _read(ask: Any) -> tuple[str, str, str, int, int, int, Any] | None:
    if not isinstance(ask, list) or len(ask) != 7:
        return None
    epoch, symbol, frame, first, rows, vwap_ref, marks = ask
    texts = all(isinstance(value, str) for value in (epoch, symbol, frame))
    numbers = all(isinstance(value, int) and not isinstance(value, bool) for value in (first, rows, vwap_ref))
    if not (texts and numbers and 0 < first < 2**43 and 0 < rows <= 1_000_000 and isinstance(marks, dict | None)):
        return None
    return epoch, symbol, frame, first, rows, vwap_ref, marks


def _before(market: Market, symbol: str, frame: Frame, end: int) -> BarTable:
    """The last bars that start before `end` (ns): a window that grows until it holds one, or there is nothing left."""
    start = next((info.first for info in market.symbols() if info.symbol == symbol), end)
    width = PIECE * frame.ns
    for _ in range(REACH):
        table = market.bars(symbol, frame, start=end - width, end=end)
        if len(table) or end - width <= start:
            return table.take(max(0, len(table) - 2 * PIECE), len(table))
        width *= 4
    return market.bars(symbol, frame, start=end, end=end)


def _bar(table: BarTable, i: int) -> Bar:
    rows = slice(int(table.offsets[i]), int(table.offsets[i + 1]))
    cells = [table.level_ask[rows], table.level_bid[rows], table.level_unknown[rows], table.level_trades[rows]]
    scalars = BarScalars(*(int(getattr(table, name)[i]) for name in BarScalars.__slots__))
    return Bar(int(table.time[i]), int(table.session[i]), table.level[rows], np.column_stack(cells), 0, scalars)


def _carry(market: Market, symbol: str, frame: Frame, table: BarTable, vwap_ref: int) -> SessionCarry:
    """What the session of the first bar gathered before it."""
    prior = market.bars(symbol, frame, start=int(table.session[0]), end=int(table.time[0]))
    carry = SessionCarry(int(table.session[0]))
    for i in range(len(prior)):
        if prior.session[i] == table.session[0]:
            carry.add(_bar(prior, i), vwap_ref)
    return carry
