"""SQLite's write-ahead log, read without SQLite, to find and pass a damaged part of it.

SQLite reads such a log up to the first frame whose checksum does not fit, and takes the rest for the remains of an
earlier write, so one damaged byte silently costs all commits after it. A checksum goes on from that of the frame
before, as written there; so each frame can also be checked by itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

WAL = "cache.db-wal"
_HEAD = struct.Struct(">8I")  # magic, version, page size, checkpoints, two salts, two checksums
_FRAME = struct.Struct(">6I")  # page, pages after a commit (0: no commit), two salts, two checksums
_MAGIC = 0x377F0682  # the last bit says that checksums are of big-endian words
_MASK = 2**32 - 1

Checksum = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the newest generation. page: number, from 1; commit: pages of the database after it, 0 if it ends no
    commit; fits: its checksum fits; at: where its page begins in the file."""

    page: int
    commit: int
    fits: bool
    at: int


@dataclass(frozen=True, slots=True)
class WriteAheadLog:
    """frames: all of the newest generation, also those that SQLite does not read; readable: how many of them SQLite
    reads."""

    page_size: int
    frames: list[Frame]
    readable: int

    @property
    def beyond(self) -> int:
        """Commits from the damage on; 0 if what SQLite leaves out is only an unfinished write."""
        return len(self.commits) - sum(1 for i in self.commits if i < self.readable)

    @property
    def commits(self) -> list[int]:
        """Positions of the frames that end a commit: those that fit, and the damaged one."""
        return [i for i, frame in enumerate(self.frames) if frame.commit and (frame.fits or i == self.readable)]


def wal_problem(directory: Path) -> str:
    """What is damaged in the write-ahead log of a database that nobody uses, "" if nothing."""
    log = read_wal(directory / WAL)
    if log is None or not log.beyond:
        return ""
    return (
        f"the write-ahead log {WAL} is damaged at page {log.readable + 1:,} of {len(log.frames):,}: a server would not "
        f"see {log.beyond:,} writes after it; `orderflow repair` saves them"
    )


def read_wal(path: Path) -> WriteAheadLog | None:
    """The log; None if there is none, or nothing in it. Raises OSError."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return None
            magic, _, size, _, *salts, first, second = _HEAD.unpack(head)
            if not 512 <= size <= 65_536 or size & (size - 1):
                size = 4096
            order = ">" if magic & 1 else "<"
            seed = _checksum(head[:24], (0, 0), order)
            sound = magic & ~1 == _MAGIC and seed == (first, second)
            frames = list(_frames(file, size, seed if sound else (first, second), (salts[0], salts[1]), order))
    except FileNotFoundError:
        return None
    fitting = next((i for i, frame in enumerate(frames) if not frame.fits), len(frames)) if sound else 0
    return WriteAheadLog(size, frames, fitting) if frames else None


def apply_wal(log: WriteAheadLog, wal: Path, database: Path) -> None:
    """Write the log's pages into a copy of the database, up to the last commit that fits, and remove the log.

    A frame whose checksum does not fit is written too: the damage is a byte of it, and its rows have checksums of their
    own.
    """
    last = max(log.commits, default=-1)
    pages = max((log.frames[i].commit for i in log.commits if log.frames[i].fits), default=0)
    pages = pages or (log.frames[last].commit if last >= 0 else 0)
    with wal.open("rb") as source, database.open("r+b") as target:
        for frame in log.frames[: last + 1]:
            if 1 <= frame.page <= pages:
                source.seek(frame.at)
                target.seek((frame.page - 1) * log.page_size)
                target.write(source.read(log.page_size))
        if pages:
            target.truncate(pages * log.page_size)
    wal.unlink()


def _frames(file: BinaryIO, size: int, seed: Checksum, salts: Checksum, order: str) -> Iterator[Frame]:
    """The frames up to the last one with the log's salts."""
    computed = stored = seed
    held: list[Frame] = []
    at = _HEAD.size
    while len(raw := file.read(_FRAME.size + size)) == _FRAME.size + size:
        page, commit, salt1, salt2, first, second = _FRAME.unpack_from(raw)
        body = raw[:8] + raw[_FRAME.size :]
        found = {_checksum(body, begin, order): begin for begin in {stored, computed}}
        fits = (first, second) in found and (salt1, salt2) == salts
        computed = next(iter(found)) if computed == stored else _checksum(body, computed, order)
        stored = first, second
        held.append(Frame(page, commit, fits, at + _FRAME.size))
        if (salt1, salt2) == salts:
            yield from held
            held = []
        at += len(raw)


def _checksum(data: bytes, seed: Checksum, order: str) -> Checksum:
    """SQLite's checksum of whole pairs of words."""
    first, second = seed
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & _MASK
        second = (second + two + first) & _MASK
    return first, second
