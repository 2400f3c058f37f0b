"""Port for durable tick storage, and an implementation that stores nothing.

`TickLog` is the append-only record of acknowledged ticks. `orderflow.storage.ticks.disk_log` implements it on disk, so
the engine does not depend on a storage library. `NoLog` is used with `--ephemeral`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from orderflow.market.ticks import TickBatch

NO_META: Mapping[str, bytes | None] = MappingProxyType({})


def nothing() -> None:
    """For calls after which nothing is to be done."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One accepted call: its batches (one a symbol), its idempotency key, and the answer stored with the key."""

    batches: Sequence[TickBatch]
    key: str | None = None
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class DamagedPart:
    """Stored data that cannot be read. what: "ticks" (count of them; name: the symbol), "keys" (count of idempotency
    keys), "setting" (name), "row" (count of rows of which nothing is known), "session" (name: of the herd game),
    "records" (name: of the database), "writes" (count of commits that a damaged page was in or before). text: in
    words."""

    what: str
    name: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class LogInfo:
    """Size of the log, for status pages. bytes: on disk. damaged: unreadable entries; damage: what they are."""

    ticks: int = 0
    entries: int = 0
    bytes: int = 0
    path: str | None = None
    damaged: int = 0
    damage: tuple[DamagedPart, ...] = ()
    extra: dict[str, object] = field(default_factory=dict)


class TickLog(Protocol):
    """Append-only, crash-safe log of accepted ticks."""

    durable: bool
    """Whether ticks survive the process."""

    def append(self, entry: LogEntry, then: Callable[[], None]) -> None:
        """Write `entry`, call `then` when it is durable, and return after that. Callbacks run in write order.

        Concurrent calls share one commit. Raises StorageFailed if the write failed (`then` is not called), Busy if the
        queue is full.
        """

    def load(self) -> Iterator[LogEntry]:
        """All entries in write order, with their keys. Batches may have been merged."""

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        """The symbol's ticks with start <= time < end (ns UTC), in write order; None if there are none."""

    def bounds(self, symbol: str) -> tuple[int, int] | None:
        """(first, last) time (ns UTC) of the symbol's ticks in the log; None if there are none."""

    def span(self, symbol: str, start: int, count: int) -> tuple[int, int | None] | None:
        """(time of the first tick at or after `start`, a later time, after about `count` ticks), ns UTC.

        The second is None if about that many or fewer follow. None if there are no ticks at or after `start`.
        """

    def tail(self, symbol: str, skip: int, count: int) -> TickBatch | None:
        """The last `count` of the symbol's ticks without the newest `skip`, in write order; None if there are none."""

    def forget(
        self, symbol: str | None = None, then: Callable[[], None] = nothing, meta: Mapping[str, bytes | None] = NO_META
    ) -> None:
        """Delete one symbol's ticks, or all ticks and keys, and call `then` as `append` does.

        meta: meta values to store (None: to delete) in the same write; all others are kept. Raises StorageFailed; then
        nothing is deleted and `then` is not called.
        """

    def trim(self, symbol: str, before: Callable[[], int]) -> int | None:
        """Delete some of the symbol's ticks that are older than `before()` (ns UTC), in one write: those that were
        written before any newer one.

        `before` is called in write order: every earlier `append` has published. A call does a bounded amount of work.
        Returns the number of ticks deleted, None if there was nothing to delete. Raises StorageFailed; then nothing is
        deleted.
        """

    def get_meta(self, name: str) -> bytes | None:
        """A small value stored with the ticks, such as the instruments' settings."""

    def set_meta(self, name: str, value: bytes | None) -> None:
        """Store a small value durably; None deletes it. Raises StorageFailed; then the old value stays."""

    def update_meta(
        self, name: str, change: Callable[[bytes | None], bytes | None], then: Callable[[], None] = nothing
    ) -> None:
        """Replace a value by what `change` makes of it, then call `then`, both in write order. A value that stays the
        same is not written.

        Raises StorageFailed and what `change` raises; then the old value stays and `then` is not called.
        """

    @property
    def problem(self) -> str:
        """Why writes are refused at present, with the reason and what to do; "" if they are not."""

    def look(self) -> None:
        """Check that what is stored is still there and can be written, and update `problem`."""

    def rewrite(self) -> None:
        """Write everything anew if the files were deleted, moved or replaced. Raises StorageFailed."""

    def info(self) -> LogInfo:
        """The size of the log."""

    def close(self) -> None:
        """Flush and close. Later calls raise StorageFailed."""


class NoLog:
    """The log of an ephemeral server: stores nothing and acknowledges immediately."""

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

    def span(self, symbol: str, start: int, count: int) -> tuple[int, int | None] | None:
        return None

    def tail(self, symbol: str, skip: int, count: int) -> TickBatch | None:
        return None

    def forget(
        self, symbol: str | None = None, then: Callable[[], None] = nothing, meta: Mapping[str, bytes | None] = NO_META
    ) -> None:
        for name, value in meta.items():
            self.set_meta(name, value)
        then()

    def trim(self, symbol: str, before: Callable[[], int]) -> int | None:
        return None

    def get_meta(self, name: str) -> bytes | None:
        return self._meta.get(name)

    def set_meta(self, name: str, value: bytes | None) -> None:
        self.update_meta(name, lambda old: value)

    def update_meta(
        self, name: str, change: Callable[[bytes | None], bytes | None], then: Callable[[], None] = nothing
    ) -> None:
        value = change(self._meta.get(name))
        self._meta.pop(name, None)
        if value is not None:
            self._meta[name] = value
        then()

    problem = ""

    def look(self) -> None:
        pass

    def rewrite(self) -> None:
        pass

    def info(self) -> LogInfo:
        return LogInfo()

    def close(self) -> None:
        pass
