"""`Market`: all symbols. `ingest` takes ticks; the reads of `market.reads` return tables and changes.

Every change is first in the log, then in memory, in the same order: a call succeeds completely or changes neither. The
lock covers validation and the append to memory, never disk writes or aggregation.
"""

from __future__ import annotations

import json
import operator
import secrets
import threading
import time as _time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from itertools import zip_longest

from orderflow.errors import BadInput, Busy, Conflict, StorageFailed
from orderflow.market import kept_sizes
from orderflow.market.backlog import Backlog
from orderflow.market.frames import DAY
from orderflow.market.grid import Grid
from orderflow.market.idempotency import IdempotencyKeys, Receipt, pack_answer, unpack_answer
from orderflow.market.identity import NewTicks, new_ticks
from orderflow.market.instrument_settings import as_text
from orderflow.market.logged import Logged, LoggedTicks
from orderflow.market.ports import NO_SETTINGS
from orderflow.market.reads import MarketReads
from orderflow.market.reserved import ReservedSymbols
from orderflow.market.sessions import Session
from orderflow.market.symbol import Prepared, SymbolState
from orderflow.market.tape import Lock
from orderflow.market.tick_log import LogEntry, NoLog, TickLog
from orderflow.market.ticks import TickBatch
from orderflow.market.windows.counting import Background, Counting

WAIT_SECONDS = 0.002
"""Seconds between two looks at a write that a call waits for."""
EAGER = 1 << 17
"""Ticks of a symbol that may wait until somebody reads it; more are aggregated in the background."""
MOST_HELD = 80_000_000
"""Ticks that may be in memory (2.4 GB), or four times `max_ticks`: each symbol keeps its newest segment."""
BACKDATED = 3600.0
"""Seconds by which reloaded ticks are backdated in the counters, so that they do not count as live."""


class Market(MarketReads):
    """All symbols, thread-safe. Implements `ports.MarketReader` and `ports.MarketWriter`, which name the errors.

    max_candles: bars in memory for each frame. max_ticks: ticks in memory, of all symbols. clock: monotonic seconds.
    new_lock: makes reentrant locks that fit the callers, threads or greenlets (`Workers.lock`). on_change: called with
    (symbol, revision) when a batch is published or settings change the bars, and with revision 0 when the symbol is
    reset. Calls are in the order of the changes and hold the market's lock, so the function must be short, must not
    raise and must not read from the market. background: counts the bars of long logs; None: the caller waits for it.
    beside: puts very many late ticks in order; None: the caller waits for it.
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
        beside: Background | None = None,
    ) -> None:
        super().__init__(clock, new_lock(), Counting(background, new_lock(), self._counted))
        self._log: TickLog = log if log is not None else NoLog()
        self._max_candles = max_candles
        self._max_ticks = max_ticks
        self._max_symbols = max_symbols
        self._new_lock = new_lock
        self._on_change = on_change
        self._reserved = ReservedSymbols()
        self._keys = IdempotencyKeys()
        self._background = background
        self._backlog = Backlog(beside, new_lock(), self._symbols.get, self._caught_up) if beside is not None else None
        self._most_pending = max(EAGER, max_ticks // 8)
        self._logged = LoggedTicks()
        self._held = 0
        self._loading = False

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
            state.tape.catch_up()  # aggregate now, so that the first read does not wait
        kept_sizes.restore(self._log.get_meta(kept_sizes.NAME), self._symbols.values())
        return total

    def reserve(self, symbols: Iterable[str]) -> list[str]:
        """Reserve symbols for simulated ticks: `ingest` rejects them.

        Returns those that already hold ingested ticks; `simulate` rejects these until they are reset.
        """
        with self._lock:
            simulated = self._reserved.simulated = frozenset(symbols)
            return sorted(s for s in simulated if s in self._symbols and not self._symbols[s].simulated)

    def claim(self, series: Iterable[str]) -> None:
        """Reserve series for live feeds: `ingest` takes ticks of them from a feed only."""
        with self._lock:
            self._reserved.claimed = frozenset(series)

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

    def ingest(
        self, batches: Sequence[TickBatch], key: str | None = None, digest: str = "", *, feed: bool = False
    ) -> Receipt:
        """Log the batches, then publish them. The ticks of a batch keep their order.

        key: idempotency key; for a known key the stored receipt is returned and nothing is ingested. digest: of the
        body. feed: the ticks come from a live feed. Ticks that repeat some that are just being written wait for the end
        of that write, which decides whether they are known. Raises BadInput (price or size beyond the grid, too many
        symbols or ticks of one minute), Busy (queue full, a call with the key is in flight, or too many ticks of the
        symbol wait to be put in order), StorageFailed, and Conflict (key used with another digest, a simulated symbol,
        the series of a feed, or no memory for more symbols). Nothing is stored then.
        """
        self._check_memory(batches)
        with self._lock:
            self._reserved.check(batches, feed=feed)
            if key is not None and (known := self._keys.begin(key, digest)) is not None:
                return known
        prepared: list[Prepared] = []
        try:
            prepared = self._reserve_unwritten(batches)
            return self._store(prepared, batches, key, digest)
        finally:
            with self._lock:
                for p in prepared:
                    self._release(p)
                if key is not None:
                    self._keys.end(key)
            self._evict_excess()

    def _check_memory(self, batches: Sequence[TickBatch]) -> None:
        """Refuse ticks while too many wait to be put in order, or too many symbols have too few to let go."""
        if self._held > max(MOST_HELD, 4 * self._max_ticks):
            raise Conflict(
                f"memory holds {self._held:,} ticks of so many symbols that none has a segment to let go; "
                "reset some, or raise max_ticks"
            )
        for batch in batches if self._backlog is not None else ():
            state = self._symbols.get(batch.symbol)
            if state is not None and (pending := state.tape.pending) > self._most_pending:
                raise Busy(f"{pending:,} ticks of {batch.symbol} wait to be put in order; try again", retry_after=2)

    def _store(
        self, prepared: Sequence[Prepared], batches: Sequence[TickBatch], key: str | None, digest: str
    ) -> Receipt:
        receipt = Receipt.of([p.new for p in prepared], max((self.revision(b.symbol) for b in batches), default=0))

        def publish() -> None:
            nonlocal receipt
            with self._lock:
                for p in prepared:
                    receipt = receipt.at(self._publish(p))
                if key is not None:
                    self._keys.remember(key, digest, receipt)

        fresh = [p.batch for p in prepared if len(p.batch)]
        if fresh or key is not None:
            answer = pack_answer(digest, receipt) if key is not None else b""
            self._log.append(LogEntry(fresh, key, answer), publish)
        else:
            publish()
        return receipt

    @property
    def forgotten_keys(self) -> int:
        """Idempotency keys that made room for newer ones since the start."""
        return self._keys.forgotten

    def rejected(self, symbol: str | None, count: int) -> None:
        """Count rows that were rejected before they came here."""
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
        negative_prices: bool | None = None,
        stored: bool = True,
    ) -> None:
        """Set an instrument's tick size, size step and session ("America/Chicago 17:00"), and whether its prices may be
        0 and below, and store them in the log.

        stored: if False, they are in force until the end of the process only. Raises BadInput for an invalid value,
        Conflict for a tick size that does not fit the ticks held, StorageFailed. Nothing is changed then.
        """
        new_session = None if session is None else Session.parse(session)
        grid = None if tick_size is None and size_step is None else Grid.of(tick_size, size_step)
        named = as_text(tick_size, size_step, session, negative_prices)
        state: SymbolState | None = None
        settings: dict[str, dict[str, str]] = {}

        def check(old: bytes | None) -> bytes | None:
            nonlocal state, settings
            with self._lock:
                state = self._symbols.get(symbol)
                if state is not None and grid is not None:
                    state.reserve_grid(grid)
                settings = {**self._settings, symbol: {**self._settings.get(symbol, {}), **named}}
                return json.dumps(settings).encode() if stored and settings != self._settings else old

        def apply() -> None:
            with self._lock:
                self._settings = settings
                if state is not None and self._symbols.get(symbol) is state:
                    if grid is not None:
                        state.regrid(grid)
                    if new_session is not None:
                        state.set_session(new_session)
                    self._notify(symbol, state.tape.revision)

        try:
            self._log.update_meta("instruments", check, apply)
        finally:
            with self._lock:
                if state is not None:
                    state.release_grid()

    def reset(self, symbol: str | None = None, settings: Mapping[str, Mapping[str, str]] = NO_SETTINGS) -> None:
        """Delete one symbol, or all data, in the log and in memory. Starts a new epoch.

        settings: of the instruments, as `settings_of` gives them; with all data, those in force are replaced by these.
        Raises NotFound for a symbol without ticks, StorageFailed. Nothing is changed then.
        """

        def forget() -> None:
            with self._lock:
                for name in [symbol] if symbol is not None else list(self._symbols):
                    if (state := self._symbols.pop(name, None)) is not None:
                        self._held -= state.held
                        state.held = 0
                        self._notify(name, 0)
                if symbol is None:
                    self._keys.clear()
                    self._settings = kept
                    self.rejected_total = 0
                self.epoch = secrets.token_hex(4)

        kept = {name: dict(values) for name, values in settings.items()}
        with self._lock:
            if symbol is not None and self._find(symbol).simulated:  # the log has nothing of it
                return forget()
            meta = {kept_sizes.NAME: None if symbol is None else kept_sizes.packed(self._symbols, without=symbol)}
        if symbol is None:
            meta["instruments"] = json.dumps(kept).encode() if kept else None
        self._log.forget(symbol, forget, meta)

    def retire(self, symbol: str, before: int) -> int | None:
        """Delete some of a symbol's ticks older than `before` (ns UTC) for good: a bounded piece of work.

        Memory goes first, a whole segment at a time; the log keeps what memory still holds, and the day (UTC) of that.
        Returns the number of ticks deleted from the log, None if there is nothing to delete. Raises StorageFailed.
        """
        state = self._symbols.get(symbol)
        while state is not None and (evicted := state.tape.evict_before(before)):
            self._let_go(state, evicted)
        return self._log.trim(symbol, lambda: self._unheld(symbol, before))

    def _unheld(self, symbol: str, before: int) -> int:
        """`before`, or the begin of the first day (UTC) of which memory holds ticks if that is earlier."""
        state = self._symbols.get(symbol)
        return before if state is None else min(before, state.tape.buffer.oldest // DAY * DAY)

    # internal

    def _counted(self, state: SymbolState) -> None:
        with self._lock:
            state.tape.revision += 1  # a poll then brings what is new, though no ticks came

    def _store_sizes(self, state: SymbolState) -> None:
        if state.sizes_stored or state.simulated or not self._log.durable:
            return
        state.sizes_stored = True  # a failed write is not tried again before other sizes are chosen
        (self._background or operator.call)(partial(kept_sizes.store, self._log, self._symbols, self._lock))

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
        state = SymbolState.make(symbol, self._max_candles, log, settings, self._new_lock(), simulated=simulated)
        if self._backlog is not None:
            state.tape.ask = partial(self._backlog.add, symbol)
        return state

    def _reserve_unwritten(self, batches: Sequence[TickBatch]) -> list[Prepared]:
        """`_reserve`, once no batch that is being written has a tick which these repeat: only the end of that write
        says whether it is known."""
        while True:
            logged = [self._logged.of(batch, self._symbols.get(batch.symbol)) for batch in batches]
            with self._lock:
                if not all(x.holds(self._symbols.get(b.symbol)) for x, b in zip(logged, batches, strict=True)):
                    continue
                repeated = self._repeated_in_flight(batches)
                if repeated is None:
                    return self._reserve(batches, logged)
            state, batch = repeated
            while state.is_in_flight(batch):
                _time.sleep(WAIT_SECONDS)

    def _repeated_in_flight(self, batches: Sequence[TickBatch]) -> tuple[SymbolState, TickBatch] | None:
        for batch in batches:
            state = self._symbols.get(batch.symbol)
            if state is not None and (pending := state.repeated_in_flight(batch)) is not None:
                return state, pending
        return None

    def _reserve(self, batches: Sequence[TickBatch], logged: Sequence[Logged] = ()) -> list[Prepared]:
        """Check all batches before storing any. Returns them without repetitions. logged: what the log has of each."""
        new = {batch.symbol for batch in batches} - self._symbols.keys()
        if len(self._symbols) + len(new) > self._max_symbols:
            raise BadInput(f"{min(new)!r} would be more than the {self._max_symbols} symbols held (MAX_SYMBOLS)")
        checked: list[tuple[NewTicks, Grid]] = []
        for number, (batch, known) in enumerate(zip_longest(batches, logged)):
            state = self._symbols.get(batch.symbol)
            log = (known.where, known.runs) if known else ()
            found = new_ticks(batch) if state is None else state.new_ticks(batch, *log)
            try:
                checked.append((found, (state or self._create(batch.symbol)).check(found)))
            except BadInput as error:
                error.batch = number
                raise
        prepared = [self._get_or_create(found.batch.symbol).prepare(found, needed) for found, needed in checked]
        for p in prepared:
            p.state.reserve(p)
        return prepared

    def _release(self, prepared: Prepared) -> None:
        """End the reservation; a symbol that it made and that got no ticks goes again."""
        state, symbol = prepared.state, prepared.batch.symbol
        state.release(prepared)
        if state.is_unused and self._symbols.get(symbol) is state:
            del self._symbols[symbol]

    def _publish(self, prepared: Prepared) -> int:
        state = prepared.state
        if self._symbols.get(prepared.batch.symbol) is not state:
            # the symbol was reset in between, and in the log before these ticks
            if not len(prepared.batch):
                return 0
            prepared = self._get_or_create(prepared.batch.symbol).prepare(prepared.new)
            state = prepared.state
        self._held += len(prepared.columns)
        state.held += len(prepared.columns)
        revision = state.publish(prepared, self._clock() - (BACKDATED if self._loading else 0.0))
        if len(prepared.columns):
            self._notify(state.tape.symbol, revision)
        if self._backlog is not None and not self._loading and state.tape.pending > EAGER:
            self._backlog.add(state.tape.symbol)
        return revision

    def _notify(self, symbol: str, revision: int) -> None:
        if self._on_change is not None and not self._loading:
            self._on_change(symbol, revision)

    def _caught_up(self, state: SymbolState, asked: bool) -> None:
        self._evict_excess()
        if asked:
            self._counted(state)
            with self._lock:
                if self._symbols.get(state.tape.symbol) is state:
                    self._notify(state.tape.symbol, state.tape.revision)

    def _evict_excess(self) -> None:
        """Evict of the symbols with the most ticks first; of one whose ticks are being put in order, nothing.

        Nor of one whose late ticks need a log that cannot be read: the ticks that came are stored all the same.
        """
        while self._held > self._max_ticks:
            with self._lock:
                states = sorted(self._symbols.values(), key=operator.attrgetter("held"), reverse=True)
            for state in states:
                evicted = 0
                with suppress(StorageFailed):
                    evicted = state.tape.evict() if state.tape.buffer.evictable else 0
                if evicted:
                    self._let_go(state, evicted)
                    break
            else:
                return

    def _let_go(self, state: SymbolState, evicted: int) -> None:
        with self._lock:
            state.evicted += evicted
            gone = min(evicted, state.held)  # a symbol that was reset meanwhile is not held any more
            state.held -= gone
            self._held -= gone
