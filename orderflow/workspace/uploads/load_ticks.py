"""Loads files of ticks into the market, chunk by chunk, as the replay client sends them with `--velocity max`.

Each chunk has an idempotency key of the files' content and of how they are read. What was taken before the server or
the reader stopped is therefore not taken twice when the same files are loaded again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from orderflow.errors import Busy, NotFound, OrderflowError
from orderflow.formats import ParsedTicks, open_ticks
from orderflow.formats.summary.report import CHUNK_ROWS
from orderflow.market.idempotency import Receipt
from orderflow.market.ports import MarketReader, MarketWriter
from orderflow.market.ticks import TickBatch

_PIECE = 1 << 20


class Market(MarketReader, MarketWriter, Protocol):
    """Both sides of the market."""


class Stopped(OrderflowError):
    """The reader does not want it any more, or the server stops."""


@dataclass(slots=True)
class Loaded:
    """What became of the ticks so far. accepted: now. known: by an earlier load of the same files. duplicates: repeats
    of trades that the market has. bad_rows: left out. spans: times of the first and last tick (ns UTC), by symbol."""

    accepted: int = 0
    known: int = 0
    duplicates: int = 0
    id_conflicts: int = 0
    bad_rows: int = 0
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def note(self, batch: TickBatch) -> None:
        """Note the times of a batch."""
        first, last = int(batch.time.min()), int(batch.time.max())
        low, high = self.spans.get(batch.symbol, (first, last))
        self.spans[batch.symbol] = min(low, first), max(high, last)


@dataclass(frozen=True, slots=True)
class Waits:
    """How the load waits and stops. watch: called with the share of the bytes that is read; raises Stopped. sleep:
    waits so many seconds, True if the load is to end."""

    watch: Callable[[float], object]
    sleep: Callable[[float], bool]


def load_ticks(market: Market, paths: Sequence[Path], options: Mapping[str, Any], waits: Waits, loaded: Loaded) -> None:
    """Load files into the market. options: those of `open_ticks`, as texts. loaded: kept up to date, also if it raises.

    Bad rows are left out, however many: the report of the whole files has judged them. Raises BadInput, Conflict,
    StorageFailed, Stopped; what was taken before stays.
    """
    given = {name: value for name, value in options.items() if value not in (None, "") and name != "max_bad"}
    digest = _digest(paths, given)
    with open_ticks(list(paths), chunk_rows=CHUNK_ROWS, **given) as reader:
        allowed: set[str] = set()
        for number, parsed in enumerate(reader):
            waits.watch(reader.progress)
            loaded.bad_rows += parsed.rejected
            _allow_below_zero(market, parsed, allowed)
            if _take(market, parsed.batches, f"file-{digest}-{number}", digest, waits, loaded):
                market.rejected(parsed.batches[0].symbol if len(parsed.batches) == 1 else None, parsed.rejected)
    waits.watch(1.0)


def _take(market: Market, batches: Sequence[TickBatch], key: str, digest: str, waits: Waits, loaded: Loaded) -> bool:
    """Take a chunk. False if it was taken before, and is still there."""
    if not batches:
        return True
    receipt = take_chunk(market, batches, key, lambda chunk, name: _ingest(market, chunk, name, digest, waits))
    for batch in batches:
        loaded.note(batch)
    if receipt.repeated:
        loaded.known += receipt.accepted
        return False
    loaded.accepted += receipt.accepted
    loaded.duplicates += receipt.duplicates
    loaded.id_conflicts += receipt.id_conflicts
    return True


def take_chunk(
    market: MarketReader, batches: Sequence[TickBatch], key: str, ingest: Callable[[Sequence[TickBatch], str], Receipt]
) -> Receipt:
    """Call ingest(batches, key), and again for the symbols of a chunk that was taken before and deleted since."""
    receipt = ingest(batches, key)
    if receipt.repeated and (gone := [batch for batch in batches if not _is_there(market, batch)]):
        return ingest(gone, f"{key}-{secrets.token_hex(4)}")
    return receipt


def _ingest(market: Market, batches: Sequence[TickBatch], key: str, digest: str, waits: Waits) -> Receipt:
    """The market's receipt. Waits while it is busy."""
    while True:
        try:
            return market.ingest(batches, key, digest)
        except Busy as busy:
            if waits.sleep(busy.retry_after):
                raise Stopped("stopped while the server was busy") from busy


def _is_there(market: MarketReader, batch: TickBatch) -> bool:
    """Whether the market has a tick at the time of the batch's first one."""
    time = int(batch.time[0])
    try:
        return bool(len(market.arrivals_at(batch.symbol, time)))
    except NotFound:
        return False


def _allow_below_zero(market: Market, parsed: ParsedTicks, allowed: set[str]) -> None:
    """Tell the market which symbols have prices of 0 and below, as the replay client does."""
    for batch in parsed.batches:
        if batch.symbol not in allowed and bool(np.any(batch.price <= 0)):
            allowed.add(batch.symbol)
            market.configure(batch.symbol, negative_prices=True)


def _digest(paths: Sequence[Path], options: Mapping[str, Any]) -> str:
    """Of the content of files and how they are read."""
    found = hashlib.blake2b(repr(sorted(options.items())).encode(), digest_size=16)
    for path in paths:
        found.update(f"\0{path.name}\0".encode())
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                found.update(piece)
    return found.hexdigest()
