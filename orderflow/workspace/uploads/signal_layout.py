"""The columns of a table of signals: a signal a row, or a trade a row with its entry and its exit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orderflow.errors import BadInput
from orderflow.formats.parsing.layout import Column
from orderflow.formats.parsing.times import DateOrder
from orderflow.formats.sniff import Sample
from orderflow.workspace.uploads.candle_layout import time_columns
from orderflow.workspace.uploads.names import SIGNAL_NAMES, TIMES, TRADE_NAMES, plain
from orderflow.workspace.uploads.numbers import NumberStyle, number_style
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.signal_words import side_of
from orderflow.workspace.uploads.table import NoLayout, column_cells, role_columns
from orderflow.workspace.uploads.times import date_order, is_time

ROLES = ("time", "clock", *SIGNAL_NAMES)
TRADE_ROLES = tuple(TRADE_NAMES)
ALL_ROLES = tuple(dict.fromkeys((*ROLES, *TRADE_ROLES)))
_BOTH = ("entry_time", "exit_time")
_OF_A_SIGNAL = tuple(name for name in TIMES if not name.startswith(("open", "close")))
_PRICES = ("price", "stop", "target", "entry_price", "exit_price")


@dataclass(frozen=True, slots=True)
class SignalLayout:
    """columns: by role. trades: whether a row is a trade with an entry and an exit. listed: whether two rows are a
    trade, as in TradingView's list, so that the rows are in the order of trades. order: of day, month and year.
    numbers: how they are written."""

    columns: Mapping[str, Column]
    trades: bool
    listed: bool
    order: DateOrder
    numbers: NumberStyle
    notes: tuple[str, ...] = ()

    @property
    def least(self) -> int:
        """The fewest columns of a row."""
        needed = ("entry_time",) if self.trades else ("time", "clock", "type")
        return 1 + max(column.index for role, column in self.columns.items() if role in needed)


def signal_layout(sample: Sample, options: ReadOptions) -> SignalLayout:
    """The layout of signals. Raises NoLayout, BadInput for a wrong mapping or what must be chosen by hand."""
    if unknown := sorted(set(options.columns) - {*ROLES, *TRADE_ROLES}):
        known = ", ".join(ALL_ROLES)
        raise BadInput(f"columns: {unknown[0]!r} is not a role of signals; there are {known}")
    trades = _trades(sample, options)
    columns = trades or _signals(sample, options)
    if trades is None and ("time" not in columns or not columns.keys() & {"type", "side"}):
        raise NoLayout("these are no signals: a time and a type (buy, sell, …) are needed")
    time = columns["entry_time" if trades else "time"]
    prices = [cell for role in _PRICES for cell in column_cells(sample, columns.get(role))]
    style = number_style(prices, options.decimal)
    if style is None:
        raise BadInput("prices can be read in two ways: choose the decimal mark, dot or comma")
    order = options.dates or date_order(column_cells(sample, time)) or "ymd"
    notes = ("a row is a trade: its entry and its exit are two signals",) if trades else ()
    return SignalLayout(columns, trades is not None, "trade" in columns, order, style, notes)  # type: ignore[arg-type]


def _trades(sample: Sample, options: ReadOptions) -> dict[str, Column] | None:
    """The columns of trades; None if a row is a signal."""
    given = {role: name for role, name in options.columns.items() if role in TRADE_ROLES}
    if "time" in options.columns and not options.columns.keys() & set(_BOTH):
        return None
    columns = role_columns(sample, TRADE_NAMES, given)
    if not columns.keys() >= set(_BOTH) or not columns.keys() & {"direction", "short", "size"}:
        return None
    entries = column_cells(sample, columns["entry_time"])
    return columns if entries and sum(map(is_time, entries)) >= 0.6 * len(entries) else None


def _signals(sample: Sample, options: ReadOptions) -> dict[str, Column]:
    given = {role: name for role, name in options.columns.items() if role in SIGNAL_NAMES}
    columns = role_columns(sample, SIGNAL_NAMES, given) if sample.header else {}
    if not sample.header and options.columns:
        columns = role_columns(sample, dict.fromkeys(given, ()), given)
    elif not sample.header:
        columns = _unnamed(sample)
    named = [plain(name) for name in sample.header]
    if "trade" in columns and "trade" not in given and not _repeats(sample, columns["trade"]):
        del columns["trade"]
    for role in ("side", "label"):
        if role in columns and role not in given and columns[role].index in _used(columns, role):
            del columns[role]
    if "side" not in columns and "side" not in given and "side" in named and columns.get("type", Column(-1, "")).name:
        other = Column(named.index("side"), sample.header[named.index("side")])
        if other.index != columns["type"].index:
            columns["side"] = other
    return {**columns, **time_columns(sample, options, _OF_A_SIGNAL)}


def _unnamed(sample: Sample) -> dict[str, Column]:
    """Columns of rows without a header, if they are a time and a word for a side."""
    cells = sample.column(1)
    if not cells or sum(side_of(cell) is not None for cell in cells) < 0.6 * len(cells):
        return {}
    order = ("time", "type", "price", "label", "color", "icon")[: sample.width]
    return {role: Column(index, f"column {index + 1}") for index, role in enumerate(order)}


def _used(columns: Mapping[str, Column], but: str) -> set[int]:
    return {column.index for role, column in columns.items() if role != but}


def _repeats(sample: Sample, column: Column) -> bool:
    """Whether a column numbers trades, of which each has two rows."""
    cells = column_cells(sample, column)
    return bool(cells) and all(cell.isdigit() for cell in cells) and len(set(cells)) <= 0.75 * len(cells) + 1
