"""Lines of text: blocks of consecutive lines, and splitting a line into cells."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import count, islice
from typing import NamedTuple

import numpy as np

from orderflow.arrays import Flags, Ints

MAX_LINE = 1 << 16
"""Bytes of the longest line that is split into cells."""


class NumberedLine(NamedTuple):
    """A line with its end, its 1-based number and the number of its data row."""

    row: int
    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of UTF-8 text that end in \\n (the last one can lack it).

    line: 1-based number of the first line. row: number of its first data row. lines: number of lines. step: what the
    number of a line adds to that of the one before it, -1 for a text that is turned round.
    """

    data: bytes
    line: int
    row: int
    lines: int
    step: int = 1

    def rows(self) -> int:
        """The number of lines that are not blank."""
        return sum(1 for text in self.texts() if text.strip(b" \t\r\n"))

    def texts(self) -> Iterator[bytes]:
        """The lines one by one, each with its end."""
        return iter(BytesIO(self.data))

    def numbered(self) -> Iterator[NumberedLine]:
        """The lines that are not blank."""
        row = self.row
        for number, text in zip(count(self.line, self.step), self.texts(), strict=False):
            if text.strip(b" \t\r\n"):
                yield NumberedLine(row, number, text)
                row += 1

    def parts(self, number: int) -> list[Block]:
        """Split the block into about `number` blocks of whole lines."""
        texts, step = self.texts(), -(-self.lines // number)
        blocks, row, line = [], self.row, self.line
        while part := list(islice(texts, step)):
            block = Block(b"".join(part), line, row, len(part), self.step)
            row += block.rows()
            line += len(part) * self.step
            blocks.append(block)
        return blocks


@dataclass(frozen=True, slots=True)
class LineTable:
    """The m lines of a block that are not blank. begin, end: int64[m], their bytes in the block, with the line's end.
    number: int64[m], 1-based in the text. plain: bool[m], whether a line is ASCII without quotes and lone carriage
    returns, and has as many fields as it should."""

    block: Block
    begin: Ints
    end: Ints
    number: Ints
    plain: Flags

    @staticmethod
    def of(block: Block, delimiter: str, width: int) -> LineTable:
        """width: number of fields."""
        text = np.frombuffer(block.data, np.uint8)
        end = np.flatnonzero(text == ord("\n")) + 1
        if len(text) and text[-1] != ord("\n"):
            end = np.append(end, len(text))
        begin = np.concatenate(([0], end[:-1])) if len(end) else end
        lone = (text == ord("\r")) & (np.append(text[1:], 0) != ord("\n"))
        blank = (text == ord("\n")) | (text == ord(" ")) | (text == ord("\t")) | (text == ord("\r"))
        odd = _counts(lone | (text >= 128) | (text == ord('"')), begin, end) > 0
        fits = (_counts(text == ord(delimiter), begin, end) == width - 1) & (end - begin <= MAX_LINE)
        full = np.flatnonzero(_counts(blank, begin, end) < end - begin)
        return LineTable(block, begin[full], end[full], block.line + full * block.step, (fits & ~odd)[full])

    def data(self, which: Flags) -> bytes:
        """The text of some lines."""
        wanted = np.zeros(len(self.block.data) + 1, np.int8)
        np.add.at(wanted, self.begin[which], 1)
        np.add.at(wanted, self.end[which], -1)
        text = np.frombuffer(self.block.data, np.uint8)
        return text[np.cumsum(wanted[:-1], dtype=np.int8).astype(np.bool_)].tobytes()

    def lines(self, which: Flags) -> Iterator[NumberedLine]:
        """Some lines one by one."""
        for row in np.flatnonzero(which).tolist():
            text = self.block.data[self.begin[row] : self.end[row]]
            yield NumberedLine(self.block.row + row, int(self.number[row]), text)


def _counts(marked: Flags, begin: Ints, end: Ints) -> Ints:
    """How many bytes of each line are marked."""
    where = np.flatnonzero(marked)
    counts: Ints = where.searchsorted(end) - where.searchsorted(begin)
    return counts


def for_arrow(data: bytes) -> bytes:
    """Lines as Arrow is to read them: it leaves out a byte order mark at the start, which here is part of a cell."""
    return codecs.BOM_UTF8 + data if data.startswith(codecs.BOM_UTF8) else data


def cells(text: str, delimiter: str) -> list[str]:
    """The fields of one line, unquoted, without surrounding spaces and tabs. A line with a quote that is not closed is
    split as if it had none: the field keeps its quote."""
    fields = _unquoted(text, delimiter) if '"' in text else None
    return [cell.strip(" \t") for cell in fields or text.split(delimiter)]


def ends_in_quotes(data: bytes, delimiter: str) -> bool:
    """Whether the last line that is not blank has a quote that is not closed."""
    if b'"' not in data:
        return False
    last = data.rstrip(b" \t\r\n").rpartition(b"\n")[2]
    return b'"' in last and _unquoted(last.decode("utf-8", "replace"), delimiter) is None


def _unquoted(text: str, delimiter: str) -> list[str] | None:
    """The fields of a line with quotes; None for a quote that is not closed or a lone carriage return."""
    reader = csv.reader([text, ""], delimiter=delimiter)
    try:
        fields = next(reader, [])
    except csv.Error:
        return None
    return fields if reader.line_num == 1 else None
