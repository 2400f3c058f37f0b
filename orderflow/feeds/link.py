"""One socket of a connection: its subscriptions, its age, and when data came last."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from orderflow.feeds.requests_gate import MessageRate
from orderflow.feeds.transport import Socket
from orderflow.feeds.venues.venue import Facts

ANSWER_SECONDS = 5.0
"""Seconds to wait for the answer to a subscription; some venues give none."""
OPEN_SECONDS = 15.0
"""Seconds for a connection to be opened."""

Pairs = tuple[str, ...]


class Link:
    """socket: the connection. facts: of the venue. subscribe: makes the messages for pairs."""

    def __init__(self, socket: Socket, facts: Facts, subscribe: Callable[[Sequence[str]], Sequence[str]], now: float):
        self.socket = socket
        self._subscribe = subscribe
        self._rate = MessageRate(max(1, facts.messages - 1))  # pongs count too
        self._keep_alive = facts.keep_alive
        self.begun = self.sent_at = now
        self.opened_at: float | None = None
        self.data_at = now
        self.subscribed: set[str] = set()
        self.refused: dict[str, str] = {}
        self._todo: deque[Pairs] = deque()
        self._out: deque[str] = deque()
        self._asked: Pairs = ()
        self._asked_at = 0.0

    @property
    def ready(self) -> bool:
        """Whether every subscription was answered."""
        return self.opened_at is not None and not self._todo and not self._asked

    def want(self, pairs: Iterable[str]) -> None:
        """Subscribe to pairs."""
        if fresh := tuple(pair for pair in pairs if pair not in self.subscribed):
            self._todo.append(fresh)

    def forget(self, pair: str, messages: Iterable[str]) -> None:
        """Unsubscribe from a pair with these messages."""
        self._todo = deque(rest for pairs in self._todo if (rest := tuple(p for p in pairs if p != pair)))
        if pair in self.subscribed:
            self.subscribed.discard(pair)
            self._out.extend(messages)

    def send(self, message: str) -> None:
        """Send a message of its own."""
        self._out.append(message)

    def accepted(self) -> Pairs:
        """The venue accepted what was asked last, or does not answer: the pairs, which are subscribed now."""
        pairs, self._asked = self._asked, ()
        self.subscribed.update(pairs)
        return pairs

    def refuse(self, reason: str, pair: str | None) -> None:
        """The venue refused one pair, or one of those asked last, which are then asked one by one."""
        asked, self._asked = self._asked, ()
        if pair is None and len(asked) > 1:
            self._todo.extendleft((each,) for each in reversed(asked))
            return
        for each in asked if pair is None else (pair,):
            self.refused[each] = reason
        if pair is not None:
            self.subscribed.discard(pair)
            if rest := tuple(each for each in asked if each != pair):
                self._asked = rest

    def step(self, now: float) -> Pairs:
        """Send what is due. Returns the pairs whose subscription has got no answer in time, taken as accepted."""
        if not self.socket.opened or self.socket.ended is not None:
            return ()
        if self.opened_at is None:
            self.opened_at = self.data_at = now
        done: Pairs = ()
        if self._asked and now - self._asked_at >= ANSWER_SECONDS:
            done = self.accepted()
        if not self._asked and not self._out and self._todo:
            self._asked, self._asked_at = self._todo.popleft(), now
            self._out.extend(self._subscribe(self._asked))
        if not self._out and self._keep_alive is not None and now - self.sent_at >= self._keep_alive[1]:
            self._out.append(self._keep_alive[0])
        while self._out and self._rate.take(now):
            self.socket.send(self._out.popleft())
            self.sent_at = now
        return done
