"""Parse the rows of JSON and NDJSON bodies, with canonical keys, the source system's keys, or both.

If a row has two keys for the same value, the canonical one is used. Unknown keys are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from io import BytesIO
from json.decoder import WHITESPACE  # type: ignore[attr-defined]  # what the decoder itself uses
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from orderflow.errors import BadInput
from orderflow.formats.json_columns import (
    KEYS,
    LONG,
    RAW_ROWS,
    REQUIRED,
    Values,
    columns_of,
    decode_columns,
    decode_each,
    may_lose_precision,
    odd_values,
)
from orderflow.formats.parsing.assemble import Chunk, assemble
from orderflow.formats.parsing.context import Cell, ParseContext
from orderflow.formats.parsing.fast import read_columns, read_rows
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.parsing.parse_errors import NotVectorizable, NumberText, ParseError, TakesLong, shown
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.rows import RowReader
from orderflow.formats.parsing.suspects import odd_rows, way
from orderflow.formats.parsing.words import SIDE_WORDS

_LAYOUT = Layout(
    "json",
    {role: Column(index, key) for index, (key, role, _) in reversed(list(enumerate(KEYS)))},
    width=0,
    least=0,
    side_words=SIDE_WORDS,
)
_PLACES = {key: (place, role, mark) for place, (key, role, mark) in enumerate(KEYS)}
_DECODER = json.JSONDecoder(parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText)
_FEW_ROWS = 128
_PARTS = 8


class JsonRows:
    """The rows of a JSON or NDJSON body: typed columns for the fast path, parsed objects for the row path."""

    def __init__(self, data: bytes, text: str, context: ParseContext, *, lines: bool) -> None:
        self._data = data
        self._text = text
        self._context = context
        self._lines = lines

    def parse(self, fast: bool) -> ParsedTicks:
        """Parse all ticks of the body. Raises BadInput if the body is not JSON."""
        infer = self._context.infer
        if fast:
            before = self._context.mark()
            try:
                count, values = self._decode()
                return assemble(self._chunks(values, 0, count), infer=infer)
            except NotVectorizable:
                self._context.reset(before)
        return assemble([self._by_rows(None)], infer=infer)

    def _decode(self) -> tuple[int, Values]:
        """As `decode_columns`, but a row that is not like a tick has no fields. Raises NotVectorizable, BadInput."""
        try:
            return decode_columns(self._data, self._lines)
        except NotVectorizable:
            if self._context.quick:
                raise TakesLong from None
        return len(self._pieces), decode_each(self._pieces)

    def _chunks(self, values: Values, start: int, stop: int) -> list[Chunk]:
        """Parse rows start to stop on the fast path; split it around rows that need the row path."""
        try:
            columns = columns_of(values, start, stop)
            if any(pa.types.is_floating(array.type) for array, _ in columns.values()) and self._may_lose_precision:
                raise NotVectorizable
            return [read_columns(columns, stop - start, start, _LAYOUT, self._context)]
        except NotVectorizable:
            if stop - start <= _FEW_ROWS:
                return [self._by_rows(range(start, stop))]
        if (found := self._around_odd_rows(values, start, stop)) is not None:
            return found
        step = -(-(stop - start) // _PARTS)
        return [chunk for at in range(start, stop, step) for chunk in self._chunks(values, at, min(at + step, stop))]

    def _around_odd_rows(self, values: Values, start: int, stop: int) -> list[Chunk] | None:
        """Parse rows start to stop, odd ones on the row path and the others on the fast path; None if that fails."""
        if self._context.quick:
            raise TakesLong
        if not self._context.zone.is_utc:  # there, a time can depend on those before it
            return None
        before = self._context.mark()
        try:
            odd = odd_values(values, start, stop)
            if self._may_lose_precision:
                odd |= np.array([bool(LONG.search(text)) for text in self._pieces[start:stop]], np.bool_)
            plain = np.flatnonzero(~odd)
            if way(len(odd) - len(plain), len(odd)):
                return [self._by_rows(range(start, stop))]
            columns = columns_of([[column[i] for i in (plain + start).tolist()] for column in values], 0, len(plain))
            good = ~odd_rows(columns, len(plain), _LAYOUT)
            columns = {role: (array.filter(pa.array(good)), mark) for role, (array, mark) in columns.items()}
            plain = plain[good]
            if (all_odd := way(len(odd) - len(plain), len(odd))) is not False:
                return [self._by_rows(range(start, stop))] if all_odd else None
            found = read_rows(columns, plain + start, _LAYOUT, self._context)
        except NotVectorizable:
            self._context.reset(before)
            return None
        rest = np.ones(stop - start, np.bool_)
        rest[plain] = False
        return [found, self._by_rows((np.flatnonzero(rest) + start).tolist())]

    @cached_property
    def _numbers(self) -> list[int]:
        """The line of every row of an NDJSON body."""
        return [number for number, line in enumerate(BytesIO(self._data), 1) if not _is_blank(line)]

    @cached_property
    def _pieces(self) -> Sequence[msgspec.Raw | bytes]:
        """The text of every row. Raises BadInput if the body is not JSON, NotVectorizable if it is no array."""
        if self._lines:
            return [line for line in BytesIO(self._data) if not _is_blank(line)]
        if not self._data.lstrip().startswith(b"["):
            raise NotVectorizable
        try:
            return RAW_ROWS.decode(self._data)
        except (msgspec.MsgspecError, RecursionError):
            return [text for _, text in self._read_array()]

    def _by_rows(self, which: Iterable[int] | None) -> Chunk:
        """Parse rows on the row path. which: their numbers, ascending; None: all."""
        reader = RowReader(_LAYOUT, self._context)
        for row, line, value in self._rows(which):
            if isinstance(value, dict):
                reader.add(row, line, _cells(value))
            else:
                fault = str(value) if isinstance(value, ParseError) else f"{shown(value)} is not a tick object"
                reader.refuse(row, line, fault)
        return reader.chunk()

    @cached_property
    def _may_lose_precision(self) -> bool:
        return may_lose_precision(self._data)

    def _rows(self, which: Iterable[int] | None) -> Iterator[tuple[int, int | None, Any]]:
        """(row, line, value) of the rows one by one, because values take much memory. Raises BadInput."""
        if which is None:
            yield from ((row, line, value) for row, (line, value) in enumerate(self._read_items()))
            return
        pieces = self._pieces
        for row in which:
            text = bytes(pieces[row]).decode()
            if self._lines:
                yield row, self._numbers[row], _line(text)
                continue
            try:
                yield row, None, _loads(text)
            except BadInput as error:  # the message is to name the place in the whole body
                raise NotVectorizable from error

    def _read_items(self) -> Iterator[tuple[int | None, Any]]:
        """(line, value) of every row. Raises BadInput."""
        if self._lines:
            for number, line in enumerate(BytesIO(self._data), 1):
                if not _is_blank(line):
                    yield number, _line(line.decode())
            return
        text = self._text
        if text[_skip_blanks(text, 0) :][:1] != "[":
            value = _loads(text)
            if not isinstance(value, dict):
                raise BadInput(f"the body is {shown(value)}; send a JSON object or an array of objects")
            yield None, value
            return
        for value, _ in self._read_array():
            yield None, value

    def _read_array(self) -> Iterator[tuple[Any, bytes]]:
        """(value, text) of every row of an array. Raises BadInput."""
        text = self._text
        begin = _skip_blanks(text, _skip_blanks(text, 0) + 1)
        at, mark = begin, text[begin : begin + 1]
        while mark != "]":
            begin = at
            value, at = _decode_at(text, begin)
            yield value, text[begin:at].encode()
            at = _skip_blanks(text, at)
            mark = text[at : at + 1]
            if mark not in (",", "]"):
                raise _not_json(json.JSONDecodeError("Expecting ',' delimiter", text, at))
            if mark == ",":
                at = _skip_blanks(text, at + 1)
        if (at := _skip_blanks(text, at + 1)) < len(text):
            raise _not_json(json.JSONDecodeError("Extra data", text, at))


def foreign_row(text: str) -> str | None:
    """The text of the first row of a body, if that lacks what a tick needs under the documented keys; else None."""
    at = _skip_blanks(text, 0)
    if text[at : at + 1] == "[":
        inner = _skip_blanks(text, at + 1)
        at = at if text[inner : inner + 1].isdigit() else inner  # a list of values is a row itself
    if text[at : at + 1] not in ("{", "["):
        return None
    try:
        row, end = _decode_at(text, at)
    except BadInput:
        return None
    own = isinstance(row, dict) and {_PLACES[key][1] for key in row if key in _PLACES} >= REQUIRED
    return None if own else text[at:end]


def _is_blank(line: bytes) -> bool:
    return not line.strip() or not (line.isascii() or line.decode().strip())


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
    if line.startswith("\ufeff"):
        return ParseError("the line begins with a byte order mark, which only a whole body may begin with")
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
        if (item is None or item == "") and role not in REQUIRED:
            continue
        if role not in found or place < found[role][0]:
            found[role] = place, Cell(key, item, mark)
    return {role: cell for role, (_, cell) in found.items()}
