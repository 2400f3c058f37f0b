"""Lines of a log with a checksum each: a damaged line is found, and costs no other.

A line is its text, a tab and the CRC-32 of the text in eight hexadecimal digits. A line of an earlier version has no
checksum; it is one JSON object, and only its form can be checked. A text has no tab and no newline, as in JSON.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

LONGEST = 16 * 2**20
"""Bytes of a line; what goes on for longer without an end is damaged."""

_CHUNK = 65_536
_SEAL = re.compile(rb"\t[0-9a-f]{8}")
_SEALED = 9  # bytes of the tab and the checksum
_WITH_END = _SEALED + 1
_json: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Line:
    """A line as found. at, end: its bytes in the file, the newline included; text: None if it is damaged or torn; torn:
    the file ends in the middle of it, as after a crash; mended: its text is whole, its end was damaged."""

    at: int
    end: int
    text: bytes | None
    torn: bool = False
    mended: bool = False


@dataclass(frozen=True, slots=True)
class LogText:
    """What of a log can be read. data: the plain lines before the first damaged one; lines: how many these are; rest:
    the plain readable lines after it; beyond: how many these are; damaged: lines that cannot be read; mended: lines
    whose end was damaged and whose text is whole; torn: bytes of an incomplete last line, which was not acknowledged
    unless it counts as missing; missing: lines that were acknowledged and cut from the end."""

    data: bytes
    lines: int
    rest: bytes = b""
    beyond: int = 0
    damaged: int = 0
    mended: int = 0
    torn: int = 0
    missing: int = 0

    @property
    def whole(self) -> bool:
        return not self.damaged and not self.missing

    @property
    def total(self) -> int:
        """All lines that are there, but for an incomplete one."""
        return self.lines + self.damaged + self.beyond


def seal(data: bytes) -> bytes:
    """Whole lines, each with its checksum."""
    return b"".join(b"%b\t%08x\n" % (text, zlib.crc32(text)) for text in data.removesuffix(b"\n").split(b"\n"))


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream. Memory is bounded by the longest line."""
    at = 0
    too_long = False
    while raw := stream.readline(LONGEST):
        ended = raw.endswith(b"\n")
        if not too_long:
            cut = not ended and len(raw) == LONGEST
            yield from [Line(at, at + len(raw), None)] if cut else _lines(raw, at)
            too_long = cut
        elif ended:
            too_long = False
        at += len(raw)


def read_log(stream: BinaryIO) -> LogText:
    """All of a log."""
    good: list[bytes] = []
    rest: list[bytes] = []
    damaged = mended = torn = 0
    for line in read_lines(stream):
        mended += line.mended
        if line.torn:
            torn = line.end - line.at
        elif line.text is None:
            damaged += 1
        else:
            (rest if damaged else good).append(line.text)
    return LogText(_joined(good), len(good), _joined(rest), len(rest), damaged, mended, torn)


def _joined(texts: list[bytes]) -> bytes:
    return b"\n".join([*texts, b""])


def complete(tail: bytes) -> int:
    """How many bytes at the beginning of what follows the last newline are whole lines, without a newline."""
    return max((line.at + len(line.text) + _SEALED for line in _lines(tail, 0) if line.text is not None), default=0)


def whole_length(path: Path) -> int:
    """Bytes of a file up to and including its last newline. Raises OSError."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            begin = max(0, end - _CHUNK)
            file.seek(begin)
            found = file.read(end - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            end = begin
    return 0


def _lines(raw: bytes, at: int) -> Iterator[Line]:
    """The lines in what stands between two newlines: one, or several where a newline is damaged."""
    end = at + len(raw)
    ended = raw.endswith(b"\n")
    body = raw.removesuffix(b"\n")
    text = _opened(body)
    if text is not None:
        # without a newline only a checksum says that it is whole
        whole = ended or b"\t" in body
        yield Line(at, end, text if whole else None, torn=not whole, mended=whole and not ended)
        return
    rest = 0
    for begin, stop in _sealed_parts(body):
        yield Line(at + begin, min(at + stop + _WITH_END, end), body[begin:stop], mended=True)
        rest = stop + _WITH_END
    if rest < len(body):
        last = _opened(body[rest:]) if rest else None
        sealed = last is not None and b"\t" in body[rest:]
        torn = not ended and not sealed
        yield Line(at + rest, end, last if sealed else None, torn=torn, mended=sealed and not ended)


def _sealed_parts(body: bytes) -> Iterator[tuple[int, int]]:
    """(begin, end) of the texts in a row that are followed by their checksum and one damaged byte."""
    begin = done = checksum = 0
    for found in _SEAL.finditer(body):
        checksum = zlib.crc32(body[done : found.start()], checksum)
        done = found.start()
        if b"%08x" % checksum == found[0][1:]:
            if found.end() == len(body):  # the last one, without a damaged byte
                return
            yield begin, found.start()
            begin = done = found.end() + 1
            checksum = 0


def _opened(line: bytes) -> bytes | None:
    """The text of a line, None if it is damaged."""
    text, tab, checksum = line.rpartition(b"\t")
    if tab:
        return text if b"%08x" % zlib.crc32(text) == checksum else None
    try:
        _json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return line
