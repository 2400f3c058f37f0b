"""The exchange's sockets: subscriptions, and the background job that sends events to subscribers.

Unlike the rest of the server, an exchange conflates nothing: every event goes to every subscriber, in order. An event
is framed once for all subscribers. A client that does not keep up is disconnected, as real venues do. While there are
connections, the job collects new events, sends pings, closes connections that are too old and runs the fault-injection
script.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import msgspec

from orderflow.errors import NotFound
from orderflow.exchange.dialect import MS, Refusal
from orderflow.exchange.exchange import Exchange
from orderflow.exchange.requests import answer
from orderflow.exchange.script import ScriptProgress
from orderflow.exchange.streams import Feed, StreamName
from orderflow.web.kit.fanout import Fanout, Topic
from orderflow.web.kit.fanout_client import Client
from orderflow.web.kit.frames import GOING_AWAY, PING, close_frame, frame

POLL_SECONDS = 0.05
"""Seconds between two collections of events."""
SWEEP_SECONDS = 0.25
"""Seconds between attempts to write partly sent frames and to drop closed connections."""
POLICY = 1008
"""Close code for a client that breaks a rule."""
MAX_HELD = 100_000
"""Frames that the script may hold back for one connection; beyond, the connection is ended."""

encode = msgspec.json.encode


@dataclass(eq=False)
class Listener:
    """One connection.

    streams: the subscribed names, in order of subscription. opened_at, pinged_at, unanswered_since (the time of the
    first ping without a pong, or None) and held_until: monotonic seconds. held: frames that the script holds back.
    """

    client: Client
    combined: bool
    opened_at: float
    pinged_at: float
    streams: dict[str, None] = field(default_factory=dict)
    unanswered_since: float | None = None
    pings: deque[bytes] = field(default_factory=lambda: deque(maxlen=8))
    message_times: deque[float] = field(default_factory=deque)
    progress: ScriptProgress = field(default_factory=ScriptProgress)
    held: deque[bytes] = field(default_factory=deque)
    held_until: float = 0.0

    def send(self, data: bytes) -> None:
        """Send a frame; while the script holds frames back, queue it behind them."""
        if self.client.closed:
            return
        if self.held_until:
            self.held.append(data)
            self.client.keep(len(data))
            if len(self.held) > MAX_HELD:
                self.client.kill()
        else:
            self.client.control(data)

    def end(self, code: int | None, reason: str = "") -> None:
        """End the connection, with a close frame if there is a code."""
        if code is not None:
            self.client.control(close_frame(code, reason))
        self.client.kill()


class _Presence:
    """A source that never changes. Listeners join its topic so that the fan-out flushes, counts and closes them."""

    def version(self) -> Hashable:
        return "here"

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        return "here", b"{}"


@dataclass
class _Session:
    """The subscriptions of one connection, as `orderflow.exchange.requests` reads and changes them."""

    hub: Hub
    listener: Listener

    @property
    def streams(self) -> Iterable[str]:
        return self.listener.streams

    @property
    def combined(self) -> bool:
        return self.listener.combined

    @combined.setter
    def combined(self, value: bool) -> None:
        self.listener.combined = value

    def subscribe(self, names: Iterable[str]) -> None:
        self.hub.subscribe(self.listener, names)

    def unsubscribe(self, names: Iterable[str]) -> None:
        self.hub.unsubscribe(self.listener, names)


class Hub:
    """All connections to one exchange, and the job that serves them."""

    def __init__(self, exchange: Exchange, fanout: Fanout) -> None:
        self._exchange = exchange
        self._fanout = fanout
        self._workers = exchange.workers
        self._lock = exchange.workers.lock()
        self._listeners: set[Listener] = set()
        self._subscribed: dict[str, set[Listener]] = {}
        self._feeds: dict[str, Feed | None] = {}
        self._names: dict[str, StreamName] = {}
        self._ends: list[tuple[float, str]] = []
        self._running = False

    @property
    def listeners(self) -> int:
        """Number of connections."""
        return len(self._listeners)

    def join(self, client: Client, *, combined: bool) -> tuple[Listener, Topic]:
        """Add a connection. Raises Conflict when the server is stopping."""
        now = self._exchange.clock.monotonic()
        client.version = "here"
        topic = self._fanout.join(("exchange",), client, _Presence, SWEEP_SECONDS)
        listener = Listener(client, combined, now, now)
        with self._lock:
            self._listeners.add(listener)
            if not self._running:
                self._running = True
                self._workers.spawn("exchange streams", self._work)
        return listener, topic

    def leave(self, listener: Listener, topic: Topic) -> None:
        """Remove a connection that has ended, with its subscriptions."""
        with self._lock:
            self._listeners.discard(listener)
            for name in tuple(listener.streams):
                self._drop(listener, name)
        self._fanout.leave(topic, listener.client)

    def subscribe(self, listener: Listener, names: Iterable[str]) -> None:
        """Subscribe to streams, all or none. Raises Refusal for an unknown stream or too many streams."""
        wanted = {name: None for name in names if name not in listener.streams}
        if len(listener.streams) + len(wanted) > self._exchange.rules.streams:
            raise Refusal(2, f"Invalid request: more than {self._exchange.rules.streams} streams on one connection")
        found = [self._exchange.stream(name) for name in wanted]
        fresh = [stream for stream in found if stream.text not in self._feeds]
        made = self._workers.run(self._make, fresh) if fresh else []
        with self._lock:
            for stream, feed in zip(fresh, made, strict=True):
                self._feeds.setdefault(stream.text, feed)
            for stream in found:
                if stream.text not in self._feeds:  # its last listener left meanwhile
                    self._feeds[stream.text] = self._exchange.feed(stream)
                self._names[stream.text] = stream
                self._subscribed.setdefault(stream.text, set()).add(listener)
                listener.streams[stream.text] = None

    def unsubscribe(self, listener: Listener, names: Iterable[str]) -> None:
        """Unsubscribe from streams. Names that are not subscribed are ignored."""
        with self._lock:
            for name in names:
                self._drop(listener, name)

    def receive(self, listener: Listener, message: str | bytes) -> None:
        """Answer a message from a connection."""
        if self._too_many(listener):
            return
        reply = answer(message, _Session(self, listener))
        with self._lock:
            listener.send(frame(encode(reply)))

    def control(self, listener: Listener, kind: str, payload: bytes) -> None:
        """Handle a ping or pong from a connection."""
        if not self._too_many(listener) and kind == "pong" and payload in listener.pings:
            listener.unanswered_since = None

    def poll(self) -> None:
        """Collect the events that are due once and send them."""
        exchange = self._exchange
        now, time = exchange.clock.monotonic(), exchange.now()
        due = [(name, feed) for name, feed in tuple(self._feeds.items()) if feed is not None and feed.due(time)]
        events = self._workers.run(self._collect, due, time) if due else []
        if exchange.player is not None and self._subscribed:
            events += [(frame.stream, frame.data) for frame in exchange.player.due(now)]
        with self._lock:
            for listener in tuple(self._listeners):
                self._release(listener, now)
            for name, text in events:
                self._send(name, text, now)
            for listener in tuple(self._listeners):
                self._check_lifetime(listener, now, time)
            self._run_script(now, time)

    def _work(self) -> None:
        try:
            while not self._workers.wait(POLL_SECONDS):
                with self._lock:
                    if not self._listeners:
                        self._running = False
                        return
                try:
                    self.poll()
                except Exception as error:  # a failed poll must not end the streams: it is noted
                    self._workers.note("exchange streams", error)
        finally:
            self._running = False

    def _make(self, streams: list[StreamName]) -> list[Feed | None]:
        made: list[Feed | None] = []
        for stream in streams:
            try:
                made.append(self._exchange.feed(stream))
            except NotFound as error:  # the symbol was reset meanwhile
                raise Refusal(2, "Invalid request: invalid stream") from error
        return made

    def _collect(self, due: list[tuple[str, Feed]], time: int) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        for name, feed in due:
            try:
                found += [(name, text) for text in feed.events(time)]
            except NotFound:  # the symbol was reset; it may come back
                continue
        return found

    def _drop(self, listener: Listener, name: str) -> None:
        listener.streams.pop(name, None)
        rest = self._subscribed.get(name)
        if rest is not None:
            rest.discard(listener)
            if not rest:
                del self._subscribed[name]
                self._feeds.pop(name, None)
                self._names.pop(name, None)

    def _too_many(self, listener: Listener) -> bool:
        now = self._exchange.clock.monotonic()
        times, most = listener.message_times, self._exchange.rules.messages
        times.append(now)
        while now - times[0] >= 1.0:
            times.popleft()
        if len(times) <= most:
            return False
        with self._lock:
            listener.end(POLICY, f"more than {most} messages in a second")
        return True

    def _send(self, name: str, text: bytes, now: float) -> None:
        listeners = self._subscribed.get(name, ())
        scripted = self._exchange.script.affects_messages
        frames: dict[bool, bytes] = {}
        for listener in tuple(listeners):
            if scripted:
                self._send_scripted(listener, name, text, now)
                continue
            data = frames.get(listener.combined)
            if data is None:
                data = frames[listener.combined] = frame(_wrapped(listener, name, text))
            listener.send(data)

    def _send_scripted(self, listener: Listener, name: str, text: bytes, now: float) -> None:
        delivery = self._exchange.script.message(listener.progress, name, _wrapped(listener, name, text))
        if delivery.hold:
            listener.held_until = max(listener.held_until, now + delivery.hold)
        for message in delivery.messages:
            listener.send(frame(message))
        if delivery.drop:
            listener.end(delivery.code, "scripted")

    def _release(self, listener: Listener, now: float) -> None:
        if listener.held_until and now >= listener.held_until:
            self._flush(listener)

    def _flush(self, listener: Listener) -> None:
        listener.held_until = 0.0
        while listener.held:
            data = listener.held.popleft()
            listener.client.keep(-len(data))
            listener.client.control(data)

    def _check_lifetime(self, listener: Listener, now: float, time: int) -> None:
        rules = self._exchange.rules
        if now - listener.opened_at >= rules.life:
            listener.end(GOING_AWAY, "the connection has reached its maximum age")
        elif listener.unanswered_since is not None and now - listener.unanswered_since >= rules.pong:
            listener.end(POLICY, "no pong received in time")
        elif now - listener.pinged_at >= rules.ping:
            listener.pinged_at = now
            listener.pings.append(str(time // MS).encode())
            if listener.unanswered_since is None:
                listener.unanswered_since = now
            listener.send(frame(listener.pings[-1], PING))

    def _run_script(self, now: float, time: int) -> None:
        for step in self._exchange.script.due(now):
            if step.do == "drop":
                for listener in tuple(self._listeners):
                    if step.get("stream") in (None, *listener.streams):
                        listener.end(step.get("code"), "scripted")
            else:
                self.announce(time)
                self._ends.append((now + step.get("grace"), "the server shuts down"))
        while self._ends and self._ends[0][0] <= now:
            _, reason = self._ends.pop(0)
            for listener in tuple(self._listeners):
                listener.end(GOING_AWAY, reason)

    def announce(self, time: int | None = None) -> None:
        """Send every client the event that the server is about to shut down."""
        event = encode({"e": "serverShutdown", "E": (self._exchange.now() if time is None else time) // MS})
        with self._lock:
            for listener in tuple(self._listeners):
                listener.send(frame(_wrapped(listener, "!serverShutdown", event)))


def _wrapped(listener: Listener, name: str, text: bytes) -> bytes:
    return b'{"stream":' + encode(name) + b',"data":' + text + b"}" if listener.combined else text
