"""Gaps in the trade ids of a file: how many trades are missing, and between which times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from orderflow.formats.summary.wording import moment
from orderflow.market.id_run import IdRun
from orderflow.market.ticks import TickBatch

LISTED = 5


class IdGap(NamedTuple):
    """`missing` ids are left out after `last` and before `next`, which were traded at `begin` and `end` (ns UTC)."""

    missing: int
    last: int
    next: int
    begin: int
    end: int


@dataclass(slots=True)
class IdGaps:
    """The ids of one symbol in file order. gaps: the largest gaps."""

    run: IdRun = field(default_factory=IdRun)
    gaps: list[IdGap] = field(default_factory=list)
    _last: tuple[int, int] | None = None

    def add(self, batch: TickBatch) -> None:
        """Note the next ticks."""
        known = batch.id >= 0
        if not known.any():
            return
        ids, times = batch.id[known], batch.time[known]
        self.run.add(ids)
        if self._last is not None:
            ids = np.concatenate([[self._last[0]], ids])
            times = np.concatenate([[self._last[1]], times])
        self._last = int(ids[-1]), int(times[-1])
        wide = np.flatnonzero(np.diff(ids) > 1)
        if len(wide) > LISTED:
            wide = wide[np.argsort(ids[wide] - ids[wide + 1], kind="stable")[:LISTED]]
        for at in wide.tolist():
            before, after = int(ids[at]), int(ids[at + 1])
            self.gaps.append(IdGap(after - before - 1, before, after, int(times[at]), int(times[at + 1])))
        self.gaps = sorted(self.gaps, key=lambda gap: -gap.missing)[:LISTED]


def lines(gaps: IdGaps, *, documented: bool) -> Iterator[str]:
    """What is missing, as lines of text; none if nothing is, or if the ids do not count the trades."""
    missing = gaps.run.missing(documented=documented)
    if not missing:
        return
    yield f"{missing:,} trade ids are missing between {gaps.run.low} and {gaps.run.top}: so many trades are not there"
    for gap in gaps.gaps:
        yield f"{gap.missing:,} after {gap.last}: {moment(gap.begin)} → {moment(gap.end)}"


def total(symbols: Mapping[str, IdGaps], *, documented: bool) -> str:
    """What is missing of all symbols, in one sentence; empty if nothing is."""
    counts = {name: gaps.run.missing(documented=documented) for name, gaps in symbols.items()}
    missing = sum(counts.values())
    if not missing:
        return ""
    gap = max((gap for name, found in symbols.items() if counts[name] for gap in found.gaps), default=None)
    where = f", most of them after {gap.last} at {moment(gap.begin)}" if gap else ""
    return f"{missing:,} trade ids are missing{where}"
