"""`--dry-run`: summarises a file without sending it: format, time span, gaps, side quality, bad rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from orderflow.errors import FieldError
from orderflow.formats import ParsedTicks, TickReader
from orderflow.market.decimals import unit_floats, unit_text
from orderflow.market.identity import compare
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch
from orderflow.replay.id_gaps import IdGaps, lines
from orderflow.replay.progress import counted, moment, span

GAP = 60.0
"""Seconds without a trade that count as a gap."""

COMPARED = 1_000_000
"""Ticks with a trade id that are compared with one another, of all symbols. The file may be of any size."""

LISTED_GAPS = 5
SHOWN_ROWS = 5
LISTED_ERRORS = 20

_RULES = {
    SideRule.FLAG: "flagged by the venue",
    SideRule.VOLUMES: "from bid and ask volumes",
    SideRule.QUOTE: "from the quote",
    SideRule.TICK: "from the tick rule",
    SideRule.NONE: "unknown",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap without trades, from `begin` to `end` (ns since 1970 UTC)."""

    begin: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.begin) / 1e9


@dataclass(slots=True)
class Symbol:
    """Summary of one symbol. first, last, newest: ns since 1970 UTC. low, high: prices as (units, decimals)."""

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
class FileSummary:
    """Summary of a file, or of the part of it that a replay would send."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    rows: int = 0
    bad_rows: int = 0
    no_trades: Counter[str] = field(default_factory=Counter)
    errors: list[FieldError] = field(default_factory=list)
    compared: int = 0
    ids_count: bool = False
    first: list[str] = field(default_factory=list)

    @property
    def ticks(self) -> int:
        return sum(symbol.ticks for symbol in self.symbols.values())


def summarize(chunks: Iterable[ParsedTicks], max_ticks: int | None = None) -> FileSummary:
    """Read all chunks, or whole chunks until `max_ticks` ticks are read, and summarise them."""
    found = FileSummary(ids_count=isinstance(chunks, TickReader) and chunks.ids_count)
    for chunk in chunks:
        found.rows += chunk.rows
        found.bad_rows += chunk.rejected
        found.no_trades.update(chunk.skipped)
        found.first += _rows_of(chunk, SHOWN_ROWS - len(found.first))
        found.errors += chunk.errors[: LISTED_ERRORS - len(found.errors)]
        for batch in chunk.batches:
            if len(batch):
                symbol = found.symbols.setdefault(batch.symbol, Symbol(batch.symbol))
                symbol.add(batch)
                found.compared += symbol.add_ids(batch, COMPARED - found.compared)
        if max_ticks is not None and found.ticks >= max_ticks:
            break
    return found


def understood(reader: TickReader, found: FileSummary) -> Iterator[str]:
    """How the file was understood, as lines of text: what was assumed, the options that say so, the first rows."""
    yield f"options     {reader.options}"
    yield from (f"assumed     {text}" for text in reader.assumed)
    yield from (f"warning     {text}" for text in reader.warnings)
    yield from (f"counted     {number:,} {words}" for words, number in reader.counts.items())
    if found.first:
        yield "first rows  time, price, size, side (rule), id"
        yield from (f"  {row}" for row in found.first)


def _rows_of(chunk: ParsedTicks, most: int) -> list[str]:
    """The first ticks of a chunk in the order of their rows, as lines of text."""
    rows: list[tuple[int, str]] = []
    for batch, origins in zip(chunk.batches, chunk.origins, strict=True):
        rows += [(int(origins[k]), _row(batch, k)) for k in range(min(most, len(batch)))]
    return [text for _, text in sorted(rows, key=itemgetter(0))[:most]]


def _row(batch: TickBatch, k: int) -> str:
    time, price, size = int(batch.time[k]), int(batch.price[k]), int(batch.size[k])
    side = Side(int(batch.side[k])).name.lower()
    number = "" if batch.id[k] == NO_ID else f", {int(batch.id[k])}"
    stamp = f"{np.datetime64(time, 'ns')}".rstrip("0").rstrip(".").replace("T", " ")
    return (
        f"{stamp}, {unit_text(price, batch.price_decimals)}, {unit_text(size, batch.size_decimals)}, "
        f"{side} ({SideRule(int(batch.rule[k])).name.lower()}){number}"
    )


def report(found: FileSummary) -> Iterator[str]:
    """The summary as lines of text."""
    yield f"rows        {found.rows:,} ({found.bad_rows:,} bad)"
    if found.no_trades:
        yield f"no trades   {counted(found.no_trades)}"
    yield f"ticks       {found.ticks:,}"
    for symbol in found.symbols.values():
        yield from _of_symbol(symbol)
        for number, line in enumerate(lines(symbol.id_gaps, documented=found.ids_count)):
            yield f"  {'' if number else 'missing':<9} {line}"
    if found.errors:
        yield "bad rows"
        yield from (f"  {error}" for error in found.errors)
        if found.bad_rows > len({error.row for error in found.errors}):
            yield f"  … {found.bad_rows:,} rows in all"


def _of_symbol(symbol: Symbol) -> Iterator[str]:
    assert symbol.low is not None
    assert symbol.high is not None
    yield f"symbol      {symbol.name}"
    yield f"  ticks     {symbol.ticks:,}, with a trade id: {symbol.ids:,}"
    repeated, shared, compared = symbol.shared_ids()
    if repeated or shared or compared < symbol.ids:
        among = f" among the first {compared:,}" if compared < symbol.ids else ""
        yield f"  ids       {repeated:,} duplicates, {shared:,} id conflicts (the id of another trade; kept){among}"
    yield f"  first     {moment(symbol.first)}"
    yield f"  last      {moment(symbol.last)} ({span((symbol.last - symbol.first) / 1e9)} of market time)"
    yield f"  order     {'by time' if not symbol.late else f'{symbol.late:,} ticks are older than one before them'}"
    yield f"  prices    {unit_text(*symbol.low)} to {unit_text(*symbol.high)}, {symbol.price_decimals} decimals"
    yield f"  sizes     {symbol.size_decimals} decimals"
    shares = [
        f"{100 * symbol.rules[rule] / symbol.ticks:.1f}% {words}"
        for rule, words in _RULES.items()
        if symbol.rules[rule]
    ]
    yield f"  sides     {', '.join(shares)}"
    yield f"  gaps      {symbol.gap_count:,} of {GAP:.0f} s or more"
    for gap in symbol.gaps:
        yield f"            {moment(gap.begin)} → {moment(gap.end)} ({span(gap.seconds)})"


def _least(a: tuple[int, int] | None, b: tuple[int, int]) -> tuple[int, int]:
    return b if a is None or b[0] * 10 ** a[1] < a[0] * 10 ** b[1] else a


def _most(a: tuple[int, int] | None, b: tuple[int, int]) -> tuple[int, int]:
    return b if a is None or b[0] * 10 ** a[1] > a[0] * 10 ** b[1] else a
