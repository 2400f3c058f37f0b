"""The fields of JSON rows as columns: decoding with the types that the fast path accepts, and what it cannot accept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Bytes, Flags, Indices, Ints
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.parse_errors import NotVectorizable

KEYS: tuple[tuple[str, Role, DecimalMark], ...] = (
    ("timestamp", Role.TIME, DecimalMark.DOT),
    ("price", Role.PRICE, DecimalMark.DOT),
    ("size", Role.SIZE, DecimalMark.DOT),
    ("side", Role.SIDE, DecimalMark.DOT),
    ("bid", Role.BID, DecimalMark.DOT),
    ("ask", Role.ASK, DecimalMark.DOT),
    ("id", Role.ID, DecimalMark.DOT),
    ("symbol", Role.SYMBOL, DecimalMark.DOT),
    ("Timestamp", Role.TIME, DecimalMark.DOT),
    ("Precio", Role.PRICE, DecimalMark.EITHER),
    ("Volumen", Role.SIZE, DecimalMark.EITHER),
    ("Lado", Role.SIDE, DecimalMark.DOT),
    ("Bid", Role.BID, DecimalMark.EITHER),
    ("Ask", Role.ASK, DecimalMark.EITHER),
)
"""The keys of a JSON row, in order of precedence, with the decimal mark of numbers that come as strings."""

REQUIRED = frozenset({Role.TIME, Role.PRICE, Role.SIZE})
_DIGITS = 16
LONG = re.compile(rb"[0-9.]{17}|[eE]-")
"""What a number that float64 would change has (see `may_lose_precision`)."""
_TYPES = {type(None): 0, int: 1, float: 1, str: 2}
_END_OF_POWER = re.compile(rb"-[0-9]+[\s,}\]]")
_Number = int | float | str | None
Values = Sequence[list[Any]]


class _Own(msgspec.Struct, gc=False):
    """The canonical keys of one JSON row, with the types that the fast path accepts."""

    timestamp: _Number = None
    price: _Number = None
    size: _Number = None
    side: str | None = None
    bid: _Number = None
    ask: _Number = None
    id: int | str | None = None
    symbol: str | None = None


class _Row(_Own, gc=False):
    """One JSON row with any known key."""

    Timestamp: _Number = None
    Precio: _Number = None
    Volumen: _Number = None
    Lado: str | None = None
    Bid: _Number = None
    Ask: _Number = None


class _Canonical(_Own, gc=False):
    """One JSON row with canonical keys only; decoding fails if another known key has a value."""

    Timestamp: None = None
    Precio: None = None
    Volumen: None = None
    Lado: None = None
    Bid: None = None
    Ask: None = None


_ROWS = msgspec.json.Decoder(list[_Row])
_ROW = msgspec.json.Decoder(_Row)
RAW_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_CANONICAL_ROWS = msgspec.json.Decoder(list[_Canonical])
_CANONICAL_ROW = msgspec.json.Decoder(_Canonical)


def columns_of(values: Values, start: int, stop: int) -> dict[Role, tuple[pa.Array, DecimalMark]]:
    """The fields of rows start to stop as Arrow columns by role. Raises NotVectorizable."""
    columns: dict[Role, tuple[pa.Array, DecimalMark]] = {}
    for (_, role, mark), whole in zip(KEYS, values, strict=False):
        column = whole[start:stop] if stop - start < len(whole) else whole
        if column and column[0] is None and column.count(None) == len(column):
            continue
        if role in columns:
            raise NotVectorizable
        columns[role] = (_array(column), mark)
    if not columns.keys() >= REQUIRED:
        raise NotVectorizable
    return columns


def decode_columns(data: bytes, lines: bool) -> tuple[int, Values]:
    """The number of rows, and their fields as columns in the order of KEYS. Raises NotVectorizable."""
    try:
        try:
            few = _CANONICAL_ROW.decode_lines(data) if lines else _CANONICAL_ROWS.decode(data)
            return _check_count(data, lines, len(few)), _canonical_values(few)
        except msgspec.ValidationError:
            rows = _ROW.decode_lines(data) if lines else _ROWS.decode(data)
            return _check_count(data, lines, len(rows)), (*_canonical_values(rows), *_source_values(rows))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise NotVectorizable from error


def decode_each(texts: Sequence[msgspec.Raw | bytes]) -> Values:
    """As `decode_columns`, of rows one by one: a row that is not like a tick has no fields."""
    rows = [_row(text) for text in texts]
    return *_canonical_values(rows), *_source_values(rows)


def _row(text: msgspec.Raw | bytes) -> _Row:
    try:
        return _ROW.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return _Row()


def odd_values(values: Values, start: int, stop: int) -> Flags:
    """bool[stop - start]: rows with a value of another type, or under another key, than most rows."""
    odd = np.zeros(stop - start, np.bool_)
    used: dict[Role, list[Ints]] = {}
    for (_, role, _), whole in zip(KEYS, values, strict=False):
        column = whole[start:stop]
        if column.count(None) < len(column):
            used.setdefault(role, []).append(np.array([_TYPES[type(value)] for value in column], np.int64))
    for kinds in used.values():
        most = max(kinds, key=np.count_nonzero)
        for kind in kinds:
            odd |= (kind != 0) & (kind != np.bincount(most[most > 0]).argmax() if kind is most else True)
    return odd


def _check_count(data: bytes, lines: bool, rows: int) -> int:
    """Return `rows`. Raises NotVectorizable if an NDJSON body does not have one object per line."""
    if lines and rows != _count_lines(data):
        raise NotVectorizable
    return rows


def _count_lines(data: bytes) -> int:
    """The number of lines that are not blank."""
    text = np.frombuffer(data, np.uint8)
    begins = np.flatnonzero(text[:-1] == ord("\n")) + 1
    if len(text) and text[0] > ord(" ") and (text[begins] > ord(" ")).all():
        return len(begins) + 1  # no line begins with a blank
    return sum(1 for line in BytesIO(data) if line.strip())


def _canonical_values(rows: list[_Row] | list[_Canonical]) -> Values:
    """Written out per field: reading the fields takes half of the fast path's time."""
    return (
        [row.timestamp for row in rows],
        [row.price for row in rows],
        [row.size for row in rows],
        [row.side for row in rows],
        [row.bid for row in rows],
        [row.ask for row in rows],
        [row.id for row in rows],
        [row.symbol for row in rows],
    )


def _source_values(rows: list[_Row]) -> Values:
    return (
        [row.Timestamp for row in rows],
        [row.Precio for row in rows],
        [row.Volumen for row in rows],
        [row.Lado for row in rows],
        [row.Bid for row in rows],
        [row.Ask for row in rows],
    )


def _array(values: list[Any]) -> pa.Array:
    try:
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError) as error:
        raise NotVectorizable from error
    if pa.types.is_string(array.type) and pc.any(pc.equal(array, "")).as_py():
        raise NotVectorizable
    return array


def may_lose_precision(data: bytes) -> bool:
    """Whether a JSON text can hold a number that float64 would change unnoticed.

    This is a number with a fraction and more than 15 digits (float64 would round it), or one so small that float64
    reads it as 0. Checks the digits around every dot and after every negative exponent; a large positive exponent has
    too many digits for a price anyway. Digits inside strings can give a false positive, which costs time only.
    """
    text = np.frombuffer(b"  " * _DIGITS + data + b"  " * _DIGITS, np.uint8)
    dots = np.flatnonzero(text == ord("."))
    long = np.concatenate([_run(text, dots, 1, _DIGITS // 2), _run(text, dots, -1, _DIGITS // 2)])
    if len(long):
        around = (text[long[:, None] + np.r_[-_DIGITS:0, 1 : _DIGITS + 1]] - ord("0")) <= 9
        before = np.logical_and.accumulate(around[:, _DIGITS - 1 :: -1], axis=1).sum(axis=1)
        after = np.logical_and.accumulate(around[:, _DIGITS:], axis=1).sum(axis=1)
        if ((before + after) >= _DIGITS).any():
            return True
    minus = np.flatnonzero(text == ord("-"))
    powers = minus[(text[minus - 1] | 32) == ord("e")]
    if len(_run(text, powers - 1, -1, _DIGITS)):
        return True
    tiny = _run(text, _run(text, powers - 1, -1, 1) + 1, 1, 3) - 2 * _DIGITS
    return any(_END_OF_POWER.match(data, place) for place in tiny.tolist())


def _run(text: Bytes, places: Indices, step: int, count: int) -> Indices:
    """The places that are followed (step 1) or preceded (step -1) by `count` digits."""
    for far in range(1, count + 1):
        places = places[(text[places + step * far] - ord("0")) <= 9]
    return places
