"""Symbols that take no sent ticks: simulated instruments, and the series of live feeds."""

from __future__ import annotations

from collections.abc import Iterable

from orderflow.errors import Conflict
from orderflow.market.ticks import TickBatch


class ReservedSymbols:
    """simulated: symbols whose ticks a model makes. claimed: series that live feeds fill."""

    def __init__(self) -> None:
        self.simulated: frozenset[str] = frozenset()
        self.claimed: frozenset[str] = frozenset()

    def check(self, batches: Iterable[TickBatch], *, feed: bool) -> None:
        """Check the symbols of ticks. feed: they come from a live feed. Raises Conflict."""
        for batch in batches:
            if batch.symbol in self.simulated:
                raise Conflict(f"{batch.symbol!r} is a simulated instrument, whose ticks are made here: use another")
            if batch.symbol in self.claimed and not feed:
                raise Conflict(f"{batch.symbol!r} is filled by a live feed: use another symbol")
