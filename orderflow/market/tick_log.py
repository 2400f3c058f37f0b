"""The port through which the engine keeps ticks beyond memory, and the log that keeps nothing.

`TickLog` is the append-only record of what was acknowledged. The engine owns this port and
`orderflow.storage.ticks.disk_log` implements it on disk, so the engine knows no storage library; `NoLog` is what
`--ephemeral` uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orderflow.market.ticks import TickBatch


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What one accepted call adds: its batches (one a symbol), and the idempotency key with the answer to repeat."""

    batches: Sequence[TickBatch]
    key: str | None = None
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class LogInfo:
    """Size of the log, for status pages. `bytes` is on disk."""

    ticks: int = 0
    entries: int = 0
    bytes: int = 0
    path: str | None = None
    damaged: int = 0
    extra: dict[str, object] = field(default_factory=dict)


class TickLog(Protocol):
    """Append-only, crash-safe record of accepted ticks."""

    durable: bool
    """False when nothing outlives the process."""

    def append(self, entry: LogEntry, then: Callable[[], None]) -> None:
        """Write `entry`, call `then` once it is durable, in write order, and return after that.

        Concurrent calls share one commit. Raises StorageFailed when the write failed (`then` was not called) and Busy
        when the queue is full.
        """

    def load(self) -> Iterator[LogEntry]:
        """Every entry in write order, as written (batches may have been merged; keys are kept)."""

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        """The symbol's ticks with start <= time < end (ns), in write order; None when there are none."""

    def bounds(self, symbol: str) -> tuple[int, int] | None:
        """(first, last) time in ns over all the symbol's ticks in the log; None when it has none."""

    def forget(self, symbol: str | None = None) -> None:
        """Remove one symbol's ticks, or all of them and every key."""

    def get_meta(self, name: str) -> bytes | None:
        """A small value kept beside the ticks (an instrument's settings, say)."""

    def set_meta(self, name: str, value: bytes | None) -> None:
        """Keep or (None) remove a small value, durably."""

    def info(self) -> LogInfo:
        """Sizes."""

    def close(self) -> None:
        """Flush and release; later calls raise StorageFailed."""


class NoLog:
    """The log of an ephemeral server: keeps nothing, acknowledges at once."""

    durable = False

    def __init__(self) -> None:
        self._meta: dict[str, bytes] = {}

    def append(self, entry: LogEntry, then: Callable[[], None]) -> None:
        then()

    def load(self) -> Iterator[LogEntry]:
        return iter(())

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        return None

    def bounds(self, symbol: str) -> tuple[int, int] | None:
        return None

    def forget(self, symbol: str | None = None) -> None:
        if symbol is None:
            self._meta.clear()

    def get_meta(self, name: str) -> bytes | None:
        return self._meta.get(name)

    def set_meta(self, name: str, value: bytes | None) -> None:
        if value is None:
            self._meta.pop(name, None)
        else:
            self._meta[name] = value

    def info(self) -> LogInfo:
        return LogInfo()

    def close(self) -> None:
        pass
