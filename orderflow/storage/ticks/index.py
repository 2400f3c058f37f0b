"""What the log holds, symbol by symbol: all shelves behind one lock, for the writer and for readers in any thread.

Only the writing thread adds, merges and forgets; a reader may strike out a blob that it found damaged. Knows keys and
counts, never the ticks, and does no input or output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from orderflow.runtime.workers import plain_lock
from orderflow.storage.ticks.symbol_index import KEYS, Blob, Shelf

_KEY_BLOB = 4_096
"""A blob of so many idempotency keys is not rewritten any more."""


class Catalogue:
    """The blobs on disk that are sound, as far as is known, and those that are not."""

    def __init__(self, blobs: Iterable[Blob]) -> None:
        self._lock = plain_lock()
        self._shelves: dict[str, Shelf] = {}
        self._keys = Shelf(_KEY_BLOB)
        self._damaged: dict[bytes, Blob] = {}
        self._untidy: dict[str, None] = {}
        self._moving: frozenset[Blob] = frozenset()
        self.add(sorted(blobs, key=lambda blob: blob.seq))

    def add(self, blobs: Iterable[Blob]) -> None:
        """New blobs, each at the end of its shelf."""
        with self._lock:
            for blob in blobs:
                if blob.kind == KEYS:
                    self._keys.add(blob)
                    continue
                shelf = self._shelves.get(blob.symbol)
                if shelf is None:
                    shelf = self._shelves[blob.symbol] = Shelf()
                shelf.add(blob)
                self._untidy[blob.symbol] = None

    def bounds(self, symbol: str) -> tuple[int, int] | None:
        """Least and greatest time of the symbol's ticks, ns."""
        with self._lock:
            shelf = self._shelves.get(symbol)
            return (shelf.first, shelf.last) if shelf is not None and shelf.n else None

    def within(self, symbol: str, start: int, end: int) -> list[Blob]:
        """The symbol's blobs that reach into [start, end), in write order."""
        with self._lock:
            return [b for b in self._shelves.get(symbol, ()) if b.last >= start and b.first < end]

    def tick_blobs(self) -> list[Blob]:
        """All blobs of ticks, in write order."""
        with self._lock:
            return sorted((b for shelf in self._shelves.values() for b in shelf), key=lambda blob: blob.seq)

    def key_blobs(self) -> list[Blob]:
        """All blobs of idempotency keys, in write order."""
        with self._lock:
            return list(self._keys)

    def of(self, symbol: str | None) -> list[Blob]:
        """Everything that a symbol has on disk, damaged blobs too; None: everything there is."""
        with self._lock:
            found = [b for name, shelf in self._shelves.items() if symbol in (None, name) for b in shelf]
            found += [b for b in self._damaged.values() if symbol in (None, b.symbol)]
            return found if symbol is not None else [*found, *self._keys]

    def forget(self, symbol: str | None) -> None:
        """What `of` names is gone from disk."""
        with self._lock:
            self._damaged = {key: b for key, b in self._damaged.items() if symbol not in (None, b.symbol)}
            if symbol is not None:
                self._shelves.pop(symbol, None)
            else:
                self._shelves, self._keys = {}, Shelf(_KEY_BLOB)

    def next_row(self) -> list[Blob]:
        """Neighbours of one shelf that should be merged; empty when there are none anywhere."""
        with self._lock:
            if len(row := self._keys.due()) > 1:
                return row
            while self._untidy:
                symbol = next(iter(self._untidy))
                shelf = self._shelves.get(symbol)
                if shelf is not None and (row := shelf.due()):
                    return row
                del self._untidy[symbol]
            return []

    @contextmanager
    def moving(self, blobs: Iterable[Blob]) -> Iterator[None]:
        """While these are being taken from disk: a reader that finds one of them gone there looks again, and does not
        take it for damaged. One move at a time."""
        with self._lock:
            self._moving = frozenset(blobs)
        try:
            yield
        finally:
            with self._lock:
                self._moving = frozenset()

    def replace(self, old: Sequence[Blob], new: Sequence[Blob]) -> None:
        """`old`, neighbours, were merged into `new`."""
        with self._lock:
            if (shelf := self._shelf(old[0])) is not None:
                shelf.replace(old, new)

    def seal(self, blob: Blob) -> None:
        """Merge no more what stands up to `blob`."""
        with self._lock:
            if (shelf := self._shelf(blob)) is not None:
                shelf.seal(blob)

    def surplus(self, most: int) -> list[Blob]:
        """The oldest blobs of keys that are not needed for the newest `most` keys."""
        with self._lock:
            left = self._keys.n
            found: list[Blob] = []
            for blob in self._keys:
                left -= blob.n
                if left < most:
                    break
                found.append(blob)
            return found

    def remove(self, blobs: Iterable[Blob]) -> None:
        """Blobs that are gone from disk."""
        with self._lock:
            for blob in blobs:
                if (shelf := self._shelf(blob)) is not None:
                    shelf.remove(blob)

    def holds(self, blob: Blob) -> bool:
        """Whether it is there: neither merged, nor forgotten, nor damaged, nor about to be."""
        with self._lock:
            shelf = self._shelf(blob)
            return shelf is not None and blob not in self._moving and blob in shelf

    def strike(self, blob: Blob) -> bool:
        """It was found damaged: out of its shelf; False when it is known, or not held any more."""
        with self._lock:
            shelf = self._shelf(blob)
            if shelf is None or blob in self._moving or blob not in shelf:
                return False
            shelf.remove(blob)
            self._damaged[blob.key] = blob
            return True

    def is_damaged(self, blob: Blob) -> bool:
        with self._lock:
            return blob.key in self._damaged

    def counts(self) -> dict[str, int]:
        """symbols, ticks, blobs (of ticks), keys, damaged (blobs)."""
        with self._lock:
            shelves = self._shelves.values()
            return {
                "symbols": len(shelves),
                "ticks": sum(shelf.n for shelf in shelves),
                "blobs": sum(len(shelf) for shelf in shelves),
                "keys": self._keys.n,
                "damaged": len(self._damaged),
            }

    def _shelf(self, blob: Blob) -> Shelf | None:
        return self._keys if blob.kind == KEYS else self._shelves.get(blob.symbol)
