"""Who changed what, inside one process: a topic and its revision, nothing else.

A message carries no data. Whoever hears of a revision asks the owner for what changed since the one it has, so
messages may be merged, repeated or overtake each other: a receiver keeps the highest revision of each topic and
misses nothing. Nothing is kept for those who come later but the highest revision.
"""

from __future__ import annotations

from collections.abc import Callable

from orderflow.runtime.workers import plain_lock


class Receiver:
    """The topics that changed since one looked last. Made by `Bus.receive`; closes as a context manager too."""

    def __init__(self, bus: Bus, topics: frozenset[str], wake: Callable[[], object] | None) -> None:
        self._bus = bus
        self._topics = topics
        self._wake = wake
        self._lock = plain_lock()
        self._changed: dict[str, int] = {}

    def take(self) -> dict[str, int]:
        """Highest revision by topic, of the topics that changed since the last call; empty when none did."""
        with self._lock:
            changed, self._changed = self._changed, {}
        return changed

    def close(self) -> None:
        """Hear nothing more."""
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
            self._changed[topic] = max(revision, self._changed.get(topic, revision))
        if self._wake is not None:
            self._wake()


class Bus:
    """Topics and who listens; callable from any thread or greenlet."""

    def __init__(self) -> None:
        self._lock = plain_lock()
        self._latest: dict[str, int] = {}
        self._receivers: tuple[Receiver, ...] = ()

    def publish(self, topic: str, revision: int) -> None:
        """Tell the receivers of `topic` that it is at `revision`. One that is not above the highest is no news."""
        with self._lock:
            if revision <= self._latest.get(topic, -1):
                return
            self._latest[topic] = revision
            receivers = self._receivers
        for receiver in receivers:
            receiver.hear(topic, revision)

    def latest(self, topic: str) -> int:
        """The highest revision published; 0 when there was none."""
        return self._latest.get(topic, 0)

    def receive(self, *topics: str, wake: Callable[[], object] | None = None) -> Receiver:
        """Listen to `topics` (none given: all) from now on.

        wake: called in the publisher's thread after each piece of news; must be short and raise nothing, as
        `Event.set` of `orderflow.runtime.workers`.
        """
        receiver = Receiver(self, frozenset(topics), wake)
        with self._lock:
            self._receivers = (*self._receivers, receiver)
        return receiver

    def drop(self, topic: str) -> None:
        """Forget a topic's revision, as when its thing is gone and may begin again at 0."""
        with self._lock:
            self._latest.pop(topic, None)

    def forget(self, receiver: Receiver) -> None:
        """Called by `Receiver.close`."""
        with self._lock:
            self._receivers = tuple(other for other in self._receivers if other is not receiver)
