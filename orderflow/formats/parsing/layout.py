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
    SESSION = "trading day"
    """The day that a night session belongs to, beside DAY, which is the calendar's (see `trading_days`)."""
    MILLIS = "milliseconds"
    """The milliseconds of TIME, in a column of their own."""
    PRICE = "price"
    SIZE = "size"
    TOTAL = "running total"
    """The option `columns` names a SIZE that is the running total of the day so."""
    SIDE = "side"
    MAKER = "buyer is maker"
    ID = "trade id"
    SYMBOL = "symbol"
    SUFFIX = "symbol suffix"
    """The second part of the symbol, joined by a dot."""
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
    SESSIONS = "as SPLIT, with days that begin with the night session before"
    ACTION_DAYS = "as SESSIONS, with the exchange's ActionDay as the only day"
    COMPACT = "yyyyMMdd HHmmss, perhaps with a fraction"
    DAY_MILLIS = "milliseconds since midnight of the file's day"
    COUNTED = "a number of a given unit"
    FORMATTED = "by a given format"


TRADE, UNKNOWN = "trade", "unknown"
BROKEN = "\0"
"""The kind of a row that could not be taken apart: it is read as a trade, and so is an error."""
AMENDS = ("cancels", "corrections")
"""What a record's kind can mean beside the labels of rows that are skipped."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the words of ACTION mean: called with one, it returns TRADE, UNKNOWN, one of AMENDS, or a label.

    A label is what rows are that are skipped, in the plural. of: the meaning of each word, in lower case with single
    spaces. starts: of words that begin so. rest: of all others.
    """

    of: Mapping[str, str]
    starts: Mapping[str, str] = field(default_factory=dict)
    rest: str = UNKNOWN

    def __call__(self, word: str) -> str:
        plain = plain_word(word)
        if plain == BROKEN:
            return TRADE
        if plain in self.of:
            return self.of[plain]
        return next((label for start, label in self.starts.items() if plain.startswith(start)), self.rest)

    @property
    def amends(self) -> bool:
        """Whether a word can mean a cancel or a correction."""
        return any(meaning in AMENDS for meaning in (*self.of.values(), *self.starts.values(), self.rest))


def plain_word(word: str) -> str:
    """A word in lower case, with single spaces for underscores and hyphens."""
    return " ".join(word.lower().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class Column:
    """A column's position in the row, and its name as sent."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One format matched to one table.

    width: number of fields of a row; fields after the first `least` can be missing or empty. price_shift: prices are
    integers in units of 10**-price_shift. day: the file's date (ns since 1970) for DAY_MILLIS. time_unit: of
    TIME_UNITS, for COUNTED. time_format: a strptime pattern for FORMATTED. places: 0, or how many decimals the
    fractions of times count. clock_places: times of day are digits only, HHMMSS and so many decimals, perhaps without
    their first zeros; None for 09:30:00. signed: the size is below 0 for a sell. total: the size column is the running
    total of the day, whose rises are the sizes. positive: a price of 0 or below is always an error.
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
    kind: Kinds | None = None
    """How trades are told from other records by ACTION."""
    ids_count: bool = False
    """The venue documents that ids number an instrument's trades one by one."""
    time_unit: str = ""
    time_format: str = ""
    places: int = 0
    clock_places: int | None = None
    signed: bool = False
    total: bool = False
    positive: bool = False
    undecided: bool = False
    """The sample does not show which number of a date is the month: the whole column must."""
    doubtful: bool = False
    """The words of the side are bid and ask, under a name that does not tell which of them is a buy."""
    zone: tuple[str, str] = ("", "")
    """Whose times are those without a zone, and the IANA name of that zone, "" if it depends."""
    note: str = ""
    """A remark for the summary on how this format is read, for example "side is the maker's: inverted"."""

    @property
    def remark(self) -> str:
        """`note`, and whose times these are."""
        whose, zone = self.zone
        times = f"its times are {whose}: give {f'tz {zone}' if zone else 'its tz'}" if whose else ""
        return "; ".join(filter(None, [times, self.note]))

    def name(self, role: Role) -> str | None:
        """The column's name as sent, for error messages."""
        column = self.columns.get(role)
        return column.name if column else None
