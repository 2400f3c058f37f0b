"""Idempotency keys: a repeated call returns the stored receipt and ingests nothing."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, replace

from orderflow.errors import Busy, Conflict

MAX_KEYS = 100_000
"""Most keys remembered; the oldest are dropped first."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Result of a call.

    accepted: ticks ingested. duplicates: ticks left out, as their id was known. revision: after the call. repeated:
    this is the stored receipt of an earlier call with the same key.
    """

    accepted: int
    duplicates: int
    revision: int
    repeated: bool = False


class IdempotencyKeys:
    """Receipts by key. Not thread-safe: the caller must hold the market's lock."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, tuple[str, Receipt]] = OrderedDict()
        self._in_flight: set[str] = set()

    def begin(self, key: str, digest: str) -> Receipt | None:
        """The stored receipt of `key`, or None if it is new, in which case it is marked as in flight.

        Raises Busy if a call with the key is in flight, Conflict if the key was used with another digest.
        """
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
        """Mark the call as finished, successful or not."""
        self._in_flight.discard(key)

    def remember(self, key: str, digest: str, receipt: Receipt) -> None:
        """Store the receipt of a successful call."""
        self._done[key] = digest, receipt
        if len(self._done) > MAX_KEYS:
            self._done.popitem(last=False)

    def clear(self) -> None:
        """Forget all keys."""
        self._done.clear()


def pack_answer(digest: str, accepted: int, duplicates: int) -> bytes:
    """The part of a receipt that the log stores with the key, as JSON."""
    return json.dumps([digest, accepted, duplicates]).encode()


def unpack_answer(stored: bytes) -> tuple[str, int, int]:
    """(digest, accepted, duplicates) as `pack_answer` wrote them."""
    digest, accepted, duplicates = json.loads(stored)
    return str(digest), int(accepted), int(duplicates)
