"""The members of zip and tar archives, in the natural order of their names: day 2 comes before day 10."""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from typing import BinaryIO, Protocol

from orderflow.errors import BadInput
from orderflow.formats.files.foreign import office
from orderflow.formats.files.streams import Readable, Unclosed, decompressed

_JUNK = ("__MACOSX/", "._", ".DS_Store")
_MAX_NAMES = 20
_MAX_MEMBERS = 10_000
_MAX_READ = 1 << 24
"""The tar reader takes a header as a whole; one of more bytes than this is refused."""
_DIGITS = re.compile("([0-9]+)")
_MOST_DIGITS = 4000


class Archive(Protocol):
    """An open archive. names: its files, in natural order."""

    names: list[str]

    def open(self, name: str) -> Readable: ...


class ZipArchive:
    """An open zip file. Raises BadInput if it is damaged, or an office document."""

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self._name = name
        try:
            self._archive = zipfile.ZipFile(raw)
        except (zipfile.BadZipFile, ValueError) as error:
            raise BadInput(f"{name} is a damaged zip file: {error}") from error
        self.names = _in_order([member for member in self._archive.namelist() if not member.endswith("/")], name)
        if found := office(self.names):
            raise BadInput(f"{name} is {found[0]}: {found[1]}")

    def open(self, name: str) -> Readable:
        """Open a member. Raises BadInput if it cannot be unpacked."""
        try:
            with self._archive.open(name) as first:
                first.read(4)
            return self._archive.open(name)
        # zipfile raises, in this order, for: a password, an unknown compression, a damaged table, damaged data, its end
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise BadInput(f"{name} in {self._name} cannot be unpacked: {error}; unzip it, or save it anew") from error


class TarArchive:
    """An open tar file, perhaps compressed: read from front to back where the names are in order. Raises BadInput."""

    def __init__(self, raw: BinaryIO, name: str) -> None:
        try:
            self._archive = tarfile.TarFile(fileobj=_Seekable(raw, name))  # type: ignore[arg-type]  # reads and seeks
            members = {}
            for member in self._archive:
                if member.isfile():
                    members[member.name] = member
                if len(members) > _MAX_MEMBERS:
                    raise BadInput(f"{name} holds more than {_MAX_MEMBERS:,} files")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise BadInput(f"{name} is a damaged tar file: {error}") from error
        self._members = members
        self.names = _in_order(list(members), name)

    def open(self, name: str) -> Readable:
        """Open a member."""
        found: Readable | None = self._archive.extractfile(self._members[name])
        assert found is not None
        return found


class _Seekable:
    """A file, perhaps compressed, that can be read at any place; going back means unpacking from the start again."""

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self._raw = raw
        self._name = name
        self._rewind()

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _MAX_READ:
            raise BadInput(f"{self._name} has a header that is too large for a tar file")
        part = b""
        while len(part) < size and (more := self._stream.read(size - len(part))):
            part += more
        self._at += len(part)
        return part

    def seek(self, place: int, /) -> int:
        if place < self._at:
            self._rewind()
        while self._at < place and self.read(min(_MAX_READ, place - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        return self._at

    def _rewind(self) -> None:
        self._raw.seek(0)
        self._stream = decompressed(Unclosed(self._raw), self._name)
        self._at = 0


def natural(name: str) -> list[str | int]:
    """A key that sorts names as a reader would: day2 before day10."""
    return [int(part[:_MOST_DIGITS]) if _DIGITS.fullmatch(part) else part.lower() for part in _DIGITS.split(name)]


def choose(archive: Archive, name: str, member: str | None) -> list[str]:
    """The members to read: the one asked for, or all. Raises BadInput, naming the members."""
    shown = ", ".join(archive.names[:_MAX_NAMES]) + (", …" if len(archive.names) > _MAX_NAMES else "")
    if member is None:
        if not archive.names:
            raise BadInput(f"{name} holds no files")
        return archive.names
    if member not in archive.names:
        raise BadInput(f"{name} has no member {member!r}; it holds {shown or 'none'}")
    return [member]


def _in_order(names: list[str], archive: str) -> list[str]:
    if len(names) > _MAX_MEMBERS:
        raise BadInput(f"{archive} holds more than {_MAX_MEMBERS:,} files")
    kept = [name for name in names if not name.rpartition("/")[2].startswith(_JUNK[1:]) and not name.startswith(_JUNK)]
    return sorted(kept, key=natural)
