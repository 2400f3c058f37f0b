"""Bars changed since a revision, for polling clients and for sockets."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from orderflow.errors import NotFound
from orderflow.market.bars.footprint import BarTable, concat
from orderflow.market.columns import bar_columns
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.runtime.workers import Workers
from orderflow.web.kit.responses import encode
from orderflow.web.market.tables import Table

MS = 1_000_000
CLIENT = "client"


@dataclass(frozen=True)
class Changes:
    """The bars that changed since the revision of a client.

    epoch: identifies the data since a start or reset; revisions of different epochs are not comparable. full: `bars`
    are all bars in memory, because the client has none or its revision is too old. Otherwise they are the bars whose
    columns differ, including the later bars of a session with a late tick. bars: None if nothing changed.
    """

    epoch: str
    revision: int
    full: bool
    bars: BarTable | None


def changes(market: MarketReader, symbol: str, frame: Frame, since: int, epoch: str | None, group: int = 1) -> Changes:
    """The changes after revision `since` of `epoch` (None: the current epoch). Raises NotFound."""
    if not market.revision(symbol):
        raise NotFound(f"symbol {symbol!r} has no ticks; see /api/v1/symbols for those that do")
    found = market.changed(symbol, frame, since, epoch or market.epoch_of(symbol), rows=1, wait=True)
    full = bool(found["full"]) or since > found["rev"]
    times = [bar["t"] * MS for bar in found["bars"]] + [moved[0] * MS for moved in found.get("run", ())]
    if since > found["rev"]:
        times = [found["first"] * MS]
    if not times:
        return Changes(found["epoch"], found["rev"], full, None)
    table = market.bars(symbol, frame, start=min(times), group=group)
    return Changes(found["epoch"], found["rev"], full, table if full else _touched(table, times))


def _touched(table: BarTable, times: list[int]) -> BarTable:
    """The bars that start at these times, and the later bars of their sessions, whose CVD and VWAP change with them."""
    changed = np.isin(table.time // MS * MS, np.array(times, np.int64))
    wanted = np.zeros(len(table), np.bool_)
    for session in np.unique(table.session[changed]):
        here = table.session == session
        wanted |= here & (np.arange(len(table)) >= int(np.flatnonzero(here & changed)[0]))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], wanted.astype(np.int8), [0]))))
    parts = [table.take(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return parts[0] if len(parts) == 1 else concat(parts)


class BarsSource:
    """Fan-out source of `/ws/bars/{symbol}`."""

    def __init__(self, market: MarketReader, workers: Workers, symbol: str, frame: Frame) -> None:
        self._market = market
        self._workers = workers
        self._symbol = symbol
        self._frame = frame

    def version(self) -> Hashable:
        return self._market.epoch, self._market.revision(self._symbol)

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        """since: a result of `version`, or (CLIENT, epoch, revision) as sent by a client."""
        return self._workers.run(self._message, since)

    def _message(self, since: Any) -> tuple[Hashable, bytes]:
        life = self._market.epoch
        epoch, revision = None, 0
        if since is not None and since[0] == CLIENT:
            _, epoch, revision = since
        elif since is not None and since[0] == life:
            revision = since[1]
        found = changes(self._market, self._symbol, self._frame, revision, epoch)
        body = {
            "type": "snapshot" if found.full else "delta",
            "symbol": self._symbol,
            "frame": self._frame.name,
            "epoch": found.epoch,
            "revision": found.revision,
            "bars": rows_of(found.bars),
        }
        return (life, found.revision), encode(body)


def rows_of(bars: BarTable | None) -> msgspec.Raw:
    """Bars as JSON rows."""
    return msgspec.Raw(b"[]" if bars is None else Table(bar_columns(bars)).json())
