"""Open tick files, and tell what their bytes are: text, JSON, Parquet, Arrow or binary records.

What a file is follows from its first bytes, not from its name. An archive is a series of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import BinaryIO, NamedTuple

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.files.archives import Archive, TarArchive, ZipArchive, choose
from orderflow.formats.files.dbn import DbnText
from orderflow.formats.files.foreign import foreign
from orderflow.formats.files.streams import Bounded, Peekable, Readable, Unclosed, as_text, decompressed

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_TAR = 257, b"ustar"


class Kind(Enum):
    """What the bytes of a source are."""

    TEXT = "text"
    JSON = "JSON"
    PARQUET = "a Parquet file"
    ARROW = "a Feather or Arrow file"
    ARROW_STREAM = "an Arrow stream"
    DBN = "Databento's binary records"
    SCID = "Sierra Chart's binary records"


_STARTS = (
    (b"PAR1", Kind.PARQUET),
    (b"ARROW1", Kind.ARROW),
    (b"\xff\xff\xff\xff", Kind.ARROW_STREAM),
    (b"DBN", Kind.DBN),
    (b"SCID", Kind.SCID),
)
_SEEKING = (Kind.PARQUET, Kind.ARROW)
"""These are read at any place of the file, so they cannot be read from an archive."""
TABLES = (*_SEEKING, Kind.ARROW_STREAM)
"""A few bytes of these may unpack to any number."""


class Source(NamedTuple):
    """An open file, or one member of an archive.

    names: the member's name, if any, then the file's. raw: the file on disk. size: bytes on disk.
    """

    stream: Readable
    names: tuple[str, ...]
    raw: BinaryIO
    size: int
    kind: Kind = Kind.TEXT


class OpenFile:
    """One file on disk: itself a source, or an archive of several. Raises BadInput if it cannot be read.

    It is opened again when it is needed after `close`, so that a long series of files takes few descriptors.

    most: bytes that may be read of it, unpacked; beyond, reading raises TooLarge. Tables, which are read at any place,
    are not bounded by it. None: any number.
    """

    def __init__(self, path: Path, member: str | None = None, most: int | None = None) -> None:
        self.path = path
        self.most = most
        self._open()
        try:
            if self._archive is None and member is not None:
                raise BadInput(f"{path.name} is no archive, so it has no member {member!r}")
            self.members: Sequence[str | None] = (
                [None] if self._archive is None else choose(self._archive, path.name, member)
            )
        except BaseException:
            self._raw.close()
            raise

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def closed(self) -> bool:
        return self._raw.closed

    def source(self, member: str | None) -> Source:
        """Open one of `members`; the one before must not be read any more. Raises BadInput."""
        if self._raw.closed:
            self._open()
        if self._archive is None:
            self._raw.seek(0)
            return self._source(self._raw, (self.name,), self._raw)
        assert member is not None
        return self._source(self._archive.open(member), (member.rpartition("/")[2], self.name), None)

    def close(self) -> None:
        self._raw.close()

    def _open(self) -> None:
        try:
            self._raw: BinaryIO = self.path.open("rb")
            self.size = self.path.stat().st_size
        except OSError as error:
            raise BadInput(f"{self.path} cannot be read: {error.strerror or error}") from error
        try:
            self._archive = self._find_archive()
        except BaseException:
            self._raw.close()
            raise

    def _find_archive(self) -> Archive | None:
        head = self._raw.read(4)
        if head in (_ZIP, _EMPTY_ZIP):
            return ZipArchive(self._raw, self.name)
        self._raw.seek(0)
        if _is_tar(decompressed(Unclosed(self._raw), self.name)):
            return TarArchive(self._raw, self.name)
        return None

    def _source(self, stream: Readable, names: tuple[str, ...], whole: BinaryIO | None) -> Source:
        unpacked = decompressed(Unclosed(stream), names[0])
        if self.most is not None:
            unpacked = Peekable(Bounded(unpacked, self.most))
        head = unpacked.peek()
        kind = next((kind for start, kind in _STARTS if head.startswith(start)), None)
        if kind is None:
            return self._text(unpacked, names)
        if kind is Kind.DBN:
            return Source(Peekable(DbnText(unpacked, names[0])), names, self._raw, self.size)
        if kind not in _SEEKING:
            return Source(unpacked, names, self._raw, self.size, kind)
        if whole is None or not self._is_plain(kind):
            raise BadInput(f"{' in '.join(names)} is {kind.value}: unpack it first")
        self._raw.seek(0)
        return Source(whole, names, self._raw, self.size, kind)

    def _text(self, unpacked: Peekable, names: tuple[str, ...]) -> Source:
        text = Peekable(as_text(unpacked))
        head = text.peek()
        if head.startswith(_ZIP) or _is_tar(text):
            raise BadInput(f"{' in '.join(names)} is an archive inside another file: unpack it first")
        if why := foreign(head, names[0]):
            raise UnknownFormat(why)
        kind = Kind.JSON if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{") else Kind.TEXT
        return Source(text, names, self._raw, self.size, kind)

    def _is_plain(self, kind: Kind) -> bool:
        self._raw.seek(0)
        head = self._raw.read(8)
        return any(head.startswith(start) for start, found in _STARTS if found is kind)


def _is_tar(stream: Peekable) -> bool:
    at, mark = _TAR
    return stream.peek(at + len(mark))[at:] == mark
