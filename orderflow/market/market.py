"""`Market`: all symbols. `ingest` takes ticks; reads return tables and changes.

Ticks are acknowledged and shown only after the log has stored them. A call succeeds completely or changes nothing. The
lock covers validation and the append to memory, never disk writes or aggregation.
"""

from __future__ import annotations

import json
import secrets
import threading
import time as _time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from orderflow.errors import BadInput, Conflict, NotFound
from orderflow.market import queries
from orderflow.market.bars.footprint import BarTable
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.counting import Background, Counting
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.idempotency import IdempotencyKeys, Receipt, pack_answer, unpack_answer
from orderflow.market.identity import NewTicks, new_ticks
from orderflow.market.sessions import Session
from orderflow.market.studies.options import DEFAULT_OPTIONS, StudyOptions
from orderflow.market.symbol import Arrivals, Prepared, SymbolInfo, SymbolState, TickTable
from orderflow.market.tape import Lock
from orderflow.market.tick_log import LogEntry, NoLog, TickLog
from orderflow.market.ticks import TickBatch
from orderflow.market.windows import Side

BACKDATED = 3600.0
"""Seconds by which reloaded ticks are backdated in the counters, so that they do not count as live."""


class Market:
    """All symbols, thread-safe. Implements `ports.MarketReader` and `ports.MarketWriter`, which name the errors.

    max_candles: bars in memory for each frame. max_ticks: ticks in memory, of all symbols. clock: monotonic seconds.
    new_lock: makes reentrant locks that fit the callers, threads or greenlets (`Workers.lock`). on_change: called with
    (symbol, revision) when a batch is published or settings change the bars, and with revision 0 when the symbol is
    reset. Calls are in the order of the changes and hold the market's lock, so the function must be short, must not
    raise and must not read from the market. background: counts the bars of long logs; None: the caller waits for it.
    """

    def __init__(
        self,
        log: TickLog | None = None,
        *,
        max_candles: int = 500,
        max_ticks: int = 20_000_000,
        max_symbols: int = 5_000,
        clock: Callable[[], float] = _time.monotonic,
        new_lock: Callable[[], Lock] = threading.RLock,
        on_change: Callable[[str, int], object] | None = None,
        background: Background | None = None,
    ) -> None:
        self._log: TickLog = log if log is not None else NoLog()
        self._max_candles = max_candles
        self._max_ticks = max_ticks
        self._max_symbols = max_symbols
        self._clock = clock
        self._new_lock = new_lock
        self._on_change = on_change
        self._lock = new_lock()
        self._counting = Counting(background, new_lock(), self._counted)
        self._symbols: dict[str, SymbolState] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self._simulated: frozenset[str] = frozenset()
        self._keys = IdempotencyKeys()
        self._held = 0
        self._loading = False
        self.rejected_total = 0
        self.epoch = secrets.token_hex(4)

    # writing

    def load(self) -> int:
        """Load all ticks from the log. Returns their number. Call it once, before serving."""
        stored = self._log.get_meta("instruments")
        if stored:
            self._settings = json.loads(stored)
        total = 0
        self._loading = True
        for logged in self._log.load():
            revision = 0
            for batch in logged.batches:
                with self._lock:
                    state = self._get_or_create(batch.symbol)
                    state.loaded(batch)
                    revision = self._publish(state.prepare(NewTicks(batch)))
                total += len(batch)
            self._evict_excess()
            if logged.key:
                self._keys.remember(logged.key, *unpack_answer(logged.answer, revision))
        self._loading = False
        for state in self._symbols.values():
            state.tape.loading(False)
            state.count_loaded()
            state.tape.refresh()  # aggregate now, so that the first read does not wait
        return total

    def reserve(self, symbols: Iterable[str]) -> list[str]:
        """Reserve symbols for simulated ticks: `ingest` rejects them.

        Returns those that already hold ingested ticks; `simulate` rejects these until they are reset.
        """
        with self._lock:
            self._simulated = frozenset(symbols)
            return sorted(s for s in self._simulated if s in self._symbols and not self._symbols[s].simulated)

    def simulate(self, batches: Sequence[TickBatch]) -> int:
        """Publish simulated ticks. They are not logged, as the model makes new ones after a restart.

        Simulated symbols do not count as active. Returns the number of ticks. Raises BadInput as `ingest` does, and
        Conflict for a symbol that holds ingested ticks; nothing is published then.
        """
        with self._lock:
            for batch in batches:
                state = self._symbols.get(batch.symbol)
                if state is not None and not state.simulated:
                    raise Conflict(f"{batch.symbol!r} holds ticks that were sent: a model's do not go among them")
                if state is None:
                    if len(self._symbols) >= self._max_symbols:
                        raise BadInput(f"{batch.symbol!r} would be more than the {self._max_symbols} symbols held")
                    self._symbols[batch.symbol] = self._create(batch.symbol, simulated=True)
            prepared = self._reserve(batches)
            for p in prepared:
                self._publish(p)
                p.state.release(p)
        self._evict_excess()
        return sum(len(p.batch) for p in prepared)

    def ingest(self, batches: Sequence[TickBatch], key: str | None = None, digest: str = "") -> Receipt:
        """Log the batches, then publish them. The ticks of a batch keep their order.

        key: idempotency key; for a known key the stored receipt is returned and nothing is ingested. digest: of the
        body. Raises BadInput (price or size beyond the grid, too many symbols), Busy (queue full, or a call with the
        key is in flight), StorageFailed, and Conflict (key used with another digest, or a simulated symbol). Nothing is
        stored then.
        """
        with self._lock:
            for batch in batches:
                if batch.symbol in self._simulated:
                    raise Conflict(
                        f"{batch.symbol!r} is a simulated instrument, whose ticks are made here: use another"
                    )
            if key is not None and (known := self._keys.begin(key, digest)) is not None:
                return known
            try:
                prepared = self._reserve(batches)
            except BaseException:
                if key is not None:
                    self._keys.end(key)
                raise
        receipt = Receipt.of([p.new for p in prepared], max((self.revision(b.symbol) for b in batches), default=0))

        def publish() -> None:
            nonlocal receipt
            with self._lock:
                for p in prepared:
                    receipt = receipt.at(self._publish(p))
                if key is not None:
                    self._keys.remember(key, digest, receipt)

        try:
            fresh = [p.batch for p in prepared if len(p.batch)]
            if fresh or key is not None:
                answer = pack_answer(digest, receipt) if key is not None else b""
                self._log.append(LogEntry(fresh, key, answer), publish)
            else:
                publish()
        finally:
            with self._lock:
                for p in prepared:
                    p.state.release(p)
                if key is not None:
                    self._keys.end(key)
        self._evict_excess()
        return receipt

    def rejected(self, symbol: str | None, count: int) -> None:
        """Count rows that were rejected while parsing."""
        with self._lock:
            self.rejected_total += count
            if symbol is not None and symbol in self._symbols:
                self._symbols[symbol].counters.rejected += count

    def configure(
        self,
        symbol: str,
        *,
        tick_size: Decimal | None = None,
        size_step: Decimal | None = None,
        session: str | None = None,
    ) -> None:
        """Set an instrument's tick size, size step and session ("America/Chicago 17:00"), and store them in the log.

        Raises BadInput for an invalid value, Conflict for a tick size that does not fit the ticks held.
        """
        if session is not None:
            Session.parse(session)
        grid = Grid.of(tick_size, size_step)
        with self._lock:
            state = self._symbols.get(symbol)
            if state is not None:
                if tick_size is not None or size_step is not None:
                    state.regrid(grid)
                if session is not None:
                    state.set_session(Session.parse(session))
                self._notify(symbol, state.tape.revision)
            kept = dict(self._settings.get(symbol, {}))
            for name, value in (("tick_size", tick_size), ("size_step", size_step), ("session", session)):
                if value is not None:
                    kept[name] = str(value)
            self._settings = {**self._settings, symbol: kept}
        self._log.set_meta("instruments", json.dumps(self._settings).encode())

    def settings_of(self, symbol: str) -> dict[str, str]:
        """The settings that `configure` stored for a symbol; empty if there are none."""
        return dict(self._settings.get(symbol, {}))

    def reset(self, symbol: str | None = None) -> None:
        """Delete one symbol, or all data, in memory and in the log. Starts a new epoch.

        Raises NotFound for a symbol without ticks, StorageFailed.
        """
        with self._lock:
            if symbol is not None:
                self._find(symbol)
            names = [symbol] if symbol is not None else list(self._symbols)
            for name in names:
                self._held -= len(self._symbols.pop(name).tape.buffer)
                self._notify(name, 0)
            if symbol is None:
                self._keys.clear()
                self._settings = {}
                self.rejected_total = 0
            self.epoch = secrets.token_hex(4)
        self._log.forget(symbol)

    # reading

    def active(self) -> str | None:
        """The symbol that received ticks last, not counting simulated ones; None without any."""
        with self._lock:
            real = [state for state in self._with_ticks() if not state.simulated]
            return max(real, key=lambda state: state.counters.active).tape.symbol if real else None

    def symbols(self) -> list[SymbolInfo]:
        """All symbols, the most recently active first, followed by the simulated ones by name."""
        with self._lock:
            latest = sorted(self._with_ticks(), key=lambda state: -state.counters.active)
            ordered = sorted(latest, key=lambda state: state.tape.symbol if state.simulated else "")
            return [state.info() for state in ordered]

    def info(self, symbol: str) -> SymbolInfo:
        """One symbol's row of the list."""
        return self._find(symbol).info()

    def revision(self, symbol: str) -> int:
        """The symbol's revision; 0 without ticks."""
        state = self._symbols.get(symbol)
        return state.tape.revision if state else 0

    def epoch_of(self, symbol: str) -> str:
        """Identifier of the symbol's data; revisions of two epochs do not compare. The market's epoch without ticks."""
        state = self._symbols.get(symbol)
        return state.epoch if state else self.epoch

    def lost_until(self, symbol: str) -> int | None:
        """Time (ns UTC) of the newest tick that was evicted without a log; None if no tick is lost."""
        state = self._symbols.get(symbol)
        return state.tape.lost_until if state and state.evicted and not state.log.durable else None

    def pending(self, symbol: str) -> int:
        """Number of ticks that the next read of the symbol must aggregate; 0 without ticks."""
        state = self._symbols.get(symbol)
        return state.tape.pending if state else 0

    def stats(self, symbol: str) -> dict[str, Any]:
        """Figures of the statistics line. Prices and sizes are floats, `last` is in ms UTC."""
        return self._find(symbol).stats(self._clock())

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
        """The first `limit` bars with start <= bar start < end (ns UTC; None: no bound), from memory and the log.

        group: levels in a row of the footprint.
        """
        return queries.bars(self._find(symbol), frame, start, end, limit).grouped(group)

    def ticks(
        self, symbol: str, *, start: int | None = None, end: int | None = None, limit: int | None = None
    ) -> TickTable:
        """The first `limit` ticks with start <= time < end (ns UTC), in (time, id, arrival) order, sides resolved."""
        return queries.ticks(self._find(symbol), start, end, limit)

    def arrivals(self, symbol: str, since: int = 0, limit: int = 10_000) -> Arrivals:
        """At most `limit` ticks in memory from index `since` on, in order of arrival."""
        return self._find(symbol).arrivals(since, limit)

    def changed(
        self,
        symbol: str | None,
        frame: Frame,
        since: int,
        epoch: str | None,
        rows: int = 0,
        options: StudyOptions = DEFAULT_OPTIONS,
        span: ProfileSpan | None = None,
    ) -> dict[str, Any]:
        """The changes since revision `since` of `epoch`, for a chart; see `market.queries.changed`.

        symbol: None for the most recently active one. A symbol without ticks gives an empty snapshot.
        """
        name = self.active() if symbol is None else symbol
        state = self._symbols.get(name or "")
        if state is None or not state.counters.ticks:
            return queries.no_bars(self.epoch, name, frame)
        return queries.changed(state, frame, since, epoch, rows, options, span, self._clock(), self._counting)

    def window(
        self,
        symbol: str,
        frame: Frame,
        time: int,
        side: Side,
        rows: int,
        vwap_ref: int,
        options: StudyOptions = DEFAULT_OPTIONS,
    ) -> dict[str, Any]:
        """Bars of the log before, after or around `time` (ms UTC), for a chart; see `market.queries.window`."""
        return queries.window(self._find(symbol), frame, time, side, rows, vwap_ref, options, self._counting)

    def row_size(self, symbol: str, frame: Frame) -> int:
        """Levels in a row of the footprint, chosen by the rule of `market.row_size`."""
        return queries.row_size(self._find(symbol), frame, self._counting)

    def verify(self) -> tuple[int, int]:
        """Audit the minutes sealed since the last call. Returns (minutes audited, failures) since the start."""
        with self._lock:
            tapes = [state.tape for state in self._symbols.values()]
        audits = [tape.verify() for tape in tapes]
        return sum(audit.bars for audit in audits), sum(audit.failures for audit in audits)

    # internal

    def _counted(self, state: SymbolState) -> None:
        with self._lock:
            state.tape.revision += 1  # a poll then brings the count, though no ticks came

    def _with_ticks(self) -> list[SymbolState]:
        return [state for state in self._symbols.values() if state.counters.ticks]

    def _find(self, symbol: str) -> SymbolState:
        state = self._symbols.get(symbol)
        if state is None or not state.counters.ticks:
            raise NotFound(f"symbol {symbol!r} has no ticks; see /api/v1/symbols for those that do")
        return state

    def _get_or_create(self, symbol: str) -> SymbolState:
        state = self._symbols.get(symbol)
        if state is None:
            state = self._create(symbol)
            state.tape.loading(self._loading)
            self._symbols[symbol] = state
        return state

    def _create(self, symbol: str, *, simulated: bool = False) -> SymbolState:
        log = NoLog() if simulated else self._log
        settings = self._settings.get(symbol, {})
        return SymbolState.make(symbol, self._max_candles, log, settings, self._new_lock(), simulated=simulated)

    def _reserve(self, batches: Sequence[TickBatch]) -> list[Prepared]:
        """Check all batches before storing any. Returns them without repetitions."""
        new = {batch.symbol for batch in batches} - self._symbols.keys()
        if len(self._symbols) + len(new) > self._max_symbols:
            raise BadInput(f"{min(new)!r} would be more than the {self._max_symbols} symbols held (MAX_SYMBOLS)")
        checked: list[tuple[NewTicks, Grid]] = []
        for batch in batches:
            state = self._symbols.get(batch.symbol)
            found = new_ticks(batch) if state is None else state.new_ticks(batch)
            checked.append((found, (state or self._create(batch.symbol)).check(found.batch)))
        prepared = [self._get_or_create(found.batch.symbol).prepare(found, needed) for found, needed in checked]
        for p in prepared:
            p.state.reserve(p)
        return prepared

    def _publish(self, prepared: Prepared) -> int:
        state = prepared.state
        if self._symbols.get(prepared.batch.symbol) is not state:  # the symbol was reset in between
            return 0
        self._held += len(prepared.columns)
        revision = state.publish(prepared, self._clock() - (BACKDATED if self._loading else 0.0))
        if len(prepared.columns):
            self._notify(state.tape.symbol, revision)
        return revision

    def _notify(self, symbol: str, revision: int) -> None:
        if self._on_change is not None and not self._loading:
            self._on_change(symbol, revision)

    def _evict_excess(self) -> None:
        while self._held > self._max_ticks:
            state = max(self._symbols.values(), key=lambda e: len(e.tape.buffer))
            evicted = state.tape.evict()
            if not evicted:
                return
            state.evicted += evicted
            self._held -= evicted
