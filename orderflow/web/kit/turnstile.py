"""Lets the connections of one client work in turns, so that many of them hold up nobody else.

Of all that a client's connections have to do at the same time, the event loop does TURN seconds' worth, then the others
get their turn. A client's requests, its handshakes of sockets, and what it sends further wait in queues of their own:
behind a room of phones that reconnect, or of sockets that are flooded, a page still opens. In each queue those who
came first are served first, so that a connection with one request waits for one request of each other, not for all.
Connections that do not wait for their answers, and so have the next request at hand, take every second turn at most
while others wait.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from gevent import get_hub
from gevent.hub import Waiter

from orderflow.runtime.shares import CLIENT
from orderflow.web.kit.budget import client_of

TURN = 0.003
"""Seconds of work at hand after which the others get their turn."""
GIVE_WAY = 1e-6
"""Seconds of a pause that lets all others work. In a pause of 0 gevent does not look at the sockets they wait for."""
TURNSTILE = "orderflow.turnstile"
"""Key of the WSGI environ: the server's `Turnstile`."""
AT_HAND = "orderflow.at_hand"
"""Key of the WSGI environ: True if the request had come before the one before it on its connection was answered."""


@dataclass(eq=False)
class Queue:
    """Greenlets that wait for a turn. pushing: those of connections that do not wait for answers."""

    others: deque[Waiter] = field(default_factory=deque)
    pushing: deque[Waiter] = field(default_factory=deque)
    _pushed: bool = False

    def __len__(self) -> int:
        return len(self.others) + len(self.pushing)

    def next(self) -> Waiter:
        """Take out the one whose turn it is: of both kinds in turn, if there are both."""
        self._pushed = bool(self.pushing) and not (self.others and self._pushed)
        return (self.pushing if self._pushed else self.others).popleft()


class Turnstile:
    """The queues of a server, by client and kind of work. For greenlets of one hub."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, Queue] = {}

    def enter(self, place: Hashable, *, at_hand: bool = False) -> None:
        """Wait for a turn in the queue `place`. at_hand: the connection does not wait for answers."""
        queue = self._queues.get(place)
        if queue is None:
            queue = self._queues[place] = Queue()
            get_hub().loop.run_callback(self._let_in, place, queue)
        waiter, line = Waiter(), queue.pushing if at_hand else queue.others
        line.append(waiter)
        try:
            waiter.get()
        except BaseException:  # the greenlet is ended from outside
            with contextlib.suppress(ValueError):
                line.remove(waiter)
            raise

    def _let_in(self, place: Hashable, queue: Queue) -> None:
        """Let greenlets in one after the other, each until it waits for something. Runs in the hub."""
        until = time.monotonic() + TURN
        while queue:
            queue.next().switch(None)
            if time.monotonic() >= until:
                break
        if queue:
            get_hub().loop.timer(GIVE_WAY).start(self._let_in, place, queue)
        else:
            del self._queues[place]


class Turns:
    """WSGI middleware that lets the requests of each client into `application` in turns, and so its sockets.

    It also says for whom the greenlet works, for the share of the worker threads.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        take_turn(environ, "socket" if "websocket" in environ.get("HTTP_UPGRADE", "").lower() else "request")
        CLIENT.set(client_of(environ) if TURNSTILE in environ else "")
        return self._application(environ, start)


def take_turn(environ: dict[str, Any], work: str) -> None:
    """Wait until it is the turn of a request's client. work: the kind of it, each of which has its own queue."""
    turnstile: Turnstile | None = environ.get(TURNSTILE)
    if turnstile is not None:
        turnstile.enter((client_of(environ), work), at_hand=environ.get(AT_HAND, False))
