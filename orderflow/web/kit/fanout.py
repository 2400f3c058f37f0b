"""Sends one message to many sockets: serialised and framed once, written without blocking, conflated for slow clients.

A `Topic` has a source with a version. In each round, every client gets the changes between the version it has and the
current one. A slow client is skipped and later gets one message for everything it missed, so it always ends up with
the latest state and nothing queues up. Kernel buffers would hide minutes of stale data, so `Client.push` checks how
many bytes the client has not acknowledged. A client that makes no progress is dropped.

There are three kinds of topic. A polled topic asks its source at an interval whether it has changed. A subscribed
topic sleeps until the bus reports a change, and then sends at most once per interval. A driven topic sends when its
owner calls `Fanout.broadcast`. A private message for one client goes through `Client.enqueue` and is sent before the
next shared message.

This module knows nothing of the content of the messages, nor of HTTP.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from orderflow.errors import Busy, Conflict
from orderflow.runtime.bus import Receiver
from orderflow.runtime.shares import CLIENT, WANTED
from orderflow.runtime.workers import Event, Workers
from orderflow.web.kit.fanout_client import STALL_CHECK_SECONDS, Client
from orderflow.web.kit.frames import GOING_AWAY, close_frame, frame
from orderflow.web.kit.socket_limits import SocketLimits

FLUSH_SECONDS = 0.03
"""Seconds between attempts to write the rest of a partly sent frame."""
YIELD_EVERY = 1000
"""Clients served before the round yields to other greenlets."""
SWEEP_SECONDS = 0.5
"""Seconds between sweeps of driven topics, which serve clients that were behind and drop those that are gone."""
MAX_VERSIONS = 8
"""Deltas from different old versions that one round builds; further versions get a snapshot."""

log = logging.getLogger(__name__)


class Source(Protocol):
    """The data that a topic sends."""

    def version(self) -> Hashable:
        """The current version. Called in every round, so it must be cheap."""

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        """(current version, text) for a client that has version `since`. None: the client has nothing yet."""


@dataclass
class Counters:
    """sent: messages written. conflated: updates that slow clients skipped. dropped: clients that were closed."""

    sent: int = 0
    conflated: int = 0
    dropped: int = 0


Subscribe = Callable[[Callable[[], object]], Receiver]
"""subscribe(wake) subscribes to the bus and calls `wake` at the first change after each `Receiver.take`."""


class Topic:
    """All clients of one source.

    interval: least seconds between two rounds, None for a driven topic. woken: the event that wakes a subscribed
    topic, None for the other kinds. owner: address of the client that asked for it first, of whose share of the worker
    threads its rounds take.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        interval: float | None,
        counters: Counters,
        woken: Event | None = None,
        owner: str = "",
    ) -> None:
        self.owner = owner
        self.name = name
        self.source = source
        self.interval = interval
        self.woken = woken
        self.clients: set[Client] = set()
        self.broadcasting = False
        self._requested = False
        self._counters = counters

    def broadcast(self, pause: Callable[[float], object]) -> None:
        """Run a round now. A call during a round starts another round after it."""
        if self.broadcasting:
            self._requested = True
            return
        self.broadcasting = True
        try:
            self.round(pause)
            while self._requested:
                self._requested = False
                self.round(pause)
        finally:
            self.broadcasting = self._requested = False

    def wake(self) -> None:
        """Wake a sleeping topic, because a client joined or asked for a snapshot."""
        if self.woken is not None:
            self.woken.set()

    def maintain(self) -> bool:
        """Drop closed and stalled clients and flush the others. True if any still has pending bytes."""
        for client in tuple(self.clients):
            if client.closed or client.stalled():
                self._drop(client)
            else:
                client.flush()
        return any(client.waiting for client in self.clients)

    def send_first(self, client: Client) -> None:
        """Send a client its first message."""
        self._send_update(client, {})

    def round(self, pause: Callable[[float], object] = lambda seconds: None) -> bool:
        """Send every client its update. True if all clients have the current version.

        pause(0): yields to other greenlets.
        """
        try:
            present, complete = self.source.version(), True
        except Busy:
            return False
        ready: dict[Hashable | None, tuple[Hashable, bytes]] = {}
        for number, client in enumerate(tuple(self.clients), 1):
            if client.closed or client.stalled():
                self._drop(client)
            elif client.version != present or client.outbox:
                complete &= self._send_update(client, ready, present)
            else:
                client.flush()
            if number % YIELD_EVERY == 0:
                pause(0)
        return complete

    def _send_update(
        self,
        client: Client,
        ready: dict[Hashable | None, tuple[Hashable, bytes]],
        present: Hashable | None = None,
    ) -> bool:
        """Send one client its update. False, with nothing sent, if the client is slow or the source is busy."""
        since = client.version
        if since is not None and since == present:
            version, data = since, b""  # only private messages are to be sent
        else:
            if since not in ready:
                if len(ready) >= MAX_VERSIONS:
                    since = None
                if since not in ready:
                    try:
                        version, text = self.source.message(since)
                    except Busy:
                        return False
                    ready[since] = version, frame(text)
            version, data = ready[since]
        if client.push(data):
            client.version = version
            self._counters.sent += 1
            return True
        self._counters.conflated += 1
        return False

    def _drop(self, client: Client) -> None:
        if client in self.clients:
            self.clients.discard(client)
            self._counters.dropped += 1
        client.kill()


class Fanout:
    """All topics of a server. limits: of its sockets and of what waits for them.

    Set `idle` to a function that is called when the last topic has ended.
    """

    def __init__(self, workers: Workers, limits: SocketLimits | None = None) -> None:
        self._workers = workers
        self.limits = limits or SocketLimits()
        self._topics: dict[Hashable, Topic] = {}
        self._sweeping = False
        self.counters = Counters()
        self.closing = False
        self.idle: Callable[[], object] = lambda: None

    @property
    def clients(self) -> int:
        """Number of connected sockets."""
        return sum(len(topic.clients) for topic in self._topics.values())

    def stats(self) -> dict[str, int]:
        """Counts of clients, topics, messages and what the limits did, for `GET /stats`."""
        counters = self.counters
        return {
            "clients": self.clients,
            "topics": len(self._topics),
            "sent": counters.sent,
            "conflated": counters.conflated,
            "dropped": counters.dropped,
            **self.limits.stats(),
        }

    def join(
        self,
        key: Hashable,
        client: Client,
        source: Callable[[], Source],
        interval: float | None = None,
        subscribe: Subscribe | None = None,
    ) -> Topic:
        """Add a client to the topic `key`, which is created with `source()` if it has no clients yet.

        interval: least seconds between two rounds; the client is served in the next one. None: the topic is driven by
        `broadcast`, and the client gets its first message at once. subscribe: the topic sleeps until the bus reports a
        change, instead of polling its source. Raises Conflict when the server is stopping.
        """
        if self.closing:
            raise Conflict("the server is stopping")
        topic = self._topics.get(key)
        if topic is None:
            woken = None if subscribe is None else self._workers.event()
            topic = self._topics[key] = Topic(str(key), source(), interval, self.counters, woken, client.address)
        topic.clients.add(client)
        topic.wake()
        if interval is None:
            if not self._sweeping:
                self._sweeping = True
                self._workers.spawn("socket sweep", self._sweep)
            topic.send_first(client)
        elif not topic.broadcasting:
            topic.broadcasting = True
            if subscribe is None:
                self._workers.spawn(f"broadcast {key}", self._run_at_interval, key, topic)
            else:
                self._workers.spawn(f"broadcast {key}", self._run_on_wake, key, topic, subscribe)
        return topic

    def broadcast(self, key: Hashable) -> None:
        """Send the current version of a driven topic to its clients, now. A topic without clients is ignored."""
        topic = self._topics.get(key)
        if topic is not None:
            topic.broadcast(self._workers.wait)

    def listeners(self, key: Hashable) -> int:
        """Number of clients of one topic."""
        topic = self._topics.get(key)
        return len(topic.clients) if topic is not None else 0

    def leave(self, topic: Topic, client: Client) -> None:
        """Remove a client whose connection has ended."""
        topic.clients.discard(client)
        topic.wake()  # a sleeping topic without clients ends

    def close_all(self, code: int = GOING_AWAY, reason: str = "the server is stopping") -> None:
        """Send every client a close frame, then end its connection. New clients are refused from then on."""
        self.closing = True
        data = close_frame(code, reason)
        for topic in self._topics.values():
            for client in tuple(topic.clients):
                client.control(data)
                client.kill()
            topic.wake()

    def _sweep(self) -> None:
        """Serve driven topics' clients that were behind, drop closed ones, remove empty topics; until none is left."""
        try:
            while not self._workers.wait(SWEEP_SECONDS):
                driven = [(key, topic) for key, topic in self._topics.items() if topic.interval is None]
                for key, topic in driven:
                    try:
                        topic.broadcast(self._workers.wait)
                    except Exception as error:  # as in `_round`
                        self._workers.note(f"broadcast {topic.name}", error)
                    self._forget(key, topic)
                if not driven:
                    return
        finally:
            self._sweeping = False

    def _run_at_interval(self, key: Hashable, topic: Topic) -> None:
        """Run rounds at the topic's interval while it has clients."""
        _work_for(topic)
        due = time.monotonic()
        try:
            while topic.clients:
                self._round(topic)
                due = max(due + (topic.interval or 0.0), time.monotonic())
                if self._wait_until(topic, due):
                    return
        finally:
            self._finish(key, topic)

    def _run_on_wake(self, key: Hashable, topic: Topic, subscribe: Subscribe) -> None:
        """Run a round after each wake-up while the topic has clients, at most one per interval."""
        assert topic.woken is not None
        _work_for(topic)
        due = time.monotonic()
        try:
            with subscribe(topic.woken.set) as changes:
                while topic.clients:
                    topic.woken.clear()
                    changes.take()  # later changes wake the topic again
                    complete = self._round(topic)
                    due = max(due + (topic.interval or 0.0), time.monotonic())
                    if self._wait_until(topic, due) or (complete and self._wait_for_wake(topic)):
                        return
        finally:
            self._finish(key, topic)

    def _round(self, topic: Topic) -> bool:
        """Run one round. False if a client is behind, or the round failed."""
        try:
            return topic.round(self._workers.wait)
        except Exception as error:  # a failed round must not end the topic: it is noted, and the next one may succeed
            self._workers.note(f"broadcast {topic.name}", error)
            return False

    def _wait_for_wake(self, topic: Topic) -> bool:
        """Wait until the topic is woken, flushing its clients meanwhile. True if the server is stopping."""
        assert topic.woken is not None
        waiting = False
        while topic.clients and not topic.woken.wait(FLUSH_SECONDS if waiting else STALL_CHECK_SECONDS):
            waiting = topic.maintain()
            if self._workers.wait(0):
                return True
        return False

    def _finish(self, key: Hashable, topic: Topic) -> None:
        topic.broadcasting = False
        self._forget(key, topic)

    def _forget(self, key: Hashable, topic: Topic) -> None:
        """Remove a topic if it has no clients."""
        if self._topics.get(key) is topic and not topic.clients:
            del self._topics[key]
            if not self._topics:
                self.idle()

    def _wait_until(self, topic: Topic, due: float) -> bool:
        """Wait until `due`, writing partly sent frames meanwhile. True if the server is stopping."""
        while (left := due - time.monotonic()) > 0:
            busy = [client for client in topic.clients if client.waiting]
            if self._workers.wait(min(left, FLUSH_SECONDS) if busy else left):
                return True
            for client in busy:
                client.flush()
        return self._workers.wait(0)


def _work_for(topic: Topic) -> None:
    """What the present greenlet has done takes of the share of who asked for the topic, while it has clients."""
    CLIENT.set(topic.owner)
    WANTED.set(lambda: topic.clients)
