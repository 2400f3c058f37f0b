"""Uploaded files on disk: written as they come, kept for a while so that they can be looked at before they are taken.

Each file has a folder of its own with a random name. Of the name that a user gives it only letters, digits, dots and
dashes are kept; the names of formats and symbols are read from it.
"""

from __future__ import annotations

import contextlib
import math
import re
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from orderflow.errors import Busy, NotFound, StorageFailed
from orderflow.runtime.workers import plain_lock
from orderflow.storage.private import make_folder
from orderflow.storage.reasons import reason_of, with_advice

MOST_HELD = 3
"""Files of a user that are kept to be looked at; the oldest goes first."""
MOST_FILES, MOST_OF_A_CLIENT = 32, 24
"""Files of all users together; and of one address those that are written or read."""
SECONDS = 3600.0
"""For how long a file is kept."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_OWN = re.compile(r"[0-9a-f]{32}")
STOPPED = "the upload cannot be kept"


@dataclass(frozen=True, slots=True)
class Held:
    """A file. filename: as the user calls it. made: seconds, on the spool's clock. client: the address it came from."""

    id: str
    owner: str
    path: Path
    filename: str
    size: int
    made: float
    client: str = ""


class Spool:
    """The uploaded files below `folder`, or in the system's folder for temporary files. clock: monotonic seconds.

    most_held: files of a user. most_bytes: of all files, those that are being written too; for a new one the oldest
    files that are not in use make room.
    """

    def __init__(
        self,
        folder: Path | None,
        clock: Callable[[], float],
        *,
        most_held: int = MOST_HELD,
        most_bytes: float = math.inf,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._most_held = most_held
        self._most_bytes = most_bytes
        self._written = 0  # bytes of files that are not complete
        self._used: Counter[str] = Counter()
        self._unwanted: dict[str, Held] = {}
        self._lock = plain_lock()
        self._held: dict[str, Held] = {}
        self._open: Counter[str] = Counter()  # by client
        self.deleted = 0
        """Files that made room for others before they were too old, since the start."""

    def start(self) -> None:
        """Remove what an earlier run left."""
        self._clear()

    def stop(self) -> None:
        """Remove all files."""
        for held in list(self._held.values()):
            self.drop(held)
        self._clear()

    def _clear(self) -> None:
        """Remove the folders of uploads, and nothing else: the user chose the place."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                for path in self._folder.iterdir():
                    if _OWN.fullmatch(path.name):
                        shutil.rmtree(path, ignore_errors=True)
                self._folder.rmdir()

    def begin(self, owner: str, client: str = "") -> Incoming:
        """A new file to be written, from the address `client`. Of too many the client with most loses its oldest file
        that is not in use.

        Raises Busy if there is none, or if the caller has too many itself, StorageFailed.
        """
        self.sweep()
        while not self._enter(client):
            self._make_room()
        try:
            return Incoming(self, owner, client, self._new_folder())
        except OSError as error:
            self._closed(client)
            raise self._failed(error) from error

    def get(self, owner: str, file_id: str) -> Held:
        """A file of a user. Raises NotFound, also for another user's."""
        self.sweep()
        held = self._held.get(file_id)
        if held is None or held.owner != owner:
            raise NotFound("there is no such upload any more: send the file again")
        return held

    def scratch(self) -> BinaryIO:
        """A file without a name, which is gone when it is closed. Raises StorageFailed."""
        try:
            if self._folder is not None:
                make_folder(self._folder)
            return tempfile.TemporaryFile(dir=self._folder)
        except OSError as error:
            raise self._failed(error) from error

    @contextmanager
    def using(self, files: Sequence[Held]) -> Iterator[None]:
        """Keep files on the disk meanwhile, also those that are dropped. They do not get old."""
        with self._lock:
            self._used.update(held.id for held in files)
        try:
            yield
        finally:
            with self._lock:
                self._used.subtract(held.id for held in files)
                self._used += Counter()  # without those that nobody uses
                for held in files:
                    if held.id in self._held and not self._used[held.id]:
                        self._held[held.id] = replace(held, made=self._clock())
            for held in files:
                if self._unwanted.get(held.id) and not self._used[held.id]:
                    self.drop(held)

    def drop(self, held: Held) -> None:
        """Remove a file; one that is in use when it no longer is."""
        with self._lock:
            self._held.pop(held.id, None)
            if self._used[held.id]:
                self._unwanted[held.id] = held
                return
            self._unwanted.pop(held.id, None)
        shutil.rmtree(held.path.parent, ignore_errors=True)

    def sweep(self) -> None:
        """Remove files that are too old."""
        for held in list(self._held.values()):
            if held.made < self._clock() - SECONDS and not self._used[held.id]:
                self.drop(held)

    def _enter(self, client: str) -> bool:
        """Count a new file; False if there are too many. Raises Busy if the client has too many."""
        with self._lock:
            reading = sum(each.client == client and self._used[each.id] > 0 for each in self._held.values())
            if self._open[client] + reading >= MOST_OF_A_CLIENT:
                raise _busy()
            if self._open.total() + len(self._held) >= MOST_FILES:
                return False
            self._open[client] += 1
            return True

    def _make_room(self) -> None:
        held = list(self._held.values())
        of = Counter(each.client for each in held)
        spare = [each for each in held if not self._used[each.id]]
        if not spare:
            raise _busy()
        self._drop_early(min(spare, key=lambda each: (-of[each.client], each.made)))

    def _grow(self, size: int) -> None:
        """Make room for so many bytes more of files that are being written. Raises Busy if the files in use fill it."""
        with self._lock:
            self._written += size
        while self._written + sum(held.size for held in list(self._held.values())) > self._most_bytes:
            spare = [held for held in list(self._held.values()) if not self._used[held.id]]
            if not spare:
                raise Busy("the server holds as many bytes of uploads as it may; try again", retry_after=30)
            self._drop_early(min(spare, key=lambda held: held.made))

    def _keep(self, held: Held) -> None:
        with self._lock:
            self._held[held.id] = held
            mine = [each for each in self._held.values() if each.owner == held.owner]
        for old in sorted(mine, key=lambda each: each.made)[: -self._most_held]:
            self._drop_early(old)

    def _drop_early(self, held: Held) -> None:
        self.deleted += 1
        self.drop(held)

    def _closed(self, client: str, written: int = 0) -> None:
        with self._lock:
            self._open -= Counter([client])
            self._written -= written

    def _new_folder(self) -> Path:
        if self._folder is None:
            return Path(tempfile.mkdtemp(prefix="orderflow-"))
        make_folder(self._folder)
        made = self._folder / secrets.token_hex(16)
        make_folder(made)
        return made

    def _failed(self, error: OSError) -> StorageFailed:
        folder = self._folder or Path(tempfile.gettempdir())
        return StorageFailed(with_advice(STOPPED, reason_of(error, folder), then="then upload it again"))


def _busy() -> Busy:
    return Busy("the server is taking in as many uploads as it can; try again", retry_after=5)


class Incoming:
    """A file that is being written; a context that removes it unless `keep` was called. Raises StorageFailed."""

    def __init__(self, spool: Spool, owner: str, client: str, folder: Path) -> None:
        self._spool = spool
        self._owner = owner
        self._client = client
        self._path = folder / "upload"
        self._size = 0
        self._kept = False
        try:
            self._file: BinaryIO = self._path.open("xb")
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def write(self, data: bytes) -> None:
        """Add bytes. Raises Busy if there is no room for them."""
        self._size += len(data)
        self._spool._grow(len(data))
        try:
            self._file.write(data)
        except OSError as error:
            raise self._spool._failed(error) from error

    def keep(self, filename: str) -> Held:
        """The file is complete."""
        named = self._path.with_name(_UNSAFE.sub("_", filename)[-100:].lstrip(".") or self._path.name)
        try:
            self._file.close()
            self._path.rename(named)
        except OSError as error:
            raise self._spool._failed(error) from error
        number, made_at = secrets.token_hex(16), self._spool._clock()
        made = Held(number, self._owner, named, filename, self._size, made_at, self._client)
        self._kept = True
        self._spool._keep(made)
        return made

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *error: object) -> None:
        self._spool._closed(self._client, self._size)
        if not self._kept:
            with contextlib.suppress(OSError):
                self._file.close()
            shutil.rmtree(self._path.parent, ignore_errors=True)
