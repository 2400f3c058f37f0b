"""Sends what is in the outbox, in threads beside the hub: one thread for each target that has something due.

The targets do not wait for each other. At most MOST_SENDING are sent to at once, and at most MOST_SLOW of them may be
targets that fail or are slow, so that those that are well find a place whatever the others do; at most MOST_OF_AN_OWNER
are of one owner, whose new targets may all be slow, so that those of others find one. An attempt is recorded
when it has ended. If the process ends before, the delivery is still pending: it is sent again, with the same id.

One thread at a time reads or writes the records. When all did, the hub waited for the interpreter behind each of them.
"""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Callable
from typing import NamedTuple

from orderflow.errors import OrderflowError
from orderflow.runtime.clock import Clock, Timeline
from orderflow.runtime.workers import Workers, plain_lock
from orderflow.storage.records.delivery_store import Attempt, DeliveryStore, Result, StoredDelivery
from orderflow.storage.records.target_store import StoredTarget
from orderflow.tickers.delivery.outcome import NotSent, Outcome
from orderflow.tickers.delivery.parcel import Parcel, pack
from orderflow.tickers.delivery.schedule import Random, follow

MOST_SENDING, MOST_SLOW, MOST_OF_AN_OWNER = 16, 8, 12
SLOW_SECONDS = 3.0
"""A target whose last attempt took longer counts as slow."""
POLL_SECONDS = 1.0
TURN = 100
"""Deliveries to one target, after which others get its place."""

Send = Callable[[StoredTarget, Parcel], Outcome]
Ended = Callable[[StoredTarget, Result, str], None]
"""Called after each attempt with the target as it was, what has changed, and the error."""

log = logging.getLogger(__name__)


class _Busy(NamedTuple):
    """A target that is sent to. slow: whether it counts as such."""

    owner: str
    slow: bool


class Dispatcher:
    """Takes deliveries from the store. send: makes one attempt. jitter: a random number in [0, 1)."""

    def __init__(
        self,
        store: DeliveryStore,
        workers: Workers,
        clock: Clock,
        send: Send,
        ended: Ended,
        jitter: Random = random.random,
    ) -> None:
        self._store = store
        self._workers = workers
        self._clock = clock
        self._send = send
        self._ended = ended
        self._jitter = jitter
        self._timeline = Timeline(clock)
        self._lock = plain_lock()
        self._records_lock = plain_lock()
        self._wake = workers.event()
        self._stopped = False
        self._busy: dict[int, _Busy] = {}  # by target
        self._slow: set[int] = set()
        self._unrecorded: dict[int, tuple[StoredDelivery, Attempt, Result]] = {}

    def start(self) -> None:
        """Start sending; what was pending before goes on."""
        self._workers.spawn_thread("deliveries", self._run)

    def stop(self) -> None:
        """Begin nothing further."""
        self._stopped = True
        self._wake.set()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wake.set()

    def now(self) -> int:
        """ns since 1970, by a clock that does not jump while the server runs."""
        return self._timeline.now()

    def turn(self) -> int:
        """Start a thread for each target that has something due and finds a place. Returns how many."""
        started = 0
        self._record_again()
        for target in self._store.due_targets(self.now()):
            slow = target.failures > 0 or target.id in self._slow
            if self._take(target, slow):
                self._workers.spawn_thread("delivery", self._serve, target.id)
                started += 1
        return started

    def _run(self) -> None:
        while not self._stopped and not self._workers.wait(0.0):
            self._wake.clear()
            try:
                self.turn()
            except OrderflowError as error:  # the records cannot be used now, which they have logged
                log.debug("no deliveries: %s", error)
            self._wake.wait(POLL_SECONDS)

    def _take(self, target: StoredTarget, slow: bool) -> bool:
        with self._lock:
            busy = self._busy.values()
            full = (
                len(busy) >= MOST_SENDING
                or (slow and sum(each.slow for each in busy) >= MOST_SLOW)
                or sum(each.owner == target.owner for each in busy) >= MOST_OF_AN_OWNER
            )
            if full or target.id in self._busy or target.id in self._unrecorded:
                return False
            self._busy[target.id] = _Busy(target.owner, slow)
            return True

    def _serve(self, target: int) -> None:
        try:
            for _ in range(TURN):
                found = None if self._stopped else self._next(target)
                if found is None or not self._attempt(*found):
                    break
        except OrderflowError as error:
            log.debug("no deliveries: %s", error)
        finally:
            with self._lock:
                self._busy.pop(target, None)
            self._wake.set()

    def _next(self, target: int) -> tuple[StoredTarget, StoredDelivery] | None:
        with self._records_lock:
            return self._store.next_due(target, self.now())

    def _attempt(self, target: StoredTarget, delivery: StoredDelivery) -> bool:
        """Make one attempt; whether it was delivered and recorded."""
        begun, since = self.now(), self._clock.monotonic()
        outcome = guarded(self._send, target, pack(delivery, begun))
        took = self._clock.monotonic() - since
        (self._slow.add if took > SLOW_SECONDS else self._slow.discard)(target.id)
        attempt = Attempt(
            delivery.attempts + 1, begun, round(took * 1000), outcome.delivered, outcome.status, outcome.error
        )
        result = follow(delivery, target, outcome, self.now(), self._jitter)
        self._ended(target, result, outcome.error)
        return self._record(delivery, attempt, result) and outcome.delivered

    def _record(self, delivery: StoredDelivery, attempt: Attempt, result: Result) -> bool:
        """Record an attempt. Where that fails it is kept, and nothing is sent to the target until it is recorded."""
        target = delivery.target
        assert target is not None
        try:
            with self._records_lock:
                self._store.record(delivery, attempt, result)
        except OrderflowError as error:
            log.warning("an attempt to deliver could not be recorded: %s", error)
            self._unrecorded[target] = (delivery, attempt, result)
            return False
        self._unrecorded.pop(target, None)
        return True

    def _record_again(self) -> None:
        for delivery, attempt, result in list(self._unrecorded.values()):
            self._record(delivery, attempt, result)


def guarded(send: Send, target: StoredTarget, parcel: Parcel) -> Outcome:
    """Send, with every error as an outcome. An unexpected one is logged without its text, which may have secrets."""
    try:
        return send(target, parcel)
    except NotSent as error:
        return Outcome(False, None, str(error), hopeless=error.hopeless)
    except OrderflowError as error:
        return Outcome(False, None, str(error))
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("sending to a target of kind %s failed: %s\n%s", target.kind, type(error).__name__, where)
        return Outcome(False, None, f"an error of this program, {type(error).__name__}: see its log")
