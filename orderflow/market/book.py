"""`Market`: every symbol's tape behind one door. Ticks come in by `ingest`; tables and changes go out.

Nothing is acknowledged before the log has it; nothing is in the bars before it is acknowledged; a call is taken whole
or not at all. The lock covers validation and the append, never a disk or an aggregation.
"""

from __future__ import annotations

import json
import secrets
import threading
import time as _time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from orderflow.errors import BadInput, Busy, Conflict, NotFound
from orderflow.market.bars import Carry
from orderflow.market.buffer import Columns, Ints
from orderflow.market.counters import Counters
from orderflow.market.deals import DealtSeries
from orderflow.market.footprint import BarTable, concat, from_series
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.history import History
from orderflow.market.log import LogEntry, NoLog, TickLog
from orderflow.market.marks import Marks
from orderflow.market.sessions import Session, bar_end
from orderflow.market.tape import Tape
from orderflow.market.ticks import NO_ID, TickBatch
from orderflow.market.wire import bar_wire, base_wire, choose_rows

MAX_KEYS = 100_000
"""Idempotency keys remembered, newest first."""

FOREVER = 2**62
DEFAULT_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a call: ticks accepted, ticks known by their id already, the revision after it, and whether this
    is the stored answer of an earlier call with the same key."""

    accepted: int
    duplicates: int
    revision: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """One line of the symbol list. first, last: ns UTC. price: the last one. tick_size: exact text."""

    symbol: str
    ticks: int
    first: int
    last: int
    price: float
    tick_size: str
    session: str
    revision: int


@dataclass(frozen=True, slots=True)
class TickTable:
    """n ticks in (time, id, arrival) order, on the symbol's grid."""

    symbol: str
    grid: Grid
    ticks: Columns


@dataclass(slots=True)
class _Prepared:
    tape: Tape
    grid: Grid
    columns: Columns
    batch: TickBatch


@dataclass(slots=True)
class _Entry:
    """A symbol: its tape, its counters, the ids of ticks on their way to the log, and what clients call this start."""

    tape: Tape
    counters: Counters = field(default_factory=Counters)
    top_id: int = -1
    in_flight: list[Ints] = field(default_factory=list)
    volume_reserved: int = 0
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    evicted: int = 0


class Market:
    """All symbols. Sizes are bounded by `max_candles` bars a frame, `max_ticks` ticks and `max_symbols` symbols."""

    def __init__(
        self,
        log: TickLog | None = None,
        *,
        max_candles: int = 500,
        max_ticks: int = 20_000_000,
        max_symbols: int = 5_000,
        clock: Callable[[], float] = _time.monotonic,
    ) -> None:
        self._log: TickLog = log if log is not None else NoLog()
        self._max_candles = max_candles
        self._max_ticks = max_ticks
        self._max_symbols = max_symbols
        self._clock = clock
        self._lock = threading.RLock()
        self._entries: dict[str, _Entry] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self._keys: OrderedDict[str, tuple[str, int, int, int]] = OrderedDict()
        self._keys_in_flight: set[str] = set()
        self._held = 0
        self._loading = False
        self.rejected_total = 0
        self.epoch = secrets.token_hex(4)

    # writing

    def load(self) -> int:
        """Take in everything the log holds; returns the number of ticks. Call once, before serving."""
        stored = self._log.get_meta("instruments")
        if stored:
            self._settings = json.loads(stored)
        total = 0
        self._loading = True
        for logged in self._log.load():
            accepted = 0
            revision = 0
            for batch in logged.batches:
                with self._lock:
                    revision = self._publish(self._prepare(batch))
                accepted += len(batch)
            total += accepted
            self._make_room()
            if logged.key:
                digest, accepted, duplicates = _answer(logged.answer, accepted)
                self._remember(logged.key, digest, accepted, duplicates, revision)
        self._loading = False
        for entry in self._entries.values():
            entry.tape.loading(False)
        return total

    def ingest(self, batches: Sequence[TickBatch], key: str | None = None, digest: str = "") -> Receipt:
        """Accept the batches whole: logged, then visible. A batch's ticks stay in their order.

        key: an idempotency key; a key seen before gives the stored receipt and ingests nothing. digest: of the body, so
        that a key used for another body is noticed (Conflict). Raises BadInput (a price or size beyond the grid, too
        many symbols), Busy (queue full, or the key is being worked on), StorageFailed. Nothing was kept then.
        """
        with self._lock:
            if key is not None and (known := self._stored(key, digest)) is not None:
                return known
            prepared, duplicates = self._reserve(batches)
            if key is not None:
                self._keys_in_flight.add(key)
        accepted = sum(len(p.columns) for p in prepared)
        revision = [max((self.revision(b.symbol) for b in batches), default=0)]

        def publish() -> None:
            with self._lock:
                for p in prepared:
                    revision[0] = self._publish(p)
                if key is not None:
                    self._remember(key, digest, accepted, duplicates, revision[0])

        answer = json.dumps([digest, accepted, duplicates]).encode()
        try:
            if prepared or key is not None:
                self._log.append(LogEntry([p.batch for p in prepared], key, answer), publish)
        finally:
            with self._lock:
                for p in prepared:
                    entry = self._entries.get(p.batch.symbol)
                    if entry is not None:
                        entry.in_flight = [ids for ids in entry.in_flight if ids is not p.batch.id]
                if key is not None:
                    self._keys_in_flight.discard(key)
        self._make_room()
        return Receipt(accepted, duplicates, revision[0])

    def rejected(self, symbol: str | None, count: int) -> None:
        """Count rows that were refused before they became ticks."""
        with self._lock:
            self.rejected_total += count
            if symbol is not None and symbol in self._entries:
                self._entries[symbol].counters.rejected += count

    def configure(
        self,
        symbol: str,
        *,
        tick_size: Decimal | None = None,
        size_step: Decimal | None = None,
        session: str | None = None,
    ) -> None:
        """Set an instrument's tick size, size step and session ("America/Chicago 17:00"); kept in the log.

        A tick size must divide what is held already: one that does not is refused with BadInput.
        """
        if session is not None:
            Session.parse(session)
        grid = Grid.of(tick_size, size_step)
        with self._lock:
            entry = self._entries.get(symbol)
            if entry is not None:
                tape = entry.tape
                if tick_size is not None or size_step is not None:
                    self._regrid(entry, grid)
                if session is not None:
                    tape.set_session(Session.parse(session))
                    entry.epoch = secrets.token_hex(4)
            kept = dict(self._settings.get(symbol, {}))
            for name, value in (("tick_size", tick_size), ("size_step", size_step), ("session", session)):
                if value is not None:
                    kept[name] = str(value)
            self._settings = {**self._settings, symbol: kept}
        self._log.set_meta("instruments", json.dumps(self._settings).encode())

    def settings_of(self, symbol: str) -> dict[str, str]:
        """What `configure` has set for a symbol."""
        return dict(self._settings.get(symbol, {}))

    def reset(self, symbol: str | None = None) -> None:
        """Forget a symbol, or everything, in memory and in the log; clients see a new epoch."""
        with self._lock:
            if symbol is not None and symbol not in self._entries:
                raise NotFound(f"symbol {symbol!r} has no ticks")
            gone = [symbol] if symbol is not None else list(self._entries)
            for name in gone:
                self._held -= len(self._entries.pop(name).tape.buffer)
            if symbol is None:
                self._keys.clear()
                self._settings = {}
                self.rejected_total = 0
            self.epoch = secrets.token_hex(4)
        self._log.forget(symbol)

    # reading

    def active(self) -> str | None:
        """The symbol whose ticks came last."""
        with self._lock:
            return max(self._entries, key=lambda s: self._entries[s].counters.active, default=None)

    def symbols(self) -> list[SymbolInfo]:
        """Every symbol, the most recently active first."""
        with self._lock:
            entries = sorted(self._entries.items(), key=lambda item: -item[1].counters.active)
        return [
            SymbolInfo(
                symbol,
                e.counters.ticks,
                e.counters.first,
                e.counters.last,
                e.counters.close * e.tape.grid.tick_units / 10**e.tape.grid.price_decimals,
                e.tape.grid.tick_text,
                e.tape.session.label,
                e.tape.revision,
            )
            for symbol, e in entries
        ]

    def revision(self, symbol: str) -> int:
        """The symbol's revision; 0 when it has no ticks."""
        entry = self._entries.get(symbol)
        return entry.tape.revision if entry else 0

    def epoch_of(self, symbol: str) -> str:
        """Names this life of the symbol's data (revisions of two epochs do not compare); the market's when unknown."""
        entry = self._entries.get(symbol)
        return entry.epoch if entry else self.epoch

    def pending(self, symbol: str) -> int:
        """Ticks of a symbol that the next look at it must aggregate."""
        entry = self._entries.get(symbol)
        return entry.tape.pending if entry else 0

    def stats(self, symbol: str) -> dict[str, Any]:
        """The figures of the statistics line; prices and sizes as floats, `last` in ms."""
        entry = self._entry(symbol)
        c, tape = entry.counters, entry.tape
        tick, size = tape.grid.tick_units / 10**tape.grid.price_decimals, 10**tape.grid.size_decimals
        return {
            "ticks": c.ticks,
            "low": c.low * tape.grid.tick_units / 10**tape.grid.price_decimals if c.ticks else None,
            "high": c.high * tape.grid.tick_units / 10**tape.grid.price_decimals if c.ticks else None,
            "volume": c.volume / size,
            "rate": c.rate(self._clock()),
            "last": c.last // 1_000_000 if c.ticks else None,
            "late": c.late,
            "duplicates": c.duplicates,
            "rejected": c.rejected,
            "unknown": c.rules[4],
            "rules": list(c.rules),
            "evicted": entry.evicted,
            "lost": tape.lost,
            "audit": [tape.audit.bars, tape.audit.failures],
            "tick": tick,
        }

    def bars(
        self,
        symbol: str,
        frame: Frame,
        *,
        start: int | None = None,
        end: int | None = None,
        limit: int | None = None,
        group: int = 1,
    ) -> BarTable:
        """Bars with start <= bar start < end (ns), the first `limit` of them: memory's, and before those the log's."""
        entry = self._entry(symbol)
        tape = entry.tape
        begin, stop = -FOREVER if start is None else start, FOREVER if end is None else end
        if not frame.ns:
            return self._dealt_table(entry, frame, begin, stop, limit).grouped(group)
        with tape.lock:
            series = tape.series(frame)
            first = series.starts[0] if series.starts else stop
            starts = series.between(begin, stop)
            tape.fold(series, series.between(-FOREVER, stop) if starts else [])
            held = series.between(-FOREVER, stop)
            recent = from_series(
                symbol,
                frame.name,
                tape.grid,
                [series.bars[s] for s in held],
                bar_end(np.array(held, np.int64), frame.ns, tape.session),
                series.opening,
                series.ref,
            ).take(len(held) - len(starts), len(held))
            older = series.horizon > -(2**63) and begin < first
        tables: list[BarTable] = []
        count = 0
        if older:
            for table in self._history(entry).tables(frame, max(begin, -FOREVER), min(first, stop)):
                tables.append(table)
                count += len(table)
                if limit is not None and count >= limit:
                    break
        if limit is None or count < limit:
            tables.append(recent)
        whole = concat(tables)
        return (whole if limit is None else whole.take(0, min(limit, len(whole)))).grouped(group)

    def ticks(
        self, symbol: str, *, start: int | None = None, end: int | None = None, limit: int | None = None
    ) -> TickTable:
        """Ticks with start <= time < end (ns), the first `limit` of them, sides resolved."""
        entry = self._entry(symbol)
        entry.tape.refresh()
        begin, stop = -FOREVER if start is None else start, FOREVER if end is None else end
        found = self._history(entry).ticks(begin, min(stop, entry.counters.last + 1), limit)
        return TickTable(symbol, entry.tape.grid, found)

    def changed(
        self,
        symbol: str | None,
        frame: Frame,
        since: int,
        epoch: str | None,
        rows: int = 0,
        marks: Marks = DEFAULT_MARKS,
    ) -> dict[str, Any]:
        """What a chart needs to catch up from (epoch, since): see `orderflow.market.wire`. rows 0: choose for me."""
        name = symbol if symbol is not None else self.active()
        entry = self._entries.get(name) if name is not None else None
        if name is None or entry is None:
            return {
                "epoch": self.epoch,
                "rev": 0,
                "full": True,
                "symbol": name,
                "frame": frame.name,
                "bars": [],
                "stats": {},
            }
        tape = entry.tape
        with tape.lock:
            series = tape.series(frame) if frame.ns else self._dealt(entry, frame)
            revision = tape.refresh()
            starts = series.changed(since) if epoch == entry.epoch and since and rows else None
            full = starts is None
            if starts is None:
                starts = list(series.starts)
            if frame.ns:
                tape.fold(series, starts)
            bars = [series.bars[s] for s in starts]
            rows = rows or choose_rows([series.bars[s] for s in series.starts[-60:]])
            return {
                "epoch": entry.epoch,
                "rev": revision,
                "full": full,
                "symbol": name,
                "frame": frame.name,
                "ms": frame.ns // 1_000_000,
                "tick": tape.grid.tick_units / 10**tape.grid.price_decimals,
                "pd": tape.grid.price_decimals,
                "sd": tape.grid.size_decimals,
                "rows": rows,
                "ref": series.ref,
                "session": tape.session.label,
                "marks": marks.text,
                "base": base_wire(series.starts[0] if series.starts else None, series.opening),
                "bars": [
                    bar_wire(bar, series.ref, rows, tape.grid.size_decimals, marks, series.end_of(bar)) for bar in bars
                ],
                "stats": {**self.stats(name), "candles": len(series.starts) + series.dropped},
            }

    def verify(self) -> tuple[int, int]:
        """Audit the minutes sealed since the last call; returns (minutes audited, failures) since the start."""
        with self._lock:
            tapes = [entry.tape for entry in self._entries.values()]
        audits = [tape.verify() for tape in tapes]
        return sum(audit.bars for audit in audits), sum(audit.failures for audit in audits)

    # inside

    def _entry(self, symbol: str) -> _Entry:
        entry = self._entries.get(symbol)
        if entry is None:
            raise NotFound(f"symbol {symbol!r} has no ticks; see /api/v1/symbols for those that do")
        return entry

    def _history(self, entry: _Entry) -> History:
        bounds = self._log.bounds(entry.tape.symbol)
        first = entry.counters.first if bounds is None else min(entry.counters.first, bounds[0])
        return History(entry.tape, self._reader(entry.tape.symbol), first)

    def _dealt(self, entry: _Entry, frame: Frame) -> DealtSeries:
        history = self._history(entry)
        return entry.tape.dealt(frame, lambda ref, revision: history.live(frame, self._max_candles, ref, revision))

    def _dealt_table(self, entry: _Entry, frame: Frame, begin: int, stop: int, limit: int | None) -> BarTable:
        entry.tape.refresh()
        tables: list[BarTable] = []
        count = 0
        for table in self._history(entry).tables(frame, begin, min(stop, entry.counters.last + 1)):
            tables.append(table)
            count += len(table)
            if limit is not None and count >= limit:
                break
        if not tables:
            return from_series(entry.tape.symbol, frame.name, entry.tape.grid, [], np.empty(0, np.int64), Carry(), 0)
        whole = concat(tables)
        return whole if limit is None else whole.take(0, min(limit, len(whole)))

    def _reader(self, symbol: str) -> Callable[[int, int], Columns | None]:
        def read(start: int, end: int) -> Columns | None:
            if not self._log.durable:
                return None
            batch = self._log.read(symbol, start, end)
            entry = self._entries.get(symbol)
            if batch is None or entry is None:
                return Columns.empty()
            return entry.tape.grid.columns(batch)

        return read

    def _open(self, symbol: str) -> _Entry:
        entry = self._entries.get(symbol)
        if entry is None:
            if len(self._entries) >= self._max_symbols:
                raise BadInput(
                    f"symbol {symbol!r} would be more than the {self._max_symbols} symbols held (MAX_SYMBOLS)"
                )
            tape = Tape(symbol, self._max_candles, self._reader(symbol))
            tape.grid = self._initial_grid(symbol)
            tape.session = Session.parse(self._settings.get(symbol, {}).get("session", "UTC"))
            tape.loading(self._loading)
            entry = self._entries[symbol] = _Entry(tape)
        return entry

    def _reserve(self, batches: Sequence[TickBatch]) -> tuple[list[_Prepared], int]:
        """Check everything before anything is kept; leaves out ticks known by id."""
        new = {b.symbol for b in batches} - self._entries.keys()
        if len(self._entries) + len(new) > self._max_symbols:
            raise BadInput(f"{sorted(new)[0]!r} would be more than the {self._max_symbols} symbols held (MAX_SYMBOLS)")
        fresh: list[TickBatch] = []
        duplicates = 0
        for batch in batches:
            entry = self._entries.get(batch.symbol)
            kept = batch if entry is None else self._unseen(entry, batch)
            kept = _distinct(kept)
            duplicates += len(batch) - len(kept)
            if entry is not None:
                entry.counters.duplicates += len(batch) - len(kept)
            if len(kept):
                (entry.tape.grid if entry is not None else self._initial_grid(batch.symbol)).holding(kept)
                fresh.append(kept)
        prepared = [self._prepare(batch) for batch in fresh]
        for p in prepared:
            entry = self._entries[p.batch.symbol]
            entry.in_flight.append(p.batch.id)
            entry.top_id = max(entry.top_id, int(p.batch.id.max()))
        return prepared, duplicates

    def _initial_grid(self, symbol: str) -> Grid:
        kept = self._settings.get(symbol, {})
        return Grid.of(
            Decimal(kept["tick_size"]) if "tick_size" in kept else None,
            Decimal(kept["size_step"]) if "size_step" in kept else None,
        )

    def _unseen(self, entry: _Entry, batch: TickBatch) -> TickBatch:
        ids = batch.id
        if int(ids.min()) > entry.top_id or int(ids.max()) == NO_ID:
            return batch
        seen = entry.tape.buffer.has_id(ids)
        for flying in entry.in_flight:
            seen |= np.isin(ids, flying) & (ids != NO_ID)
        return batch.take(~seen) if seen.any() else batch

    def _prepare(self, batch: TickBatch) -> _Prepared:
        entry = self._open(batch.symbol)
        tape = entry.tape
        grid = tape.grid.holding(batch)
        if grid != tape.grid:
            level, size = tape.grid.factors_to(grid) if tape.grid.tick_units else (1, 1)
            tape.refine(grid)
            entry.counters.rescale(level, size)
        return _Prepared(tape, tape.grid, tape.grid.columns(batch), batch)

    def _publish(self, p: _Prepared) -> int:
        entry = self._entries.get(p.batch.symbol)
        if entry is None or entry.tape is not p.tape:  # reset in between: the tick was never to be seen again
            return 0
        columns = p.columns if p.grid is p.tape.grid else p.tape.grid.columns(p.batch)
        revision = p.tape.append(columns)
        entry.counters.add(columns, self._clock())
        entry.top_id = max(entry.top_id, int(p.batch.id.max()))
        self._held += len(columns)
        return revision

    @staticmethod
    def _regrid(entry: _Entry, wanted: Grid) -> None:
        """Move a symbol that has ticks to the tick size and size step of its settings, where no tick would be
        rounded.
        """
        now = entry.tape.grid
        if not wanted.tick_units:
            wanted = replace(wanted, tick_units=now.tick_units, price_decimals=now.price_decimals, fixed=now.fixed)
        wanted = replace(wanted, size_decimals=max(wanted.size_decimals, now.size_decimals))
        mine = now.tick_units * 10 ** max(0, wanted.price_decimals - now.price_decimals)
        theirs = wanted.tick_units * 10 ** max(0, now.price_decimals - wanted.price_decimals)
        if mine % theirs:
            raise Conflict(
                f"the ticks held need a grid of {now.tick_text}, which {wanted.tick_text} does not divide; "
                "reset the symbol to give it a coarser tick size"
            )
        level, size = now.factors_to(wanted)
        entry.tape.refine(wanted)
        entry.counters.rescale(level, size)

    def _stored(self, key: str, digest: str) -> Receipt | None:
        if key in self._keys_in_flight:
            raise Busy(f"the call with idempotency key {key!r} is still being worked on", retry_after=1)
        known = self._keys.get(key)
        if known is None:
            return None
        if known[0] != digest:
            raise Conflict(f"idempotency key {key!r} was used for another body")
        return Receipt(known[1], known[2], known[3], repeated=True)

    def _remember(self, key: str, digest: str, accepted: int, duplicates: int, revision: int) -> None:
        self._keys[key] = digest, accepted, duplicates, revision
        if len(self._keys) > MAX_KEYS:
            self._keys.popitem(last=False)

    def _make_room(self) -> None:
        while self._held > self._max_ticks:
            entry = max(self._entries.values(), key=lambda e: len(e.tape.buffer))
            gone = entry.tape.evict()
            if not gone:
                return
            entry.evicted += gone
            self._held -= gone


def _distinct(batch: TickBatch) -> TickBatch:
    """The batch without the second and later ticks of one venue id."""
    ids = batch.id
    if len(ids) < 2 or (ids[1:] > ids[:-1]).all() or int(ids.max()) == NO_ID:
        return batch
    _, first = np.unique(ids, return_index=True)
    keep = ids == NO_ID
    keep[first] = True
    return batch if keep.all() else batch.take(keep)


def _answer(stored: bytes, accepted: int) -> tuple[str, int, int]:
    try:
        digest, taken, duplicates = json.loads(stored)
    except ValueError:
        return "", accepted, 0
    return str(digest), int(taken), int(duplicates)
