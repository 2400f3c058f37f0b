"""Streams of bytes: decompress gzip, bzip2, xz and zstandard, convert UTF-16, and peek at the first bytes.

The compression is detected from the first bytes, not from the name. All streams decompress piece by piece; a piece is
never larger than what was asked for, so a small file that unpacks to a very large one takes time, but no memory.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import zipfile
import zlib
from typing import Protocol

import pyarrow as pa

from orderflow.errors import BadInput, TooLarge

PEEK = 1024
"""Bytes at the start of a stream that decide what it is."""
_PIECE = 1 << 16
_MOST_AT_ONCE = 1 << 24
"""Bytes that are asked for at once: a damaged table may want any number."""
_LAYERS = 3
_LZMA_MEMORY = 256 << 20
"""A file made with `xz -9` needs 65 MiB to unpack; more than this is refused."""
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowInvalid)


class Readable(Protocol):
    """A readable binary stream."""

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class Unclosed:
    """A file that stays open when a stream over it is closed."""

    def __init__(self, raw: Readable) -> None:
        self._raw = raw

    def read(self, size: int = -1, /) -> bytes:
        return self._raw.read(size)

    def close(self) -> None:
        pass


class Peekable:
    """A stream that shows its first bytes before they are read, and raises BadInput for damaged data."""

    closed = False  # pyarrow asks for it

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._head = b""

    def peek(self, size: int = PEEK) -> bytes:
        """The next bytes, fewer than `size` at the end. They are not consumed."""
        if len(self._head) < size:
            parts, missing = [self._head], size - len(self._head)
            while missing > 0 and (part := self._read(min(missing, _MOST_AT_ONCE))):
                parts.append(part)
                missing -= len(part)
            self._head = b"".join(parts) if len(parts) > 1 else self._head
        return self._head[:size]

    def read(self, size: int = -1, /) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        if size >= 0:
            self.peek(size)
            head, self._head = self._head[:size], self._head[size:]
            return head
        head, self._head = self._head, b""
        return head + self._read(size)

    def close(self) -> None:
        self._stream.close()

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except _DAMAGE as error:
            raise BadInput(f"the compressed file is damaged or cut off: {error}") from error


class Bounded:
    """A stream that raises TooLarge when more than `most` bytes have come out of it."""

    def __init__(self, stream: Readable, most: int) -> None:
        self._stream, self._left, self._most = stream, most, most

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"the file unpacks to more than {self._most:,} bytes: split it")
        return data

    def close(self) -> None:
        self._stream.close()


class Utf8Stream:
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


class _XzStream:
    """The unpacked bytes of an .xz or .lzma file of one or more streams, with a bound on the decoder's memory."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._decoder = self._new()
        self._rest = b""
        self._begun = False

    def read(self, size: int = -1, /) -> bytes:
        while True:
            if self._decoder.eof:
                self._rest = (self._decoder.unused_data or self._stream.read(_PIECE)).lstrip(b"\0")
                if not self._rest:
                    return b""
                self._decoder = self._new()
            if self._decoder.needs_input:
                self._rest = self._rest or self._stream.read(_PIECE)
                if not self._rest:
                    raise EOFError("the file ends before its last block")
            part = self._decoder.decompress(self._rest, size)
            self._rest = b""
            if part:
                return part

    def close(self) -> None:
        self._stream.close()

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


def decompressed(stream: Readable, name: str) -> Peekable:
    """The stream without its compression, of up to three layers. `name` is for messages. Raises BadInput."""
    found = Peekable(stream)
    for _ in range(_LAYERS):
        unpacked = _unpacked(found)
        if unpacked is None:
            return found
        found = Peekable(unpacked)
    raise BadInput(f"{name} is compressed more than {_LAYERS} times")


def as_text(stream: Peekable) -> Readable:
    """The stream as UTF-8 text: UTF-16 with a byte order mark is converted."""
    return Utf8Stream(stream) if stream.peek(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else stream


def _unpacked(stream: Peekable) -> Readable | None:
    """The decompressed stream, or None if it is not compressed."""
    head = stream.peek(6)
    if head[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=stream)  # type: ignore[call-overload,no-any-return]  # reads only
    if head[:3] == b"BZh" and head[3:4].isdigit():
        return bz2.BZ2File(stream)  # type: ignore[call-overload,no-any-return]  # reads only
    if head == b"\xfd7zXZ\0" or head[:3] == b"]\0\0":
        return _XzStream(stream)
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")  # type: ignore[no-any-return]
    return None
