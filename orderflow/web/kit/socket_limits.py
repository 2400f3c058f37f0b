"""Bounds open WebSockets and the bytes that wait for slow ones, in total and for each client's address.

An audience behind one router or tunnel has one address, so an address may have many sockets: what bounds the memory is
the bytes. When too many wait, the sockets that have read nothing for longest are closed, of the address for which most
bytes wait. Those who read are not affected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from orderflow.errors import Busy

MOST, MOST_PER_ADDRESS = 20_000, 10_000
"""Open sockets, in total and of one address. 5,000 phones of one room may come back before their old sockets end."""
SHARE = 0.75
"""Largest part of all places that one address may have, so that another one always finds room."""
TOTAL, PER_ADDRESS = 64 * 2**20, 32 * 2**20
"""Bytes that may wait for slow sockets, in total and for those of one address."""
ROOM = 0.9
"""Part of a limit that is left in use after sockets were closed: there is room for some time then."""


class Slow(Protocol):
    """A socket for which bytes may wait."""

    address: str
    progressed_at: float

    @property
    def held(self) -> int:
        """Bytes in memory that wait for it."""

    def kill(self) -> None:
        """End it, and forget what waits for it."""


class Places:
    """The number of open sockets. most, each: their maximum in total and of one address."""

    def __init__(self, most: int = MOST, each: int = MOST_PER_ADDRESS) -> None:
        self.most = most
        self.each = max(1, min(each, int(most * SHARE)))
        self.open = self.refused = 0
        self._by_address: Counter[str] = Counter()

    @contextmanager
    def take(self, address: str) -> Iterator[None]:
        """Count a socket while the context lasts. Raises Busy if there are too many."""
        if self.open >= self.most or self._by_address[address] >= self.each:
            self.refused += 1
            raise Busy(
                "the server has as many connections as it can take; try again later"
                if self.open >= self.most
                else "there are as many connections from this address as it may have; close some, or try again later"
            )
        self.open += 1
        self._by_address[address] += 1
        try:
            yield
        finally:
            self.open -= 1
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]


class Waiting:
    """The bytes that wait for slow sockets. total, each: most of them, in all and for one address."""

    def __init__(self, total: int = TOTAL, each: int = PER_ADDRESS) -> None:
        self._total = total
        self._each = each
        self._by_address: Counter[str] = Counter()
        self._sockets: set[Slow] = set()
        self.size = self.closed = 0

    def change(self, client: Slow, by: int) -> None:
        """Count bytes more or fewer for a socket; it may be closed because of them, and so may others."""
        self.size += by
        self._by_address[client.address] += by
        if client.held:
            self._sockets.add(client)
        else:
            self._sockets.discard(client)
            if not self._by_address[client.address]:
                del self._by_address[client.address]
        if by > 0 and self._by_address[client.address] > self._each:
            self._close(client.address, int(ROOM * self._each))
        while by > 0 and self.size > self._total:
            address, size = self._by_address.most_common(1)[0]
            self._close(address, size - (self.size - int(ROOM * self._total)))

    def _close(self, address: str, most: int) -> None:
        """Close the slowest sockets of an address until at most `most` bytes wait for it."""
        found = sorted(
            (each for each in self._sockets if each.address == address), key=lambda client: client.progressed_at
        )
        for client in found:
            if self._by_address[address] <= most:
                return
            self.closed += 1
            client.kill()


class SocketLimits:
    """Both limits of a server."""

    def __init__(self, places: Places | None = None, waiting: Waiting | None = None) -> None:
        self.places = places or Places()
        self.waiting = waiting or Waiting()

    def stats(self) -> dict[str, int]:
        """open, refused: sockets. waiting: bytes. closed: sockets that were closed because too many bytes waited."""
        places, waiting = self.places, self.waiting
        return {
            "open": places.open,
            "refused": places.refused,
            "waiting": waiting.size,
            "closed_for_room": waiting.closed,
        }
