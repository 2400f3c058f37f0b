"""Index of all blobs in the log, by symbol, behind one lock, for the writer and for readers in any thread.

Only the writer thread adds, merges and forgets; a reader may mark a blob as damaged. The index knows keys and counts,
not the ticks, and does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from orderflow.runtime.workers import plain_lock
from orderflow.storage.ticks.symbol_index import KEYS, Blob, SymbolIndex

_KEY_BLOB = 4_096
"""Idempotency keys of a blob that is not rewritten any more."""


class BlobIndex:
    """The blobs on disk: those not known to be damaged, and the damaged ones."""

    def __init__(self, blobs: Iterable[Blob]) -> None:
        self._lock = plain_lock()
        self._symbols: dict[str, SymbolIndex] = {}
        self._keys = SymbolIndex(_KEY_BLOB)
        self._damaged: dict[bytes, Blob] = {}
        self._untidy: dict[str, None] = {}
        self._moving: frozenset[Blob] = frozenset()
        self.add(sorted(blobs, key=lambda blob: blob.seq))

    def add(self, blobs: Iterable[Blob]) -> None:
        """Add new blobs, each at the end of its symbol's index."""
        with self._lock:
            for blob in blobs:
                if blob.kind == KEYS:
                    self._keys.add(blob)
                    continue
                index = self._symbols.get(blob.symbol)
                if index is None:
                    index = self._symbols[blob.symbol] = SymbolIndex()
                index.add(blob)
                self._untidy[blob.symbol] = None

    def bounds(self, symbol: str) -> tuple[int, int] | None:
        """Least and greatest time of the symbol's ticks, ns."""
        with self._lock:
            index = self._symbols.get(symbol)
            return (index.first, index.last) if index is not None and index.n else None

    def within(self, symbol: str, start: int, end: int) -> list[Blob]:
        """The symbol's blobs that reach into [start, end), in write order."""
        with self._lock:
            return [b for b in self._symbols.get(symbol, ()) if b.last >= start and b.first < end]

    def tick_blobs(self) -> list[Blob]:
        """All blobs of ticks, in write order."""
        with self._lock:
            return sorted((b for index in self._symbols.values() for b in index), key=lambda blob: blob.seq)

    def key_blobs(self) -> list[Blob]:
        """All blobs of idempotency keys, in write order."""
        with self._lock:
            return list(self._keys)

    def of(self, symbol: str | None) -> list[Blob]:
        """All blobs of a symbol, damaged ones too. None: of all symbols, and the keys."""
        with self._lock:
            found = [b for name, index in self._symbols.items() if symbol in (None, name) for b in index]
            found += [b for b in self._damaged.values() if symbol in (None, b.symbol)]
            return found if symbol is not None else [*found, *self._keys]

    def forget(self, symbol: str | None) -> None:
        """Remove the blobs that `of` returns; they are gone from disk."""
        with self._lock:
            self._damaged = {key: b for key, b in self._damaged.items() if symbol not in (None, b.symbol)}
            if symbol is not None:
                self._symbols.pop(symbol, None)
            else:
                self._symbols, self._keys = {}, SymbolIndex(_KEY_BLOB)

    def next_row(self) -> list[Blob]:
        """Neighbouring blobs that should be merged; empty when there are none."""
        with self._lock:
            if len(row := self._keys.due()) > 1:
                return row
            while self._untidy:
                symbol = next(iter(self._untidy))
                index = self._symbols.get(symbol)
                if index is not None and (row := index.due()):
                    return row
                del self._untidy[symbol]
            return []

    @contextmanager
    def moving(self, blobs: Iterable[Blob]) -> Iterator[None]:
        """Mark blobs as being removed from disk: a reader that misses one looks again instead of reporting damage.

        One move at a time.
        """
        with self._lock:
            self._moving = frozenset(blobs)
        try:
            yield
        finally:
            with self._lock:
                self._moving = frozenset()

    def replace(self, old: Sequence[Blob], new: Sequence[Blob]) -> None:
        """Replace the neighbours `old` by `new`, into which they were merged."""
        with self._lock:
            if (index := self._index_of(old[0])) is not None:
                index.replace(old, new)

    def swap(self, old: Blob, new: Blob) -> None:
        """Put `new` in the place of `old`, some of whose ticks are gone from disk."""
        with self._lock:
            if (index := self._index_of(old)) is not None:
                index.swap(old, new)

    def seal(self, blob: Blob) -> None:
        """Exclude blobs up to `blob` from further merges."""
        with self._lock:
            if (index := self._index_of(blob)) is not None:
                index.seal(blob)

    def surplus(self, most: int) -> list[Blob]:
        """The oldest key blobs, beyond the newest `most` keys."""
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
        """Remove blobs that are gone from disk."""
        with self._lock:
            for blob in blobs:
                if (index := self._index_of(blob)) is not None:
                    index.remove(blob)
                    if not len(index) and blob.kind != KEYS:
                        del self._symbols[blob.symbol]

    def holds(self, blob: Blob) -> bool:
        """True while the blob is neither merged, forgotten, damaged nor being moved."""
        with self._lock:
            index = self._index_of(blob)
            return index is not None and blob not in self._moving and blob in index

    def strike(self, blob: Blob) -> bool:
        """Mark a blob as damaged. False when it is marked already or not held any more."""
        with self._lock:
            index = self._index_of(blob)
            if index is None or blob in self._moving or blob not in index:
                return False
            index.remove(blob)
            self._damaged[blob.key] = blob
            return True

    def is_damaged(self, blob: Blob) -> bool:
        with self._lock:
            return blob.key in self._damaged

    def damaged(self) -> list[Blob]:
        """The blobs that were found to be damaged."""
        with self._lock:
            return list(self._damaged.values())

    def counts(self) -> dict[str, int]:
        """symbols, ticks, blobs (of ticks), keys, damaged (blobs)."""
        with self._lock:
            indexes = self._symbols.values()
            return {
                "symbols": len(indexes),
                "ticks": sum(index.n for index in indexes),
                "blobs": sum(len(index) for index in indexes),
                "keys": self._keys.n,
                "damaged": len(self._damaged),
            }

    def _index_of(self, blob: Blob) -> SymbolIndex | None:
        return self._keys if blob.kind == KEYS else self._symbols.get(blob.symbol)
