"""Sizes of trades from the running total of the day: what each row adds to the total before it.

A total that falls, to half or after an hour, is that of a new day. The first total of a symbol and that of a new day
only begin the count, as nothing says when and at what prices it was traded. A row that adds nothing is no trade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.errors import BadInput
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.zones import SECOND
from orderflow.market.decimals import MAX_UNITS
from orderflow.market.ticks import TickBatch

_PAUSE = 3600 * SECOND
_MANY = 100
"""One fall within a day in so many rows is one too many for a running total."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The last total of a symbol and its time."""

    total: int
    decimals: int
    time: int


@dataclass(slots=True)
class Totals:
    """The totals of one series of files. unchanged, begun, late: rows that are no trades, by the reason."""

    unchanged: int = 0
    begun: int = 0
    late: int = 0
    _last: dict[str, _Last] = field(default_factory=dict)

    def sizes(self, parsed: ParsedTicks) -> ParsedTicks:
        """The ticks with what they add to the total, without those that add nothing."""
        batches, origins = [], []
        for batch, rows in zip(parsed.batches, parsed.origins, strict=True):
            added, keep = self._of(batch)
            if keep.any():
                batches.append(added.take(keep))
                origins.append(rows[keep])
        return replace(parsed, batches=batches, origins=origins)

    def _of(self, batch: TickBatch) -> tuple[TickBatch, Flags]:
        last = self._last.get(batch.symbol)
        decimals = max(batch.size_decimals, last.decimals if last else 0)
        gap = 10 ** (decimals - batch.size_decimals)
        if int(batch.size.max()) > MAX_UNITS // gap:
            raise BadInput(f"{batch.symbol}: the running totals have too many digits to be told apart exactly")
        totals, times = batch.size * gap, batch.time
        if last is not None:
            totals = np.concatenate([[last.total * 10 ** (decimals - last.decimals)], totals])
            times = np.concatenate([[last.time], times])
        begins = new_days(totals, times)
        top = _highest(totals, begins)
        added = np.diff(top)
        added[begins[1:]] = 0
        late = (totals[1:] < top[1:]) & ~begins[1:]
        self.begun += int(np.count_nonzero(begins[1:])) + (last is None)
        self.late += int(np.count_nonzero(late))
        self.unchanged += int(np.count_nonzero((added == 0) & ~late & ~begins[1:]))
        self._last[batch.symbol] = _Last(int(top[-1]), decimals, int(times[-1]))
        if last is None:
            added = np.concatenate([[0], added])
        return replace(batch, size=added, size_decimals=decimals), added > 0


def new_days(totals: Ints, times: Ints) -> Flags:
    """bool[n]: the totals that are the first of a day after that of the first row."""
    found = np.zeros(len(totals), np.bool_)
    found[1:] = (np.diff(totals) < 0) & ((2 * totals[1:] <= totals[:-1]) | (np.diff(times) > _PAUSE))
    return found


def _highest(totals: Ints, begins: Flags) -> Ints:
    """The highest total of its day so far, int64[n]."""
    starts = np.flatnonzero(begins)
    return np.concatenate([np.maximum.accumulate(part) for part in np.split(totals, starts)])


def check_totals(chunks: Sequence[ParsedTicks], name: str) -> None:
    """Refuse, by the first rows of a file, a column that is no running total. Raises BadInput."""
    for symbol in dict.fromkeys(batch.symbol for chunk in chunks for batch in chunk.batches):
        parts = [batch for chunk in chunks for batch in chunk.batches if batch.symbol == symbol]
        if len({batch.size_decimals for batch in parts}) > 1:
            continue
        totals = np.concatenate([batch.size for batch in parts])
        times = np.concatenate([batch.time for batch in parts])
        falls = (np.diff(totals) < 0) & ~new_days(totals, times)[1:]
        if _MANY * int(np.count_nonzero(falls)) > len(totals):
            raise BadInput(
                f"{name} falls within a day, so it is no running total of {symbol}; if it is the size of each trade, "
                f"give --columns time=…,price=…,size={name}"
            )
