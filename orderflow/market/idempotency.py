"""Idempotency keys: a repeated call returns the stored receipt and ingests nothing."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from orderflow.errors import Busy, Conflict
from orderflow.market.identity import NewTicks

MAX_KEYS = 100_000
"""Most keys remembered; the oldest are dropped first."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Result of a call.

    accepted: ticks ingested. duplicates: ticks left out, as they repeat one that is known. revision: after the call.
    repeated: this is the stored receipt of an earlier call with the same key. id_conflicts: ticks ingested although
    another trade has their id.
    """

    accepted: int
    duplicates: int
    revision: int
    repeated: bool = False
    id_conflicts: int = 0

    @staticmethod
    def of(taken: Sequence[NewTicks], revision: int) -> Receipt:
        """The receipt of a call. taken: one for each symbol."""
        accepted = duplicates = conflicts = 0
        for new in taken:
            accepted += len(new.batch.time)
            duplicates += new.duplicates
            conflicts += new.id_conflicts
        return Receipt(accepted, duplicates, revision, id_conflicts=conflicts)

    def at(self, revision: int) -> Receipt:
        """The same receipt with another revision."""
        return Receipt(self.accepted, self.duplicates, revision, self.repeated, self.id_conflicts)


class IdempotencyKeys:
    """Receipts by key. Not thread-safe: the caller must hold the market's lock."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, tuple[str, Receipt]] = OrderedDict()
        self._in_flight: set[str] = set()
        self.forgotten = 0
        """Keys that made room for newer ones since the start."""

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
            self.forgotten += 1

    def clear(self) -> None:
        """Forget all keys."""
        self._done.clear()


def pack_answer(digest: str, receipt: Receipt) -> bytes:
    """The part of a receipt that the log stores with the key, as JSON."""
    return json.dumps([digest, receipt.accepted, receipt.duplicates, receipt.id_conflicts]).encode()


def unpack_answer(stored: bytes, revision: int) -> tuple[str, Receipt]:
    """(digest, receipt) as `pack_answer` wrote them; older logs have no id conflicts. revision: of the receipt."""
    digest, accepted, duplicates, *conflicts = json.loads(stored)
    return str(digest), Receipt(int(accepted), int(duplicates), revision, id_conflicts=int(*conflicts))
