"""An in-memory tick log that behaves like a durable one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from orderflow.errors import StorageFailed
from orderflow.market.tick_log import NO_META, LogEntry, LogInfo, NoLog, nothing
from orderflow.market.ticks import TickBatch


class MemoryLog(NoLog):
    """Stores entries in a list. fail: make writes fail, as on a full disk."""

    durable = True

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[LogEntry] = []
        self.fail = False

    def append(self, entry: LogEntry, then: Callable[[], None]) -> None:
        self._write()
        self.entries.append(entry)
        then()

    def load(self) -> Iterator[LogEntry]:
        return iter(list(self.entries))

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        found = [
            batch.take((batch.time >= start) & (batch.time < end))
            for entry in self.entries
            for batch in entry.batches
            if batch.symbol == symbol
        ]
        found = [batch for batch in found if len(batch)]
        if not found:
            return None
        price = max(batch.price_decimals for batch in found)
        size = max(batch.size_decimals for batch in found)
        return TickBatch(
            symbol,
            np.concatenate([batch.time for batch in found]),
            np.concatenate([batch.price * 10 ** (price - batch.price_decimals) for batch in found]),
            np.concatenate([batch.size * 10 ** (size - batch.size_decimals) for batch in found]),
            np.concatenate([batch.side for batch in found]),
            np.concatenate([batch.rule for batch in found]),
            np.concatenate([batch.id for batch in found]),
            price,
            size,
        )

    def tail(self, symbol: str, skip: int, count: int) -> TickBatch | None:
        whole = self.read(symbol, -(2**62), 2**62)
        end = 0 if whole is None else max(0, len(whole) - skip)
        return whole.take(slice(max(0, end - count), end)) if whole is not None and end else None

    def bounds(self, symbol: str) -> tuple[int, int] | None:
        whole = self.read(symbol, -(2**62), 2**62)
        return None if whole is None else (int(whole.time.min()), int(whole.time.max()))

    def span(self, symbol: str, start: int, count: int) -> tuple[int, int | None] | None:
        after = self.read(symbol, start, 2**62)
        if after is None:
            return None
        times = np.sort(after.time)
        return int(times[0]), int(times[count]) if count and count < len(times) else None

    def forget(
        self, symbol: str | None = None, then: Callable[[], None] = nothing, meta: Mapping[str, bytes | None] = NO_META
    ) -> None:
        self._write()
        kept = [[b for b in e.batches if symbol is not None and b.symbol != symbol] for e in self.entries]
        self.entries = [
            LogEntry(batches, e.key, e.answer)
            for batches, e in zip(kept, self.entries, strict=True)
            if batches or (e.key is not None and symbol is not None)
        ]
        super().forget(symbol, then, meta)

    def update_meta(
        self, name: str, change: Callable[[bytes | None], bytes | None], then: Callable[[], None] = nothing
    ) -> None:
        old = self.get_meta(name)
        value = change(old)
        if value != old:
            self._write()
        super().update_meta(name, lambda _: value, then)

    def _write(self) -> None:
        if self.fail:
            raise StorageFailed("no space left")

    def info(self) -> LogInfo:
        return LogInfo(entries=len(self.entries))
