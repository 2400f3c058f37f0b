"""Read text as blocks of whole UTF-8 lines in bounded memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import numpy as np

from orderflow.arrays import Flags
from orderflow.errors import BadInput
from orderflow.formats.files.streams import Readable

_PIECE = 1 << 20
_HEAD = 1 << 18
_MAX_BYTES = 1 << 24
_CHINESE = re.compile("[价量代码时间合约日期成交]")


class Lines:
    """The lines of a stream: peek at the first ones, then read all of them in blocks."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._buffer = b""
        self._ended = False
        self._mac = False

    def head(self, count: int) -> list[tuple[int, str]]:
        """Peek at the first non-blank lines: at most `count` pairs of (1-based number, text). Does not consume them."""
        while not self._ended and len(self._buffer) < _HEAD and self._buffer.count(b"\n") <= count:
            self._more()
        self._buffer = self._buffer.removeprefix(codecs.BOM_UTF8)
        return first_lines(self._buffer, count, complete=self._ended)

    def blocks(self, first_line: int, lines: int) -> Iterator[tuple[bytes, int]]:
        """Yield the text from line `first_line` on in blocks of at most `lines` lines: (text, number of lines)."""
        skip = first_line - 1
        while skip:
            part = self._next_block(skip)
            if part is None:
                return
            skip -= part[1]
        while (part := self._next_block(lines)) is not None:
            yield part

    def _next_block(self, want: int) -> tuple[bytes, int] | None:
        """The next `want` lines, fewer if they are very long or the text ends; None at the end."""
        breaks = self._breaks()
        while not self._ended and np.count_nonzero(breaks) < want and len(self._buffer) < _MAX_BYTES:
            self._more()
            breaks = self._breaks()
        if not self._buffer:
            return None
        ends = np.flatnonzero(breaks)
        if len(ends) >= want:
            lines, at = want, int(ends[want - 1]) + 1
        elif self._ended:
            lines, at = len(ends) + (not self._buffer.endswith(b"\n")), len(self._buffer)
        elif len(ends):
            lines, at = len(ends), int(ends[-1]) + 1
        else:
            raise BadInput(f"a line is longer than {_MAX_BYTES} bytes: this is not a table of ticks")
        data, self._buffer = self._buffer[:at], self._buffer[at:]
        return data, lines

    def _breaks(self) -> Flags:
        """For each byte of the buffer, whether it ends a line."""
        found: Flags = np.frombuffer(self._buffer, np.uint8) == ord("\n")
        return found

    def _more(self) -> None:
        part = self._stream.read(_PIECE)
        if not part:
            self._ended = True
            return
        if not self._buffer and b"\n" not in part and b"\r" in part[:-1]:
            self._mac = True
        self._buffer += part.replace(b"\r", b"\n") if self._mac else part


def first_lines(text: bytes, count: int, *, complete: bool) -> list[tuple[int, str]]:
    """The first non-blank lines: at most `count` pairs of (1-based number, text).

    `complete` says that the text is not cut off; without it, an unfinished last line is left out.
    """
    found: list[tuple[int, str]] = []
    start = number = 0
    while start < len(text) and len(found) < count:
        end = text.find(b"\n", start)
        if end < 0 and found and not complete:
            break
        number += 1
        line = decoded(text[start : len(text) if end < 0 else end]).rstrip("\r")
        if line.strip(" \t"):
            found.append((number, line))
        start = len(text) if end < 0 else end + 1
    return found


def decoded(line: bytes) -> str:
    """A line as text: UTF-8, or GBK where its bytes are that and have a word that columns of market data have."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        pass
    try:
        found = line.decode("gb18030")
    except UnicodeDecodeError:
        found = ""
    return found if _CHINESE.search(found) else line.decode("utf-8", "replace")
