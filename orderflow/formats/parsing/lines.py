"""Lines of text: consecutive ones as a block, and one as its cells."""

from __future__ import annotations

import csv
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of UTF-8 text ended by \\n (the last one may lack it).

    line: 1-based number of the first line. row: number of its first data row. lines: how many lines there are.
    """

    data: bytes
    line: int
    row: int
    lines: int

    def rows(self) -> int:
        """How many lines are not blank."""
        return sum(1 for text in self.data.split(b"\n") if text.strip(b" \t\r"))

    def parts(self, count: int) -> list[Block]:
        """The block in about `count` blocks of whole lines."""
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
    """The fields of one line, quotes undone, spaces and tabs around each removed."""
    if '"' in text:
        try:
            return [cell.strip(" \t") for cell in next(csv.reader([text], delimiter=delimiter), [])]
        except csv.Error:
            pass  # a lone carriage return or an endless field: it is cut like any other, and its cells are refused
    return [cell.strip(" \t") for cell in text.split(delimiter)]
