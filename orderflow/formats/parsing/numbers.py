"""Parse decimal numbers exactly: the text '25263,5' is 252635 tenths.

The fast path uses float64 only as a carrier: a text of at most 15 significant digits can be recovered from it without
loss (see `orderflow.market.decimals`). Longer texts are shortened by their trailing zeros or left to the row path.

Programs that compute with binary floats write 0.30000000000000004 for 0.3. In files such numbers are snapped: one of 16
or 17 digits that lies within two units in the last place of a decimal of at most 12 digits is that decimal. Each is
counted. No other number is changed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Floats, Ints
from orderflow.formats.parsing.parse_errors import NotVectorizable, ParseError, shown
from orderflow.market.decimals import MAX_DECIMALS, MAX_UNITS

_LARGEST = ("1.7976931348623157e+308", "1.7976931348623157E+308", "1.7976931348623157E308", "1.79769313486232e+308")
NULL_WORDS = frozenset({"", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "NA", "N/A", "n/a", "<NA>", *_LARGEST})
"""Words for a missing value in text files; an error in required columns only. C programs write the largest number."""

_NUMBER = re.compile(r"([+-])?([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?", re.ASCII)
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
_SAFE_LENGTH = 15
MAX_LENGTH = 64
"""Characters of the longest text that is read as a number or an epoch."""
_NOISY = re.compile(r"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_NOISY_DIGITS = (16, 17)
_SNAP_DIGITS = 12
_SNAP_ULPS = 2
_COMMA_IS_MARK = bytes.maketrans(b",.", b".#")
_COMMA_IS_MARK_TOO = bytes.maketrans(b",", b".")


class DecimalMark(Enum):
    """The decimal mark of a text column. EITHER: a dot or a comma, at most one mark per number."""

    DOT = "."
    COMMA = ","
    EITHER = "., or ,"


@dataclass(slots=True)
class Snaps:
    """How many numbers were snapped."""

    count: int = 0

    def of(self, text: str) -> str:
        """The decimal that a text with a dot stands for, counted if it is another; else the text."""
        found = snapped(text)
        if found is None:
            return text
        self.count += 1
        return found


def snapped(text: str) -> str | None:
    """The decimal of at most 12 digits that a text of 16 or 17 digits misses by binary rounding; None if none."""
    if not _SAFE_LENGTH < len(text) <= MAX_LENGTH or not _NOISY.fullmatch(text):
        return None
    digits = re.sub(r"[^0-9]", "", re.split("[eE]", text)[0]).strip("0")
    if len(digits) not in _NOISY_DIGITS:
        return None
    value = float(text)
    near = Decimal(f"{value:.{_SNAP_DIGITS}g}")
    if abs(Decimal(text) - near) > _SNAP_ULPS * Decimal(math.ulp(value)):
        return None
    return f"{near:f}"


def _normalize_mark(text: str, mark: DecimalMark) -> str:
    """Replace the decimal mark by a dot. Raises ParseError."""
    if mark is DecimalMark.DOT:
        if "," in text:
            raise ParseError(
                f"{shown(text)} has a comma; the decimal mark here is the dot, without thousands separators"
            )
        return text
    if mark is DecimalMark.COMMA and "." in text:
        raise ParseError(f"{shown(text)} has a dot; the decimal mark here is the comma, without thousands separators")
    if "," in text and ("." in text or text.count(",") > 1):
        raise ParseError(f"{shown(text)} has more than one mark; write it like 25263.5, without thousands separators")
    return text.replace(",", ".")


def number(
    text: str, mark: DecimalMark = DecimalMark.DOT, shift: int = 0, snaps: Snaps | None = None
) -> tuple[int, int]:
    """Parse one text as exact (units, decimals) without trailing zeros; the value is divided by 10**shift.

    With a shift the text must be a whole number (a venue's fixed-point price). snaps: snap the noise of binary floats,
    and count it here. Raises ParseError.
    """
    if len(text) > MAX_LENGTH:
        raise ParseError(f"{shown(text)} is too long for a number")
    plain = _normalize_mark(text, mark)
    match = _NUMBER.fullmatch(plain if snaps is None else snaps.of(plain))
    if not match:
        if text.lower().lstrip("+-") in _NOT_FINITE:
            raise ParseError(f"{shown(text)} is not a finite number")
        raise ParseError(f"{shown(text)} is not a number; write it like 25263.5")
    sign, whole, fraction, exponent = match.groups("")
    if shift and (fraction or exponent or "." in text):
        raise ParseError(f"{shown(text)} is not a whole number; prices here are whole multiples of 1e-{shift}")
    figures = (whole + fraction).lstrip("0")
    kept = figures.rstrip("0")
    if not kept:
        if not whole and not fraction:
            raise ParseError(f"{shown(text)} is not a number; write it like 25263.5")
        return 0, 0
    decimals = len(fraction) + shift - int(exponent or 0) - (len(figures) - len(kept))
    if len(kept) > 16:
        raise ParseError(
            f"{shown(text)} has {len(kept)} significant digits, more than can be kept exactly; "
            "check for binary-float noise and send the decimal as it was quoted"
        )
    if decimals > MAX_DECIMALS:
        raise ParseError(f"{shown(text)} has {decimals} decimals; the most that is kept exactly is {MAX_DECIMALS}")
    if decimals < -17:
        raise ParseError(f"{shown(text)} is too large to be kept exactly")
    units = int(kept) if decimals >= 0 else int(kept) * 10**-decimals
    if units > MAX_UNITS:
        raise ParseError(f"{shown(text)} has more digits than can be kept exactly")
    return -units if sign == "-" else units, max(0, decimals)


def decimal_of(text: str, mark: DecimalMark = DecimalMark.DOT) -> Decimal | None:
    """A text as a decimal, to compare it with others; None for one that is no finite number of usual size."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        found = Decimal(text.replace(",", ".") if mark is not DecimalMark.DOT else text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < MAX_LENGTH else None


def numbers(
    array: pa.Array, mark: DecimalMark = DecimalMark.DOT, shift: int = 0, snaps: Snaps | None = None
) -> tuple[Ints, int]:
    """Parse a column as (units int64[n], decimals), with the same values as `number`. Raises NotVectorizable, also for
    nulls. snaps: snap the noise of binary floats, and count it here.
    """
    if array.null_count:
        raise NotVectorizable
    if pa.types.is_float32(array.type) or pa.types.is_decimal(array.type):
        array = array.cast(pa.string())
    if shift:
        return _fixed_point(array, shift)
    if pa.types.is_integer(array.type):
        return _check_bounds(_int64(array)), 0
    if pa.types.is_string(array.type):
        array = _shorten(_with_dots(array, mark), snaps)
        values = _float64(array)
        zeros = array.filter(pa.array(values == 0))
        if pc.any(pc.match_substring(zeros, "e", ignore_case=True)).as_py():
            raise NotVectorizable  # float64 reads 1e-400 as 0
        return scaled(values)
    if not pa.types.is_float64(array.type):
        raise NotVectorizable
    values = _float64(array)
    if snaps is None:
        return scaled(values)
    try:
        return scaled(values)
    except NotVectorizable:
        return scaled(_snapped_floats(values, snaps))


def check_lengths(array: pa.Array) -> None:
    """Raises NotVectorizable if a text of a column is longer than those that are read as numbers and epochs."""
    if pa.types.is_string(array.type) and len(array) and pc.max(pc.binary_length(array)).as_py() > MAX_LENGTH:
        raise NotVectorizable


def scaled(values: Floats) -> tuple[Ints, int]:
    """Finite floats as exact (units int64[n], decimals) on the coarsest common grid. Raises NotVectorizable.

    The all-or-nothing form of `market.decimals.scale_floats`, where the proof is.
    """
    for decimals in range(MAX_DECIMALS + 1):
        units = np.rint(values * 10.0**decimals)
        if np.array_equal(units / 10.0**decimals, values):
            if np.abs(units).max(initial=0) > MAX_UNITS:
                break
            return units.astype(np.int64), decimals
    raise NotVectorizable


def _fixed_point(array: pa.Array, shift: int) -> tuple[Ints, int]:
    if pa.types.is_string(array.type) and not pc.all(pc.utf8_is_decimal(array)).as_py():
        raise NotVectorizable
    check_lengths(array)
    units, decimals = _int64(array), shift
    while decimals and not (units % 10).any():
        units, decimals = units // 10, decimals - 1
    return _check_bounds(units), decimals


def _check_bounds(units: Ints) -> Ints:
    if len(units) and (int(units.max()) > MAX_UNITS or int(units.min()) < -MAX_UNITS):
        raise NotVectorizable
    return units


def _with_dots(array: pa.Array, mark: DecimalMark) -> pa.Array:
    """Replace the decimal mark by a dot in one pass over the bytes; a wrong mark becomes unreadable."""
    if mark is DecimalMark.DOT:
        return array
    validity, offsets, data = array.buffers()
    if data is None:
        return array
    table = _COMMA_IS_MARK if mark is DecimalMark.COMMA else _COMMA_IS_MARK_TOO
    swapped = pa.py_buffer(data.to_pybytes().translate(table))
    return pa.StringArray.from_buffers(len(array), offsets, swapped, validity, array.null_count, array.offset)


def _snapped_floats(values: Floats, snaps: Snaps) -> Floats:
    """The floats with those snapped that are no decimal of a few digits."""
    texts = [f"{value!r}" for value in values.tolist()]
    return np.array([float(snaps.of(text)) for text in texts])


def _shorten(array: pa.Array, snaps: Snaps | None) -> pa.Array:
    """Shorten texts of more than 15 digits by their trailing zeros. Raises NotVectorizable if that is not enough."""
    long = pc.greater(pc.binary_length(array), _SAFE_LENGTH)
    if not pc.any(long).as_py():
        return array
    texts = array.filter(long)
    check_lengths(texts)
    if snaps is not None:
        texts = pa.array([snaps.of(text) for text in texts.to_pylist()], pa.string())
        array = pc.replace_with_mask(array, long, texts)
        long = pc.greater(pc.binary_length(array), _SAFE_LENGTH)
        texts = array.filter(long)
    if not pc.all(pc.match_substring_regex(texts, r"^[0-9]+\.[0-9]+$")).as_py():
        raise NotVectorizable
    texts = pc.utf8_rtrim(texts, characters="0")
    if pc.max(pc.binary_length(texts)).as_py() > _SAFE_LENGTH + 1:
        raise NotVectorizable
    return pc.replace_with_mask(array, long, texts)


def _int64(array: pa.Array) -> Ints:
    try:
        return np.asarray(pc.cast(array, pa.int64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid as error:
        raise NotVectorizable from error


def _float64(array: pa.Array) -> Floats:
    try:
        floats = np.asarray(pc.cast(array, pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid as error:
        raise NotVectorizable from error
    if not np.isfinite(floats).all():
        raise NotVectorizable
    return floats
