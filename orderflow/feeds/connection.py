"""The connection to one venue as a state machine: connect, subscribe, buffer, fill the gap, go live, roll over.

It does not wait and starts nothing: `step` does what is due at a time, with sockets and requests of a `Transport`. What
it found is taken from the sequences of its pairs. Rules it keeps, whatever the venue:

- A new socket is used beside the old one until its subscriptions are answered, then the old one is closed. So it is
  when a connection nears the end of its life, when the venue says that it shuts down, and when no data came for too
  long, whatever the pings say.
- After every new socket, and after a message that could not be read, each pair requests what may be missing.
- Back-off is full-jitter and ends only after a connection has held for `STABLE` seconds.
- One request at a time. A 429 or 418 is obeyed for all of them.
"""

from __future__ import annotations

import random
from collections import deque

from orderflow.feeds.gap_filler import GapFiller
from orderflow.feeds.kline_sequence import KlineSequence
from orderflow.feeds.link import OPEN_SECONDS, Link
from orderflow.feeds.live import State
from orderflow.feeds.numbered import NumberedSequence
from orderflow.feeds.pair import RETRY_SECONDS, Pair, Sequence
from orderflow.feeds.requests_gate import DEFAULT_RETRY, Backoff
from orderflow.feeds.sequence import TradeSequence
from orderflow.feeds.transport import Transport
from orderflow.feeds.unnumbered import UnnumberedSequence
from orderflow.feeds.venues.venue import (
    BadMessage,
    Event,
    Heartbeat,
    Kline,
    Problem,
    ShuttingDown,
    Subscribed,
    Trade,
    Venue,
    kline_name,
)
from orderflow.runtime.clock import Clock

STABLE = 30.0
"""Seconds after which a connection counts as good."""
LONGEST_SILENCE = 600.0
"""Seconds of silence up to which the limit is doubled when the venue proves that nothing traded."""
OFFLINE_AFTER = 3
"""Failed attempts to connect after which the venue counts as out of reach."""
MOST_KLINES = 10_000
"""Klines that wait to be taken; the oldest are dropped."""


class Connection:
    """See the module. rest_url, ws_url: of the venue. fill: seconds that a gap may be old to be filled."""

    def __init__(
        self,
        venue: Venue,
        transport: Transport,
        clock: Clock,
        chance: random.Random,
        *,
        rest_url: str = "",
        ws_url: str = "",
        fill: float = 86_400.0,
    ) -> None:
        self.venue = venue
        self.facts = venue.facts
        self._transport = transport
        self._clock = clock
        self._ws_url = (ws_url or self.facts.ws_url).rstrip("/")
        self.pairs: dict[str, Pair] = {}
        self.filler = GapFiller(
            venue, transport, clock, chance, self.pairs, (rest_url or self.facts.rest_url).rstrip("/"), fill
        )
        self.klines: deque[Kline] = deque(maxlen=MOST_KLINES)
        self._extra: dict[str, None] = {}
        self._link: Link | None = None
        self._next: Link | None = None
        self._backoff = Backoff(chance)
        self._connect_at = 0.0
        self._silence = self.facts.silence
        self._silent_total = -1
        self._connected_once = False
        self.reconnects = self.malformed = self.messages = 0
        self.reason = ""

    # pairs

    def add(self, name: str, sequence: Sequence) -> None:
        """Take a pair, whose trades go into the sequence; or its klines, under the name that `kline_name` makes."""
        self.pairs[name] = Pair(name, sequence)
        for link in self._links():
            link.want([name])

    def remove(self, name: str) -> None:
        """Leave a pair."""
        if self.pairs.pop(name, None) is not None:
            for link in self._links():
                link.forget(name, self.venue.unsubscribe([name]))

    def subscribe(self, message: str) -> None:
        """Send a message of the venue's dialect on this and every later socket, such as one that asks for klines."""
        self._extra[message] = None
        for link in self._links():
            link.send(message)

    # the machine

    def step(self) -> None:
        """Do everything that is due."""
        now = self._clock.monotonic()
        for link in self._links():
            self._read(link, now)
        self._keep_link(now)
        for link in self._links():
            for pair in link.step(now):
                self._check(pair, now)
        if self._next is not None and self._next.ready:
            self._promote()
        self.filler.step(now)

    def close(self) -> None:
        """Close the sockets; nothing may be called afterwards."""
        for link in self._links():
            link.socket.close()
        self._link = self._next = None

    def _links(self) -> list[Link]:
        return [link for link in (self._link, self._next) if link is not None]

    def _read(self, link: Link, now: float) -> None:
        found = link.socket.take()
        self.messages += len(found)
        for message in found:
            try:
                events = self.venue.read(message)
            except BadMessage as error:
                self.malformed += 1
                self.reason = str(error)
                for pair in self.pairs.values():
                    pair.sequence.check(now)
                continue
            for event in events:
                self._take(event, link, now)

    def _take(self, event: Event, link: Link, now: float) -> None:
        if isinstance(event, Trade):
            link.data_at = now
            pair = self.pairs.get(event.pair)
            if pair is not None and isinstance(pair.sequence, TradeSequence):
                self._arrived(pair, event, now)
                pair.sequence.live(event, now)
        elif isinstance(event, Subscribed):
            for name in link.accepted():
                self._check(name, now)
        elif isinstance(event, Heartbeat):
            link.data_at = now
        elif isinstance(event, Kline):
            link.data_at = now
            self._take_kline(event, now)
        elif isinstance(event, ShuttingDown):
            self._replace("the venue shuts down", now)
        else:
            self._problem(event, link, now)

    def _take_kline(self, kline: Kline, now: float) -> None:
        pair = self.pairs.get(kline_name(kline.pair, kline.interval))
        if pair is None:
            self.klines.append(kline)
        elif isinstance(pair.sequence, KlineSequence):
            self._silence = self.facts.silence
            pair.arrived, pair.refusal = now, ""
            pair.sequence.live(kline, now)

    def _arrived(self, pair: Pair, trade: Trade, now: float) -> None:
        self._silence = self.facts.silence
        pair.arrived, pair.refusal = now, ""
        pair.lag = (self.filler.now() - trade.time) / 1e9

    def _problem(self, event: Problem, link: Link, now: float) -> None:
        link.refuse(event.reason, event.pair)
        self.reason = event.reason
        for name, reason in link.refused.items():
            if name in self.pairs:
                self.pairs[name].refuse(reason, now)
        link.refused.clear()

    def _check(self, name: str, now: float) -> None:
        if name in self.pairs:
            self.pairs[name].check(now)

    # the sockets

    def _keep_link(self, now: float) -> None:
        """Open, replace and give up sockets."""
        self._drop_ended(now)
        link = self._link
        if link is None:
            if now >= self._connect_at and self.pairs:
                self._link = self._open(now)
            return
        if link.opened_at is None:
            return
        self._connected_once = True
        if now - link.opened_at >= STABLE:
            self._backoff.reset()
        if now - link.data_at >= self._silence:
            self._silent(link, now)
        elif self.facts.life is not None and now - link.opened_at >= self._usable(self.facts.life):
            self._replace("the connection is near the end of its life", now)
        self._retry_pairs(link, now)

    @staticmethod
    def _usable(life: float) -> float:
        return life - min(300.0, life / 4)

    def _silent(self, link: Link, now: float) -> None:
        if self._replace(f"no data for {self._silence:.0f} s", now):
            total = sum(pair.sequence.trades for pair in self.pairs.values())
            quiet = total == self._silent_total  # neither a socket nor a request has brought a trade since
            self._silence = min(self._silence * 2, LONGEST_SILENCE) if quiet else self.facts.silence
            self._silent_total = total

    def _replace(self, reason: str, now: float) -> bool:
        """Open a second socket, which takes over when it is ready. False: it is too early, or under way."""
        if self._next is not None or now < self._connect_at or self._link is None:
            return False
        self.reason = reason
        self._next = self._open(now)
        return True

    def _open(self, now: float) -> Link:
        path = self.venue.socket_path(list(self.pairs))
        link = Link(self._transport.connect(self._ws_url + path), self.facts, self.venue.subscribe, now)
        for message in self._extra:
            link.send(message)
        link.want(name for name, pair in self.pairs.items() if not pair.refusal)
        return link

    def _promote(self) -> None:
        if self._link is not None:
            self._link.socket.close()
        self._link, self._next = self._next, None
        self.reconnects += 1
        self.reason = ""

    def _drop_ended(self, now: float) -> None:
        for link in self._links():
            late = link.opened_at is None and now - link.begun > OPEN_SECONDS
            if link.socket.ended is None and not late:
                continue
            link.socket.close()
            self.reason = link.socket.ended or f"no connection within {OPEN_SECONDS:.0f} s"
            self._wait(link, now)
            if link is self._next:
                self._next = None
            else:
                self._link, self._next = self._next, None
                if link.opened_at is not None:
                    self.reconnects += 1

    def _wait(self, link: Link, now: float) -> None:
        delay = self._backoff.next()
        if link.socket.retry_after is not None:
            try:
                delay = max(delay, float(link.socket.retry_after))
            except ValueError:
                delay = max(delay, DEFAULT_RETRY)
        self._connect_at = now + delay

    def _retry_pairs(self, link: Link, now: float) -> None:
        again = [pair for pair in self.pairs.values() if pair.refusal and now >= pair.retry_at]
        for pair in again:
            pair.retry_at = now + RETRY_SECONDS
        link.want(pair.name for pair in again)

    # what others see

    def state(self) -> tuple[State, str]:
        """The state of the connection, and why it is not live."""
        link = self._link
        if link is None or link.opened_at is None:
            if self._backoff.failures >= OFFLINE_AFTER:
                return State.OFFLINE, self.reason
            return (State.RECONNECTING if self._connected_once else State.CONNECTING), self.reason
        if self._clock.monotonic() - link.data_at >= self.facts.silence:
            return State.STALE, f"no data for {self._clock.monotonic() - link.data_at:.0f} s"
        if any(pair.sequence.filling for pair in self.pairs.values()):
            return State.BACKFILLING, self.filler.reason
        return State.LIVE, self.filler.reason

    def pair_state(self, name: str) -> tuple[State, str]:
        """The state of a pair, and why it is not live."""
        pair = self.pairs[name]
        state, reason = self.state()
        if pair.refusal:
            return State.OFFLINE, pair.refusal
        if state in (State.LIVE, State.BACKFILLING):
            return (State.BACKFILLING if pair.sequence.filling else State.LIVE), reason
        return state, reason


def make_sequence(venue: Venue) -> type[TradeSequence]:
    """The class of sequences that fits how a venue numbers its trades."""
    return NumberedSequence if venue.facts.contiguous else UnnumberedSequence
