"""Roles of a table's columns by their values, where names do not tell, and the order of dates by a whole column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import gcd

from orderflow.formats.base import KINDS
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.times import DATED, DateOrder, digit_clock, moment
from orderflow.formats.parsing.words import BUY, SELL, TAKER, Words
from orderflow.formats.parsing.zones import SECOND, Zone
from orderflow.formats.sniff import Sample

BARS = ("open", "high", "low", "close")
SIDE_NAMES = ("type", "tradetype")
"""Names of columns that hold the side in some tables, and something else in others."""
TYPE_WORDS: Words = {**TAKER, "bid": BUY, "ask": SELL}
"""The words of a side column called type: the taker's order, so that a bid buys."""
_PLAIN_SIDES = frozenset({"buy", "sell", "buyer", "seller", "b", "s", "bid", "ask"})
_STAMP = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}[TD ][0-9]{1,2}:[0-9]{2}.*", re.ASCII)
_DATE = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{4}|(?:19|20)[0-9]{6}")
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)
_DIGIT_STAMP = re.compile(r"(?:19|20)[0-9]{2}[01][0-9][0-3][0-9][0-2][0-9][0-5][0-9]{3}(?:\.?[0-9]{1,9})?", re.ASCII)
"""A date and a time of day in digits, like 20240301093000500."""
_SLASHED = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.][0-9]{4}(?:[T ,].*)?", re.ASCII)


def guess_roles(sample: Sample, columns: dict[Role, Column]) -> None:
    """Add the time, the side and the price of ticks that are written as bars, if the values leave no doubt."""
    days = [cell for cell in sample.column(columns[Role.TIME].index) if cell] if Role.TIME in columns else []
    if Role.TIME not in columns or (days and all(map(_is_date, days))):
        clock = _only(sample, KINDS["clock"]) if days or _only(sample, _is_date) else None
        found = clock or (None if days else _only(sample, _is_stamp))
        if found:
            columns[Role.TIME] = found
    if Role.SIDE not in columns and Role.MAKER not in columns and (side := _side(sample, columns)):
        columns[Role.SIDE] = side
    if Role.PRICE not in columns and ticks_as_bars(sample, columns.get(Role.TIME)):
        columns[Role.PRICE] = Column(sample.normal["close"], sample.header[sample.normal["close"]])


def date_column(sample: Sample, besides: Layout) -> Column | None:
    """The one column of dates without a time of day that has no role yet."""
    taken = {column.index for column in besides.columns.values()}
    return _only(sample, _is_date, taken)


def are_digit_stamps(cells: Iterable[str]) -> bool:
    """Whether all times that are given are dates and times of day in digits, like 20240301093000500."""
    found = [cell for cell in cells if cell]
    return bool(found) and all(_DIGIT_STAMP.fullmatch(cell) for cell in found)


def digit_places(cells: Iterable[str]) -> int | None:
    """The decimals of times of day that are digits only, like 093000 or 093000500; None if these are something else.

    Times without their first zeros can as well count from midnight: one of them must show that it does not. Raises
    ParseError if none does.
    """
    found = [cell for cell in cells if cell]
    if not found or not all(_DIGITS.fullmatch(cell) for cell in found):
        return None
    longest = max(map(len, found))
    places = next(size for size in (0, 3, 6, 9) if longest <= 6 + size)
    if longest < 5 + places:
        return None
    try:
        for cell in found:
            digit_clock(cell, places)
    except ParseError:
        return None
    if longest < 6 + places and max(map(int, found)) < 86_400 * 10**places:
        raise ParseError(
            f"{found[0]} can be the digits of a time of day or a count from midnight; write times like 09:30:00"
        )
    return places


def order_of(texts: Iterable[str]) -> DateOrder | None:
    """The order of dates whose year is at the end, by those with a number above 12; None if no date decides.

    Dates that would need both orders are left to the majority: the others are errors in their rows.
    """
    days_first = months_first = 0
    for text in texts:
        if match := _SLASHED.fullmatch(text):
            one, two = int(match[1]), int(match[2])
            days_first += 12 < one <= 31 and two <= 12
            months_first += 12 < two <= 31 and one <= 12
    if days_first == months_first:
        return None
    return "dmy" if days_first > months_first else "mdy"


def needs_order(texts: Iterable[str]) -> bool:
    """Whether there is a date whose year is at the end."""
    return any(_SLASHED.fullmatch(text) for text in texts)


def ticks_as_bars(sample: Sample, time: Column | None) -> bool:
    """Whether bars are single trades: one price in every row, and times that lie on no grid of bars."""
    if time is None or not sample.rows or not sample.normal.keys() >= set(BARS):
        return False
    prices = [sample.column(sample.normal[name]) for name in BARS]
    if any(len(set(row)) > 1 for row in zip(*prices, strict=False)):
        return False
    step = 0
    zone = Zone("UTC")
    for cell in sample.column(time.index):
        try:
            step = gcd(step, moment(cell, zone))
        except ParseError:
            return False
    return step % SECOND != 0


def _only(sample: Sample, fits: Callable[[str], bool], taken: Iterable[int] = ()) -> Column | None:
    found = [
        index
        for index in range(len(sample.header))
        if index not in set(taken) and (cells := [c for c in sample.column(index) if c]) and all(map(fits, cells))
    ]
    return Column(found[0], sample.header[found[0]]) if len(found) == 1 else None


def _side(sample: Sample, columns: dict[Role, Column]) -> Column | None:
    taken = {column.index for column in columns.values()}
    for name in SIDE_NAMES:
        index = sample.normal.get(name)
        if index is not None and _is_side(_words(sample, index)):
            return Column(index, sample.header[index])
    found = [k for k in range(len(sample.header)) if k not in taken and _words(sample, k) & _PLAIN_SIDES]
    found = [k for k in found if _words(sample, k) <= _PLAIN_SIDES | {"unknown"}]
    return Column(found[0], sample.header[found[0]]) if len(found) == 1 else None


def _is_side(words: set[str]) -> bool:
    """Whether a column called type holds sides: words of a side, or two of the numbers that venues use."""
    if words <= {"0", "1", "2", "-1"}:
        return "1" in words and len(words) > 1
    return bool(words) and words <= TYPE_WORDS.keys()


def _words(sample: Sample, index: int) -> set[str]:
    return {cell.lower() for cell in sample.column(index) if cell}


def _is_stamp(cell: str) -> bool:
    return bool(_STAMP.fullmatch(cell) or DATED.fullmatch(cell))


def _is_date(cell: str) -> bool:
    return bool(_DATE.fullmatch(cell))
