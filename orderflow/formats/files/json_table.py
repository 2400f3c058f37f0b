"""Read JSON files as tables: one object a line, or arrays of objects or of lists, alone or inside an answer.

Numbers keep the digits of the file. Recordings of streams wrap a row in `data`, Gate's in `result`; its keys and those
around it are the row's, the inner ones first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa

from orderflow.arrays import Indices
from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.files import recordings
from orderflow.formats.files.sources import Source
from orderflow.formats.files.streams import Readable
from orderflow.formats.parsing.layout import BROKEN, Layout, Role
from orderflow.formats.sniff import SAMPLE_ROWS, Sample, sample_of

_PIECE = 1 << 20
_HEAD = 1 << 18
_MAX_ROW = 1 << 20
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_OUTER = re.compile(rb"\[\s*[\[{]")
_SHOWN = 60
_INNER, _GATE = "data", "result"
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a row raises that is no JSON, or nested too deeply."""

Fields = dict[str, msgspec.Raw]
Values = list[msgspec.Raw]
_OBJECT = msgspec.json.Decoder(Fields)
_OBJECTS = msgspec.json.Decoder(list[Fields])
_LIST = msgspec.json.Decoder(Values)
_LISTS = msgspec.json.Decoder(list[Values])


@dataclass(frozen=True, slots=True)
class _Bad:
    """A row that is no JSON."""

    text: str


Row = Fields | Values | _Bad


class JsonTable:
    """A JSON file as a table. Raises BadInput, and UnknownFormat if it has no rows."""

    def __init__(self, source: Source) -> None:
        self.rows: int | None = None
        self._names = source.names
        self._rows = _rows(source.stream, source.names[0])
        self._first = [row for _, row in zip(range(SAMPLE_ROWS), self._rows, strict=False)]
        good = [row for row in self._first if row and not isinstance(row, _Bad)]
        if not good:
            raise UnknownFormat(f"{source.names[0]} is JSON without rows: it needs an object or a list for each trade")
        self._listed = isinstance(good[0], list)
        self.header: tuple[str, ...] = ()
        if not self._listed:
            self.header = tuple(dict.fromkeys(key for row in good if isinstance(row, dict) for key in row))

    def sample(self) -> Sample:
        width = max((len(row) for row in self._first if isinstance(row, list)), default=0)
        keys: list[str | int] = list(range(width)) if self._listed else list(self.header)
        rows = [tuple(_text(row, key) or "" for key in keys) for row in self._first if not isinstance(row, _Bad)]
        return sample_of(self.header, rows, None, names=self._names)

    def batches(self, layout: Layout, rows: int) -> Iterator[tuple[dict[Role, pa.Array], int]]:
        keys = {
            role: column.index if self._listed else self.header[column.index] for role, column in layout.columns.items()
        }
        every = chain(self._first, self._rows)
        while block := [row for _, row in zip(range(rows), every, strict=False)]:
            yield {role: _column(block, key, role) for role, key in keys.items()}, len(block)


def _column(block: list[Row], key: str | int, role: Role) -> pa.Array:
    """The texts of one key; the text of a broken row stands in the time column, so that the error shows it."""
    texts = [_text(row, key) for row in block]
    if role in (Role.TIME, Role.ACTION):
        action = role is Role.ACTION
        pairs = zip(block, texts, strict=True)
        texts = [(BROKEN if action else row.text) if isinstance(row, _Bad) else text for row, text in pairs]
    return pa.array(texts, pa.string())


def _text(row: Row, key: str | int) -> str | None:
    """The value of a key as text; None if it is missing, null, or empty."""
    if isinstance(row, _Bad):
        return None
    raw: msgspec.Raw | None = None
    if isinstance(key, str):
        raw = row.get(key) if isinstance(row, dict) else None
    elif isinstance(row, list):
        raw = row[key] if key < len(row) else None
    if raw is None:
        return None
    value = bytes(raw)
    if value[:1] == b'"':
        text: str = json.loads(value) if b"\\" in value else value[1:-1].decode()
        return text or None
    return None if value == b"null" else value.decode()


def _rows(stream: Readable, name: str) -> Iterator[Row]:
    """All rows of a file."""
    head = b""
    while len(head) < _HEAD and (part := stream.read(_PIECE)):
        head += part
    head = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if recordings.is_recording(head):
        for one in recordings.rows_of(stream, head, name):
            yield _row(one) if isinstance(one, bytes) else one
        return
    found = chain.from_iterable(_lines(stream, head, name) if _is_lines(head) else _elements(stream, head, name))
    for row in found:
        if isinstance(row, dict) and (key := _wrapper(row)):
            yield from _unwrapped(row, key)
        else:
            yield row


def _is_lines(head: bytes) -> bool:
    """Whether each line is an object, or a list of plain values, of its own."""
    first, _, rest = head.partition(b"\n")
    if rest.lstrip()[:1] not in (b"", head[:1]):
        return False
    if head.startswith(b"["):
        return not _OUTER.search(first) and isinstance(_row(first), list)
    return isinstance(_row(first), dict) and (bool(rest.strip()) or not _OUTER.search(first))


def _lines(stream: Readable, rest: bytes, name: str) -> Iterator[list[Row]]:
    """Rows that are lines."""
    while rest:
        end = rest.rfind(b"\n") + 1
        part = stream.read(_PIECE)
        if end:
            yield [_row(line) for line in rest[:end].splitlines() if line.strip()]
        elif not part:
            yield [_row(rest)] if rest.strip() else []
            return
        rest = rest[end:] + part
        _check(rest, name)


def _elements(stream: Readable, rest: bytes, name: str) -> Iterator[list[Row]]:
    """Rows that are elements of arrays which lie as deep in the file as the first one."""
    outer = _OUTER.search(rest)
    if outer is None:
        yield [_row(rest)]
        return
    rest = rest[outer.end() - 1 :]
    while True:
        starts, ends = _boundaries(rest)
        unfinished = len(starts) > len(ends)
        starts, ends = _in_arrays(rest, starts[: len(ends)], ends)
        if len(ends):
            yield _decoded(rest, starts, ends)
            rest = rest[int(ends[-1]) :]
        part = stream.read(_PIECE)
        if not part:
            break
        rest += part
        _check(rest, name)
    if b"]" not in rest or unfinished:
        raise BadInput(f"{name} is cut off: its last row or array has no end")


def _boundaries(text: bytes) -> tuple[Indices, Indices]:
    """Where rows begin and end in a text that begins between two of them, or before the first."""
    plain = _ESCAPED.sub(b"__", text) if b"\\" in text else text
    data = np.frombuffer(plain, np.uint8)
    outside = np.cumsum(data == ord('"'), dtype=np.int64) & 1 == 0
    opens = ((data == ord("{")) | (data == ord("["))) & outside
    closes = ((data == ord("}")) | (data == ord("]"))) & outside
    deep = np.cumsum(opens.astype(np.int8) - closes.astype(np.int8), dtype=np.int64)
    return np.flatnonzero(opens & (deep == 1)), np.flatnonzero(closes & (deep == 0)) + 1


def _in_arrays(text: bytes, starts: Indices, ends: Indices) -> tuple[Indices, Indices]:
    """Without the values that are no element of an array but stand somewhere else in an answer."""
    begins = np.concatenate([[0], ends[:-1]]).astype(np.intp) if len(ends) else ends
    data = np.frombuffer(text, np.uint8)
    plain = (starts - begins == 1) & (data[begins] == ord(","))
    keep = plain.copy()
    for at in np.flatnonzero(~plain):
        gap = text[int(begins[at]) : int(starts[at])].strip()
        keep[at] = gap in (b"", b",") or gap.endswith(b"[")
    return starts[keep], ends[keep]


def _decoded(text: bytes, starts: Indices, ends: Indices) -> list[Row]:
    decoder = _OBJECTS if text[int(starts[0])] == ord("{") else _LISTS
    try:
        return list(decoder.decode(b"[" + _checked(text[int(starts[0]) : int(ends[-1])]) + b"]"))
    except _BROKEN:
        return [_row(text[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def _row(text: bytes) -> Row:
    try:
        return _LIST.decode(_checked(text)) if text.lstrip()[:1] == b"[" else _OBJECT.decode(_checked(text))
    except _BROKEN:
        return _Bad(text[:_SHOWN].decode("utf-8", "replace"))


def _checked(text: bytes) -> bytes:
    """The text, which must be UTF-8: the decoders do not look into the values that they leave as they are."""
    text.decode()
    return text


def _wrapper(row: Fields) -> str:
    """The key whose value holds the rows of a message, "" if there is none: `data`, and `result` beside a channel."""
    return _INNER if row.get(_INNER) is not None else _GATE if "channel" in row and row.get(_GATE) is not None else ""


def _unwrapped(row: Fields, name: str) -> Iterator[Row]:
    """The rows in a message, each with the keys around it."""
    inner = bytes(row[name])
    around = {key: value for key, value in row.items() if key != name}
    try:
        if inner[:1] == b"{":
            yield {**around, **_OBJECT.decode(inner)}
        elif inner[:1] == b"[":
            yield from ({**around, **one} for one in _OBJECTS.decode(inner))
        else:
            yield row
    except _BROKEN:
        yield row


def _check(rest: bytes, name: str) -> None:
    if len(rest) > _MAX_ROW + _PIECE:
        raise BadInput(f"{name} has a row of more than {_MAX_ROW:,} bytes: this is not a file of ticks")
