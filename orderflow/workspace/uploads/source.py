"""Open an uploaded file: unpack it within bounds, decode it, and read it in pieces of whole lines.

`orderflow.formats.files` unpacks, and names what is no text. Here is what a stranger's file needs in addition: how much
may come out of an archive, what an archive may hold, and other encodings than UTF-8.
"""

from __future__ import annotations

import codecs
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orderflow.errors import BadInput
from orderflow.formats.files.sources import Kind, OpenFile, Source
from orderflow.formats.files.streams import Bounded, Readable, Unclosed, decompressed
from orderflow.formats.files.text_lines import first_lines

PIECE = 1 << 22
AS_TEXT = 1 << 20
"""Bytes that are read as text at a time: rows of a few bytes, all bad, take 20 times as many, each with its reason."""
HEAD = 1 << 18
MAX_LINE = 1 << 24
MAX_MEMBERS = 1000
"""Most files in a zip: the table of a larger one is not even read."""
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_MAX_TABLE = 1 << 20
_TAR_MARK = 257, b"ustar"
_LFS = b"version https://git-lfs"


@dataclass(slots=True)
class Piece:
    """Whole lines of UTF-8 text. line: 1-based number of the first. lines: how many, counted when it is asked for;
    a reader that knows it may set `counted`."""

    data: bytes
    line: int
    counted: int | None = None

    @property
    def lines(self) -> int:
        if self.counted is None:
            breaks = int(np.count_nonzero(np.frombuffer(self.data, np.uint8) == ord("\n")))
            self.counted = breaks + (not self.data.endswith(b"\n"))
        return self.counted

    def parts(self, size: int) -> Iterator[Piece]:
        """The same lines in pieces of about `size` bytes."""
        at, line = 0, self.line
        while at < len(self.data):
            end = self.data.find(b"\n", at + size - 1) + 1 or len(self.data)
            part = Piece(self.data[at:end], line)
            yield part
            at, line = end, line + part.lines


class TextFile:
    """An open text file. `head` shows its beginning; `pieces` reads it once. encoding, note: how it is decoded."""

    def __init__(self, file: OpenFile, source: Source, encoding: str, most: int) -> None:
        self._file = file
        self.names = source.names
        stream: Readable = Bounded(source.stream, most)
        start = _read(stream, HEAD)
        self.encoding, self.note = _encoding_of(start, encoding)
        self._stream: Readable = _Rest(stream, start)
        if self.encoding != "utf-8":
            self._stream = _Decoded(self._stream, self.encoding)
        self._buffer = _read(self._stream, HEAD).removeprefix(codecs.BOM_UTF8)
        self._ended = len(self._buffer) < HEAD
        self._mac = b"\r" in self._buffer and b"\n" not in self._buffer
        if self._mac:
            self._buffer = self._buffer.replace(b"\r", b"\n")

    def head(self, lines: int) -> list[tuple[int, str]]:
        """The first lines that are not blank, with their numbers."""
        return first_lines(self._buffer, lines, complete=self._ended)

    def pieces(self, first_line: int) -> Iterator[Piece]:
        """All lines from `first_line` on. Raises BadInput for a damaged archive or an endless line, TooLarge."""
        line, rest = 1, self._buffer
        self._buffer = b""
        while True:
            more = _read(self._stream, PIECE)
            if self._mac:
                more = more.replace(b"\r", b"\n")
            end = more.rfind(b"\n") + 1
            if more and not end and b"\n" not in rest:
                rest += more
                if len(rest) > MAX_LINE:
                    raise BadInput(f"a line is longer than {MAX_LINE:,} bytes: this is not a table")
                continue
            piece = Piece(rest + more[:end] if more else rest, line)
            if not more or end:
                rest = more[end:]
            else:
                cut = rest.rfind(b"\n") + 1
                piece, rest = Piece(rest[:cut], line), rest[cut:] + more
            if piece.data:
                found = _from_line(piece, first_line)
                if found.data:
                    yield found
                line = found.line + found.lines
            if not more:
                return

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_text(path: Path, *, encoding: str = "", member: str | None = None, most: int) -> TextFile:
    """Open a text file, unpacked. most: bytes that may come out. Raises BadInput, TooLarge."""
    check_archive(path)
    file = OpenFile(path, member)
    try:
        if len(file.members) > 1:
            shown = ", ".join(str(name) for name in file.members[:20])
            raise BadInput(f"the archive holds {len(file.members)} files; choose one as the member: {shown}")
        source = file.source(file.members[0])
        if source.kind not in (Kind.TEXT, Kind.JSON):
            raise BadInput(f"this is {source.kind.value}: save the table as CSV")
        return TextFile(file, source, encoding, most)
    except BaseException:
        file.close()
        raise


class _Rest:
    """A stream with its first bytes given back."""

    def __init__(self, stream: Readable, start: bytes) -> None:
        self._stream, self._start = stream, start

    def read(self, size: int = -1, /) -> bytes:
        start, self._start = self._start, b""
        return start or self._stream.read(size)

    def close(self) -> None:
        self._stream.close()


class _Decoded:
    """A stream that converts text to UTF-8; what cannot be decoded becomes U+FFFD, which no cell may have."""

    def __init__(self, stream: Readable, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int = -1, /) -> bytes:
        while True:
            part = self._stream.read(size)
            text = self._decoder.decode(part, final=not part)
            if text or not part:
                return text.encode()

    def close(self) -> None:
        self._stream.close()


def _read(stream: Readable, size: int) -> bytes:
    """`size` bytes or a little more, less only at the end."""
    parts: list[bytes] = []
    left = size
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _from_line(piece: Piece, first: int) -> Piece:
    """The piece without the lines before `first`."""
    at, line = 0, piece.line
    while line < first and at < len(piece.data):
        at = piece.data.find(b"\n", at) + 1 or len(piece.data)
        line += 1
    return Piece(piece.data[at:], line) if at else piece


def _encoding_of(start: bytes, asked: str) -> tuple[str, str]:
    """The encoding, and a note if it is a guess. Raises BadInput if the bytes are no text."""
    if start.startswith(_LFS):
        raise BadInput("this is a Git LFS pointer, not the data: fetch the file with `git lfs pull`")
    if asked:
        return asked, ""
    if b"\0" in start:
        raise BadInput("the file has NUL bytes: it is damaged, or UTF-16 without a byte order mark; save it as UTF-8")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=len(start) < HEAD)
    except UnicodeDecodeError:
        return "cp1252", "not UTF-8: read as Windows-1252; give the encoding if names look wrong"
    return "utf-8", ""


def check_archive(path: Path) -> None:
    """Raises BadInput for an archive whose list of files alone could take very long: a tar, a zip of many files."""
    _check_zip(path)
    _check_tar(path)


def _check_zip(path: Path) -> None:
    """Raises BadInput for a zip with too many files or a symbolic link; others are left alone."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return
        file.seek(0, 2)
        file.seek(max(0, file.tell() - (1 << 16) - _END_OF_ZIP.size))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_OF_ZIP.size:
        raise BadInput("the zip file is damaged or cut off: its table of contents is missing")
    _, _, _, _, entries, size, _, _ = _END_OF_ZIP.unpack_from(tail, at)
    if entries > MAX_MEMBERS or size > _MAX_TABLE:
        raise BadInput(f"the zip file holds more than {MAX_MEMBERS:,} files; send the one that you mean")
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise BadInput(f"the zip file is damaged: {error}") from error
    for info in found:
        if stat.S_ISLNK(info.external_attr >> 16):
            raise BadInput(f"{info.filename[:100]!r} in the zip file is a symbolic link, not a file")


def _check_tar(path: Path) -> None:
    """Raises BadInput for a tar archive: its table of contents is all over it, so that a bomb would go off."""
    with path.open("rb") as file:
        if decompressed(Unclosed(file), "the file").peek(_TAR_MARK[0] + 5)[_TAR_MARK[0] :] == _TAR_MARK[1]:
            raise BadInput("this is a tar archive: send the file in it by itself, or as a zip")
