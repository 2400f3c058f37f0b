"""Fills as ticks of the instrument HERD, so that the crowd has candles, a footprint and a CVD like any market.

The portfolios are settled before; the ticks may come later, and must all come: they wait here while the market is busy
or the disk full, and after a restart those that are missing are brought. Each has the number of its order's event as
its id, so what comes twice is known. When a round is undone or a session begins, HERD is emptied and gets what stands.
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

_PAUSE = 1.0
"""Seconds before what was refused is tried again."""


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
    """Brings fills to the market in a job of its own; one ingest for all that wait."""

    def __init__(self, market: Market, workers: Workers) -> None:
        self._market = market
        self._workers = workers
        self._lock = plain_lock()
        self._news = workers.event()
        self._waiting: list[Fills] = []
        self._afresh = False
        self._job: Handle | None = None

    def start(self) -> None:
        """Start the job. The market must be loaded."""
        self._job = self._workers.spawn("herd ticks", self._work)

    def stop(self) -> None:
        """End the job now; the next start brings what still waits."""
        if self._job is not None:
            self._job.cancel()
            self._news.set()

    def add(self, fills: Fills) -> None:
        """New fills, after all that were given before."""
        if len(fills):
            with self._lock:
                self._waiting.append(fills)
            self._news.set()

    def begin(self, fills: Fills, *, clear: bool = False) -> None:
        """Only these stand; whatever else HERD has is to go, at once or (not clear) when there is something to come:
        until a game is played, HERD may be somebody's own data."""
        with self._lock:
            self._waiting = [fills] if len(fills) else []
            self._afresh = True
        if clear or len(fills):
            self._news.set()

    def pending(self) -> int:
        """Fills that are not in the market yet."""
        return sum(map(len, self._waiting))

    def _work(self) -> None:
        while not self._workers.wait(0):
            if not self._news.wait(1.0) or self._workers.wait(0):
                continue
            self._news.clear()
            try:
                self._workers.run(self._bring)
            except OrderflowError as error:  # busy, disk full: the ticks are not lost, only late
                self._workers.note("herd ticks", error)
                self._news.set()
                if self._workers.wait(_PAUSE):
                    return

    def _bring(self) -> None:
        """In a thread of the pool: everything that waits, in one ingest."""
        with self._lock:
            waiting, afresh = self._waiting, self._afresh
            self._waiting, self._afresh = [], False
        try:
            held = self._sweep(waiting) if afresh else np.empty(0, np.int64)
            batches = [ticks(fills) for fills in waiting if len(fills)]
            if batches:
                batch = _joined(batches)
                if len(missing := batch.take(~np.isin(batch.id, held))):
                    self._market.ingest([missing])
        except BadInput as error:  # never in a market that only this feed fills; others may, and must not stop it
            self._workers.note("herd ticks", error)
        except BaseException:
            with self._lock:
                if not self._afresh:  # else newer orders to begin afresh have come
                    self._waiting = waiting + self._waiting
                    self._afresh = afresh
            raise

    def _sweep(self, standing: list[Fills]) -> Ints:
        """Empty HERD if it has anything that does not stand: after an undo, or what an older session left. Returns the
        ids of the ticks that it has then."""
        with contextlib.suppress(NotFound):
            held = self._market.ticks(SYMBOL).ticks
            expected = {pair for fills in standing for pair in zip(fills.time, fills.id, strict=True)}
            if expected.issuperset(zip(held.time.tolist(), held.id.tolist(), strict=True)):
                return held.id
            self._market.reset(SYMBOL)
        return np.empty(0, np.int64)


def _joined(batches: list[TickBatch]) -> TickBatch:
    if len(batches) == 1:
        return batches[0]
    columns = {name: np.concatenate([getattr(b, name) for b in batches]) for name in ("time", "price", "size", "id")}
    flags = {name: np.concatenate([getattr(b, name) for b in batches]) for name in ("side", "rule")}
    return TickBatch(SYMBOL, **columns, **flags, price_decimals=2, size_decimals=0)
