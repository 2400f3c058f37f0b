"""Sends fills to the market as ticks of the symbol HERD, so that the game has candles, a footprint and a CVD.

Ticks may arrive after the portfolios are settled, but none is lost: they are queued while the market is busy or the
disk is full, and after a restart the missing ones are sent. The id of a tick is the number of its order's event, so
duplicates are recognized. After an undo or a new session HERD is cleared and refilled with the fills that remain.
"""

from __future__ import annotations

import contextlib

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput, NotFound, OrderflowError
from orderflow.herd.rules.participants import Fills
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from orderflow.runtime.workers import Handle, Workers, plain_lock

SYMBOL = "HERD"

_RETRY_PAUSE = 1.0
"""Seconds before a refused batch is retried."""


def ticks(fills: Fills) -> TickBatch:
    """The fills as ticks: prices in cents."""
    n = len(fills)
    return TickBatch(
        SYMBOL,
        np.array(fills.time, np.int64),
        np.array(fills.price, np.int64),
        np.array(fills.size, np.int64),
        np.array(fills.side, np.int8),
        np.full(n, SideRule.FLAG, np.int8),
        np.array(fills.id, np.int64),
        2,
        0,
    )


class TickFeed:
    """Sends queued fills to the market in a background job, all in one call of `ingest`."""

    def __init__(self, market: Market, workers: Workers) -> None:
        self._market = market
        self._workers = workers
        self._lock = plain_lock()
        self._wake = workers.event()
        self._queue: list[Fills] = []
        self._replace = False
        self._job: Handle | None = None

    def start(self) -> None:
        """Start the job. The market must be loaded."""
        self._job = self._workers.spawn("herd ticks", self._work)

    def stop(self) -> None:
        """Stop the job now; the next start sends what is still queued."""
        if self._job is not None:
            self._job.cancel()
            self._wake.set()

    def add(self, fills: Fills) -> None:
        """Queue new fills, in order."""
        if len(fills):
            with self._lock:
                self._queue.append(fills)
            self._wake.set()

    def begin(self, fills: Fills, *, clear: bool = False) -> None:
        """Replace everything in HERD by these fills: at once if `clear`, otherwise when there are any, because HERD may
        hold a user's own data until a game is played."""
        with self._lock:
            self._queue = [fills] if len(fills) else []
            self._replace = True
        if clear or len(fills):
            self._wake.set()

    def pending(self) -> int:
        """Number of fills that are not in the market yet."""
        return sum(map(len, self._queue))

    def _work(self) -> None:
        while not self._workers.wait(0):
            if not self._wake.wait(1.0) or self._workers.wait(0):
                continue
            self._wake.clear()
            try:
                self._workers.run(self._ingest_queue)
            except OrderflowError as error:  # busy or disk full: the ticks stay queued
                self._workers.note("herd ticks", error)
                self._wake.set()
                if self._workers.wait(_RETRY_PAUSE):
                    return

    def _ingest_queue(self) -> None:
        """Send everything queued in one call of `ingest`. Runs in a thread of the pool."""
        with self._lock:
            waiting, replace = self._queue, self._replace
            self._queue, self._replace = [], False
        try:
            held = self._remove_stale(waiting) if replace else np.empty(0, np.int64)
            batches = [ticks(fills) for fills in waiting if len(fills)]
            if batches:
                batch = _concatenated(batches)
                if len(missing := batch.take(~np.isin(batch.id, held))):
                    self._market.ingest([missing])
        except BadInput as error:  # only if something else wrote to HERD; that must not stop the feed
            self._workers.note("herd ticks", error)
        except BaseException:
            with self._lock:
                if not self._replace:  # otherwise a newer replacement was queued
                    self._queue = waiting + self._queue
                    self._replace = replace
            raise

    def _remove_stale(self, current: list[Fills]) -> Ints:
        """Clear HERD if it has other ticks than these, after an undo or from an older session. Returns the ids of the
        ticks that remain."""
        with contextlib.suppress(NotFound):
            held = self._market.ticks(SYMBOL).ticks
            expected = {pair for fills in current for pair in zip(fills.time, fills.id, strict=True)}
            if expected.issuperset(zip(held.time.tolist(), held.id.tolist(), strict=True)):
                return held.id
            self._market.reset(SYMBOL)
        return np.empty(0, np.int64)


def _concatenated(batches: list[TickBatch]) -> TickBatch:
    if len(batches) == 1:
        return batches[0]
    columns = {name: np.concatenate([getattr(b, name) for b in batches]) for name in ("time", "price", "size", "id")}
    flags = {name: np.concatenate([getattr(b, name) for b in batches]) for name in ("side", "rule")}
    return TickBatch(SYMBOL, **columns, **flags, price_decimals=2, size_decimals=0)
