"""Parse a column of times in any form that can be told for sure, as integers.

A text is split into day, time of day and zone; each distinct day and time of day is parsed once. The unit of an epoch
follows from its magnitude: between 1980 and 2100 the ranges of s, ms, µs and ns do not overlap. Times without a zone
stay wall times here: `orderflow.workspace.uploads.order` converts them when the order of the rows is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Codes, Ints
from orderflow.formats.parsing.parse_errors import ParseError, shown
from orderflow.formats.parsing.times import END, FIRST, UNITS, DateOrder
from orderflow.formats.parsing.zones import DAY, SECOND

EARLIEST = -2_208_988_800 * SECOND
"""1900-01-01T00:00:00Z, the earliest time that a text may have (ns); epochs begin with 1980."""
WALL, ZONED, EPOCH = -1, 0, 1
"""Kinds of times: without a zone, with one, and from EPOCH on epochs in s, ms, µs and ns."""
UNIT_WORDS = ("s", "ms", "µs", "ns")

_DAY_TEXT = (
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[0-9]{8}|[0-9]{1,2}[- ][A-Za-z]{3,9}\.?[- ][0-9]{2,4}"
    r"|[A-Za-z]{3,9}\.? [0-9]{1,2},? [0-9]{4}"
)
_CLOCK_TEXT = r"[0-9]{1,2}(?::?[0-9]{2}){0,2}(?:[.,][0-9]{1,9})?(?:[ -]?[AaPp]\.?[Mm]\.?)?"
_ZONE_TEXT = r"Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?"
_PARTS = rf"^(?P<day>{_DAY_TEXT})(?:(?:T|, ?| +)(?P<clock>{_CLOCK_TEXT}))?(?: ?(?P<zone>{_ZONE_TEXT}))?$"
_EPOCHS = r"^[0-9]{9,19}(\.[0-9]{1,9})?$"
_NUMBERS = re.compile(r"([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})", re.ASCII)
_WORDED = re.compile(r"([0-9]{1,2})[- ]([A-Za-z]{3})[a-z]*\.?[- ]([0-9]{2,4})", re.ASCII)
_AMERICAN = re.compile(r"([A-Za-z]{3})[a-z]*\.? ([0-9]{1,2}),? ([0-9]{4})", re.ASCII)
_CLOCK = re.compile(
    r"([0-9]{1,2})(?::?([0-9]{2}))?(?::?([0-9]{2}))?(?:[.,]([0-9]{1,9}))?(?:[ -]?([AaPp])\.?[Mm]\.?)?", re.ASCII
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HOW = "write times like 2025-10-09T18:00:00Z, or as epochs in s, ms, µs or ns"
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Times:
    """n times. time: int64[n] ns, UTC or on the wall. kind: int8[n]. bad: reasons by position; the time is 0 there."""

    time: Ints
    kind: Codes
    bad: dict[int, str]


def parse_times(texts: pa.Array, order: DateOrder, clocks: pa.Array | None = None) -> Times:
    """Parse a column of texts without nulls, or of days with a column of times of day."""
    if clocks is not None:
        texts = pc.binary_join_element_wise(texts, _coloned(clocks), " ")
    count = len(texts)
    time, kind = np.zeros(count, np.int64), np.full(count, WALL, np.int8)
    bad: dict[int, str] = {}
    epoch = np.asarray(pc.match_substring_regex(texts, _EPOCHS))
    if epoch.any():
        _epochs(texts, np.flatnonzero(epoch), time, kind, bad)
    if not epoch.all():
        _texts(texts, np.flatnonzero(~epoch), order, time, kind, bad)
    return Times(time, kind, bad)


def one_time(text: str, order: DateOrder) -> tuple[int, int]:
    """Parse one text as (ns, kind). Raises ParseError."""
    found = parse_times(pa.array([text], pa.string()), order)
    if found.bad:
        raise ParseError(found.bad[0])
    return int(found.time[0]), int(found.kind[0])


def unit_kinds(values: Ints) -> Codes:
    """The kinds int8[n] of whole epochs: EPOCH + the index in UNITS; WALL where none fits."""
    kinds = np.full(len(values), WALL, np.int8)
    for index, unit in enumerate(UNITS):
        kinds[(values >= FIRST // unit) & (values < END // unit)] = EPOCH + index
    return kinds


def date_order(days: list[str]) -> DateOrder | None:
    """The order of day, month and year in texts such as 10/09/2025; None if nothing tells it."""
    parts = [match for text in days if (match := _NUMBERS.match(text))]
    if not parts or all(len(match[1]) == 4 for match in parts):
        return "ymd"
    if any(int(match[1]) > 12 for match in parts):
        return "dmy"
    if any(int(match[2]) > 12 for match in parts):
        return "mdy"
    # with dots it is always the day first
    return "dmy" if all("." in match[0] for match in parts) else None


def is_time(text: str) -> bool:
    """Whether a text looks like a day with or without a time of day, or like an epoch."""
    return bool(re.match(_EPOCHS, text) or re.match(_PARTS, text))


def is_day(text: str) -> bool:
    """Whether a text looks like a day alone."""
    return bool(re.fullmatch(_DAY_TEXT, text))


def is_clock(text: str) -> bool:
    """Whether a text looks like a time of day alone."""
    return bool(re.fullmatch(_CLOCK_TEXT, text)) and len(text) < 16


def _coloned(clocks: pa.Array) -> pa.Array:
    """Times of day as numbers, such as 0 or 93000, with their zeros in front."""
    bare = pc.match_substring_regex(clocks, "^[0-9]{1,6}$")
    if not pc.any(bare).as_py():
        return clocks
    width = 6 if (pc.max(pc.binary_length(clocks)).as_py() or 0) > 4 else 4
    return pc.if_else(bare, pc.utf8_lpad(clocks, width, padding="0"), clocks)


def _epochs(texts: pa.Array, where: Ints, time: Ints, kind: Codes, bad: dict[int, str]) -> None:
    chosen = texts.take(pa.array(where))
    parts = pc.split_pattern(chosen, ".", max_splits=1)
    whole = np.asarray(pc.list_element(parts, 0).cast(pa.uint64()), np.uint64)
    values = np.minimum(whole, np.uint64(2**63 - 1)).astype(np.int64)
    kinds = unit_kinds(values)
    scale = np.array([1, *UNITS], np.int64)[kinds.clip(0)]
    found = np.where(kinds > 0, values, 0) * scale
    dotted = np.asarray(pc.match_substring(chosen, "."))
    if dotted.any():
        _fractions(chosen, np.flatnonzero(dotted), scale, found, kinds)
    time[where], kind[where] = found, kinds
    for index in np.flatnonzero(kinds < EPOCH).tolist():
        bad[int(where[index])] = f"{shown(chosen[index].as_py())} is not a time between 1980 and 2100; {_HOW}"


def _fractions(chosen: pa.Array, where: Ints, scale: Ints, found: Ints, kinds: Codes) -> None:
    """Add the fractions of epochs; finer than a nanosecond becomes no time."""
    for index in where.tolist():
        digits = chosen[index].as_py().partition(".")[2].ljust(9, "0")
        nanos, rest = divmod(int(digits) * int(scale[index]), SECOND)
        found[index] += nanos
        if rest:
            kinds[index] = WALL


def _texts(texts: pa.Array, where: Ints, order: DateOrder, time: Ints, kind: Codes, bad: dict[int, str]) -> None:
    chosen = texts.take(pa.array(where))
    parts = pc.extract_regex(chosen, pattern=_PARTS)
    missing = np.asarray(parts.is_null())
    for index in np.flatnonzero(missing).tolist():
        bad[int(where[index])] = _why_not(chosen[index].as_py())
    keep = np.flatnonzero(~missing)
    if not len(keep):
        return
    where, parts = where[keep], parts.take(pa.array(keep))
    days, wrong_day = _each(pc.struct_field(parts, "day"), lambda text: _day(text, order))
    clocks, wrong_clock = _each(pc.struct_field(parts, "clock"), _clock)
    offsets, wrong_zone = _each(pc.struct_field(parts, "zone"), _offset)
    zoned = np.asarray(pc.not_equal(pc.struct_field(parts, "zone"), "").fill_null(False))
    time[where] = days + clocks - offsets
    kind[where] = np.where(zoned, ZONED, WALL)
    for wrong in (wrong_day, wrong_clock, wrong_zone):
        bad |= {int(where[index]): reason for index, reason in wrong.items()}


def _each(texts: pa.Array, parse: Callable[[str], int]) -> tuple[Ints, dict[int, str]]:
    """Parse each distinct text once: (int64[n], reasons by position)."""
    table = texts.fill_null("").dictionary_encode()
    values = np.zeros(len(table.dictionary), np.int64)
    reasons: dict[int, str] = {}
    for index, text in enumerate(table.dictionary.to_pylist()):
        try:
            values[index] = parse(text)
        except ParseError as error:
            reasons[index] = str(error)
    indices = np.asarray(table.indices)
    bad: dict[int, str] = {}
    for index, reason in reasons.items():
        bad |= dict.fromkeys(np.flatnonzero(indices == index).tolist(), reason)
    return values[indices], bad


def _day(text: str, order: DateOrder) -> int:
    """ns since 1970 of a day's midnight. Raises ParseError."""
    if match := _WORDED.fullmatch(text):
        return _date(_year(match[3], text), _month(match[2], text), int(match[1]), text)
    if match := _AMERICAN.fullmatch(text):
        return _date(int(match[3]), _month(match[1], text), int(match[2]), text)
    if len(text) == 8 and text.isdigit():
        return _date(int(text[:4]), int(text[4:6]), int(text[6:]), text)
    match = _NUMBERS.fullmatch(text)
    assert match is not None
    first, second, third = match[1], match[2], match[3]
    if len(first) == 4:
        return _date(int(first), int(second), int(third), text)
    if order == "ymd":
        if len(third) == 4:
            raise ParseError(f"{shown(text)} can be day/month or month/day; choose the order of dates")
        return _date(_year(first, text), int(second), int(third), text)
    day, month = (first, second) if order == "dmy" else (second, first)
    return _date(_year(third, text), int(month), int(day), text)


def _year(text: str, whole: str) -> int:
    if len(text) == 4:
        return int(text)
    if len(text) != 2:
        raise ParseError(f"{shown(whole)} is not a date")
    return int(text) + (1900 if int(text) >= 70 else 2000)


def _month(name: str, whole: str) -> int:
    if name.lower() not in _MONTHS:
        raise ParseError(f"{shown(whole)} is not a date: the month is not English; {_HOW}")
    return _MONTHS.index(name.lower()) + 1


def _date(year: int, month: int, day: int, text: str) -> int:
    try:
        found = (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY
    except ValueError:
        raise ParseError(f"{shown(text)} is not a date in the calendar") from None
    if not EARLIEST <= found < END:
        raise ParseError(f"{shown(text)} is not a date between 1900 and 2100")
    return found


def _clock(text: str) -> int:
    """ns since midnight; 0 for "". Raises ParseError."""
    if not text:
        return 0
    match = _CLOCK.fullmatch(text)
    assert match is not None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if match[5]:
        if not 1 <= hour <= 12:
            raise ParseError(f"{shown(text)} is not a time of day: with am or pm the hour is 1 to 12")
        hour = hour % 12 + (12 if match[5] in "pP" else 0)
    if (hour, minute, second) == (24, 0, 0):
        return DAY
    if hour > 23 or minute > 59 or second > 59:
        raise ParseError(f"{shown(text)} is not a time of day; hours go to 23, minutes and seconds to 59")
    return (hour * 3600 + minute * 60 + second) * SECOND + int((match[4] or "").ljust(9, "0"))


def _offset(text: str) -> int:
    if text in ("", "Z", "UTC", "GMT"):
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise ParseError(f"{shown(text)} is not a zone offset")
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * SECOND * (-1 if text[0] == "-" else 1)


def _why_not(text: str) -> str:
    if not text:
        return "the time is missing"
    return f"{shown(text)} is not a time; {_HOW}"
