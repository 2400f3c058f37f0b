"""Tells receivers inside one process what changed: a topic and its revision, nothing else.

A message carries no data. A receiver asks the owner for what changed since the revision it has, so messages may be
merged or repeated: it keeps the newest revision of each topic and misses nothing. The bus keeps nothing for later
receivers but the newest revisions.
"""

from __future__ import annotations

from collections.abc import Callable

from orderflow.runtime.workers import plain_lock


class Receiver:
    """The topics that changed since the last `take`. Made by `Bus.receive`; also a context manager that closes."""

    def __init__(self, bus: Bus, topics: frozenset[str], wake: Callable[[], object] | None) -> None:
        self._bus = bus
        self._topics = topics
        self._wake = wake
        self._lock = plain_lock()
        self._changed: dict[str, int] = {}

    def take(self) -> dict[str, int]:
        """Newest revision by topic, of the topics that changed since the last call; empty when none did."""
        with self._lock:
            changed, self._changed = self._changed, {}
        return changed

    def close(self) -> None:
        """Receive nothing more."""
        self._bus.forget(self)

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def hear(self, topic: str, revision: int) -> None:
        """Called by the bus."""
        if self._topics and topic not in self._topics:
            return
        with self._lock:
            asleep = not self._changed
            newest = self._changed.get(topic, revision)
            self._changed[topic] = max(revision, newest) if revision else 0
        if asleep and self._wake is not None:
            self._wake()


class Bus:
    """Topics and their receivers; callable from any thread or greenlet."""

    def __init__(self) -> None:
        self._lock = plain_lock()
        self._latest: dict[str, int] = {}
        self._receivers: tuple[Receiver, ...] = ()

    def publish(self, topic: str, revision: int) -> None:
        """Tell the receivers of `topic` that it is at `revision`.

        A revision not above the newest is ignored, except 0: the topic starts again, and counts up from there.
        """
        with self._lock:
            if not revision:
                self._latest.pop(topic, None)
            elif revision <= self._latest.get(topic, 0):
                return
            else:
                self._latest[topic] = revision
            receivers = self._receivers
        for receiver in receivers:
            receiver.hear(topic, revision)

    def latest(self, topic: str) -> int:
        """The newest revision published; 0 when there was none."""
        return self._latest.get(topic, 0)

    def receive(self, *topics: str, wake: Callable[[], object] | None = None) -> Receiver:
        """Listen to `topics` (none given: all) from now on.

        wake: called in the publisher's thread when the first change since `take` comes in, so that any number of
        changes wakes a slow receiver once. It must be short and raise nothing, as `Event.set` of
        `orderflow.runtime.workers`.
        """
        receiver = Receiver(self, frozenset(topics), wake)
        with self._lock:
            self._receivers = (*self._receivers, receiver)
        return receiver

    def forget(self, receiver: Receiver) -> None:
        """Called by `Receiver.close`."""
        with self._lock:
            self._receivers = tuple(other for other in self._receivers if other is not receiver)
