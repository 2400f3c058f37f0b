"""Bounds the bytes of request bodies that are in memory, all together and for each client.

Only bytes that have arrived count: an announcement reserves nothing. A client may hold at most SHARE times what is
free. So one that fills its part leaves a quarter to the others, two leave a seventh, and a newcomer always finds room.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable
from typing import Any

from orderflow.errors import Busy

SHARE = 3
"""A client may hold this many times the bytes that are free."""
UNCOUNTED = 4096
"""Bodies announced with at most this many bytes are not counted: a connection takes more."""
LARGE = 4 * 2**20
"""Bytes of bodies after whose end freed memory is given back to the system, once no other is in memory."""
PASSING = "orderflow.passing"
"""Where it has the function to say that a body is not kept in memory but passed on as it comes: it counts no more."""
COUNT = "orderflow.count"
"""Where a request's environ has the function that counts further bytes, such as those of a decompressed body."""


class Budget:
    """The bytes of all bodies in memory. most: their maximum in total.

    Set `idle` to a function that is called when no body is in memory any more and large ones, or many, have ended.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()
        self._ended = 0
        self.held = 0
        self.idle: Callable[[], object] = lambda: None

    def open(self, client: str) -> Share:
        """A new body of a client, of which nothing has arrived."""
        return Share(self, client)

    def take(self, client: str, size: int) -> None:
        """Count bytes that have arrived. Raises Busy, without counting them, if the client's part is used up."""
        after = self._held[client] + size
        if after > SHARE * (self._most - self.held - size):
            raise Busy("the server is taking in as much as it can; try again", retry_after=1)
        self._held[client] = after
        self.held += size

    def give_back(self, client: str, size: int) -> None:
        """Bytes are no longer in memory."""
        self.held -= size
        self._held[client] -= size
        if not self._held[client]:
            del self._held[client]
        self.ended(size)

    def ended(self, size: int) -> None:
        """A body of `size` bytes has been worked through, which may have taken memory."""
        self._ended += size
        if self._ended >= LARGE and not self.held:
            self._ended = 0
            self.idle()


class Share:
    """The bytes of one body that are counted."""

    def __init__(self, budget: Budget, client: str) -> None:
        self._budget = budget
        self._client = client
        self._size = 0

    def add(self, size: int) -> None:
        """Count bytes of the body. Raises Busy."""
        self._budget.take(self._client, size)
        self._size += size

    def close(self) -> None:
        """The body is no longer in memory."""
        if self._size:
            self._budget.give_back(self._client, self._size)
            self._size = 0


def client_of(environ: dict[str, Any]) -> str:
    """Whom a request's bytes are counted for: the address, of IPv6 its network of 64 bits, which one client may own."""
    address = str(environ.get("REMOTE_ADDR", ""))
    if ":" not in address:
        return address
    try:
        number = int(ipaddress.IPv6Address(address.partition("%")[0]))
    except ValueError:
        return address
    mapped = number >> 32 == 0xFFFF
    return str(ipaddress.IPv4Address(number & 0xFFFFFFFF)) if mapped else f"{number >> 64:x}"


def counter(environ: dict[str, Any]) -> Callable[[int], object]:
    """The function that counts further bytes of a request's body; it does nothing where no budget is kept."""
    count: Callable[[int], object] = environ.get(COUNT, _ignore)
    return count


def _ignore(size: int) -> None:
    pass
