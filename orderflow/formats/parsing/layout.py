"""What a format says about a table: which column means what, and how its cells are to be read.

A `Layout` is a format fitted to one concrete file: columns by position, sides by words, times by rule. The parsing
paths know layouts only, never venues.
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
    """By identity: the enum's own hash is a Python function, and roles are looked up for every cell."""

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
    """What kind of record the row is; only trades are read."""


class TimeRule(Enum):
    """How the time column is written."""

    MOMENT = "ISO-8601 or epoch"
    SPLIT = "a date and a time of day in two columns"
    COMPACT = "yyyyMMdd HHmmss, perhaps with a fraction"
    DAY_MILLIS = "milliseconds since midnight of the file's day"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's position in the row and its name as the sender wrote it."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One format fitted to one table.

    width: fields a row must have; spare fields beyond the `least` named ones may be missing or empty. price_shift:
    prices are whole multiples of 10**-price_shift. day: the file's date (ns) for DAY_MILLIS. actions: what ACTION says
    of a trade.
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
    """What a reader should know of this format's reading, for the summary ("side is the maker's: inverted")."""

    def name(self, role: Role) -> str | None:
        """The column's name as sent, for messages."""
        column = self.columns.get(role)
        return column.name if column else None
