"""Open a tick file, unpack it, and read it as blocks of whole UTF-8 lines in bounded memory.

The compression is detected from the first bytes, not from the name: gzip, zip, zstandard, UTF-16 text or plain text.
Parquet is detected here and read by `tables`.
"""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from orderflow.arrays import Flags
from orderflow.errors import BadInput

_PIECE = 1 << 20
_HEAD = 1 << 18
_MAX_BYTES = 1 << 24
_JUNK = ("__MACOSX/", ".DS_Store")
_MAX_NAMES = 20


class Readable(Protocol):
    """A readable binary stream."""

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class Source(NamedTuple):
    """An open file. names: the zip member's name, if any, then the file's. size: bytes on disk."""

    stream: Readable
    names: tuple[str, ...]
    raw: BinaryIO
    size: int
    parquet: bool = False

    def close(self) -> None:
        self.stream.close()
        self.raw.close()


def open_source(path: Path, member: str | None = None) -> Source:
    """Open a file for reading as text or Parquet. Raises BadInput."""
    try:
        raw = path.open("rb")
        size = path.stat().st_size
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return _unpacked(raw, path, size, member)
    except BaseException:
        raw.close()
        raise


def _unpacked(raw: BinaryIO, path: Path, size: int, member: str | None) -> Source:
    start = raw.read(4)
    raw.seek(0)
    if start == b"PK\x03\x04":
        return _from_zip(raw, path, size, member)
    if member is not None:
        raise BadInput(f"{path.name} is not a zip file, so it has no member {member!r}")
    if start == b"PAR1":
        return Source(raw, (path.name,), raw, size, parquet=True)
    if start[:2] == b"\x1f\x8b":
        return Source(_text(gzip.GzipFile(fileobj=raw)), (path.name,), raw, size)
    if start == b"\x28\xb5\x2f\xfd":
        return Source(_text(pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")), (path.name,), raw, size)
    return Source(_text(raw), (path.name,), raw, size)


def _from_zip(raw: BinaryIO, path: Path, size: int, member: str | None) -> Source:
    try:
        archive = zipfile.ZipFile(raw)
    except zipfile.BadZipFile as error:
        raise BadInput(f"{path.name} is a damaged zip file: {error}") from error
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith(_JUNK)]
    shown = ", ".join(names[:_MAX_NAMES]) + (", …" if len(names) > _MAX_NAMES else "")
    if member is None and len(names) != 1:
        raise BadInput(f"{path.name} holds {len(names)} files; name one as the member: {shown or 'none'}")
    if member is not None and member not in names:
        raise BadInput(f"{path.name} has no member {member!r}; it holds {shown or 'none'}")
    name = names[0] if member is None else member
    try:
        stream = archive.open(name)
        mark = archive.open(name).read(4)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        # in this order: a password, an unsupported compression, and damage in the table, the data or at the end
        raise BadInput(f"{name} in {path.name} cannot be unpacked: {error}; unzip it, or save it anew") from error
    if mark == b"PAR1":
        raise BadInput(f"{name} in {path.name} is a Parquet file; unzip it first")
    return Source(_text(stream), (name.rpartition("/")[2], path.name), raw, size)


def _text(stream: Readable) -> Readable:
    """Wrap the stream: convert UTF-16 to UTF-8, and raise BadInput for damaged archives."""
    peekable = _PeekableStream(stream)
    head = peekable.read(2)
    peekable.give_back(head)
    return _Utf8Stream(peekable) if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else peekable


class _PeekableStream:
    """A stream that raises BadInput for damaged data, and can take its first bytes back."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._head = b""

    def give_back(self, head: bytes) -> None:
        self._head = head

    def read(self, size: int = -1, /) -> bytes:
        head, self._head = self._head, b""
        try:
            return head + self._stream.read(size)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowInvalid) as error:
            raise BadInput(f"the compressed file is damaged or cut off: {error}") from error

    def close(self) -> None:
        self._stream.close()


class _Utf8Stream:
    """A stream that converts UTF-16 text to UTF-8."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def read(self, size: int = -1, /) -> bytes:
        text = ""
        while not text:
            part = self._stream.read(size)
            text = self._decoder.decode(part, final=not part)
            if not part:
                break
        return text.encode()

    def close(self) -> None:
        self._stream.close()


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
        line = text[start : len(text) if end < 0 else end].decode("utf-8", "replace").rstrip("\r")
        if line.strip(" \t"):
            found.append((number, line))
        start = len(text) if end < 0 else end + 1
    return found
