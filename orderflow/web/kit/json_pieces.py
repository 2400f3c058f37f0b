"""Writes JSON in pieces: what is an iterator in a value is written as an array, as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from orderflow.web.kit.responses import encode

ROWS = 2_000
"""Elements of an iterator that are written at a time."""
PIECE = 1 << 16
"""Bytes of a piece, about."""


def json_pieces(value: Any) -> Iterator[bytes]:
    """The JSON of a value, the same as of one with lists in place of iterators. Keys of mappings are texts.

    Iterators may be in mappings, not in lists.
    """
    held, size = [], 0
    for part in _parts(value):
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, Mapping):
        comma = b""
        yield b"{"
        for name, member in value.items():
            yield comma + encode(str(name)) + b":"
            yield from _parts(member)
            comma = b","
        yield b"}"
    elif isinstance(value, Iterator):
        comma = b""
        yield b"["
        while rows := list(islice(value, ROWS)):
            yield comma + encode(rows)[1:-1]
            comma = b","
        yield b"]"
    else:
        yield encode(value)
