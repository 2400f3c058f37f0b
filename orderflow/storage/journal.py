"""Append-only logs of lines, one file each. The herd game keeps its sessions in them.

`append` makes one `write` call and returns after it, so acknowledged data is in the kernel and survives the end of the
process. The writer thread calls fsync soon after, for power cuts. A line that a crash cut in two was never
acknowledged; it is removed when the file is opened again. Each line has a checksum (`lines`), so a damaged line is
found; nothing is appended to a log with one before `mend` has put its good lines into a file of their own.

Implements the port `orderflow.herd.live.journal.Journal`. Does not interpret the lines.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from orderflow.errors import Conflict, NotFound, StorageFailed
from orderflow.runtime.workers import Workers, plain_lock
from orderflow.storage.acknowledged import Length, LogMarks, with_missing
from orderflow.storage.identity import Identity, identity
from orderflow.storage.lines import Line, LogText, complete, read_lines, read_log, seal
from orderflow.storage.private import make_folder
from orderflow.storage.reasons import GONE, odd_place, reason_of, with_advice

SUFFIX = ".jsonl"
DAMAGED = ".damaged"
"""Added to the name of a log whose good lines were put into a new file."""
_CHUNK = 65_536
_PROBE = 8_192
"""Bytes that must fit on the disk before lines are said to be accepted again."""
_PROBE_SECONDS = 2.0
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")


class DiskJournal:
    """Logs in `directory`, created by the first append. torn: bytes of incomplete lines that were removed. lost: the
    log that was written to last, if it was not there any more; else "".

    A log whose file was deleted or replaced under the running server is noticed before a line is acknowledged.
    """

    durable = True

    def __init__(self, directory: Path, workers: Workers) -> None:
        self._directory = directory
        self._workers = workers
        self._lock = plain_lock()
        self._name = ""
        self._file = -1
        self._size = self._lines = 0
        self._marks = LogMarks(directory, SUFFIX)
        self.lost = self._marks.lost()
        self._opened: Identity | None = None
        self._syncing = False
        self._problem = ""
        self._probe_at = 0.0
        self.torn = 0

    def names(self) -> list[str]:
        """The ids of all logs in order. Raises StorageFailed when the directory cannot be read."""
        try:
            found = [Path(name) for name in os.listdir(self._directory)]
            return sorted(path.stem for path in found if path.suffix == SUFFIX and _NAME.fullmatch(path.stem))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageFailed(f"{self._directory} cannot be read: {reason_of(error, self._directory)}") from error

    def begin(self, name: str) -> None:
        """Append to this log from now on. The first `append` opens or creates its file."""
        self._release()
        self._name = name
        self._marks.begin(name)
        self._opened = identity(self._path(name))

    def append(self, data: bytes) -> None:
        """Append whole lines. After it returns they survive a crash of the process.

        Raises StorageFailed; the file is unchanged then (or is repaired before the next append).
        """
        sealed = seal(data)
        try:
            if self._file < 0:
                self._open()
            self._cut_off_remains()
            view = memoryview(sealed)
            while view:
                view = view[os.write(self._file, view) :]
            if identity(self._path(self._name)) != self._opened:
                raise _Gone()
        except OSError as error:
            self._undo()
            reason = GONE if isinstance(error, _Gone) else reason_of(error, self._directory)
            self._problem = with_advice("the game's log cannot be written", reason)
            raise StorageFailed(self._problem) from error
        self._problem = ""
        self._size += len(sealed)
        self._lines += sealed.count(b"\n")
        self._marks.note(Length(self._size, self._lines))
        self._sync_soon()

    def problem(self) -> str:
        """Why lines are refused at present, "" if they are not. Looks at the file, and after a refusal at the disk."""
        if self._is_gone():
            self._problem = with_advice("the game's log cannot be written", GONE)
        elif reason := self._refused():
            self._problem = with_advice("the game's log cannot be written", reason)
        elif self._problem and time.monotonic() >= self._probe_at:
            self._probe_at = time.monotonic() + _PROBE_SECONDS
            place = self._directory if self._directory.exists() else self._directory.parent  # the first line makes it
            with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=place) as probe:
                probe.write(bytes(_PROBE))
                probe.flush()
                self._problem = ""
        return self._problem

    def rewrite(self) -> None:
        """Write the log anew from the opened file, if another one or none is at its path. What is there is kept under
        another name. Raises StorageFailed; then nothing has changed."""
        if not self._is_gone():
            return
        path = self._path(self._name)
        fresh = path.with_suffix(f".{os.getpid()}")
        try:
            make_folder(self._directory)
            _write_new(fresh, self._held())
            if path.exists():
                path.rename(_kept_name(path))
            os.replace(fresh, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            reason = reason_of(error, self._directory)
            raise StorageFailed(with_advice("the game's log cannot be written anew", reason)) from error
        self.begin(self._name)
        self._problem = ""

    def _held(self) -> bytes:
        """The lines of the opened file. Raises OSError if they are lost."""
        if self._file < 0 or os.fstat(self._file).st_size < self._size:
            raise OSError("this process does not hold its lines")
        os.lseek(self._file, 0, os.SEEK_SET)
        with os.fdopen(os.dup(self._file), "rb") as file:
            return file.read(self._size)

    def read(self, name: str) -> bytes:
        """The whole lines of a log up to the first damaged one. Raises NotFound, StorageFailed."""
        return self.examine(name).data

    def lines(self, name: str) -> Iterator[Line]:
        """The lines of a log one by one, damaged ones too. Raises NotFound, StorageFailed."""
        with self._reading(name) as file:
            yield from read_lines(file)

    def examine(self, name: str) -> LogText:
        """What of a log can be read, and where it is damaged. Raises NotFound, StorageFailed."""
        length = self._marks.of(name)
        with self._reading(name) as file:
            return with_missing(read_log(file), os.fstat(file.fileno()).st_size, length)

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[BinaryIO]:
        if not _NAME.fullmatch(name):
            raise NotFound(f"there is no session {name!r}")
        try:
            with self._path(name).open("rb") as file:
                yield file
        except FileNotFoundError as error:
            if odd := odd_place(self._path(name)):
                raise StorageFailed(f"the log of {name} cannot be read: {odd}") from error
            raise NotFound(f"there is no session {name!r}") from error
        except OSError as error:
            raise StorageFailed(f"the log of {name} cannot be read: {reason_of(error, self._directory)}") from error

    def mend(self, name: str, lines: int) -> str:
        """Make the first `lines` lines the log of that name, and keep the damaged file beside it under another name,
        which is returned. A kill at any moment leaves the damaged file whole. Raises NotFound, StorageFailed."""
        if name == self._name:
            self._release()
        good = seal(b"".join(self.examine(name).data.splitlines(keepends=True)[:lines]))
        path = self._path(name)
        fresh = path.with_suffix(f".{os.getpid()}")
        try:
            kept = _kept_name(path)
            _write_new(fresh, good)
            shutil.copy2(path, kept)
            self._marks.begin(name)
            self._marks.note(Length(len(good), lines))
            os.replace(fresh, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            reason = reason_of(error, self._directory)
            raise StorageFailed(with_advice(f"the log of {name} cannot be written", reason)) from error
        self._sync_directory()
        if name == self._name:
            self._opened = identity(path)
        self._marks.begin(self._name)
        return kept.name

    def close(self) -> None:
        """Sync to disk and close the file."""
        self._release()
        self._marks.close()

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}{SUFFIX}"

    def _open(self) -> None:
        new = self._opened is None
        if new:
            make_folder(self._directory)
        flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT if new else 0) | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(self._path(self._name), flags, 0o600)
        except FileNotFoundError as error:
            raise error if new else _Gone() from error
        try:
            if not new and identity(self._file) != self._opened:
                raise _Gone()
            self._opened = identity(self._file)
            length = os.fstat(self._file).st_size
            self._size = _whole(self._file, length)
            if self._size != length:
                self._end_last_line(length)
            self._lines = self._counted()
            if new:
                self._sync_directory()
        except OSError:
            os.close(self._file)
            self._file = -1
            raise

    def _counted(self) -> int:
        """The lines of the opened file."""
        length = self._marks.of(self._name)
        if length.size == self._size:
            return length.lines
        os.lseek(self._file, 0, os.SEEK_SET)
        return sum(os.read(self._file, _CHUNK).count(b"\n") for _ in range(0, self._size, _CHUNK))

    def _is_gone(self) -> bool:
        """Whether the log's file is another one than at its opening, or lines of it are missing."""
        if self._opened is not None and identity(self._path(self._name)) != self._opened:
            return True
        with self._lock, contextlib.suppress(OSError):
            return self._file >= 0 and os.fstat(self._file).st_size < self._size
        return False

    def _refused(self) -> str:
        """Why this user may not use the folder, or open the log's file, which is not open yet; "" if it may."""
        try:
            os.scandir(self._directory).close()
            if self._file < 0 and self._name:
                os.close(os.open(self._path(self._name), os.O_RDWR | os.O_APPEND))
        except FileNotFoundError as error:  # the first line makes them, unless there is a link that leads nowhere
            return odd_place(Path(error.filename))
        except OSError as error:
            return reason_of(error, self._directory)
        return ""

    def _cut_off_remains(self) -> None:
        """Remove what an earlier failure left behind the last whole line. Raises _Gone if lines are missing."""
        length = os.fstat(self._file).st_size
        if length < self._size:
            raise _Gone()
        if length > self._size:
            os.ftruncate(self._file, self._size)

    def _undo(self) -> None:
        """Remove a part that was written, and a file that was made for it."""
        if self._file < 0:
            return
        with contextlib.suppress(OSError):
            if os.fstat(self._file).st_size > self._size:
                os.ftruncate(self._file, self._size)
            if not self._size and identity(self._path(self._name)) == self._opened:
                self._path(self._name).unlink()
                self._opened = None
                self._release()

    def _end_last_line(self, length: int) -> None:
        """Complete a last line that lacks only its end, and remove one that was cut in two."""
        os.lseek(self._file, self._size, os.SEEK_SET)
        good = complete(os.read(self._file, length - self._size))
        os.ftruncate(self._file, self._size + good)
        self.torn += length - self._size - good
        self._size += good
        if good:
            self._size += os.write(self._file, b"\n")

    def _sync_directory(self) -> None:
        """Sync the directory, so that the new file's name survives a power cut."""
        with contextlib.suppress(OSError):  # not possible on Windows
            handle = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _sync_soon(self) -> None:
        with self._lock:
            first, self._syncing = not self._syncing, True
        if first:
            with contextlib.suppress(Conflict):  # the workers are stopping: `close` syncs
                self._workers.post_writer("herd journal", self._sync)

    def _sync(self) -> None:
        """On the writer thread, with a copy of the handle, because the log may be closed meanwhile."""
        with self._lock:
            self._syncing = False
            handle = os.dup(self._file) if self._file >= 0 else -1
        if handle >= 0:
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _release(self) -> None:
        with self._lock:
            handle, self._file = self._file, -1
        if handle >= 0:
            with contextlib.suppress(OSError):  # the kernel has the data in any case
                os.fsync(handle)
            os.close(handle)


class _Gone(OSError):
    """The file at the log's path is not the one that was opened."""


def _whole(handle: int, length: int) -> int:
    """The length of a file up to and including its last newline."""
    end = length
    while end > 0:
        begin = max(0, end - _CHUNK)
        os.lseek(handle, begin, os.SEEK_SET)
        found = os.read(handle, end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _kept_name(path: Path) -> Path:
    """A free name beside a log for its damaged file."""
    for number in range(1, 1000):
        kept = path.with_name(f"{path.stem}{DAMAGED}-{number}")
        if not kept.exists():
            return kept
    raise FileExistsError(f"{path.name} was damaged a thousand times")


def _write_new(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
