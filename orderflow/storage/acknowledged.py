"""How far a file had come when a write was last acknowledged, so that what is cut from its end is noticed.

SQLite takes the last whole commit of its write-ahead log for the end of it, and a log of lines ends with its last line:
neither shows that there were more. So a mark is kept in a file beside, written after each write. It is never synced to
the disk, so after a kill it may be one write behind, and after a power cut it tells which writes the disk has lost.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from orderflow.storage.lines import LogText, read_log, seal
from orderflow.storage.private import FILE

NAME = "acknowledged"
Missing = Callable[[sqlite3.Connection], int]
"""Gives how many acknowledged writes a database is missing."""
_WIDTH = 150
"""Characters of a text: a game's name and two numbers fit."""
_LENGTH = _WIDTH + 10
_NUMBERS = 2**31


class MarkFile:
    """Short texts in a file, of which `write` replaces the last. What cannot be written is left as it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = -1
        self._kept = b""

    def read(self) -> list[str]:
        """The texts; damaged ones are left out."""
        if not os.path.isfile(self.path):
            return []
        with contextlib.suppress(OSError, UnicodeDecodeError), self.path.open("rb") as file:
            log = read_log(file)
            return [line.strip() for line in (log.data + log.rest).decode().splitlines()]
        return []

    def keep(self, texts: Sequence[str]) -> None:
        """From the next `write` on the file has these, and then what is written."""
        self.close()
        self._kept = b"".join(map(_sealed, texts))

    def write(self, text: str) -> None:
        """Replace the last text."""
        with contextlib.suppress(OSError):
            new = self._handle < 0
            if new:
                flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._handle = os.open(self.path, flags, FILE)
            os.lseek(self._handle, 0 if new else len(self._kept), os.SEEK_SET)
            os.write(self._handle, (self._kept if new else b"") + _sealed(text))
            if new:
                os.ftruncate(self._handle, len(self._kept) + _LENGTH)

    def close(self) -> None:
        """Close the file; the next `write` opens the one that is at its path then."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _sealed(text: str) -> bytes:
    return seal(text.ljust(_WIDTH).encode())


class WriteCount:
    """The writes of an SQLite database by number: the last one in the database, SQLite's `user_version`, and the last
    one that was acknowledged, in the mark. `application_id`, a random number, says whether both are of one database.

    missing: writes that were acknowledged and are not there; also those that an earlier start has missed, until the
    mark is deleted. For the writer's thread.
    """

    def __init__(self, path: Path) -> None:
        self._file = MarkFile(path)
        self._id = self._number = 0
        self.missing = 0

    def compare(self, read: Callable[[str], int], known: int = 0) -> None:
        """Look what is missing. read: runs a query that gives one number. known: missing writes that are known."""
        mark = _parsed(self._file)
        self._id, self._number = _stored(read)
        self.missing = _missing(mark, self._id, self._number, known)

    def count(self, read: Callable[[str], int], write: Callable[[str], object]) -> None:
        """Number a write, in its transaction. write: runs a statement."""
        self._id, number = _stored(read)
        self._number = (number + 1) % _NUMBERS
        write(f"PRAGMA user_version = {self._number}")
        if not self._id:
            self._id = 1 + secrets.randbelow(_NUMBERS - 1)
            write(f"PRAGMA application_id = {self._id}")

    def note(self) -> None:
        """The write is in the database, and will be acknowledged."""
        self._file.write(f"{self._id} {self._number} {self.missing}")

    def close(self) -> None:
        """Close the mark."""
        self._file.close()


def missing_writes(path: Path, known: int = 0) -> Missing:
    """Read a mark, and then give how many acknowledged writes a database is missing besides the known ones, also while
    it is in use."""
    mark = _parsed(MarkFile(path))

    def missing(connection: sqlite3.Connection) -> int:
        return _missing(mark, *_stored(lambda query: number_of(connection, query)), known)

    return missing


def number_of(connection: sqlite3.Connection, query: str) -> int:
    """The number that a query gives."""
    return int(connection.execute(query).fetchone()[0])


def missing_text(what: str, count: int, mark: str) -> str:
    """Missing writes in words. mark: what its file is called."""
    writes = "the last write" if count == 1 else f"the last {count:,} writes"
    return (
        f"{writes} of {what}, acknowledged and not there any more: cut from the end, lost in a power cut, or an older "
        f"copy was put back (delete {mark} while the server is off to end this message)"
    )


def _stored(read: Callable[[str], int]) -> tuple[int, int]:
    return read("PRAGMA application_id"), read("PRAGMA user_version")


def _parsed(file: MarkFile) -> tuple[int, int, int]:
    """(id, number, missing before) of a mark, zeros if it cannot be read."""
    with contextlib.suppress(ValueError):
        database, number, missing = map(int, " ".join(file.read()).split())
        return database, number, missing
    return 0, 0, 0


def _missing(mark: tuple[int, int, int], database: int, number: int, known: int) -> int:
    marked, last, before = mark
    if not marked or marked != database:
        return 0
    behind = (last - number) % _NUMBERS
    return before + (max(0, behind - known) if behind < _NUMBERS // 2 else 0)


class Length(NamedTuple):
    """How long a log of lines was. size: in bytes."""

    size: int
    lines: int


def with_missing(log: LogText, size: int, length: Length) -> LogText:
    """What of a log can be read, with how many lines it is missing. size: of its file in bytes."""
    return log if size >= length.size else replace(log, missing=max(1, length.lines - log.total))


class LogMarks:
    """The lengths of the logs of lines in a folder. suffix: of their files. One log is written to at a time."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder, self._suffix = folder, suffix
        self._file = MarkFile(folder / NAME)
        self._name = ""

    def of(self, name: str) -> Length:
        """How long the log was when its last line was acknowledged; zeros if that is not known."""
        return self._all().get(name, Length(0, 0))

    def lost(self) -> str:
        """The log that was written to last, if it is not there any more; else ""."""
        last = next(reversed(self._all()), "")
        return last if last and not os.path.lexists(self._path(last)) else ""

    def begin(self, name: str) -> None:
        """From now on `note` is about this log."""
        others = [(each, length) for each, length in self._all().items() if each != name]
        self._file.keep([_text(each, length) for each, length in others if os.path.exists(self._path(each))])
        self._name = name

    def note(self, length: Length) -> None:
        """The log is so long now."""
        self._file.write(_text(self._name, length))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{self._suffix}"

    def _all(self) -> dict[str, Length]:
        found: dict[str, Length] = {}
        for text in self._file.read():
            with contextlib.suppress(ValueError):
                name, size, lines = text.split()
                found[name] = Length(int(size), int(lines))
        return found


def _text(name: str, length: Length) -> str:
    return f"{name} {length.size} {length.lines}"
