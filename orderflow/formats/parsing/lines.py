"""Lines of text: blocks of consecutive lines, and splitting a line into cells."""

from __future__ import annotations

import csv
from dataclasses import dataclass


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
        return sum(1 for text in self.data.split(b"\n") if text.strip(b" \t\r"))

    def parts(self, count: int) -> list[Block]:
        """Split the block into about `count` blocks of whole lines."""
        texts = self.data.split(b"\n")
        if texts and not texts[-1]:
            texts.pop()
        step = -(-len(texts) // count)
        blocks, row = [], self.row
        for start in range(0, len(texts), step):
            part = texts[start : start + step]
            block = Block(b"\n".join(part) + b"\n", self.line + start, row, len(part))
            row += block.rows()
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
