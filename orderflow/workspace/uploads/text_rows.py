"""Split whole lines into columns of text, with the physical line of each row.

Arrow refuses lines with more or fewer fields than the others. They are taken where only empty cells are missing or too
many; the others are named. Lines that are left out shift the numbers of those after them, which is counted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from orderflow.arrays import Ints
from orderflow.errors import BadInput
from orderflow.formats.parsing.lines import cells, for_arrow
from orderflow.workspace.uploads.source import Piece

_LONE_RETURN = re.compile(rb"\r(?!\n)")
_BLANK = re.compile(rb"(?:\A|\n)[ \t\r]*(?:\n|\Z(?<!\n))")
_VISIBLE = ~np.isin(np.arange(256), list(b" \t\r\n"))
"""bool[256]: whether a byte makes a line one that is not blank."""
Refuse = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class TextRows:
    """n rows that are not blank. columns: text by index, without nulls. lines: int64[n], 1-based."""

    columns: dict[int, pa.Array]
    lines: Ints

    def take(self, index: Ints) -> TextRows:
        """Some of the rows."""
        chosen = pa.array(index)
        return TextRows({key: column.take(chosen) for key, column in self.columns.items()}, self.lines[index])


@dataclass(frozen=True, slots=True)
class Fields:
    """How lines are split. width: fields of a usual row. most: fields of the longest. least: fields that a row must
    have. wanted: the indices that are read."""

    delimiter: str
    width: int
    most: int
    least: int
    wanted: Collection[int]


def read_text(piece: Piece, fields: Fields, refuse: Refuse) -> TextRows:
    """The rows of a piece. refuse: called with the line and reason of each that is none."""
    data = _LONE_RETURN.sub(b" ", piece.data) if b"\r" in piece.data else piece.data
    data, numbers = _filled(data, piece)
    if not data:
        return TextRows({index: pa.array([], pa.string()) for index in fields.wanted}, numbers)
    table, left_out = _split(_without_stray_quotes(data) if b'"' in data else data, fields)
    if len(table) + len(left_out) != len(numbers):
        raise BadInput(f"the lines from {piece.line:,} on cannot be told apart: check for stray quotes")
    skipped = np.array([number for number, _ in left_out], np.int64) - 1
    rows = TextRows(
        {index: table[index] for index in fields.wanted}, np.delete(numbers, skipped) if len(skipped) else numbers
    )
    mended = []
    for number, text in left_out:
        found = _mended(text, fields)
        if found is not None:
            mended.append((int(numbers[number - 1]), found))
        elif text.strip(" \t\r"):
            split = cells(text, fields.delimiter)
            refuse(int(numbers[number - 1]), f"has {len(split)} fields, but {fields.width} are needed")
    return _without_blanks(_merged(rows, mended) if mended else rows)


def has_blank_lines(data: bytes) -> bool:
    """Whether any line is blank."""
    return _BLANK.search(data) is not None


def _filled(data: bytes, piece: Piece) -> tuple[bytes, Ints]:
    """The lines of a piece that are not blank, and their numbers. Blank ones would take columns of texts of their own,
    100 bytes a line."""
    if not has_blank_lines(data):
        return data, np.arange(piece.line, piece.line + piece.lines)
    text = np.frombuffer(data, np.uint8)
    starts = np.concatenate(([0], np.flatnonzero(text[:-1] == ord("\n")) + 1)).astype(np.int32)
    filled = np.logical_or.reduceat(_VISIBLE[text], starts)
    lengths = np.diff(starts, append=np.int32(len(text)))
    return text[np.repeat(filled, lengths)].tobytes(), piece.line + np.flatnonzero(filled)


class _Split:
    """Columns of text by index; those beyond the width are empty."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __getitem__(self, index: int) -> pa.Array:
        name = f"c{index}"
        if name not in self._table.column_names:
            return pa.array([""] * len(self), pa.string())
        return self._table.column(name).combine_chunks()


def _without_stray_quotes(data: bytes) -> bytes:
    """The text without the quotes of lines that have an odd number of them, as a line break in quotes makes."""
    text = np.frombuffer(data, np.uint8).copy()
    quotes = text == ord('"')
    starts = np.concatenate(([0], np.flatnonzero(text[:-1] == ord("\n")) + 1))
    odd = np.add.reduceat(quotes, starts, dtype=np.int64) % 2 == 1
    lengths = np.diff(starts, append=len(text))
    text[quotes & np.repeat(odd, lengths)] = ord(" ")
    return text.tobytes()


def _split(data: bytes, fields: Fields) -> tuple[_Split, list[tuple[int, str]]]:
    """The columns, and the (number from 1, text) of each line that Arrow refused."""
    left_out: list[tuple[int, str]] = []

    def keep(row: Any) -> str:
        left_out.append((row.number, row.text))
        return "skip"

    names = [f"c{index}" for index in range(fields.width)]
    used = [f"c{index}" for index in fields.wanted if index < fields.width]
    for text in (data, None):
        text = for_arrow(data.decode("utf-8", "replace").encode() if text is None else text)
        left_out.clear()
        try:
            table = pv.read_csv(
                pa.BufferReader(text),
                read_options=pv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
                parse_options=pv.ParseOptions(
                    delimiter=fields.delimiter,
                    ignore_empty_lines=False,
                    invalid_row_handler=keep,
                ),
                convert_options=pv.ConvertOptions(include_columns=used, column_types=dict.fromkeys(used, pa.string())),
            )
        except pa.ArrowInvalid as error:
            if "UTF" in str(error):
                continue
            raise BadInput(f"the table cannot be read: {error}") from error
        return _Split(table), left_out
    raise BadInput("the text cannot be decoded")


def _mended(text: str, fields: Fields) -> list[str] | None:
    """The fields of a line of unusual length; None if it has too few, or more than there are columns."""
    found = cells(text.rstrip("\r"), fields.delimiter)
    if len(found) < fields.least or any(found[fields.most :]):
        return None
    return found


def _merged(rows: TextRows, mended: list[tuple[int, list[str]]]) -> TextRows:
    """The rows and mended lines in the order of the file."""
    lines = np.concatenate([rows.lines, np.array([line for line, _ in mended], np.int64)])
    order = pa.array(np.argsort(lines, kind="stable"))
    columns = {}
    for index, column in rows.columns.items():
        more = pa.array([found[index] if index < len(found) else "" for _, found in mended], pa.string())
        columns[index] = pa.concat_arrays([column, more]).take(order)
    return TextRows(columns, np.sort(lines))


def _without_blanks(rows: TextRows) -> TextRows:
    empty = np.ones(len(rows.lines), np.bool_)
    for column in rows.columns.values():
        empty &= np.asarray(pc.equal(pc.binary_length(pc.utf8_trim(column, characters=" \t")), 0))
    return rows.take(np.flatnonzero(~empty)) if empty.any() else rows
