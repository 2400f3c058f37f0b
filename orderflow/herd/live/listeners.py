"""Listeners of the game: called after a change, without its lock, each whatever the others do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orderflow.herd.live.order_status import Fill
from orderflow.runtime.workers import Workers


class Listeners:
    """Collects changes under the game's lock; `call` tells the listeners. See `Game` for what each is called with."""

    def __init__(self, workers: Workers, lock: Any) -> None:
        self._workers = workers
        self._lock = lock
        self.on_fill: list[Callable[[str, Fill], None]] = []
        self.on_batch: list[Callable[[], None]] = []
        self.on_account: list[Callable[[str | None], None]] = []
        self.fills: list[tuple[str, Fill]] = []
        self.accounts: list[str | None] = []
        self._notified = 0

    def call(self, version: int) -> None:
        """Tell what has changed since the last call. version: of the game."""
        with self._lock:
            fills, accounts = self.fills, list(dict.fromkeys(self.accounts))
            self.fills, self.accounts = [], []
            changed, self._notified = version != self._notified, version
        for pid, news in fills:
            self._call(self.on_fill, pid, news)
        for account in accounts:
            self._call(self.on_account, account)
        if changed:
            self._call(self.on_batch)

    def _call(self, listeners: list[Callable[..., None]], *args: Any) -> None:
        for listener in listeners:
            try:
                listener(*args)
            except Exception as error:  # a failing listener must not affect the others
                self._workers.note("herd listener", error)
