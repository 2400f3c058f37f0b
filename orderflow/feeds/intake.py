"""Puts a feed's ticks into the market: what cannot be stored now waits, what can never be stored is counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from orderflow.errors import BadInput, Busy, Conflict, StorageFailed
from orderflow.feeds.tick_columns import tick_batch
from orderflow.feeds.venues.venue import Trade
from orderflow.market.ticks import TickBatch

MOST = 5_000
"""Ticks of one call."""
STORAGE_SECONDS = 2.0
"""Seconds between two attempts to store ticks that the disk refuses."""

log = logging.getLogger(__name__)


class Target(Protocol):
    """The part of the market that takes the ticks."""

    def ingest(
        self, batches: Sequence[TickBatch], key: str | None = None, digest: str = "", *, feed: bool = False
    ) -> object: ...


class Intake:
    """The way into the market for one series.

    wait: sleeps so many seconds; true ends the feed. refused: trades that can never be stored. problem: why ticks wait
    at present, or "".
    """

    def __init__(self, market: Target, series: str, wait: Callable[[float], bool]) -> None:
        self._market, self._series, self._wait = market, series, wait
        self.refused = 0
        self.problem = ""

    def put(self, trades: Sequence[Trade]) -> bool:
        """Store trades in order, however long it takes; false if the feed ends before."""
        for begin in range(0, len(trades), MOST):
            batch, refused = tick_batch(self._series, trades[begin : begin + MOST])
            self._refuse(refused, "a number in it cannot be kept exactly")
            while len(batch):
                try:
                    self._market.ingest([batch], feed=True)
                    break
                except Busy as error:
                    self.problem = str(error)
                    if self._wait(error.retry_after):
                        return False
                except StorageFailed as error:
                    self.problem = str(error)
                    if self._wait(STORAGE_SECONDS):
                        return False
                except (BadInput, Conflict) as error:
                    batch = self._without(batch, error)
            self.problem = ""
        return True

    def _without(self, batch: TickBatch, error: BadInput | Conflict) -> TickBatch:
        """The batch without the rows that the market names; without any, if it names none."""
        rows = {each.row for each in error.errors if each.row is not None} if isinstance(error, BadInput) else set()
        keep = np.ones(len(batch), np.bool_)
        keep[sorted(rows) or slice(None)] = False
        self._refuse(len(batch) - int(np.count_nonzero(keep)), str(error))
        return batch.take(keep)

    def _refuse(self, count: int, reason: str) -> None:
        if count and not self.refused:
            log.warning("a trade of %s is not stored, further ones are only counted: %s", self._series, reason)
        self.refused += count
