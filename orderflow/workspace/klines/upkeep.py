"""Removes, after the start, what a crash left over in the tables of klines."""

from __future__ import annotations

import contextlib

from orderflow.errors import Conflict, StorageFailed
from orderflow.runtime.workers import Workers
from orderflow.storage.records.kline_store import KlineStore


class KlineUpkeep:
    """Runs once, in a thread of its own."""

    def __init__(self, store: KlineStore, workers: Workers) -> None:
        self._store, self._workers = store, workers

    def start(self) -> None:
        """Begin."""
        self._workers.spawn_thread("left-over klines", self._sweep)

    def _sweep(self) -> None:
        with contextlib.suppress(StorageFailed, Conflict):  # the next start tries again
            self._store.sweep()
