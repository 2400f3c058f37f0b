"""Parse whole columns of times as ns UTC, for the fast path.

Accepts a subset of what `times` accepts, with the same meaning, and raises NotVectorizable at anything else, including
nulls.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Flags, Floats, Ints
from orderflow.formats.parsing.numbers import check_lengths, numbers, scaled
from orderflow.formats.parsing.parse_errors import NotVectorizable, ParseError
from orderflow.formats.parsing.times import (
    COMPACT,
    DATED,
    END,
    EPOCH,
    FIRST,
    PRESENT,
    TIME_UNITS,
    UNITS,
    DateOrder,
    day_of,
    is_no_date,
)
from orderflow.formats.parsing.trading_days import calendar_days
from orderflow.formats.parsing.zones import SECOND, Zone

_DAY_AND_CLOCK = (
    r"^(?P<day>[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{8})"
    r"(?:[T ]|, ?)(?P<clock>[0-9].*)$"
)
_YEAR_AND_COMMA = "^[0-9]{4}.*,"
_ODD_CLOCK = re.compile(r":[0-9]{2}:[0-9]{2}:[0-9]+$|[AaPp]\.?[Mm]\.?$", re.ASCII)
_THIRD_COLON = re.compile(r":[0-9]{2}:[0-9]{2}:[0-9]", re.ASCII)
_HALF_DAY = r"^(?P<hour>[0-9]{1,2})(?P<rest>:[0-9]{2}(?::[0-9]{2}(?:[.:][0-9]+)?)?) ?(?P<half>[AaPp])\.?[Mm]\.?$"
_ZONED = re.compile(r":[0-9]{2}(?:\.[0-9]+)?[+-][0-9]{2}(?::?[0-9]{2})?$", re.ASCII)


def moments(array: pa.Array, zone: Zone, order: DateOrder = "ymd", places: int = 0) -> Ints:
    """Parse a column of times as ns UTC int64[n], as `moment` does for one. Raises NotVectorizable, also for nulls."""
    if array.null_count:
        raise NotVectorizable
    kind = array.type
    if pa.types.is_timestamp(kind):
        times = np.asarray(_cast(array, pa.timestamp("ns", kind.tz)).cast(pa.int64()))
        return _all_checked(times if kind.tz else zone.to_utc_all(times))
    if pa.types.is_integer(kind):
        return _epochs(np.asarray(_cast(array, pa.int64())))
    if pa.types.is_float64(kind):
        return _float_epochs(np.asarray(array))
    if not pa.types.is_string(kind) or not len(array):
        raise NotVectorizable
    first: str = array[0].as_py()
    if not EPOCH.fullmatch(first):
        return _texts(array, first, zone, order, places)
    check_lengths(array)
    if pc.all(pc.utf8_is_decimal(array)).as_py():
        return _epochs(np.asarray(_cast(array, pa.int64())))
    return _decimal_epochs(array, first)


def split_moments(
    days: pa.Array, clocks: pa.Array, order: DateOrder, zone: Zone, places: int = 0, digits: int | None = None
) -> Ints:
    """Parse a date column and a time-of-day column as ns UTC int64[n], as `split_moment`. Raises NotVectorizable."""
    times = _times_of_day(clocks, places) if digits is None else _digit_clocks(clocks, digits)
    return _all_checked(zone.to_utc_all(_days(days, order) + times))


def _digit_clocks(clocks: pa.Array, decimals: int) -> Ints:
    """A column of HHMMSS with `decimals` digits of the fraction, as ns int64[n]. Raises NotVectorizable."""
    if clocks.null_count or not len(clocks):
        raise NotVectorizable
    if pa.types.is_string(clocks.type):
        if not pc.all(pc.utf8_is_decimal(clocks)).as_py() or pc.max(pc.binary_length(clocks)).as_py() > 6 + decimals:
            raise NotVectorizable
    elif not pa.types.is_integer(clocks.type):
        raise NotVectorizable
    values = np.asarray(_cast(clocks, pa.int64()))
    if values.min() < 0:
        raise NotVectorizable
    whole, fraction = np.divmod(values, 10**decimals)
    hour, minute, second = whole // 10_000, whole // 100 % 100, whole % 100
    if hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        raise NotVectorizable
    found: Ints = (hour * 3600 + minute * 60 + second) * SECOND + fraction * 10 ** (9 - decimals)
    return found


def session_moments(
    days: tuple[pa.Array, pa.Array | None], clocks: pa.Array, millis: pa.Array | None, calendar: Flags, zone: Zone
) -> Ints:
    """Parse days, times of day and milliseconds of night and day sessions as ns UTC int64[n]. Raises NotVectorizable.

    days: the calendar's and the trading day, or the trading day and None. calendar: as for `calendar_days`.
    """
    clock = _times_of_day(clocks, 0)
    if millis is not None:
        if pa.types.is_string(millis.type) and not pc.all(pc.match_substring_regex(millis, "^[0-9]{1,3}$")).as_py():
            raise NotVectorizable
        parts, decimals = numbers(millis)
        if decimals or parts.min() < 0 or parts.max() > 999 or (clock % SECOND).any():
            raise NotVectorizable
        clock = clock + parts * 10**6
    trading = None if days[1] is None else _days(days[1], "ymd")
    return _all_checked(zone.to_utc_all(calendar_days(_days(days[0], "ymd"), trading, clock, calendar) + clock))


def _days(days: pa.Array, order: DateOrder) -> Ints:
    """A date column as ns at midnight int64[n]. Raises NotVectorizable."""
    if pa.types.is_integer(days.type):
        days = days.cast(pa.string())
    if days.null_count or not pa.types.is_string(days.type):
        raise NotVectorizable
    table = days.dictionary_encode()
    try:
        starts = np.array([day_of(text, order) for text in table.dictionary.to_pylist()], np.int64)
    except ParseError as error:
        raise NotVectorizable from error
    found: Ints = starts[np.asarray(table.indices)]
    return found


def _times_of_day(clocks: pa.Array, places: int) -> Ints:
    """A column of times of day as ns int64[n]. Raises NotVectorizable."""
    if clocks.null_count or not pa.types.is_string(clocks.type) or not len(clocks):
        raise NotVectorizable
    if pc.min(pc.binary_length(clocks)).as_py() < len("8:00"):
        raise NotVectorizable
    return _clocks(clocks, places)


def counted_all(array: pa.Array, unit: str) -> Ints:
    """Parse a column of whole numbers of a unit of TIME_UNITS as ns UTC int64[n]. Raises NotVectorizable."""
    if array.null_count or unit == "days1899":
        raise NotVectorizable
    if not (pa.types.is_integer(array.type) or pa.types.is_string(array.type)):
        raise NotVectorizable
    if pa.types.is_string(array.type) and not pc.all(pc.utf8_is_decimal(array)).as_py():
        raise NotVectorizable
    check_lengths(array)
    size, first = TIME_UNITS[unit]
    values = np.asarray(_cast(array, pa.int64())) - first
    if len(values) and not (FIRST // size <= int(values.min()) and int(values.max()) < END // size):
        raise NotVectorizable
    return values * size


def formatted_all(array: pa.Array, pattern: str, zone: Zone) -> Ints:
    """Parse a column of texts by a strptime pattern as ns UTC int64[n]. Raises NotVectorizable."""
    if array.null_count or not pa.types.is_string(array.type):
        raise NotVectorizable
    if pc.any(pc.is_in(array, value_set=pa.array(PRESENT))).as_py():
        raise NotVectorizable
    if not pc.all(pc.string_is_ascii(array)).as_py() and is_no_date("".join(array.to_pylist())):
        raise NotVectorizable
    try:
        found = pd.to_datetime(array.to_pandas(), format=pattern)
        if found.isna().any() or not pd.api.types.is_datetime64_any_dtype(found):
            raise NotVectorizable
        times = np.asarray(found.dt.as_unit("ns").astype("int64"), np.int64)
    except ValueError as error:
        raise NotVectorizable from error
    return _all_checked(times if found.dt.tz is not None else zone.to_utc_all(times))


def compact_moments(array: pa.Array, zone: Zone) -> Ints:
    """Parse a column of compact times of equal length as ns UTC int64[n]. Raises NotVectorizable."""
    if array.null_count or not pa.types.is_string(array.type) or not len(array):
        raise NotVectorizable
    shape = re.sub("[0-9]", "0", array[0].as_py())
    if not COMPACT.fullmatch(shape) or pc.min_max(pc.binary_length(array)).as_py() != {
        "min": len(shape),
        "max": len(shape),
    }:
        raise NotVectorizable
    _, offsets, data = array.buffers()
    start = int(np.frombuffer(offsets, np.int32)[array.offset])
    text = np.frombuffer(data, np.uint8)[start : start + len(array) * len(shape)].reshape(len(array), -1)
    digit = np.array([c == "0" for c in shape])
    figures = text[:, digit].astype(np.int64) - ord("0")
    marks = text[:, ~digit] == np.frombuffer(re.sub("0", "", shape).encode(), np.uint8)
    if figures.min() < 0 or figures.max() > 9 or not marks.all():
        raise NotVectorizable
    days, place = np.unique(figures[:, :8] @ 10 ** np.arange(7, -1, -1), return_inverse=True)
    try:
        starts = np.array([day_of(f"{day:08d}", "ymd") for day in days.tolist()], np.int64)
    except ParseError as error:
        raise NotVectorizable from error
    hour, minute, second = (figures[:, k] * 10 + figures[:, k + 1] for k in (8, 10, 12))
    if hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        raise NotVectorizable
    places = figures.shape[1] - 14
    fraction = figures[:, 14:] @ 10 ** np.arange(8, 8 - places, -1)
    return _all_checked(zone.to_utc_all(starts[place] + (hour * 3600 + minute * 60 + second) * SECOND + fraction))


def all_day_millis(array: pa.Array, day: int, zone: Zone) -> Ints:
    """Parse a column of milliseconds since local midnight as ns UTC int64[n]. Raises NotVectorizable."""
    units, decimals = numbers(array)
    if decimals > 6 or not len(units) or units.min() < 0 or units.max() >= 86_400_000 * 10**decimals:
        raise NotVectorizable
    return _all_checked(zone.to_utc_all(day + units * 10 ** (6 - decimals)))


def _all_checked(times: Ints) -> Ints:
    if len(times) and not (int(times.min()) >= FIRST and int(times.max()) < END):
        raise NotVectorizable
    return times


def _epochs(values: Ints) -> Ints:
    if not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    for unit in UNITS:
        if FIRST // unit <= low and high < END // unit:
            return values * unit
    times = np.zeros_like(values)
    for unit in UNITS:
        inside = (values >= FIRST // unit) & (values < END // unit)
        times[inside] = values[inside] * unit
    return _all_checked(times)


def _unit_of(values: Ints) -> int:
    for unit in UNITS:
        if FIRST // unit <= int(values.min()) and int(values.max()) < END // unit:
            return unit
    raise NotVectorizable


def _float_epochs(values: Floats) -> Ints:
    if not len(values) or not np.isfinite(values).all():
        raise NotVectorizable
    units, decimals = scaled(values)
    unit = _unit_of(values.astype(np.int64))
    if unit < 10**decimals:
        raise NotVectorizable
    return _all_checked(units * (unit // 10**decimals))


def _decimal_epochs(array: pa.Array, first: str) -> Ints:
    """Parse epoch texts of one unit, with fractions of up to nine digits."""
    width = len(first.partition(".")[0])
    whole = pc.utf8_slice_codeunits(array, 0, width)
    rest = pc.utf8_slice_codeunits(array, width)
    if not pc.all(pc.match_substring_regex(rest, r"^(\.[0-9]{1,9})?$")).as_py():
        raise NotVectorizable
    if not pc.all(pc.utf8_is_decimal(whole)).as_py():
        raise NotVectorizable
    seconds = np.asarray(_cast(whole, pa.int64()))
    nanos = np.asarray(_cast(pc.utf8_rpad(pc.utf8_slice_codeunits(rest, 1), 9, padding="0"), pa.int64()))
    unit = _unit_of(seconds)
    finest = SECOND // unit
    if (nanos % finest).any():
        raise NotVectorizable
    return _all_checked(seconds * unit + nanos // finest)


def _texts(array: pa.Array, first: str, zone: Zone, order: DateOrder, places: int) -> Ints:
    if first[4:5] in ("-", "/", ".") and first[10:11] == "D":
        array = pc.replace_substring_regex(array, r"^([0-9]{4}[-/.].{5})D", r"\1T")
        first = first[:10] + "T" + first[11:]
    if places or DATED.fullmatch(first) or _ODD_CLOCK.search(first):
        parts = pc.extract_regex(array, _DAY_AND_CLOCK)
        if parts.null_count or pc.any(pc.match_substring_regex(array, _YEAR_AND_COMMA)).as_py():
            raise NotVectorizable
        return split_moments(pc.struct_field(parts, "day"), pc.struct_field(parts, "clock"), order, zone, places)
    return _iso(array, first, zone)


def _clocks(clocks: pa.Array, places: int) -> Ints:
    """Times of day as ns since midnight, int64[n]. Raises NotVectorizable."""
    first: str = clocks[0].as_py()
    later = np.zeros(len(clocks), np.int64)
    if first[-1] in "mM.":
        parts = pc.extract_regex(clocks, _HALF_DAY)
        if parts.null_count:
            raise NotVectorizable
        hours = np.asarray(_cast(pc.struct_field(parts, "hour"), pa.int64()))
        if hours.min() < 1 or hours.max() > 12:
            raise NotVectorizable
        after_noon = np.asarray(pc.equal(pc.utf8_lower(pc.struct_field(parts, "half")), "p"))
        later = (hours % 12 + 12 * after_noon) * 3600 * SECOND
        clocks = pc.binary_join_element_wise(pa.scalar("00"), pc.struct_field(parts, "rest"), "")
    if _THIRD_COLON.search(first):
        if places:
            raise NotVectorizable  # a fraction after a colon is no count of decimals
        clocks = pc.replace_substring_regex(clocks, r"^([0-9]{1,2}:[0-9]{2}:[0-9]{2}):", r"\1.")
        if not pc.all(pc.match_substring_regex(clocks, r"\.([0-9]{3}|[0-9]{6}|[0-9]{9})$")).as_py():
            raise NotVectorizable
    if places:
        clocks = _with_leading_zeros(clocks, places)
    if pc.any(pc.match_substring_regex(clocks, r"^[0-9]:")).as_py():
        clocks = pc.replace_substring_regex(clocks, r"^([0-9]):", r"0\1:")
    stamps = pc.binary_join_element_wise(pa.scalar("1970-01-01"), clocks, " ")
    return np.asarray(_cast(stamps, pa.timestamp("ns")).cast(pa.int64())) + later


def _with_leading_zeros(clocks: pa.Array, places: int) -> pa.Array:
    """Clocks whose fractions count decimals, with the zeros that make decimals of them."""
    parts = pc.extract_regex(clocks, r"^(?P<whole>[0-9]{1,2}:[0-9]{2}:[0-9]{2})\.(?P<count>[0-9]+)$")
    if parts.null_count:
        raise NotVectorizable
    count = pc.struct_field(parts, "count")
    if pc.max(pc.binary_length(count)).as_py() > places:
        raise NotVectorizable
    return pc.binary_join_element_wise(pc.struct_field(parts, "whole"), pc.utf8_lpad(count, places, padding="0"), ".")


def _iso(array: pa.Array, first: str, zone: Zone) -> Ints:
    if pc.min(pc.binary_length(array)).as_py() < len("2025-10-09 18:00"):
        raise NotVectorizable
    if first.endswith("Z"):
        zoned = pc.all(pc.ends_with(array, "Z")).as_py()
    elif _ZONED.search(first):
        zoned = pc.all(pc.equal(pc.utf8_slice_codeunits(array, 13, 14), ":")).as_py()
    else:
        return _all_checked(zone.to_utc_all(np.asarray(_cast(array, pa.timestamp("ns")).cast(pa.int64()))))
    if not zoned:
        raise NotVectorizable
    return _all_checked(np.asarray(_cast(array, pa.timestamp("ns", "UTC")).cast(pa.int64())))


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return pc.cast(array, kind)
    except pa.ArrowInvalid as error:
        raise NotVectorizable from error
