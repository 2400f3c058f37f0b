"""SQLite's write-ahead log, read without SQLite, to find and pass a damaged part of it.

SQLite reads such a log up to the first frame whose checksum does not fit, and takes the rest for the remains of an
earlier write, so one damaged byte silently costs all commits after it. A checksum goes on from that of the frame
before, as written there; so each frame can also be checked by itself.
"""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from orderflow.errors import StorageFailed
from orderflow.market.tick_log import DamagedPart
from orderflow.storage.reasons import reason_of, with_advice

DATABASE, WAL = "cache.db", "cache.db-wal"
_HEAD = struct.Struct(">8I")  # magic, version, page size, checkpoints, two salts, two checksums
_FRAME = struct.Struct(">6I")  # page, pages after a commit (0: no commit), two salts, two checksums
_MAGIC = 0x377F0682  # the last bit says that checksums are of big-endian words
_MASK = 2**32 - 1
_AT_ONCE = 256  # frames

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
    def fitting(self) -> int:
        """Frames that fit."""
        return sum(frame.fits for frame in self.frames)

    @property
    def commits(self) -> list[int]:
        """Positions of the frames that end a commit: those that fit, and the damaged one."""
        return [i for i, frame in enumerate(self.frames) if frame.commit and (frame.fits or i == self.readable)]


def wal_problem(directory: Path) -> tuple[str, int]:
    """(what is damaged in the write-ahead log of a database that nobody uses, writes from there on); ("", 0) if
    nothing is."""
    log = read_wal(directory / WAL)
    if log is None or not log.beyond:
        return "", 0
    where = f"the write-ahead log {WAL} is damaged at page {log.readable + 1:,}; writes from there on: {log.beyond:,}"
    return where, log.beyond


def mend_wal(directory: Path) -> DamagedPart | None:
    """Before a database is opened: if its write-ahead log is damaged, put the log's pages into the database, and keep
    both files as they were in a directory beside them. Returns what was done.

    Raises StorageFailed if that is not possible; then nothing has changed.
    """
    database, wal = directory / DATABASE, directory / WAL
    try:
        log = read_wal(wal)
        if log is None or not log.beyond or not database.is_file():
            return None
        kept = next(path for n in range(1, 1_000) if not (path := directory / f"damaged-{n}").exists())
        fresh = Path(tempfile.mkdtemp(prefix=f".{kept.name}.", dir=directory))
        try:
            for path in (database, wal):
                shutil.copy2(path, fresh / path.name)
            os.replace(fresh, kept)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        apply_wal(log, wal, database)
    except OSError as error:
        reason = reason_of(error, directory)
        what = f"{wal} cannot be read, or is damaged and cannot be mended"
        raise StorageFailed(
            with_advice(what, reason, runs=False) + ". `orderflow repair` saves what is readable into a new folder"
        ) from error
    text = f"a page in the write-ahead log of the ticks ({kept.name} has the files as they were)"
    return DamagedPart("writes", kept.name, log.beyond, text)


def read_wal(path: Path) -> WriteAheadLog | None:
    """The log; None if there is none, or nothing in it. Raises OSError."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD.size + _FRAME.size)
            if len(head) < _HEAD.size + _FRAME.size:
                return None
            found = max((_parsed(file, one) for one in _readings(head)), key=lambda log: log.fitting)
    except FileNotFoundError:
        return None
    return found if found.frames else None


@dataclass(frozen=True, slots=True)
class _Head:
    """What the head of a log says. sound: its checksum fits; seeds: of the first frame's checksum; order: of the bytes
    in the words of checksums."""

    sound: bool
    size: int
    salts: Checksum
    seeds: tuple[Checksum, Checksum]
    order: str


def _readings(head: bytes) -> Iterator[_Head]:
    """How the head can be read: in one way if it is sound, else in all that one damaged byte allows."""
    magic, _, size, _, salt1, salt2, first, second = _HEAD.unpack_from(head)
    order = ">" if magic & 1 else "<"
    computed = _checksum(head[:24], (0, 0), order)
    if magic & ~1 == _MAGIC and computed == (first, second):
        yield _Head(True, size, (salt1, salt2), (computed, computed), order)
        return
    frame = _FRAME.unpack_from(head, _HEAD.size)
    for order in "<>":
        for pages in {size, 4096}:
            if 512 <= pages <= 65_536 and not pages & (pages - 1):
                seeds = (first, second), _checksum(head[:24], (0, 0), order)
                yield _Head(False, pages, (frame[2], frame[3]), seeds, order)


def _parsed(file: BinaryIO, head: _Head) -> WriteAheadLog:
    file.seek(_HEAD.size)
    frames = list(_frames(file, head))
    readable = next((i for i, frame in enumerate(frames) if not frame.fits), len(frames)) if head.sound else 0
    return WriteAheadLog(head.size, frames, readable)


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
        target.flush()
        os.fsync(target.fileno())
    wal.unlink()
    wal.with_name(f"{DATABASE}-shm").unlink(missing_ok=True)


def make_from_wal(log: WriteAheadLog, wal: Path, database: Path) -> int:
    """Make a database from a copy of its log alone, which is removed. Pages that are not in the log are empty; returns
    how many these are. Raises OSError."""
    os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    apply_wal(log, wal, database)
    pages = database.stat().st_size // log.page_size
    return pages - len({frame.page for frame in log.frames[: max(log.commits, default=-1) + 1] if frame.page <= pages})


def _frames(file: BinaryIO, head: _Head) -> Iterator[Frame]:
    """The frames up to the last one with the log's salts."""
    size, (stored, computed) = head.size, head.seeds
    held: list[Frame] = []
    at, sums = _HEAD.size, _Sums(size, head.order)
    while raw := file.read(_AT_ONCE * (_FRAME.size + size)):
        for (page, commit, salt1, salt2, first, second), own in sums.of(raw):
            found = {begin: sums.after(own, begin) for begin in (stored, computed)}
            same_salts = (salt1, salt2) == head.salts
            held.append(Frame(page, commit, same_salts and (first, second) in found.values(), at + _FRAME.size))
            stored, computed = (first, second), found[computed]
            if same_salts:
                yield from held
                held = []
            at += _FRAME.size + size


class _Sums:
    """SQLite's checksums of many frames at once.

    With each pair of words (a, b) a checksum (s, t) becomes (s + t + a, s + 2t + a + b) modulo 2**32, which is linear:
    the checksum of a frame is a weighted sum of its words, and a multiple of the one before.
    """

    def __init__(self, size: int, order: str) -> None:
        self._size, self._order = size, order
        pairs = (size + 8) // 8
        weights = np.empty((2 * pairs, 2), np.uint32)
        power = (1, 0, 0, 1)  # of the matrix ((1, 1), (1, 2))
        for pair in range(pairs - 1, -1, -1):
            p, q, r, s = power
            weights[2 * pair] = (p + q) & _MASK, (r + s) & _MASK
            weights[2 * pair + 1] = q, s
            power = (p + q) & _MASK, (p + 2 * q) & _MASK, (r + s) & _MASK, (r + 2 * s) & _MASK
        self._weights, self._power = weights, power

    def of(self, raw: bytes) -> Iterator[tuple[tuple[int, ...], Checksum]]:
        """The head of each whole frame, and its checksum from (0, 0)."""
        count = len(raw) // (_FRAME.size + self._size)
        words = np.frombuffer(raw, f"{self._order}u4", count * (_FRAME.size + self._size) // 4).reshape(count, -1)
        summed = np.delete(words, np.s_[2:6], axis=1).astype(np.uint32) @ self._weights
        for number in range(count):
            head = _FRAME.unpack_from(raw, number * (_FRAME.size + self._size))
            yield head, (int(summed[number, 0]), int(summed[number, 1]))

    def after(self, own: Checksum, seed: Checksum) -> Checksum:
        """The checksum of a frame after a frame with the checksum `seed`."""
        p, q, r, s = self._power
        return (own[0] + p * seed[0] + q * seed[1]) & _MASK, (own[1] + r * seed[0] + s * seed[1]) & _MASK


def _checksum(data: bytes, seed: Checksum, order: str) -> Checksum:
    """SQLite's checksum of whole pairs of words."""
    first, second = seed
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & _MASK
        second = (second + two + first) & _MASK
    return first, second
