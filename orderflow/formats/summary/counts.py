"""Counts of a whole file of ticks, symbol by symbol: span, order, gaps, ids, sides, bad rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from orderflow.errors import FieldError
from orderflow.formats.checks.plausible import reasons
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.summary.id_gaps import IdGaps
from orderflow.market.decimals import unit_floats, unit_text
from orderflow.market.identity import compare
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch

GAP = 60.0
"""Seconds without a trade that count as a gap."""

COMPARED = 1_000_000
"""Ticks with a trade id that are compared with one another, of all symbols. The file may be of any size."""

LISTED_GAPS = 5
SHOWN_ROWS = 5
LISTED_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap without trades, from `begin` to `end` (ns since 1970 UTC)."""

    begin: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.begin) / 1e9


class FirstTick(NamedTuple):
    """A tick as text. rule: how its side was found. id: "" for none."""

    time: str
    price: str
    size: str
    side: str
    rule: str
    id: str


@dataclass(slots=True)
class SymbolCounts:
    """One symbol of a file. first, last, newest: ns since 1970 UTC. low, high: prices as (units, decimals)."""

    name: str
    ticks: int = 0
    first: int = 0
    last: int = 0
    newest: int = 0
    late: int = 0
    ids: int = 0
    low: tuple[int, int] | None = None
    high: tuple[int, int] | None = None
    price_decimals: int = 0
    size_decimals: int = 0
    rules: Counter[int] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    gap_count: int = 0
    ids_rise: bool = True
    id_gaps: IdGaps = field(default_factory=IdGaps)
    _top_id: int = -1
    _compared: list[TickBatch] = field(default_factory=list)

    def add(self, batch: TickBatch) -> None:
        """Add the next ticks, in file order."""
        times = batch.time
        if not self.ticks:
            self.first = self.last = self.newest = int(times[0])
        rising = np.maximum(np.maximum.accumulate(times), self.newest)
        before = np.concatenate([[self.newest], rising[:-1]])
        self.late += int(np.count_nonzero(times < before))
        self._note_gaps(before, rising)
        self.newest = int(rising[-1])
        self.first = min(self.first, int(times.min()))
        self.last = max(self.last, self.newest)
        self.ticks += len(batch)
        self.rules.update(dict(enumerate(np.bincount(batch.rule, minlength=6).tolist())))
        low, high = int(batch.price.min()), int(batch.price.max())
        self.low = _least(self.low, (low, batch.price_decimals))
        self.high = _most(self.high, (high, batch.price_decimals))
        self.price_decimals = max(self.price_decimals, batch.price_decimals)
        self.size_decimals = max(self.size_decimals, batch.size_decimals)

    def add_ids(self, batch: TickBatch, room: int) -> int:
        """Count the ticks that have an id, and keep up to `room` of them to compare. Returns the number kept."""
        known = batch.take(batch.id != NO_ID)
        if not len(known):
            return 0
        self.ids += len(known)
        self.id_gaps.add(known)
        self.ids_rise &= int(known.id[0]) > self._top_id and bool((known.id[1:] > known.id[:-1]).all())
        self._top_id = max(self._top_id, int(known.id.max()))
        kept = min(room, len(known))
        if kept:
            self._compared.append(known.take(slice(0, kept)))
        return kept

    def shared_ids(self) -> tuple[int, int, int]:
        """(repetitions, other trades that share an id, ticks compared)."""
        if self.ids_rise or not self._compared:
            return 0, 0, self.ids if self.ids_rise else 0
        again, repeated = compare(
            np.concatenate([batch.id for batch in self._compared]),
            np.concatenate([batch.time for batch in self._compared]),
            np.concatenate([unit_floats(batch.price, batch.price_decimals) for batch in self._compared]),
            np.concatenate([unit_floats(batch.size, batch.size_decimals) for batch in self._compared]),
        )
        return int(np.count_nonzero(repeated)), int(np.count_nonzero(again & ~repeated)), len(again)

    def _note_gaps(
        self, before: np.ndarray[tuple[int], np.dtype[np.int64]], rising: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> None:
        wide = np.flatnonzero(rising - before >= GAP * 1e9)
        self.gap_count += len(wide)
        self.gaps += [Gap(int(before[i]), int(rising[i])) for i in wide]
        self.gaps = sorted(self.gaps, key=lambda gap: -gap.seconds)[:LISTED_GAPS]


@dataclass(slots=True)
class FileCounts:
    """A file, or the part of it that a replay would send. first: its first ticks. errors: the first of bad rows;
    reasons: of all. ids_count: the venue documents that ids number the trades one by one. compared: ticks whose ids are
    compared with one another."""

    symbols: dict[str, SymbolCounts] = field(default_factory=dict)
    rows: int = 0
    bad_rows: int = 0
    no_trades: Counter[str] = field(default_factory=Counter)
    errors: list[FieldError] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    ids_count: bool = False
    first: list[FirstTick] = field(default_factory=list)

    @property
    def ticks(self) -> int:
        return sum(symbol.ticks for symbol in self.symbols.values())


def count(
    chunks: Iterable[ParsedTicks],
    max_ticks: int | None = None,
    *,
    ids_count: bool = False,
    watch: Callable[[], object] = lambda: None,
) -> FileCounts:
    """Read all chunks, or whole chunks until `max_ticks` ticks are read, and count what they hold.

    watch: called after each chunk; what it raises ends the reading.
    """
    found = FileCounts(ids_count=ids_count)
    for chunk in chunks:
        watch()
        found.rows += chunk.rows
        found.bad_rows += chunk.rejected
        found.no_trades.update(chunk.skipped)
        found.first += _rows_of(chunk, SHOWN_ROWS - len(found.first))
        found.reasons.update(reasons(chunk.errors))
        found.errors += chunk.errors[: LISTED_ERRORS - len(found.errors)]
        for batch in chunk.batches:
            if len(batch):
                symbol = found.symbols.setdefault(batch.symbol, SymbolCounts(batch.symbol))
                symbol.add(batch)
                found.compared += symbol.add_ids(batch, COMPARED - found.compared)
        if max_ticks is not None and found.ticks >= max_ticks:
            break
    return found


def _rows_of(chunk: ParsedTicks, most: int) -> list[FirstTick]:
    """The first ticks of a chunk in the order of their rows."""
    rows: list[tuple[int, FirstTick]] = []
    for batch, origins in zip(chunk.batches, chunk.origins, strict=True):
        rows += [(int(origins[k]), _tick(batch, k)) for k in range(min(most, len(batch)))]
    return [tick for _, tick in sorted(rows, key=itemgetter(0))[:most]]


def _tick(batch: TickBatch, k: int) -> FirstTick:
    return FirstTick(
        f"{np.datetime64(int(batch.time[k]), 'ns')}".rstrip("0").rstrip(".").replace("T", " "),
        unit_text(int(batch.price[k]), batch.price_decimals),
        unit_text(int(batch.size[k]), batch.size_decimals),
        Side(int(batch.side[k])).name.lower(),
        SideRule(int(batch.rule[k])).name.lower(),
        "" if batch.id[k] == NO_ID else str(int(batch.id[k])),
    )


def _least(a: tuple[int, int] | None, b: tuple[int, int]) -> tuple[int, int]:
    return b if a is None or b[0] * 10 ** a[1] < a[0] * 10 ** b[1] else a


def _most(a: tuple[int, int] | None, b: tuple[int, int]) -> tuple[int, int]:
    return b if a is None or b[0] * 10 ** a[1] > a[0] * 10 ** b[1] else a
