"""Lines of text: blocks of consecutive lines, and splitting a line into cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

MAX_LINE = 1 << 16
"""Bytes of the longest line that is split into cells."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of UTF-8 text that end in \\n (the last one can lack it).

    line: 1-based number of the first line. row: number of its first data row. lines: number of lines.
    """

    data: bytes
    line: int
    row: int
    lines: int

    def rows(self) -> int:
        """The number of lines that are not blank."""
        return sum(1 for text in self.texts() if text.strip(b" \t\r\n"))

    def texts(self) -> Iterator[bytes]:
        """The lines one by one, each with its end."""
        return iter(BytesIO(self.data))

    def parts(self, count: int) -> list[Block]:
        """Split the block into about `count` blocks of whole lines."""
        texts, step = self.texts(), -(-self.lines // count)
        blocks, row, line = [], self.row, self.line
        while part := list(islice(texts, step)):
            block = Block(b"".join(part), line, row, len(part))
            row += block.rows()
            line += len(part)
            blocks.append(block)
        return blocks


def cells(text: str, delimiter: str) -> list[str]:
    """The fields of one line, unquoted, without surrounding spaces and tabs."""
    if '"' in text:
        try:
            return [cell.strip(" \t") for cell in next(csv.reader([text], delimiter=delimiter), [])]
        except csv.Error:
            pass  # a lone carriage return or an unterminated field: split like any other line, its cells are rejected
    return [cell.strip(" \t") for cell in text.split(delimiter)]
