"""Delete a symbol's old ticks from the log, a few blobs in each write.

Ticks go from the front, in write order, so what is left are always the symbol's newest arrivals: a late tick that came
after newer ones stays until those go too. Blobs whose ticks are all old are removed; the first that is only partly old
is written again without its leading old ticks. Each call is one transaction, so after a kill every tick is either still
there or gone, and the next call goes on. For the writer's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, takewhile

from orderflow.storage.ticks.index import BlobIndex
from orderflow.storage.ticks.log_reader import LogReader
from orderflow.storage.ticks.rows import blob_of, pack_ticks
from orderflow.storage.ticks.symbol_index import Blob
from orderflow.storage.ticks.tick_store import TickStore

MAX_DROPS = 32
"""Most blobs that one call removes: about 2 million ticks."""

_FIRST, _LAST = -(2**63), 2**63 - 1


def trim(store: TickStore, held: BlobIndex, reader: LogReader, symbol: str, before: Callable[[], int]) -> int | None:
    """See `TickLog.trim`: removes up to MAX_DROPS blobs, or writes one again."""
    until = before()
    blobs = held.within(symbol, _FIRST, _LAST)
    whole = list(islice(takewhile(lambda blob: blob.last < until, blobs), MAX_DROPS))
    if whole:
        with held.moving(whole):
            store.write((), [blob.key for blob in whole])
            held.remove(whole)
        return sum(blob.n for blob in whole)
    return _shorten(store, held, reader, blobs[0], until) if blobs and blobs[0].first < until else None


def _shorten(store: TickStore, held: BlobIndex, reader: LogReader, blob: Blob, until: int) -> int | None:
    """Write a blob again without the old ticks at its front; None if there are none."""
    batch = reader.decode(blob)
    old = 0 if batch is None else int((batch.time >= until).argmax())
    if batch is None or not old:
        return None
    kept = batch.take(slice(old, None))
    new = blob_of(blob.seq, kept)
    with held.moving([blob]):
        store.write([(new.key, pack_ticks(new, kept))], [blob.key])
        held.swap(blob, new)
    return old
