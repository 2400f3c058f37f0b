"""Times as integer nanoseconds UTC: ISO texts, epochs of any unit, split dates and clocks, milliseconds of a day.

An epoch's unit is told by its magnitude: from 1980 to 2100 the ranges of s, ms, µs and ns do not overlap, and nothing
outside those years is accepted. A time without a zone is local to the `Zone` it is read with. Here one cell at a time,
with what is wrong in words; `time_columns` reads whole columns.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Context, Decimal, localcontext
from typing import Literal

from orderflow.formats.parsing.numbers import number
from orderflow.formats.parsing.problems import Problem, shown
from orderflow.formats.parsing.zones import DAY, SECOND, Zone

DateOrder = Literal["ymd", "mdy", "dmy"]

FIRST = 315_532_800 * SECOND
"""1980-01-01T00:00:00Z, the earliest time accepted (ns)."""
END = 4_102_444_800 * SECOND
"""2100-01-01T00:00:00Z, the first time no longer accepted (ns)."""

UNITS = (SECOND, 10**6, 10**3, 1)
"""ns in the units that an epoch may count: s, ms, µs, ns."""
EPOCH = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
COMPACT = re.compile(r"([0-9]{8})[T ]([0-9]{2})([0-9]{2})([0-9]{2})(?:[ .]([0-9]{1,9}))?", re.ASCII)

_MAX_LENGTH = 64
_EXACT = Context(prec=90)
_ORDINAL_1970 = date(1970, 1, 1).toordinal()
_HOW = "write ISO-8601 like 2025-10-09T18:00:00.032Z, or an epoch in s, ms, µs or ns"
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,18}))?)?"
_ISO = re.compile(
    r"(?:([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2}))[T ]"
    rf"{_CLOCK} ?(Z|UTC|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?",
    re.ASCII,
)
_DAY = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})|([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_CLOCK_ONLY = re.compile(_CLOCK, re.ASCII)
_DATE_ONLY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|(?:19|20)[0-9]{6}", re.ASCII)


def moment(text: str, zone: Zone) -> int:
    """One ISO text or epoch as ns UTC. Raises Problem."""
    match = _ISO.fullmatch(text)
    if not match:
        if _DATE_ONLY.fullmatch(text):
            raise Problem(f"{shown(text)} has no time of day; {_HOW}")
        if len(text) <= _MAX_LENGTH and EPOCH.fullmatch(text):
            return _checked(_epoch(text), text)
        raise Problem(f"{shown(text)} is not a time; {_HOW}")
    year, _, month, day, y, m, d, hour, minute, second, fraction, offset = match.groups()
    local = _days(int(year or y), int(month or m), int(day or d), text) + _clock(hour, minute, second, fraction, text)
    if offset is None:
        return _local(local, zone, text)
    return _checked(local - _offset(offset, text), text)


def split_moment(day: str, clock: str, order: DateOrder, zone: Zone) -> int:
    """A date and a time of day from two cells, as ns UTC. Raises Problem."""
    return _local(day_of(day, order) + clock_of(clock), zone, f"{day} {clock}")


def compact_moment(text: str, zone: Zone) -> int:
    """'20061107 000431' or '20061107 000431 0960000' (a decimal fraction of the second) as ns UTC. Raises Problem."""
    match = COMPACT.fullmatch(text)
    if not match:
        raise Problem(f"{shown(text)} is not a time; it must look like 20061107 000431 or 20061107 000431 0960000")
    day, hour, minute, second, fraction = match.groups()
    return _local(day_of(day, "ymd") + _clock(hour, minute, second, fraction, text), zone, text)


def day_millis(text: str, day: int, zone: Zone) -> int:
    """Milliseconds since the local midnight of `day` (ns) as ns UTC. Raises Problem."""
    units, decimals = number(text)
    if decimals > 6 or not 0 <= units < 86_400_000 * 10**decimals:
        raise Problem(f"{shown(text)} is not a number of milliseconds since midnight, from 0 to 86399999")
    return _local(day + units * 10 ** (6 - decimals), zone, text)


def day_of(text: str, order: DateOrder) -> int:
    """One date as ns since 1970 at its midnight; a four-digit year may lead in any order. Raises Problem."""
    match = _DAY.fullmatch(text)
    if not match:
        raise Problem(f"{shown(text)} is not a date")
    if match[5]:
        return _days(int(match[5]), int(match[6]), int(match[7]), text)
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    if len(match[1]) == 4:
        return _days(first, second, third, text)
    if order == "ymd" or len(match[4]) != 4:
        raise Problem(f"{shown(text)} may be day/month or month/day; write dates like 2025-10-09")
    return _days(third, first, second, text) if order == "mdy" else _days(third, second, first, text)


def clock_of(text: str) -> int:
    """One time of day as ns. Raises Problem."""
    match = _CLOCK_ONLY.fullmatch(text)
    if not match:
        raise Problem(f"{shown(text)} is not a time of day like 18:00:00.032")
    hour, minute, second, fraction = match.groups()
    return _clock(hour, minute, second, fraction, text)


def _days(year: int, month: int, day: int, text: str) -> int:
    try:
        return (date(year, month, day).toordinal() - _ORDINAL_1970) * DAY
    except ValueError:
        raise Problem(f"{shown(text)} is not a date in the calendar") from None


def _clock(hour: str, minute: str, second: str | None, fraction: str | None, text: str) -> int:
    nanos = (fraction or "").ljust(9, "0")
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        raise Problem(f"{shown(text)} is not a time of day; hours go to 23, minutes and seconds to 59")
    if nanos[9:].strip("0"):
        raise Problem(f"{shown(text)} is finer than a nanosecond")
    return (int(hour) * 3600 + int(minute) * 60 + int(second or 0)) * SECOND + int(nanos[:9])


def _offset(text: str, whole: str) -> int:
    if text in ("Z", "UTC"):
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise Problem(f"{shown(whole)} has no valid zone offset")
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * SECOND * (-1 if text[0] == "-" else 1)


def _local(local: int, zone: Zone, text: str) -> int:
    if not FIRST - DAY <= local < END + DAY:
        return _checked(local, text)
    try:
        time = zone.to_utc(local)
    except Problem as problem:
        raise Problem(f"{shown(text)} {problem}") from None
    return _checked(time, text)


def _checked(time: int, text: str) -> int:
    if not FIRST <= time < END:
        raise Problem(f"{shown(text)} is no time between 1980 and 2100; {_HOW}")
    return time


def _epoch(text: str) -> int:
    """An epoch's ns, 0 when it is none of the accepted years."""
    with localcontext(_EXACT):
        value = Decimal(text)
        for unit in UNITS:
            nanos = value * unit
            if FIRST <= nanos < END:
                if nanos % 1:
                    raise Problem(f"{shown(text)} is finer than a nanosecond")
                return int(nanos)
    return 0
