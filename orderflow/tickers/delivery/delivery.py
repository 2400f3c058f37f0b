"""Delivery of alerts: targets, the outbox and what sends it."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from orderflow.errors import BadInput, Busy, FieldError, NotFound, OrderflowError
from orderflow.runtime.clock import Clock
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Workers, plain_lock
from orderflow.storage.records.delivery_store import (
    LONGEST_ERROR,
    DeliveryStore,
    Filter,
    Message,
    Posted,
    Result,
    enqueue,
)
from orderflow.storage.records.delivery_store import StoredDelivery as StoredDelivery
from orderflow.storage.records.records import Records
from orderflow.storage.records.target_store import OPERATOR as OPERATOR
from orderflow.storage.records.target_store import StoredTarget, TargetStore
from orderflow.tickers.delivery.dispatcher import Dispatcher, guarded
from orderflow.tickers.delivery.kinds import Kind
from orderflow.tickers.delivery.outcome import Outcome
from orderflow.tickers.delivery.parcel import Parcel
from orderflow.tickers.delivery.schedule import Random
from orderflow.tickers.delivery.targets import changed_target, new_target, show, values_of

MOST_TARGETS, MOST_OF_A_USER = 200, 20
"""Targets of the operator, and of a user."""
KEPT = 30 * 86_400 * 10**9
"""ns for which finished deliveries are kept."""
MOST_KEPT, MOST_KEPT_OF_A_USER = 100_000, 10_000
"""Deliveries of the operator, and of a user, beyond which finished ones are removed, the oldest first."""
PRUNE_SECONDS = 600.0
MOST_TESTS, MOST_TESTS_OF_A_CLIENT = 8, 2
"""Tests that may run at once, of all clients and of one."""
TEST_SECONDS = 30.0
TEST = "This is a test message of Orderflow."

Listener = Callable[[StoredTarget, bool], None]
"""Called with a target and whether it is failing now, in any thread. It must not block or raise."""


class Delivery:
    """Targets and their deliveries. Its methods may be called in any thread and greenlet; those of the records raise
    StorageFailed.

    Calls with `owner`, a user's id or OPERATOR, know the targets of that owner only: for them those of others do not
    exist. None: all, for the operator. email_of(user): the e-mail address of a user's account, NotFound for none. The
    user's targets of the kind `email` have this address, also after it was changed, so that nobody else is written to.
    """

    def __init__(
        self,
        records: Records,
        workers: Workers,
        clock: Clock,
        kinds: Mapping[str, Kind],
        jitter: Random = random.random,
        email_of: Callable[[str], str] = lambda user: "",
    ) -> None:
        self.kinds = kinds
        self._email_of = email_of
        self.targets = TargetStore(records)
        self.outbox = DeliveryStore(records)
        self._workers = workers
        self._clock = clock
        self.dispatcher = Dispatcher(self.outbox, workers, clock, self._send, self._ended, jitter)
        self._lock = plain_lock()
        self._failing: dict[int, StoredTarget] = {}
        self._listeners: list[Listener] = []
        self._tests = Counter[str]()
        self._deleted = Counter[str]()
        """Deliveries of each owner that were too old or too many and removed since the start."""

    def start(self) -> None:
        """Send what is pending, and begin to look for more."""
        try:
            self._failing = {target.id: target for target in self.targets.failing()}
        except OrderflowError:  # the records say themselves why they cannot be used
            self._failing = {}
        self.dispatcher.start()
        self._workers.every(PRUNE_SECONDS, "old deliveries", self.prune)

    def stop(self) -> None:
        """Begin nothing further. What is not delivered is delivered after the next start."""
        self.dispatcher.stop()

    # the outbox

    def enqueue(self, connection: Any, event_id: str, targets: Iterable[int], message: Message) -> int:
        """Put one event's deliveries into the outbox, in the transaction of `connection`; how many are new.

        Call `wake` when it has been committed. An event that is enqueued twice is delivered once.
        """
        return enqueue(connection, [Posted(event_id, tuple(targets), message, self.dispatcher.now())])

    def wake(self) -> None:
        """Send what has been committed to the outbox; without this it is found within a second."""
        self.dispatcher.wake()

    def deliveries(self, chosen: Filter) -> tuple[StoredDelivery, ...]:
        """Deliveries with their attempts, newest first."""
        return self.outbox.list(chosen)

    def prune(self) -> None:
        """Remove what was finished long ago, and the oldest of what is too much."""
        self._deleted.update(self.outbox.prune(self.dispatcher.now() - KEPT, MOST_KEPT, MOST_KEPT_OF_A_USER))

    def deleted(self, owner: str | None = None) -> int:
        """How many deliveries, to an owner or to all, were too old or too many and removed since the start."""
        return self._deleted.total() if owner is None else self._deleted[owner]

    # targets

    def add(self, given: Mapping[str, Any], owner: str = OPERATOR) -> StoredTarget:
        """Add a target. Raises BadInput, which names each field, and Conflict if the name is taken."""
        made = new_target(self.kinds, given, self._clock.now(), owner)
        self._check_address(made)
        return self.targets.add(made, MOST_TARGETS if owner == OPERATOR else MOST_OF_A_USER)

    def get(self, target: int, owner: str | None = None) -> StoredTarget:
        """One target. Raises NotFound."""
        found = self.targets.get(target)
        if owner not in (None, found.owner):
            raise NotFound(f"there is no target {target}")
        return self._present(found)

    def change(self, target: int, given: Mapping[str, Any], owner: str | None = None) -> StoredTarget:
        """Change some fields of a target, which begins without failures. Raises NotFound, BadInput, Conflict."""
        before = self.get(target, owner)
        changed = changed_target(self.kinds, before, given)
        self._check_address(changed)
        self.targets.change(changed)
        self._note(replace(changed, failures=0, failing_since=None, error=""))
        self.wake()
        return self.targets.get(target)

    def remove(self, target: int, owner: str | None = None) -> int:
        """Remove a target and cancel what waits for it; how much that was. Raises NotFound."""
        before = self.get(target, owner)
        cancelled = self.targets.remove(target, self._clock.now())
        self._note(replace(before, active=False))
        return cancelled

    def delete_all(self, owner: str) -> None:
        """Remove the targets and deliveries of a user, whose account ends."""
        for target in self.targets.list(owner):
            self.remove(target.id)
        self.targets.forget(owner)

    def shown(self, owner: str | None = None) -> list[dict[str, Any]]:
        """The targets for the API, without secrets."""
        return [self.show(self._present(target)) for target in self.targets.list(owner)]

    def show(self, target: StoredTarget) -> dict[str, Any]:
        """One target for the API, without secrets."""
        state = "failing" if target.failing else "retrying" if target.failures else "ok"
        return show(self.kinds[target.kind], target, state if target.active else "paused")

    def test(self, target: int, owner: str | None = None) -> dict[str, Any]:
        """Send a test message now, outside the outbox; how it went. Raises NotFound, and Busy if tests are running."""
        found, client = self.get(target, owner), CLIENT.get() or owner or ""
        with self._lock:
            if self._tests[client] >= MOST_TESTS_OF_A_CLIENT or self._tests.total() >= MOST_TESTS:
                raise Busy("other tests are running; try again in a moment", 5)
            self._tests[client] += 1
        done, outcomes = self._workers.event(), list[Outcome]()
        begun = self._clock.monotonic()
        self._workers.spawn_thread("test of a target", self._test, found, client, outcomes, done.set)
        ended = done.wait(TEST_SECONDS)
        outcome = outcomes[0] if ended else Outcome(False, None, f"took longer than {TEST_SECONDS:g} s")
        took = round((self._clock.monotonic() - begun) * 1000)
        return {"delivered": outcome.delivered, "status": outcome.status, "error": outcome.error, "took_ms": took}

    # failing targets

    def failing(self) -> tuple[StoredTarget, ...]:
        """The targets that do not take anything at present. Does not wait."""
        with self._lock:
            return tuple(self._failing.values())

    def listen(self, listener: Listener) -> None:
        """Call `listener` whenever a target begins to fail, and when it is well again."""
        self._listeners.append(listener)

    def _present(self, target: StoredTarget) -> StoredTarget:
        """The target; a user's e-mail target with the address that the account has now."""
        if not _to_user(target):
            return target
        with suppress(NotFound):  # the account has ended, and the target will in a moment
            target = replace(target, config={**target.config, "to": self._email_of(target.owner)})
        return target

    def _check_address(self, target: StoredTarget) -> None:
        """Raises BadInput if a user's e-mail target has another address than the account."""
        if not _to_user(target):
            return
        mine = self._email_of(target.owner)
        if target.config["to"].casefold() != mine.casefold():
            reason = f"must be the address of your account, {mine}"
            raise BadInput(f"to {reason}", [FieldError(None, "to", reason)])

    def _send(self, target: StoredTarget, parcel: Parcel) -> Outcome:
        kind = self.kinds[target.kind]
        return kind.send(values_of(kind, self._present(target)), parcel)

    def _test(self, target: StoredTarget, client: str, outcomes: list[Outcome], done: Callable[[], None]) -> None:
        now = self.dispatcher.now()
        made = f"test-{secrets.token_hex(8)}"
        try:
            outcomes.append(guarded(self._send, target, Parcel(made, "test", "Test", TEST, 1, now)))
        finally:
            with self._lock:
                self._tests -= Counter([client])
            done()

    def _ended(self, target: StoredTarget, result: Result, error: str) -> None:
        since, text = result.failing_since, error[:LONGEST_ERROR]
        self._note(replace(target, failures=result.failures, failing_since=since, resume=result.resume, error=text))

    def _note(self, target: StoredTarget) -> None:
        failing = target.failing
        with self._lock:
            changed = failing != (target.id in self._failing)
            if failing:
                self._failing[target.id] = target
            else:
                self._failing.pop(target.id, None)
        if changed:
            for listener in self._listeners:
                listener(target, failing)


def _to_user(target: StoredTarget) -> bool:
    """Whether it is the e-mail target of a user, who has no other address than that of the account."""
    return target.kind == "email" and target.owner != OPERATOR
