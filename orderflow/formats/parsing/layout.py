"""What a format says about a table: the role of each column, and how to read its cells.

A `Layout` is a format matched to one file: columns by position, side words, time rule. The parsing paths know layouts
only, not venues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from orderflow.formats.parsing.times import DateOrder
from orderflow.formats.parsing.words import BUYER_IS_MAKER, TAKER, Words


class Role(Enum):
    """What a column can mean."""

    __hash__ = object.__hash__
    """Hash by identity: the hash of Enum is a Python function, and roles are looked up for every cell."""

    TIME = "time"
    DAY = "date"
    """The date alone; TIME then holds the time of day."""
    PRICE = "price"
    SIZE = "size"
    SIDE = "side"
    MAKER = "buyer is maker"
    ID = "trade id"
    SYMBOL = "symbol"
    BID = "bid"
    ASK = "ask"
    BID_VOLUME = "bid volume"
    ASK_VOLUME = "ask volume"
    ACTION = "action"
    """The type of record of the row; only trades are read."""


class TimeRule(Enum):
    """How the time column is written."""

    MOMENT = "ISO-8601 or epoch"
    SPLIT = "a date and a time of day in two columns"
    COMPACT = "yyyyMMdd HHmmss, perhaps with a fraction"
    DAY_MILLIS = "milliseconds since midnight of the file's day"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's position in the row, and its name as sent."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One format matched to one table.

    width: number of fields of a row; fields after the first `least` can be missing or empty. price_shift: prices are
    integers in units of 10**-price_shift. day: the file's date (ns since 1970) for DAY_MILLIS. actions: the values of
    ACTION that mean a trade.
    """

    format: str
    columns: Mapping[Role, Column]
    width: int
    least: int
    header: tuple[str, ...] = ()
    side_words: Words = field(default_factory=lambda: TAKER)
    maker_words: Words = field(default_factory=lambda: BUYER_IS_MAKER)
    time: TimeRule = TimeRule.MOMENT
    date_order: DateOrder = "ymd"
    day: int = 0
    price_shift: int = 0
    actions: frozenset[str] = frozenset()
    note: str = ""
    """A remark for the summary on how this format is read, for example "side is the maker's: inverted"."""

    def name(self, role: Role) -> str | None:
        """The column's name as sent, for error messages."""
        column = self.columns.get(role)
        return column.name if column else None
