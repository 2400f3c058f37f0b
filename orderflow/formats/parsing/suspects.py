"""Find the rows of a block that the fast path is likely to refuse, so that only these are read one by one.

It is a guess from the form of the cells. If the fast path refuses the other rows too, the block is split as before: a
wrong guess costs time and changes no result.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Flags, Floats, Ints
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.times import END, FIRST, UNITS
from orderflow.formats.parsing.words import Words

MOST = 0.2
"""Part of a block up to which rows are read one by one beside the fast path. Where more are odd the block is split
first, as parts of it may be alike."""
NEARLY_ALL = 0.9
"""Part of a block from which on all of it is read one by one."""
FEW_ROWS = 5_000
"""Rows of a block that is not split because many are odd."""

_REQUIRED = frozenset({Role.TIME, Role.DAY, Role.PRICE, Role.SIZE})
_AMOUNTS = frozenset({Role.SIZE, Role.BID_VOLUME, Role.ASK_VOLUME})
_QUOTES = frozenset({Role.BID, Role.ASK})
_MARKS = {DecimalMark.DOT: r"\.", DecimalMark.COMMA: ",", DecimalMark.EITHER: "[.,]"}
_EPOCH = r"^[0-9]{9,19}(\.[0-9]{1,9})?$"
_ZONE = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_CLOCK = r"^[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$"
_SYMBOL = r"^[._/:-]*[A-Za-z0-9][A-Za-z0-9._/:-]*$"
_IDS = (r"^[0-9]{1,18}$", r"^-[1-9][0-9]{0,17}$", r"^#[1-9a-f][0-9a-f]{0,14}$", r"^[!-~]{1,128}$")


def odd_rows(columns: Mapping[Role, tuple[pa.Array, DecimalMark]], rows: int, layout: Layout) -> Flags:
    """bool[rows]: rows with a cell whose form the fast path does not read, or not together with the other rows'."""
    odd = np.zeros(rows, np.bool_)
    for role, (array, mark) in columns.items():
        missing = np.asarray(array.is_null())
        if role in _REQUIRED:
            odd |= missing
        if len(present := array.drop_null()):
            odd[~missing] |= _odd(role, present, mark, layout)
    return odd


def way(odd: int, rows: int) -> bool | None:
    """How to read a block with so many odd rows: True on the row path, False those alone, None split it first."""
    if odd > NEARLY_ALL * rows:
        return True
    return None if odd > MOST * rows and rows > FEW_ROWS else False


def minority(kinds: Ints) -> Flags:
    """bool[n]: the values that are not the most frequent one. kinds: int64[n]."""
    values, counts = np.unique(kinds, return_counts=True)
    rare: Flags = kinds != values[counts.argmax()]
    return rare


def _odd(role: Role, array: pa.Array, mark: DecimalMark, layout: Layout) -> Flags:
    if role is Role.PRICE:
        return _numbers(array, mark, above=0.0, signed=False)
    if role in _AMOUNTS:
        return _numbers(array, mark, above=-1.0, signed=False)
    if role in _QUOTES:
        return _numbers(array, mark, above=-np.inf, signed=True)
    if role is Role.TIME and layout.time is TimeRule.MOMENT:
        return _times(array)
    if role is Role.SIDE:
        return _words(array, layout.side_words)
    if role is Role.MAKER:
        return _words(array, layout.maker_words)
    if not pa.types.is_string(array.type):
        below: Flags = np.asarray(pc.less(array, 0)) if pa.types.is_integer(array.type) else _none(array)
        return below
    if role is Role.ID:
        return _ids(array)
    if role is Role.SYMBOL:
        long: Flags = np.asarray(pc.greater(pc.binary_length(array), 64))
        return long | ~_matches(array, _SYMBOL)
    return _none(array)


def _none(array: pa.Array) -> Flags:
    return np.zeros(len(array), np.bool_)


def _matches(array: pa.Array, form: str) -> Flags:
    return np.asarray(pc.match_substring_regex(array, form))


def _numbers(array: pa.Array, mark: DecimalMark, *, above: float, signed: bool) -> Flags:
    """Texts that are no plain decimals, numbers that are not above a bound."""
    if pa.types.is_string(array.type):
        sign = "-?" if signed else ""
        good = _matches(array, f"^{sign}[0-9]{{1,16}}({_MARKS[mark]}[0-9]{{1,18}})?$")
        return ~good | (_matches(array, "^[0.,]*$") if above >= 0.0 else ~good)
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        return _none(array)
    values = np.asarray(array).astype(np.float64)
    return np.asarray(~(values > above) | (np.abs(values) > 2.0**53))


def _times(array: pa.Array) -> Flags:
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return _epochs(np.asarray(array).astype(np.float64))
    if not pa.types.is_string(array.type):
        return _none(array)
    epoch = _matches(array, _EPOCH)
    zoned = _matches(pc.utf8_slice_codeunits(array, 10), _ZONE)
    days = pc.utf8_slice_codeunits(array, 0, 10).dictionary_encode()
    day = np.array([_is_day(text) for text in days.dictionary.to_pylist()], np.bool_)[np.asarray(days.indices)]
    written = day & _matches(pc.utf8_slice_codeunits(array, 10), _CLOCK)
    width = np.asarray(pc.find_substring(pc.binary_join_element_wise(array, ".", ""), "."))
    odd = minority(np.where(epoch, width, np.where(zoned, -1, -2)).astype(np.int64))
    return np.asarray(odd | ~(epoch | written))


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and 1980 <= date.fromisoformat(text).year < 2100
    except ValueError:
        return False


def _epochs(values: Floats) -> Flags:
    units = np.zeros(len(values), np.int64)
    for place, unit in enumerate(UNITS, 1):
        units[(values >= FIRST // unit) & (values < END // unit)] = place
    return np.asarray((units == 0) | minority(units))


def _ids(array: pa.Array) -> Flags:
    forms = np.stack([_matches(array, form) for form in _IDS])
    unknown = np.logical_not(np.logical_or.reduce(forms))
    odd: Flags = unknown | minority(np.where(unknown, len(_IDS), forms.argmax(axis=0)))
    return odd


def _words(array: pa.Array, words: Words) -> Flags:
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.string())
    if not pa.types.is_string(array.type):
        return _none(array)
    return np.asarray(pc.invert(pc.is_in(pc.utf8_lower(array), value_set=pa.array(list(words), pa.string()))))
