"""The tick log on disk: acknowledged ticks survive a kill of the process at any moment.

Calls that arrive together share one transaction: a blob of columns for each symbol, and the idempotency keys with their
answers. The writer thread merges small blobs in the background, in transactions of their own, so a tick is always in
exactly one blob.

The keys of the blobs (`symbol_index`) tell which blobs there are, so starting and searching read no ticks. `blob_store`
says what a power cut can lose. A blob with a wrong checksum is skipped, counted and left on disk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from orderflow.errors import BadInput, Conflict, StorageFailed
from orderflow.market.tick_log import NO_META, DamagedPart, LogEntry, LogInfo, nothing
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers, plain_lock
from orderflow.storage.acknowledged import NAME, missing_text
from orderflow.storage.lock import DirectoryLock
from orderflow.storage.ticks.codec import Damaged, cut, encode_meta, join
from orderflow.storage.ticks.group_commit import CommitQueue
from orderflow.storage.ticks.index import BlobIndex
from orderflow.storage.ticks.log_reader import LogReader
from orderflow.storage.ticks.rows import (
    blob_of,
    damaged_blobs,
    is_foreign,
    meta_keys,
    pack_keys,
    pack_ticks,
    sort_rows,
)
from orderflow.storage.ticks.symbol_index import KEYS, Blob
from orderflow.storage.ticks.tick_store import TickStore
from orderflow.storage.ticks.trim import trim
from orderflow.storage.ticks.wal import DATABASE, mend_wal

MAX_BLOB = 262_144
"""Most ticks of a blob, so that reading a minute does not decode a day."""

MAX_KEYS = 100_000
"""Newest idempotency keys that are kept."""

_CHUNK = 131_072
"""Ticks of one entry of `load`, about."""

_MAX_NAME = 1_000
_LAST = 2**63 - 1

log = logging.getLogger(__name__)


class DiskTickLog:
    """`orderflow.market.tick_log.TickLog` in a directory, for one process at a time.

    max_pending: ticks that may wait for the disk; beyond that `append` raises Busy. All methods work in any thread and
    greenlet. `then` runs on the writer thread, so never call `append`, `forget`, `set_meta` or `load` under a lock that
    `then` takes; `read`, `bounds`, `get_meta` and `info` do not wait. On a full or read-only disk the log is read, and
    writes are refused until they are possible. fresh: there was no log; used: the directory was used before. The
    constructor raises BadSetting when the directory is in use or cannot be used, StorageFailed when it cannot be read.
    """

    durable = True

    def __init__(self, directory: Path | str, workers: Workers, *, max_pending: int = 1_000_000) -> None:
        self._directory = Path(directory).expanduser().absolute()
        self._workers = workers
        self._lock = plain_lock()
        self._meta: dict[str, bytes] = {}
        self._lost_rows: list[DamagedPart] = []
        self._next = 0
        self._loading = 0
        self._merges = 0
        self._closed = False
        self._holder = DirectoryLock(self._directory)
        self.used = self._holder.used
        try:
            self._mended = workers.run_writer(mend_wal, self._directory)
            self._store = workers.run_writer(TickStore, self._directory, self._holder)
            self.fresh = self._store.fresh
            self._held = workers.run_writer(self._open)
            self._reader = LogReader(self._directory, workers, self._store, self._held)
        except BaseException:  # release the directory on any failure
            self._holder.release()
            raise
        self._queue: CommitQueue[LogEntry] = CommitQueue(workers, self._write, self._tidy, max_pending)

    # the port

    def append(self, entry: LogEntry, then: Callable[[], None]) -> None:
        """See `TickLog.append`. Raises BadInput for a symbol or key that cannot be written, too."""
        for text in (entry.key or "", *(batch.symbol for batch in entry.batches)):
            try:
                if len(text.encode()) > _MAX_NAME:
                    raise BadInput(f"a symbol or key is longer than {_MAX_NAME} bytes: {text[:40]!r}...")
            except UnicodeEncodeError as error:
                raise BadInput(f"a symbol or key is not Unicode text: {text[:40]!r}") from error
        self._queue.put(entry, sum(map(len, entry.batches)), then)

    def load(self) -> Iterator[LogEntry]:
        """Every tick, then every key with its answer. Nothing is merged until the iteration has ended."""
        self._check()
        self._workers.run_writer(self._pin, 1)
        try:
            for chunk in _chunks(self._held.tick_blobs()):
                if batches := self._workers.run_writer(self._reader.fetch, chunk):
                    yield LogEntry(batches)
            blobs = self._held.key_blobs()
            skip = sum(blob.n for blob in blobs) - MAX_KEYS
            for blob in blobs:
                for key, answer in self._workers.run_writer(self._reader.fetch_keys, blob)[max(0, skip) :]:
                    yield LogEntry((), key, answer)
                skip -= blob.n
        finally:
            self._pin(-1)
            self._queue.tidy()

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        """See `TickLog.read`; opens only the blobs that reach into the span."""
        self._check()
        return self._workers.run_io(self._reader.read, symbol, start, end)

    def bounds(self, symbol: str) -> tuple[int, int] | None:
        """See `TickLog.bounds`; from memory."""
        return self._held.bounds(symbol)

    def span(self, symbol: str, start: int, count: int) -> tuple[int, int | None] | None:
        """See `TickLog.span`; opens only the blobs that began before `start`."""
        self._check()
        return self._workers.run_io(self._reader.span, symbol, start, count)

    def tail(self, symbol: str, skip: int, count: int) -> TickBatch | None:
        """See `TickLog.tail`; opens only the blobs that have these ticks."""
        self._check()
        return self._workers.run_io(self._reader.tail, symbol, skip, count)

    def forget(
        self, symbol: str | None = None, then: Callable[[], None] = nothing, meta: Mapping[str, bytes | None] = NO_META
    ) -> None:
        """See `TickLog.forget`. All of it or nothing."""
        self._check()
        self._workers.run_writer(self._forget, symbol, then, meta)

    def trim(self, symbol: str, before: Callable[[], int]) -> int | None:
        """See `TickLog.trim`."""
        self._check()
        return self._workers.run_writer(trim, self._store, self._held, self._reader, symbol, before)

    def get_meta(self, name: str) -> bytes | None:
        """See `TickLog.get_meta`; from memory."""
        return self._meta.get(name)

    def set_meta(self, name: str, value: bytes | None) -> None:
        """See `TickLog.set_meta`."""
        self.update_meta(name, lambda old: value)

    def update_meta(
        self, name: str, change: Callable[[bytes | None], bytes | None], then: Callable[[], None] = nothing
    ) -> None:
        """See `TickLog.update_meta`."""
        self._check()
        self._workers.run_writer(self._update_meta, name, change, then)

    @property
    def problem(self) -> str:
        """See `TickLog.problem`."""
        return self._store.problem

    def look(self) -> None:
        """See `TickLog.look`; nothing once it is closed."""
        if not self._closed:
            self._workers.run_writer(self._store.look)

    def rewrite(self) -> None:
        """See `TickLog.rewrite`."""
        self._check()
        self._workers.run_writer(self._store.rewrite)

    def info(self) -> LogInfo:
        """Sizes. entries: blobs of ticks. extra: symbols, keys, waiting (ticks not yet written), merges (so far)."""
        counts = self._held.counts()
        return LogInfo(
            ticks=counts["ticks"],
            entries=counts["blobs"],
            bytes=self._store.size(),
            path=str(self._directory),
            damaged=counts["damaged"] + sum(part.count for part in self._lost_rows),
            damage=(*self._lost_rows, *damaged_blobs(self._held.damaged())),
            extra={
                "symbols": counts["symbols"],
                "keys": min(counts["keys"], MAX_KEYS),
                "waiting": self._queue.weight,
                "merges": self._merges,
            },
        )

    def close(self) -> None:
        """Write what waits, then release the directory. A second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._queue.close()
        try:
            self._workers.run_writer(self._store.close)
        except Conflict:  # the workers stopped first: the queue is written and the thread is gone
            log.warning("the tick log in %s is closed after its workers", self._directory)
        self._holder.release()

    def _check(self) -> None:
        if self._closed:
            raise StorageFailed("the tick log is closed")

    # on the writer thread

    def _open(self) -> BlobIndex:
        try:
            return self._index()
        except BaseException as error:  # close the connection; the caller does not know Damaged
            self._store.leave()
            if isinstance(error, Damaged | ValueError):
                raise StorageFailed(f"the tick log in {self._directory} cannot be read: {error}") from error
            raise

    def _index(self) -> BlobIndex:
        found = sort_rows(self._store.keys, self._store.get)
        self._store.keys = []
        self._meta, self._lost_rows = found.meta, found.damage
        if self._mended is not None:
            self._lost_rows.append(self._mended)
        if count := self._store.missing:
            text = missing_text("the ticks and their settings", count, f"ticks/{NAME}")
            found.damage.append(DamagedPart("writes", DATABASE, count, text))
        if is_foreign(found.version):
            raise StorageFailed(
                f"the tick log in {self._directory} was written by another version of this program; "
                "use that one, or another --data-dir"
            )
        for part in found.damage:
            log.error("%s in the log at %s: damaged and left out", part.text, self._directory)
        self._next = max((blob.seq for blob in found.blobs), default=-1) + 1
        return BlobIndex(found.blobs)

    def _write(self, entries: Sequence[LogEntry]) -> None:
        by_symbol: dict[str, list[TickBatch]] = {}
        answers: list[tuple[str, bytes]] = []
        for entry in entries:
            for batch in entry.batches:
                if len(batch):
                    by_symbol.setdefault(batch.symbol, []).append(batch)
            if entry.key is not None:
                answers.append((entry.key, entry.answer))
        puts: list[tuple[Blob, bytes]] = []
        for batches in by_symbol.values():
            for piece in _pieces(batches):
                blob = blob_of(self._next, piece)
                puts.append((blob, pack_ticks(blob, piece)))
                self._next += 1
        if answers:
            blob = Blob(KEYS, self._next, len(answers), 0, 0, "")
            puts.append((blob, pack_keys(blob, answers)))
            self._next += 1
        if puts:
            self._store.write(((blob.key, value) for blob, value in puts), verified=False)
            self._store.confirm(lambda: ((), [blob.key for blob, _ in puts]))
            self._held.add(blob for blob, _ in puts)

    def _tidy(self) -> bool:
        """Merge one row of blobs; False when there is nothing to merge."""
        row = [] if self._loading else self._held.next_row()
        if row and row[0].kind == KEYS:
            self._merge_keys(row)
        elif row:
            self._merge(row)
        return bool(row)

    def _merge(self, row: Sequence[Blob]) -> None:
        sound = [(blob, batch) for blob in row if (batch := self._reader.decode(blob)) is not None]
        if not sound:
            return
        old = [blob for blob, _ in sound]
        pieces = list(_pieces([batch for _, batch in sound]))
        if len(pieces) >= len(old):  # the values do not fit one grid, so a merge gains nothing
            self._held.seal(old[-1])
            return
        # at the last positions, so that the last written symbol stays last
        new = [blob_of(blob.seq, piece) for blob, piece in zip(old[-len(pieces) :], pieces, strict=True)]
        puts = {blob.key: pack_ticks(blob, piece) for blob, piece in zip(new, pieces, strict=True)}
        with self._held.moving(old):
            self._store.write(puts.items(), [blob.key for blob in old if blob.key not in puts])
            self._held.replace(old, new)
        self._merges += 1

    def _merge_keys(self, row: Sequence[Blob]) -> None:
        answers = [pair for blob in row for pair in self._reader.fetch_keys(blob)]
        old = [blob for blob in row if self._held.holds(blob)]
        if not old:
            return
        new = Blob(KEYS, old[-1].seq, len(answers), 0, 0, "")
        drops = [blob.key for blob in old if blob.key != new.key]
        with self._held.moving(old):
            self._store.write([(new.key, pack_keys(new, answers))], drops)
            self._held.replace(old, [new])
        surplus = self._held.surplus(MAX_KEYS)
        self._store.write((), [blob.key for blob in surplus])
        self._held.remove(surplus)

    def _pin(self, count: int) -> None:
        with self._lock:
            self._loading += count

    def _forget(self, symbol: str | None, then: Callable[[], None], meta: Mapping[str, bytes | None]) -> None:
        blobs = self._held.of(symbol)
        puts, drops = _meta_rows(meta)
        with self._held.moving(blobs):
            if blobs or meta:
                self._store.write(puts, [*(blob.key for blob in blobs), *drops])
            self._held.forget(symbol)
        for name, value in meta.items():
            self._hold_meta(name, value)
        then()
        self._store.shrink()

    def _update_meta(self, name: str, change: Callable[[bytes | None], bytes | None], then: Callable[[], None]) -> None:
        old = self._meta.get(name)
        new = change(old)
        if new != old:
            self._store.write(*_meta_rows({name: new}), verified=False)
            self._store.confirm(lambda: _meta_rows({name: old}))
            self._hold_meta(name, new)
        then()

    def _hold_meta(self, name: str, value: bytes | None) -> None:
        self._meta.pop(name, None)
        if value is not None:
            self._meta[name] = value
        self._lost_rows = [part for part in self._lost_rows if (part.what, part.name) != ("setting", name)]


def _meta_rows(values: Mapping[str, bytes | None]) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """(rows to store, keys to remove) for meta values, of which None is removed."""
    puts: list[tuple[bytes, bytes]] = []
    drops: list[bytes] = []
    for name, value in values.items():
        key, old = meta_keys(name)
        drops.append(old)
        if value is None:
            drops.append(key)
        else:
            puts.append((key, encode_meta(value)))
    return puts, drops


def _pieces(batches: Sequence[TickBatch]) -> Iterator[TickBatch]:
    for joined in join(batches):
        yield from cut(joined, MAX_BLOB)


def _chunks(blobs: Iterable[Blob]) -> Iterator[list[Blob]]:
    """Groups of neighbours with about _CHUNK ticks each."""
    chunk: list[Blob] = []
    total = 0
    for blob in blobs:
        chunk.append(blob)
        total += blob.n
        if total >= _CHUNK:
            yield chunk
            chunk, total = [], 0
    if chunk:
        yield chunk
