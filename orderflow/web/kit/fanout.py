"""One message to many sockets: serialised and framed once, pushed without waiting, merged for those who are slow.

A `Topic` has a source with a version. Each round, every client gets what leads from the version it has to the present
one. A client that is slow is skipped and later gets one message for all it missed, so its latest state wins and nothing
queues up; kernel buffers would hide minutes of stale data, so the push looks at what the client has not acknowledged.
One that makes no progress is dropped.

There are three kinds of topic. One asks its source at an interval whether it has changed. One sleeps until the bus
tells that it has, and then sends at most once an interval. One is driven: its owner calls `Fanout.cast`, and the
message leaves at that moment. A message for one client alone goes through `Client.post`, before the shared message.

This module does not know what the messages say or what HTTP is.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from orderflow.errors import Conflict
from orderflow.runtime.bus import Receiver
from orderflow.runtime.workers import Event, Workers
from orderflow.web.kit.frames import GOING_AWAY, close_frame, frame

try:
    import fcntl
    import termios
except ImportError:  # Windows has neither: there only a full send buffer tells that a client is slow
    fcntl = None  # type: ignore[assignment]  # the name is tested before it is used

UNSENT = 2048
"""A client with more bytes than this on the way is not sent more."""
STALLED = 20.0
"""Seconds without any progress after which a slow client is dropped."""
LOOK = 1.0
"""Seconds between two looks whether a client makes progress."""
CONTROL = 1 << 16
"""More bytes than this of waiting control frames (answers to a flood of pings) end the connection."""
FLUSH = 0.03
"""Seconds between attempts to write the rest of a frame."""
YIELD_EVERY = 1000
"""Clients pushed to before other greenlets get their turn."""
SWEEP = 0.5
"""Seconds between looks after the clients of driven topics: those that joined, were behind, or have gone."""
MAIL = 64
"""Private messages that may wait for one client."""
GROUPS = 8
"""Messages for different old versions that one round makes; further ones get a snapshot."""

_NOTHING = bytes(4)

log = logging.getLogger(__name__)


class Source(Protocol):
    """What a topic tells."""

    def version(self) -> Hashable:
        """The present version: cheap, asked every round."""

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        """(version, text) that brings a client with version `since` to the present; None knows nothing yet."""


@dataclass
class Counters:
    """sent: messages handed to sockets. conflated: turns that a slow client missed. dropped: clients given up."""

    sent: int = 0
    conflated: int = 0
    dropped: int = 0


class Client:
    """One socket's sending side. All bytes, control frames too, leave through it, so no frame is torn by another."""

    def __init__(self, sock: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._sock = sock
        self._tail = b""
        self._clock = clock
        self._moved = self._looked = clock()
        self._left = 0
        self._unseen = 0
        self.mail: list[bytes] = []
        """Private messages that wait, framed."""
        self.version: Hashable | None = None
        self.closed = False

    def post(self, text: bytes) -> None:
        """A message for this client alone, sent with its next turn. Too many for one who is behind: all of them are
        forgotten, and its next message is a snapshot."""
        if len(self.mail) >= MAIL:
            self.mail.clear()
            self.version = None
            return
        self.mail.append(frame(text))

    @property
    def waiting(self) -> bool:
        """Whether a part of a frame is still to be written."""
        return bool(self._tail)

    def push(self, data: bytes) -> bool:
        """Send a frame now, as far as the socket takes it; False, and nothing sent, when the client is behind."""
        if self._tail:
            self.flush()
        if self.closed or self._tail or (self._unseen > UNSENT and self._behind()):
            return False
        self._tail = data
        self.flush()
        return not self.closed

    def control(self, data: bytes) -> None:
        """Send a control frame after what is being written."""
        if len(self._tail) > CONTROL and len(data) + len(self._tail) > 2 * CONTROL:
            self.kill()
            return
        self._tail += data
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as it goes."""
        if not self._tail or self.closed:
            return
        try:
            count = self._sock.send(self._tail)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.kill()
            return
        if count:
            self._unseen += count
            self._tail = self._tail[count:]
            self._moved = self._clock()

    def stalled(self) -> bool:
        """True when the client has made no progress for STALLED seconds although something is on its way."""
        now = self._clock()
        if now - self._looked < LOOK:
            return False
        self._looked = now
        left = self._unacknowledged()
        if left < self._left or not (left or self._tail):
            self._moved = now
        self._left = left
        return now - self._moved > STALLED

    def kill(self) -> None:
        """End the connection; its reader wakes up and leaves."""
        self.closed = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _behind(self) -> bool:
        """Whether more than UNSENT bytes are on their way. Only asked when there may be so many: the system tells."""
        self._unseen = self._unacknowledged()
        return self._unseen > UNSENT

    def _unacknowledged(self) -> int:
        if fcntl is None or not hasattr(termios, "TIOCOUTQ"):
            return 0
        try:
            return int.from_bytes(fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, _NOTHING), sys.byteorder)
        except (OSError, ValueError):  # its reader has closed the socket already
            self.closed = True
            return 0


Subscribe = Callable[[Callable[[], object]], Receiver]
"""subscribe(wake) listens to the bus; wake is called at the first change since `Receiver.take`."""


class Topic:
    """All clients of one source. Its caster runs while there are clients.

    woken: set when there is something to do, for a topic that sleeps until then; None for any other.
    """

    def __init__(
        self, name: str, source: Source, interval: float | None, counters: Counters, woken: Event | None = None
    ) -> None:
        self.name = name
        self.source = source
        self.interval = interval
        self.woken = woken
        self.clients: set[Client] = set()
        self.casting = False
        self._again = False
        self._counters = counters

    def cast(self, pause: Callable[[float], object]) -> None:
        """A round now; while one is under way it is followed by another instead."""
        if self.casting:
            self._again = True
            return
        self.casting = True
        try:
            self.round(pause)
            while self._again:
                self._again = False
                self.round(pause)
        finally:
            self.casting = self._again = False

    def wake(self) -> None:
        """A client joined or asked again: a sleeping topic serves it in its next round."""
        if self.woken is not None:
            self.woken.set()

    def tend(self) -> bool:
        """Drop clients that have gone or stalled, write the rest of frames; whether some rest is still waiting."""
        for client in tuple(self.clients):
            if client.closed or client.stalled():
                self._drop(client)
            else:
                client.flush()
        return any(client.waiting for client in self.clients)

    def greet(self, client: Client) -> None:
        """The first message of one client."""
        self._bring(client, {})

    def round(self, pause: Callable[[float], object] = lambda seconds: None) -> bool:
        """Bring every client that keeps up to the present version; True when nobody is left behind.

        pause(0): let others run for a moment.
        """
        present, complete = self.source.version(), True
        ready: dict[Hashable | None, tuple[Hashable, bytes]] = {}
        for number, client in enumerate(tuple(self.clients), 1):
            if client.closed or client.stalled():
                self._drop(client)
            elif client.version != present or client.mail:
                complete &= self._bring(client, ready, present)
            else:
                client.flush()
            if number % YIELD_EVERY == 0:
                pause(0)
        return complete

    def _bring(
        self,
        client: Client,
        ready: dict[Hashable | None, tuple[Hashable, bytes]],
        present: Hashable | None = None,
    ) -> bool:
        """Send one client what it lacks; False when it is behind, and nothing was sent."""
        since = client.version
        if since is not None and since == present:
            version, data = since, b""  # only private messages are new
        else:
            if since not in ready:
                if len(ready) >= GROUPS:
                    since = None
                if since not in ready:
                    version, text = self.source.message(since)
                    ready[since] = version, frame(text)
            version, data = ready[since]
        if client.mail:
            data = b"".join(client.mail) + data
        if client.push(data):
            client.mail.clear()
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
    """All topics of a server."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._topics: dict[Hashable, Topic] = {}
        self._sweeping = False
        self.counters = Counters()
        self.closing = False

    @property
    def clients(self) -> int:
        """Sockets that listen."""
        return sum(len(topic.clients) for topic in self._topics.values())

    def stats(self) -> dict[str, int]:
        """Figures for the statistics."""
        counters = self.counters
        return {
            "clients": self.clients,
            "topics": len(self._topics),
            "sent": counters.sent,
            "conflated": counters.conflated,
            "dropped": counters.dropped,
        }

    def join(
        self,
        key: Hashable,
        client: Client,
        source: Callable[[], Source],
        interval: float | None = None,
        subscribe: Subscribe | None = None,
    ) -> Topic:
        """Let a client listen to the topic `key`, made by `source()` when nobody listens yet.

        interval: least seconds between two rounds; the client is served in the next one. None: the topic is driven by
        `cast`, and the client gets its first message at once. subscribe: instead of asking the source after each
        interval, the topic sleeps until the bus tells of a change. Raises Conflict when the server is stopping.
        """
        if self.closing:
            raise Conflict("the server is stopping")
        topic = self._topics.get(key)
        if topic is None:
            woken = None if subscribe is None else self._workers.event()
            topic = self._topics[key] = Topic(str(key), source(), interval, self.counters, woken)
        topic.clients.add(client)
        topic.wake()
        if interval is None:
            if not self._sweeping:
                self._sweeping = True
                self._workers.spawn("sweep of the sockets", self._sweep)
            topic.greet(client)
        elif not topic.casting:
            topic.casting = True
            if subscribe is None:
                self._workers.spawn(f"cast {key}", self._cast, key, topic)
            else:
                self._workers.spawn(f"cast {key}", self._follow, key, topic, subscribe)
        return topic

    def cast(self, key: Hashable) -> None:
        """The source of a driven topic has changed: tell everybody who listens, now."""
        topic = self._topics.get(key)
        if topic is not None:
            topic.cast(self._workers.wait)

    def listeners(self, key: Hashable) -> int:
        """Clients of one topic."""
        topic = self._topics.get(key)
        return len(topic.clients) if topic is not None else 0

    def leave(self, topic: Topic, client: Client) -> None:
        """The client's connection has ended."""
        topic.clients.discard(client)
        topic.wake()  # one that sleeps ends when nobody is left

    def close_all(self, code: int = GOING_AWAY, reason: str = "the server is stopping") -> None:
        """Tell every client that it ends, and end it."""
        self.closing = True
        data = close_frame(code, reason)
        for topic in self._topics.values():
            for client in tuple(topic.clients):
                client.control(data)
                client.kill()
            topic.wake()

    def _sweep(self) -> None:
        """While there are driven topics: serve whoever is behind, drop whoever has gone, forget empty topics."""
        try:
            while not self._workers.wait(SWEEP):
                driven = [(key, topic) for key, topic in self._topics.items() if topic.interval is None]
                for key, topic in driven:
                    try:
                        topic.cast(self._workers.wait)
                    except Exception as error:  # as in `_round`
                        self._workers.note(f"cast {topic.name}", error)
                    if not topic.clients and self._topics.get(key) is topic:
                        del self._topics[key]
                if not driven:
                    return
        finally:
            self._sweeping = False

    def _cast(self, key: Hashable, topic: Topic) -> None:
        """Rounds at the topic's interval while it has clients."""
        due = time.monotonic()
        try:
            while topic.clients:
                self._round(topic)
                due = max(due + (topic.interval or 0.0), time.monotonic())
                if self._rest(topic, due):
                    return
        finally:
            self._end(key, topic)

    def _follow(self, key: Hashable, topic: Topic, subscribe: Subscribe) -> None:
        """A round after each wake-up while the topic has clients, at most one an interval."""
        assert topic.woken is not None
        due = time.monotonic()
        try:
            with subscribe(topic.woken.set) as changes:
                while topic.clients:
                    topic.woken.clear()
                    changes.take()  # what comes in from here on wakes the topic again
                    complete = self._round(topic)
                    due = max(due + (topic.interval or 0.0), time.monotonic())
                    if self._rest(topic, due) or (complete and self._sleep(topic)):
                        return
        finally:
            self._end(key, topic)

    def _round(self, topic: Topic) -> bool:
        """One round; False when a client is left behind, or the round failed."""
        try:
            return topic.round(self._workers.wait)
        except Exception as error:  # one bad round must not end the topic; it is noted, and the next may do
            self._workers.note(f"cast {topic.name}", error)
            return False

    def _sleep(self, topic: Topic) -> bool:
        """Wait until the topic is woken, meanwhile look after its clients; True when the server is stopping."""
        assert topic.woken is not None
        waiting = False
        while topic.clients and not topic.woken.wait(FLUSH if waiting else LOOK):
            waiting = topic.tend()
            if self._workers.wait(0):
                return True
        return False

    def _end(self, key: Hashable, topic: Topic) -> None:
        topic.casting = False
        if self._topics.get(key) is topic and not topic.clients:
            del self._topics[key]

    def _rest(self, topic: Topic, due: float) -> bool:
        """Wait for the next round, meanwhile write out what is half sent; True when the server is stopping."""
        while (left := due - time.monotonic()) > 0:
            busy = [client for client in topic.clients if client.waiting]
            if self._workers.wait(min(left, FLUSH) if busy else left):
                return True
            for client in busy:
                client.flush()
        return self._workers.wait(0)
