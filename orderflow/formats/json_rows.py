"""Parse the rows of JSON and NDJSON bodies, with canonical keys, the source system's keys, or both.

If a row has two keys for the same value, the canonical one is used. Unknown keys are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from json.decoder import WHITESPACE  # type: ignore[attr-defined]  # what the decoder itself uses
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Bytes, Indices
from orderflow.errors import BadInput
from orderflow.formats.parsing.assemble import Chunk, assemble
from orderflow.formats.parsing.context import Cell, ParseContext
from orderflow.formats.parsing.fast import read_columns
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.parse_errors import NotVectorizable, NumberText, ParseError, shown
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.rows import RowReader
from orderflow.formats.parsing.words import SIDE_WORDS

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

_LAYOUT = Layout(
    "json",
    {role: Column(index, key) for index, (key, role, _) in reversed(list(enumerate(KEYS)))},
    width=0,
    least=0,
    side_words=SIDE_WORDS,
)
_PLACES = {key: (place, role, mark) for place, (key, role, mark) in enumerate(KEYS)}
_REQUIRED = frozenset({Role.TIME, Role.PRICE, Role.SIZE})
_DECODER = json.JSONDecoder(parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText)
_FEW_ROWS = 128
_PARTS = 8
_DIGITS = 16
_END_OF_POWER = re.compile(rb"-[0-9]+[\s,}\]]")
_Number = int | float | str | None
_Values = tuple[list[Any], ...]


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
_CANONICAL_ROWS = msgspec.json.Decoder(list[_Canonical])
_CANONICAL_ROW = msgspec.json.Decoder(_Canonical)


class JsonRows:
    """The rows of a JSON or NDJSON body: typed columns for the fast path, parsed objects for the row path."""

    def __init__(self, data: bytes, text: str, context: ParseContext, *, lines: bool) -> None:
        self._data = data
        self._text = text
        self._context = context
        self._lines = lines
        self._items: Iterator[tuple[int | None, Any]] = iter(())
        self._next = -1

    def parse(self, fast: bool) -> ParsedTicks:
        """Parse all ticks of the body. Raises BadInput if the body is not JSON."""
        infer = self._context.infer
        if fast:
            before = self._context.mark()
            try:
                count, values = _decode(self._data, self._lines)
                return assemble(self._chunks(values, 0, count), infer=infer)
            except NotVectorizable:
                self._context.reset(before)
        return assemble([self._by_rows(0, None)], infer=infer)

    def _chunks(self, values: _Values, start: int, stop: int) -> list[Chunk]:
        """Parse rows start to stop on the fast path; split it around rows that need the row path."""
        try:
            columns = _columns(values, start, stop)
            if any(pa.types.is_floating(array.type) for array, _ in columns.values()) and self._may_lose_precision:
                raise NotVectorizable
            return [read_columns(columns, stop - start, start, _LAYOUT, self._context)]
        except NotVectorizable:
            if stop - start <= _FEW_ROWS:
                return [self._by_rows(start, stop)]
        step = -(-(stop - start) // _PARTS)
        return [chunk for at in range(start, stop, step) for chunk in self._chunks(values, at, min(at + step, stop))]

    def _by_rows(self, start: int, stop: int | None) -> Chunk:
        reader = RowReader(_LAYOUT, self._context)
        for row, line, value in self._rows(start, stop):
            if isinstance(value, dict):
                reader.add(row, line, _cells(value))
            else:
                fault = str(value) if isinstance(value, ParseError) else f"{shown(value)} is not a tick object"
                reader.refuse(row, line, fault)
        return reader.chunk()

    @cached_property
    def _may_lose_precision(self) -> bool:
        return may_lose_precision(self._data)

    def _rows(self, start: int, stop: int | None) -> Iterator[tuple[int, int | None, Any]]:
        """(row, line, value) of rows start to stop, to the end for None; one by one, because values take much memory.

        Raises BadInput.
        """
        if not 0 <= self._next <= start:
            self._items, self._next = self._read_items(), 0
        for line, value in self._items:
            row, self._next = self._next, self._next + 1
            if row >= start:
                yield row, line, value
            if self._next == stop:
                return

    def _read_items(self) -> Iterator[tuple[int | None, Any]]:
        """(line, value) of every row. Raises BadInput."""
        if self._lines:
            for number, line in enumerate(map(bytes.decode, BytesIO(self._data)), 1):
                if line.strip():
                    yield number, _line(line)
            return
        text = self._text
        at = _skip_blanks(text, 0)
        if text[at : at + 1] != "[":
            value = _loads(text)
            if not isinstance(value, dict):
                raise BadInput(f"the body is {shown(value)}; send a JSON object or an array of objects")
            yield None, value
            return
        at = _skip_blanks(text, at + 1)
        mark = text[at : at + 1]
        while mark != "]":
            value, at = _decode_at(text, at)
            yield None, value
            at = _skip_blanks(text, at)
            mark = text[at : at + 1]
            if mark not in (",", "]"):
                raise _not_json(json.JSONDecodeError("Expecting ',' delimiter", text, at))
            if mark == ",":
                at = _skip_blanks(text, at + 1)
        if (at := _skip_blanks(text, at + 1)) < len(text):
            raise _not_json(json.JSONDecodeError("Extra data", text, at))


def _skip_blanks(text: str, at: int) -> int:
    return int(WHITESPACE.match(text, at).end())


def _decode_at(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins at a place, with numbers as their text, and where it ends. Raises BadInput."""
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _not_json(error) from error
    except RecursionError as error:
        raise BadInput("the body is nested too deeply") from error


def _loads(text: str) -> Any:
    """Parse JSON and keep every number as its text. Raises BadInput."""
    value, at = _decode_at(text, _skip_blanks(text, 0))
    if (at := _skip_blanks(text, at)) < len(text):
        raise _not_json(json.JSONDecodeError("Extra data", text, at))
    return value


def _not_json(error: json.JSONDecodeError) -> BadInput:
    return BadInput(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")


def _line(line: str) -> Any:
    """The value of one NDJSON line, or a ParseError object if the line is not JSON."""
    try:
        return _loads(line)
    except BadInput as error:
        return ParseError(str(error).replace("the body is", "the line is").replace(" at line 1,", " at"))


def _cells(value: dict[str, Any]) -> dict[Role, Cell]:
    """The row's cells by role; of two keys for one role, the one that is earlier in KEYS."""
    found: dict[Role, tuple[int, Cell]] = {}
    for key, item in value.items():
        known = _PLACES.get(key)
        if known is None:
            continue
        place, role, mark = known
        if (item is None or item == "") and role not in _REQUIRED:
            continue
        if role not in found or place < found[role][0]:
            found[role] = place, Cell(key, item, mark)
    return {role: cell for role, (_, cell) in found.items()}


def _columns(values: _Values, start: int, stop: int) -> dict[Role, tuple[pa.Array, DecimalMark]]:
    """The fields of rows start to stop as Arrow columns by role. Raises NotVectorizable."""
    columns: dict[Role, tuple[pa.Array, DecimalMark]] = {}
    for (_, role, mark), whole in zip(KEYS, values, strict=False):
        column = whole[start:stop] if stop - start < len(whole) else whole
        if column and column[0] is None and column.count(None) == len(column):
            continue
        if role in columns:
            raise NotVectorizable
        columns[role] = (_array(column), mark)
    if not columns.keys() >= _REQUIRED:
        raise NotVectorizable
    return columns


def _decode(data: bytes, lines: bool) -> tuple[int, _Values]:
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


def _canonical_values(rows: list[_Row] | list[_Canonical]) -> _Values:
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


def _source_values(rows: list[_Row]) -> _Values:
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
