"""Idempotency keys: a call that is repeated gets its stored answer, and takes nothing in a second time."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, replace

from orderflow.errors import Busy, Conflict

MAX_KEYS = 100_000
"""IdempotencyKeys remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a call: ticks accepted, ticks known by their id already, the revision after it, and whether this
    is the stored answer of an earlier call with the same key."""

    accepted: int
    duplicates: int
    revision: int
    repeated: bool = False


class IdempotencyKeys:
    """Not locked: the market's lock covers it."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, tuple[str, Receipt]] = OrderedDict()
        self._in_flight: set[str] = set()

    def begin(self, key: str, digest: str) -> Receipt | None:
        """The stored receipt of `key`; None opens it. Raises Busy while it is open and Conflict when it was used for
        a body of another digest."""
        if key in self._in_flight:
            raise Busy(f"the call with idempotency key {key!r} is still being worked on", retry_after=1)
        known = self._done.get(key)
        if known is None:
            self._in_flight.add(key)
            return None
        if known[0] != digest:
            raise Conflict(f"idempotency key {key!r} was used for another body")
        return replace(known[1], repeated=True)

    def end(self, key: str) -> None:
        """The call is over, whether it went well or not."""
        self._in_flight.discard(key)

    def remember(self, key: str, digest: str, receipt: Receipt) -> None:
        """Store the answer."""
        self._done[key] = digest, receipt
        if len(self._done) > MAX_KEYS:
            self._done.popitem(last=False)

    def clear(self) -> None:
        """Forget every answer."""
        self._done.clear()


def pack_answer(digest: str, accepted: int, duplicates: int) -> bytes:
    """What the log keeps of an answer."""
    return json.dumps([digest, accepted, duplicates]).encode()


def unpack_answer(stored: bytes) -> tuple[str, int, int]:
    """(digest, accepted, duplicates) as `pack_answer` wrote them."""
    digest, accepted, duplicates = json.loads(stored)
    return str(digest), int(accepted), int(duplicates)
