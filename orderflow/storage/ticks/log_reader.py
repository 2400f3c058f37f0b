"""Reads of the tick log: the ticks and keys of blobs, which the writer may merge or remove at the same time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from orderflow.errors import StorageFailed
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.codec import Damaged, join
from orderflow.storage.ticks.index import BlobIndex
from orderflow.storage.ticks.rows import damaged_part, keys_of, ticks_of
from orderflow.storage.ticks.symbol_index import TICKS, Blob
from orderflow.storage.ticks.tick_store import TickStore

_FIRST, _LAST = -(2**63), 2**63 - 1

log = logging.getLogger(__name__)


class LogReader:
    """Reads the blobs that `held` knows, in any thread. A damaged one is left out, and marked so in `held`."""

    def __init__(self, directory: Path, workers: Workers, store: TickStore, held: BlobIndex) -> None:
        self._directory = directory
        self._workers = workers
        self._store = store
        self._held = held

    def fetch(self, blobs: Iterable[Blob]) -> list[TickBatch]:
        """The ticks of the blobs in as few batches as possible, the last written symbol at the end."""
        by_symbol: dict[str, list[TickBatch]] = {}
        for blob in blobs:
            if (batch := self.decode(blob)) is not None:
                batches = by_symbol.pop(blob.symbol, [])
                batches.append(batch)
                by_symbol[blob.symbol] = batches
        return [joined for batches in by_symbol.values() for joined in join(batches)]

    def fetch_keys(self, blob: Blob) -> list[tuple[str, bytes]]:
        """The idempotency keys of a blob with their answers."""
        try:
            value = self._store.get(blob.key)
            return keys_of(value, blob) if value is not None else []
        except Damaged as error:
            self._strike(blob, error)
            return []

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        """See `TickLog.read`."""
        return self._whole(symbol, lambda: self._collect(symbol, start, end))

    def tail(self, symbol: str, skip: int, count: int) -> TickBatch | None:
        """See `TickLog.tail`."""
        return self._whole(symbol, lambda: self._collect_tail(symbol, skip, count))

    def _whole(self, symbol: str, collect: Callable[[], list[TickBatch] | None]) -> TickBatch | None:
        try:
            while (parts := collect()) is None:
                pass
        finally:
            if not self._workers.in_writer():
                self._store.leave()
        if len(parts) > 1:
            raise StorageFailed(f"the ticks of {symbol} in that span do not fit one table; ask for a shorter span")
        return parts[0] if parts else None

    def _collect_tail(self, symbol: str, skip: int, count: int) -> list[TickBatch] | None:
        """The ticks of `tail`; None when blobs were merged or forgotten in the meantime."""
        parts: list[TickBatch] = []
        for blob in reversed(self._held.within(symbol, _FIRST, _LAST)):
            if not count:
                break
            if skip >= blob.n:
                skip -= blob.n
                continue
            batch = self.decode(blob)
            if batch is None:
                if not self._held.is_damaged(blob):
                    return None
                continue
            end = len(batch) - skip
            start = max(0, end - count)
            parts.append(batch.take(slice(start, end)))
            skip, count = 0, count - (end - start)
        return join(parts[::-1]) if parts else []

    def _collect(self, symbol: str, start: int, end: int) -> list[TickBatch] | None:
        """The ticks in the span; None when blobs were merged or forgotten in the meantime."""
        parts: list[TickBatch] = []
        for blob in reversed(self._held.within(symbol, start, end)):  # newest first: they may be merged at any moment
            batch = self.decode(blob)
            if batch is None:
                if not self._held.is_damaged(blob):
                    return None
            elif start <= blob.first and blob.last < end:
                parts.append(batch)
            elif (inside := (batch.time >= start) & (batch.time < end)).any():
                parts.append(batch.take(np.flatnonzero(inside)))
        return join(parts[::-1])

    def span(self, symbol: str, start: int, count: int) -> tuple[int, int | None] | None:
        """See `TickLog.span`."""
        first: int | None = None
        passed = 0
        try:
            for blob in sorted(self._held.within(symbol, start, _LAST), key=lambda blob: blob.first):
                if first is not None and passed > count and blob.first > first:
                    return first, blob.first
                passed += blob.n
                if blob.first >= start:
                    first = blob.first if first is None else min(first, blob.first)
                elif first is None or first > start:
                    batch = self.decode(blob)  # None if it was merged or is damaged: then `start` is early enough
                    inside = np.array([start]) if batch is None else batch.time[batch.time >= start]
                    first = min([int(inside.min()), *([first] if first is not None else [])])
        finally:
            if not self._workers.in_writer():
                self._store.leave()
        return None if first is None else (first, None)

    def decode(self, blob: Blob) -> TickBatch | None:
        """The ticks of a blob; None when it is damaged (and marked so) or gone."""
        try:
            value = self._store.get(blob.key)
            if value is None:
                if not self._held.holds(blob):
                    return None
                raise Damaged("its row is gone")
            batch = ticks_of(value, blob)
        except Damaged as error:
            self._strike(blob, error)
            return None
        return batch

    def _strike(self, blob: Blob, error: Damaged) -> None:
        if self._held.strike(blob):
            what = damaged_part("ticks" if blob.kind == TICKS else "keys", blob.symbol, blob.n).text
            log.error("%s in the log at %s are damaged and left out: %s", what, self._directory, error)
