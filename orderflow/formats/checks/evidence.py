"""The rows of a file beyond the sample, for questions that a hundred rows do not answer.

It opens the file a second time, so that the reader itself reads each row once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv

from orderflow.formats.files.sources import Source
from orderflow.formats.files.text_lines import Lines
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.parsing.lines import MAX_LINE, cells, for_arrow
from orderflow.formats.registry import open_table
from orderflow.formats.sniff import Sample
from orderflow.formats.tables import texts

PROBE_ROWS = 10_000
"""Rows that are looked at before a file is read."""
Row = tuple[str, ...]
_PIECE, _HEAD = 1 << 16, 512


def _rows(data: bytes, delimiter: str) -> Iterator[Row]:
    for raw in data.split(b"\n"):
        if raw.strip(b" \t\r") and len(raw) <= MAX_LINE:
            yield tuple(cells(raw.rstrip(b"\r").decode("utf-8", "replace"), delimiter))


def _distinct(data: bytes, delimiter: str, index: int, width: int) -> set[str]:
    """The different cells of one column of lines."""
    names = [f"c{place}" for place in range(width)]
    text = for_arrow(data)
    try:
        table = pv.read_csv(
            pa.BufferReader(text),
            read_options=pv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
            parse_options=pv.ParseOptions(delimiter=delimiter),
            convert_options=pv.ConvertOptions(include_columns=[names[index]], column_types={names[index]: pa.string()}),
        )
    except (pa.ArrowInvalid, IndexError):  # rows of other widths
        return {row[index] for row in _rows(data, delimiter) if index < len(row)}
    return {cell.strip(" \t") for cell in table.column(0).unique().to_pylist() if cell is not None}


def _characters(data: bytes, delimiter: int, index: int, width: int) -> set[str] | None:
    """The different cells of one column of whole lines, if all are one character and no cell is quoted; else None."""
    if b'"' in data:
        return None
    text = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero((text == delimiter) | (text == ord("\n")))
    if len(marks) % width:
        return None
    ends = marks.reshape(-1, width)
    before = ends[:, index - 1] if index else np.concatenate([[-1], ends[:-1, -1]])
    if (text[ends[:, -1]] != ord("\n")).any() or (ends[:, index] - before != 2).any():
        return None
    codes = np.flatnonzero(np.bincount(text[ends[:, index] - 1], minlength=1))
    return {chr(code) for code in codes.tolist()}


class Evidence:
    """The rows of one file. again: opens it anew."""

    def __init__(self, sample: Sample, again: Callable[[], AbstractContextManager[Source]]) -> None:
        self.sample = sample
        self._again = again
        self._probe: list[Row] | None = None

    def rows(self) -> list[Row]:
        """The first PROBE_ROWS rows of a text, those of the sample for other tables."""
        if self.sample.delimiter is None:
            return list(self.sample.rows)
        if self._probe is None:
            self._probe = list(islice(self._text_rows(), PROBE_ROWS))
        return self._probe

    def column(self, column: Column) -> list[str]:
        """The cells of a column in the first PROBE_ROWS rows."""
        if self.sample.delimiter is None:
            return list(islice(self._table_cells(column), PROBE_ROWS))
        return [row[column.index] for row in self.rows() if column.index < len(row)]

    def whole_column(self, column: Column) -> Iterator[str]:
        """The cells of a column in all rows of the file."""
        if self.sample.delimiter is None:
            return self._table_cells(column)
        return (row[column.index] for row in self._text_rows() if column.index < len(row))

    def distinct(self, column: Column) -> set[str]:
        """The different cells of a column in all rows of the file, stripped."""
        if self.sample.delimiter is None:
            return set(self._table_cells(column))
        if (short := self._plain_distinct(column.index)) is not None:
            return short
        found: set[str] = set()
        for data in self._text_blocks():
            found |= _distinct(data, self.sample.delimiter, column.index, self.sample.width)
        return found

    def _plain_distinct(self, index: int) -> set[str] | None:
        """`distinct` for a text that lies on the disk as it is read, if all cells of the column are one character."""
        delimiter = self.sample.delimiter
        assert delimiter is not None
        found: set[str] = set()
        rest = b""
        with self._again() as source:
            head = source.stream.read(_HEAD)
            source.raw.seek(0)
            if source.raw.read(len(head)) != head or not head.isascii():
                return None
            source.raw.seek(0)
            for _ in range(self.sample.data_line - 1):
                source.raw.readline(MAX_LINE)
            while part := source.raw.read(_PIECE):
                data, mark, rest = (rest + part).rpartition(b"\n")
                cells = _characters(data + mark, ord(delimiter), index, self.sample.width)
                if cells is None:
                    return None
                found |= cells
        cells = _characters(rest + b"\n" if rest else b"", ord(delimiter), index, self.sample.width)
        return None if cells is None else found | cells

    def _text_blocks(self) -> Iterator[bytes]:
        with self._again() as source:
            lines = Lines(source.stream)
            lines.head(1)  # drops a byte order mark
            for data, _ in lines.blocks(self.sample.data_line, PROBE_ROWS):
                yield data

    def _text_rows(self) -> Iterator[Row]:
        delimiter = self.sample.delimiter
        assert delimiter is not None
        for data in self._text_blocks():
            yield from _rows(data, delimiter)

    def _table_cells(self, column: Column) -> Iterator[str]:
        layout = Layout("", {Role.SIDE: column}, 0, 0)
        with self._again() as source:
            table = open_table(source)
            table.sample()
            for columns, _ in table.batches(layout, PROBE_ROWS):
                yield from (text or "" for text in texts(columns[Role.SIDE]))
