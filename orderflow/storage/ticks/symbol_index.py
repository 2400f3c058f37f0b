"""Index of one symbol's blobs in write order, held in memory and rebuilt from the keys on disk.

A blob's key says what is needed to find it (symbol, first and last time, number of ticks), so no index is stored. The
index also tells which blobs to merge next: small ones in rows of 64, and the results in rows of 64 again, until a blob
has `FULL` ticks. A tick is rewritten about three times, and an index holds at most about two hundred small blobs
however small the writes were. Does no I/O.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FULL = 65_536
"""Ticks of a blob that is not rewritten any more."""

FAN = 64
"""Number of small blobs that are merged into a larger one."""

TICKS = b"T"
KEYS = b"K"

_KEY = struct.Struct(">cQIqq")


@dataclass(frozen=True, slots=True)
class Blob:
    """The contents of a blob's key.

    kind: `TICKS` or (idempotency) `KEYS`. seq: position in write order. n: ticks or keys. first, last: least and
    greatest time, ns (0 for keys). symbol: "" for keys.
    """

    kind: bytes
    seq: int
    n: int
    first: int
    last: int
    symbol: str

    @property
    def key(self) -> bytes:
        return _KEY.pack(self.kind, self.seq, self.n, self.first, self.last) + self.symbol.encode()

    @staticmethod
    def of(key: bytes) -> Blob:
        """The blob of a key. Raises ValueError."""
        try:
            kind, seq, n, first, last = _KEY.unpack_from(key)
        except struct.error as error:
            raise ValueError(f"{key[:40]!r} is not the key of a blob") from error
        if kind not in (TICKS, KEYS):
            raise ValueError(f"{key[:40]!r} is of an unknown kind")
        return Blob(kind, seq, n, first, last, key[_KEY.size :].decode())


class SymbolIndex:
    """The blobs of one symbol (or the key blobs) in write order: sealed ones, then a tail of small ones."""

    def __init__(self, full: int = FULL) -> None:
        self._full = full
        self._sealed: list[Blob] = []
        self._tail: list[Blob] = []
        self.n = 0
        self.first = 2**63 - 1
        self.last = -(2**63)

    def __iter__(self) -> Iterator[Blob]:
        yield from self._sealed
        yield from self._tail

    def __len__(self) -> int:
        return len(self._sealed) + len(self._tail)

    def add(self, blob: Blob) -> None:
        """Append the newest blob."""
        self._tail.append(blob)
        self.n += blob.n
        self.first = min(self.first, blob.first)
        self.last = max(self.last, blob.last)

    def due(self) -> list[Blob]:
        """The neighbours to merge next; empty when nothing is due."""
        total = 0
        while self._tail and self._tail[0].n >= self._full:
            self._sealed.append(self._tail.pop(0))
        for number, blob in enumerate(self._tail):
            total += blob.n
            if total >= self._full:
                return self._tail[: number + 1]
        size = FAN  # a blob below this size is small at this level
        while size <= self._full:
            row = level = 0
            for blob in reversed(self._tail):
                if blob.n >= size:
                    break
                row += 1
                level += blob.n >= size // FAN  # FAN of these make one that is no longer small
            if level >= FAN or row >= 2 * FAN:
                return self._tail[-row:]
            size *= FAN
        return []

    def replace(self, old: Sequence[Blob], new: Sequence[Blob]) -> None:
        """Replace the neighbours `old` of the tail by `new`."""
        at = self._tail.index(old[0])
        self._tail[at : at + len(old)] = new
        self.n += sum(blob.n for blob in new) - sum(blob.n for blob in old)

    def seal(self, last: Blob) -> None:
        """Exclude the tail up to `last` from further merges."""
        at = self._tail.index(last) + 1
        self._sealed += self._tail[:at]
        del self._tail[:at]

    def swap(self, old: Blob, new: Blob) -> None:
        """Put `new` in the place of `old`."""
        blobs = self._sealed if old in self._sealed else self._tail
        blobs[blobs.index(old)] = new
        self._count()

    def remove(self, blob: Blob) -> None:
        """Remove one blob."""
        (self._sealed if blob in self._sealed else self._tail).remove(blob)
        self._count()

    def _count(self) -> None:
        self.n = sum(blob.n for blob in self)
        self.first = min((blob.first for blob in self), default=2**63 - 1)
        self.last = max((blob.last for blob in self), default=-(2**63))
