"""Parse times as integer nanoseconds UTC: ISO texts, dates in other orders, epochs, split dates and clocks.

The unit of an epoch follows from its magnitude: between 1980 and 2100 the ranges of s, ms, µs and ns do not overlap,
and times outside these years are rejected. A time without a zone is local to the given `Zone`. This module parses one
cell at a time and words the errors; `time_columns` parses whole columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from typing import Literal

import numpy as np
import pandas as pd

from orderflow.formats.parsing.numbers import MAX_LENGTH, number
from orderflow.formats.parsing.parse_errors import ParseError, shown
from orderflow.formats.parsing.trading_days import calendar_days
from orderflow.formats.parsing.zones import DAY, SECOND, Zone

DateOrder = Literal["ymd", "mdy", "dmy"]

FIRST = 315_532_800 * SECOND
"""1980-01-01T00:00:00Z, the earliest accepted time (ns)."""
END = 4_102_444_800 * SECOND
"""2100-01-01T00:00:00Z, the first time that is too late (ns)."""

UNITS = (SECOND, 10**6, 10**3, 1)
"""ns per epoch unit: s, ms, µs, ns."""
TIME_UNITS = {
    "s": (SECOND, 0),
    "ms": (10**6, 0),
    "us": (10**3, 0),
    "ns": (1, 0),
    "net": (100, 621_355_968_000_000_000),
    "us1899": (10**3, 2_209_161_600_000_000),
    "days1899": (DAY, 25_569),
}
"""Units of a time that is a number: (ns per unit, the number at 1970). net: 100 ns since the year 1, as .NET counts.
us1899 and days1899: since 1899-12-30, as Sierra Chart and Excel count."""
EPOCH = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
PRESENT = ("now", "today")
"""Texts that pandas reads as the present time, whatever the format."""
COMPACT = re.compile(r"([0-9]{8})[T ]?([0-9]{2})([0-9]{2})([0-9]{2})(?:[ .]?([0-9]{1,9}))?", re.ASCII)

_EXACT = Context(prec=90)
_ORDINAL_1970 = date(1970, 1, 1).toordinal()
_ORDER = "write dates like 2025-10-09, or give the order of the date, dmy or mdy"
_HOW = "write ISO-8601 like 2025-10-09T18:00:00.032Z, or an epoch in s, ms, µs or ns"
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:([.,:])([0-9]{1,18}))?)?(?: ?([AaPp])\.?[Mm]\.?)?"
_ISO = re.compile(
    r"(?:([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2}))[TD ]"
    rf"{_CLOCK} ?(Z|UTC|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?",
    re.ASCII,
)
DATED = re.compile(
    rf"([0-9]{{1,2}}([-/.])[0-9]{{1,2}}\2[0-9]{{4}})(?:[T ]|, ?){_CLOCK} ?(Z|UTC|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?",
    re.ASCII,
)
"""A date with its year at the end, and a time of day."""
_DAY = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})|([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_CLOCK_DIGITS = re.compile(r"[0-2][0-9][0-5][0-9][0-5][0-9](?:[0-9]{3}){0,2}", re.ASCII)
_CLOCK_ONLY = re.compile(_CLOCK, re.ASCII)
_DATE_ONLY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|(?:19|20)[0-9]{6}", re.ASCII)


def moment(text: str, zone: Zone, order: DateOrder = "ymd", places: int = 0) -> int:
    """Parse one ISO text, date with a time of day, or epoch as ns UTC. Raises ParseError.

    order: of dates whose year is at the end; with "ymd" they are rejected. places: 0, or how many decimals the fraction
    counts, without leading zeros: with 6, 12:00:00.5000 is 5 ms after noon.
    """
    match = _ISO.fullmatch(text)
    if match:
        year, _, month, day, y, m, d, *clock, offset = match.groups()
        start = _days(int(year or y), int(month or m), int(day or d), text)
    elif dated := DATED.fullmatch(text):
        date_text, _, *clock, offset = dated.groups()
        start = day_of(date_text, order)
    else:
        if _DATE_ONLY.fullmatch(text):
            raise ParseError(f"{shown(text)} has no time of day; {_HOW}")
        if _CLOCK_DIGITS.fullmatch(text):
            raise ParseError(f"{shown(text)} looks like a time of day, but there is no date; add a column of dates")
        if len(text) <= MAX_LENGTH and EPOCH.fullmatch(text):
            return _checked(_epoch(text), text)
        raise ParseError(f"{shown(text)} is not a time; {_HOW}")
    local = start + _clock(clock, text, places)
    return _local(local, zone, text) if offset is None else _checked(local - _offset(offset, text), text)


def split_moment(day: str, clock: str, order: DateOrder, zone: Zone, places: int = 0, digits: int | None = None) -> int:
    """Parse a date and a time of day from two cells as ns UTC. digits: None, or the decimals of a clock of digits only.
    Raises ParseError."""
    time = clock_of(clock, places) if digits is None else digit_clock(clock, digits)
    return _local(day_of(day, order) + time, zone, f"{day} {clock}")


def session_moment(days: tuple[str, str | None], clock: str, millis: str | None, calendar: bool, zone: Zone) -> int:
    """Parse a day, a time of day and milliseconds of a night or day session as ns UTC; the parts as for the columns in
    `time_columns.session_moments`. Raises ParseError.
    """
    time = clock_of(clock)
    if millis is not None:
        if not re.fullmatch("[0-9]{1,3}", millis, re.ASCII) or time % SECOND:
            raise ParseError(f"{shown(millis)} is not a number of milliseconds from 0 to 999 beside {shown(clock)}")
        time += int(millis) * 10**6
    day, trading = (None if text is None else np.array([day_of(text, "ymd")]) for text in days)
    assert day is not None
    found = calendar_days(day, trading, np.array([time]), np.array([calendar]))
    return _local(int(found[0]) + time, zone, f"{days[0]} {clock}")


def counted(text: str, unit: str) -> int:
    """Parse a time that counts units of TIME_UNITS from their first instant as ns UTC. Raises ParseError.

    Days have fractions that no decimal holds exactly; they are taken to the microsecond.
    """
    if len(text) > MAX_LENGTH or not EPOCH.fullmatch(text):
        raise ParseError(f"{shown(text)} is not a number of {unit}")
    size, first = TIME_UNITS[unit]
    with localcontext(_EXACT):
        nanos = (Decimal(text) - first) * size
        if size == DAY:
            nanos = (nanos / 1000).to_integral_value() * 1000
        if not FIRST <= nanos < END:
            raise ParseError(f"{shown(text)} is not a time between 1980 and 2100 as {unit}")
        if nanos % 1:
            raise ParseError(f"{shown(text)} is finer than a nanosecond")
        return int(nanos)


def formatted(text: str, pattern: str, zone: Zone) -> int:
    """Parse one text by a strptime pattern, whose %f takes up to nine digits, as ns UTC. Raises ParseError."""
    try:
        if is_no_date(text):
            raise ValueError
        found = pd.to_datetime(text, format=pattern)
    except ValueError:
        raise ParseError(f"{shown(text)} does not fit the time format {pattern}") from None
    if pd.isna(found):
        raise ParseError(f"{shown(text)} does not fit the time format {pattern}")
    try:
        nanos = int(found.as_unit("ns").value)
    except ValueError:
        return _checked(END, text)  # a year that ns since 1970 do not reach
    return _local(nanos, zone, text) if found.tzinfo is None else _checked(nanos, text)


def is_no_date(text: str) -> bool:
    """Whether pandas would read a text by any format as the present time, or digits of other scripts as a date."""
    if text.isascii():
        return text in PRESENT
    return any(character.isdecimal() and not character.isascii() for character in text)


def compact_moment(text: str, zone: Zone) -> int:
    """Parse '20061107 000431' or '20061107 000431 0960000' (a decimal fraction of the second) as ns UTC. Raises
    ParseError.
    """
    match = COMPACT.fullmatch(text)
    if not match:
        raise ParseError(f"{shown(text)} is not a time; it must look like 20061107 000431 or 20061107 000431 0960000")
    day, hour, minute, second, fraction = match.groups()
    return _local(day_of(day, "ymd") + _clock((hour, minute, second, ".", fraction, None), text), zone, text)


def day_millis(text: str, day: int, zone: Zone) -> int:
    """Parse milliseconds since the local midnight of `day` (ns) as ns UTC. Raises ParseError."""
    units, decimals = number(text)
    if decimals > 6 or not 0 <= units < 86_400_000 * 10**decimals:
        raise ParseError(f"{shown(text)} is not a number of milliseconds since midnight, from 0 to 86399999")
    return _local(day + units * 10 ** (6 - decimals), zone, text)


def day_of(text: str, order: DateOrder) -> int:
    """Parse one date as ns since 1970 at its midnight; a four-digit year can lead in any order. Raises ParseError."""
    match = _DAY.fullmatch(text)
    if not match:
        raise ParseError(f"{shown(text)} is not a date")
    if match[5]:
        return _days(int(match[5]), int(match[6]), int(match[7]), text)
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    if len(match[1]) == 4:
        return _days(first, second, third, text)
    if order == "ymd" or len(match[4]) != 4:
        raise ParseError(f"{shown(text)} can be day/month or month/day; {_ORDER}")
    return _days(third, first, second, text) if order == "mdy" else _days(third, second, first, text)


def clock_of(text: str, places: int = 0) -> int:
    """Parse one time of day as ns; `places` as for `moment`. Raises ParseError."""
    match = _CLOCK_ONLY.fullmatch(text)
    if not match:
        raise ParseError(f"{shown(text)} is not a time of day like 18:00:00.032")
    return _clock(match.groups(), text, places)


def digit_clock(text: str, decimals: int) -> int:
    """Parse a time of day in digits, HHMMSS and `decimals` digits of the fraction, as ns; the first zeros can be
    missing. Raises ParseError."""
    if not text.isascii() or not text.isdigit() or len(text) > 6 + decimals:
        raise ParseError(f"{shown(text)} is not a time of day like 093000{'0' * decimals}")
    full = text.rjust(6 + decimals, "0")
    return _clock((full[:2], full[2:4], full[4:6], ".", full[6:], None), text)


def _days(year: int, month: int, day: int, text: str) -> int:
    try:
        return (date(year, month, day).toordinal() - _ORDINAL_1970) * DAY
    except ValueError:
        raise ParseError(f"{shown(text)} is not a date in the calendar") from None


def _clock(parts: Sequence[str | None], text: str, places: int = 0) -> int:
    """ns since midnight. parts: hour, minute, second, mark, fraction, and a or p of a 12-hour clock."""
    hour, minute, second, mark, fraction, half = parts
    assert hour is not None
    assert minute is not None
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        raise ParseError(f"{shown(text)} is not a time of day; hours go to 23, minutes and seconds to 59")
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ParseError(f"{shown(text)} is not a time of day; hours before am and pm go from 1 to 12")
        hours = hours % 12 + (12 if half in "pP" else 0)
    return (hours * 3600 + int(minute) * 60 + int(second or 0)) * SECOND + _fraction(mark, fraction or "", text, places)


def _fraction(mark: str | None, digits: str, text: str, places: int) -> int:
    """The ns of a fraction of a second."""
    if mark == ":" and len(digits) not in (3, 6, 9):
        raise ParseError(f"{shown(text)} is not a time of day; after a third colon come 3, 6 or 9 digits")
    if places and mark == ".":
        if len(digits) > places:
            raise ParseError(f"{shown(text)} has more digits than a fraction that counts {places} decimals")
        digits = digits.rjust(places, "0")
    nanos = digits.ljust(9, "0")
    if nanos[9:].strip("0"):
        raise ParseError(f"{shown(text)} is finer than a nanosecond")
    return int(nanos[:9])


def _offset(text: str, whole: str) -> int:
    if text in ("Z", "UTC"):
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise ParseError(f"{shown(whole)} has no valid zone offset")
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * SECOND * (-1 if text[0] == "-" else 1)


def _local(local: int, zone: Zone, text: str) -> int:
    if not FIRST - DAY <= local < END + DAY:
        return _checked(local, text)
    try:
        time = zone.to_utc(local)
    except ParseError as error:
        raise ParseError(f"{shown(text)} {error}") from None
    return _checked(time, text)


def _checked(time: int, text: str) -> int:
    if not FIRST <= time < END:
        raise ParseError(f"{shown(text)} is not a time between 1980 and 2100; {_HOW}")
    return time


def _epoch(text: str) -> int:
    """Parse an epoch as ns; 0 if it is outside the accepted years."""
    with localcontext(_EXACT):
        value = Decimal(text)
        for unit in UNITS:
            nanos = value * unit
            if FIRST <= nanos < END:
                if nanos % 1:
                    raise ParseError(f"{shown(text)} is finer than a nanosecond")
                return int(nanos)
    return 0
