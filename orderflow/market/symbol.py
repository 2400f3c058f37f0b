"""State of one symbol in the market: its tape, its counters, and the batches being written to the log."""

from __future__ import annotations

import secrets
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from orderflow.arrays import Flags, Indices, Ints
from orderflow.errors import BadInput, Conflict, FieldError
from orderflow.market.buffer import Columns, join, pack
from orderflow.market.counters import Counters
from orderflow.market.decimals import largest
from orderflow.market.frames import MINUTE
from orderflow.market.grid import MAX_LEVEL, Grid
from orderflow.market.history import History
from orderflow.market.identity import NewTicks, new_ticks, repeats
from orderflow.market.instrument_settings import initial_grid
from orderflow.market.past_bars import PastBars
from orderflow.market.row_size import RowSize
from orderflow.market.sessions import Session
from orderflow.market.tape import Lock, Tape
from orderflow.market.tick_log import TickLog
from orderflow.market.ticks import NO_ID, SideRule, TickBatch

MAX_VOLUME = 2**62
"""Most size units that one symbol may trade in total, so that sums fit in int64."""


MOST_IN_MINUTE = 2_000_000
"""Most ticks of one symbol in one minute: a late one has them all put in order again, in 0.3 GB of memory."""


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """One row of the symbol list. first, last: ns UTC. price: the last trade's. tick_size: exact decimal text."""

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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked batch without repetitions, perhaps empty, and its columns on the grid at that time."""

    state: SymbolState
    grid: Grid
    columns: Columns
    new: NewTicks

    @property
    def batch(self) -> TickBatch:
        """The ticks to store."""
        return self.new.batch


@dataclass(slots=True, weakref_slot=True)
class SymbolState:
    """State of one symbol. Only the tape has its own lock; the market's lock must be held for the rest.

    epoch: identifier of the symbol's data, new after a reset; revisions of different epochs do not compare. series:
    identifier of the ticks alone, which new settings do not change. opened: index of the first tick of the epoch, in
    order of arrival. evicted: number of ticks evicted. held: that the market counts in memory. simulated: the
    ticks come from a model and are not logged. row_sizes: automatic row sizes in force, by frame; sizes_stored: whether
    the log has them. past: bars of a profile before those held, as read last: of an earlier session (True) or of a
    range (False).
    """

    tape: Tape
    log: TickLog
    counters: Counters = field(default_factory=Counters)
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    series: str = field(default_factory=lambda: secrets.token_hex(4))
    opened: int = 0
    evicted: int = 0
    held: int = 0
    simulated: bool = False
    row_sizes: dict[str, RowSize] = field(default_factory=dict)
    sizes_stored: bool = True
    past: dict[bool, PastBars] = field(default_factory=dict)
    _top_id: int = -1
    _ids_rise: bool = True
    _in_flight: list[TickBatch] = field(default_factory=list)
    _reserved_grid: Grid | None = None

    @staticmethod
    def make(
        symbol: str,
        max_candles: int,
        log: TickLog,
        settings: Mapping[str, str],
        lock: Lock,
        *,
        simulated: bool = False,
    ) -> SymbolState:
        """A symbol without ticks. settings: of the instrument, as `Market.configure` stores them."""

        def read(start: int, end: int) -> Columns | None:
            own = made()
            if not log.durable or own is None:
                return None
            batch = log.read(symbol, start, end)
            return Columns.empty() if batch is None else own.on_grid(batch)

        session = Session.parse(settings.get("session", "UTC"))
        tape = Tape(symbol, max_candles, read, logged=log.durable, lock=lock, session=session)
        tape.grid = initial_grid(settings)
        state = SymbolState(tape, log, simulated=simulated)
        made = weakref.ref(state)  # no circle: what was reset leaves memory at once
        return state

    def on_grid(self, batch: TickBatch) -> Columns:
        """Ticks of the log on the present grid, without those that do not fit it, which are not published yet."""
        reserved, grid = self._reserved_grid, self.tape.grid
        if reserved is None or reserved == grid:
            return grid.columns(batch)
        level, size, fits = grid.converted(batch)
        return Columns(batch.time, level, size, pack(batch.side, batch.rule), batch.id).take(fits)

    def new_ticks(self, batch: TickBatch, where: Indices | None = None, logged: Sequence[TickBatch] = ()) -> NewTicks:
        """The batch without repetitions of its own, of the ticks in memory, or, at `where`, of those in `logged`.

        It must not repeat any in flight. logged: of the log.
        """
        ids = batch.id
        if largest(ids) == NO_ID:
            return NewTicks(batch)
        if self.is_later(ids):
            return new_ticks(batch)
        held = seen = self.tape.buffer.has_id(ids)
        for pending in self._in_flight:
            seen = seen | _shared_ids(batch, pending)
        repeated = self._repeated(batch, held) if held.any() else None
        if where is not None and logged:
            again = np.zeros(len(batch), np.bool_) if repeated is None else repeated
            again[where] |= self._repeats(batch, where, self.tape.grid, join([self.on_grid(run) for run in logged]))
            seen, repeated = seen | again, again
        return new_ticks(batch, seen, repeated)

    def is_later(self, ids: Ints) -> bool:
        """Whether all ids are higher than any before, so that no tick is repeated."""
        return int(ids.min()) > self._top_id

    def repeated_in_flight(self, batch: TickBatch) -> TickBatch | None:
        """A batch being written to the log that has a tick which `batch` repeats; None if there is none."""
        for pending in self._in_flight if len(batch) else ():
            where = np.flatnonzero(_shared_ids(batch, pending))
            known = self._needed.columns(pending) if len(where) else Columns.empty()
            if len(where) and self._repeats(batch, where, self._needed, known).any():
                return pending
        return None

    def is_in_flight(self, batch: TickBatch) -> bool:
        """Whether the batch is being written to the log."""
        return any(pending is batch for pending in self._in_flight)

    @property
    def is_unused(self) -> bool:
        """Whether the symbol has no ticks, and none are being written."""
        return not self.counters.ticks and not self._in_flight

    def check(self, new: NewTicks) -> Grid:
        """The grid that the batch needs, together with those in flight.

        Raises BadInput, naming the row of the whole batch, if it cannot be stored exactly.
        """
        batch = new.batch
        if not len(batch):
            return self.tape.grid
        try:
            grid = self._needed.holding(batch)
            self._check_span(batch, grid)
            self._check_minutes(batch)
            volume = self.counters.volume * 10 ** (grid.size_decimals - self.tape.grid.size_decimals)
            volume += int(batch.size.sum(dtype=np.float64)) * 10 ** (grid.size_decimals - batch.size_decimals)
            if volume > MAX_VOLUME:
                row = int(batch.size.argmax())
                reason = (
                    "the symbol would have traded more than can be summed exactly; use fewer decimals or another symbol"
                )
                raise BadInput(f"row {row}: {reason}", [FieldError(row, "size", reason)])
        except BadInput as error:
            raise new.in_whole(error) from error
        return grid

    def _check_minutes(self, batch: TickBatch) -> None:
        """Refuse ticks of a minute that has the most it may have. Those that wait to be put in order do not count."""
        if self.counters.ticks + len(batch) <= MOST_IN_MINUTE:
            return
        minutes, count = np.unique(batch.time // MINUTE * MINUTE, return_counts=True)
        with self.tape.lock:
            known = self.tape.traded.ticks_in(minutes)
        full = np.flatnonzero(known + count > MOST_IN_MINUTE)
        if len(full):
            of_minute = np.flatnonzero(batch.time // MINUTE * MINUTE == minutes[full[0]])
            row = int(of_minute[max(0, MOST_IN_MINUTE - int(known[full[0]]))])
            reason = f"the symbol has {MOST_IN_MINUTE:,} ticks in the minute of this time already, and takes no more"
            raise BadInput(f"row {row}: {reason}", [FieldError(row, "time", reason)])

    def _check_span(self, batch: TickBatch, grid: Grid) -> None:
        """Refuse prices below 0 that are too far from those held and in flight, or these from them."""
        low = self.counters.low if self.counters.ticks else 0
        if low >= 0 and int(batch.price.min()) >= 0 and all(int(one.price.min()) >= 0 for one in self._in_flight):
            return
        factor, _ = self.tape.grid.factors_to(grid) if self.counters.ticks else (1, 1)
        held = [low * factor, self.counters.high * factor] if self.counters.ticks else []
        for one in self._in_flight:
            levels = grid.columns(one).level
            held += [int(levels.min()), int(levels.max())]
        grid.check_span(batch, held)

    def prepare(self, new: NewTicks, needed: Grid | None = None) -> Prepared:
        """Convert the ticks to the grid that they need. needed: the result of `check`, if known."""
        if needed is None:
            needed = self.tape.grid.holding(new.batch) if len(new.batch) else self.tape.grid
        return Prepared(self, needed, needed.columns(new.batch), new)

    def reserve(self, prepared: Prepared) -> None:
        """Remember the batch while it is written to the log."""
        if len(prepared.batch):
            self._in_flight.append(prepared.batch)
            self._reserved_grid = prepared.grid
            self._top_id = max(self._top_id, largest(prepared.batch.id))

    def release(self, prepared: Prepared) -> None:
        """Forget the batch after the write, successful or not."""
        self._in_flight = [batch for batch in self._in_flight if batch is not prepared.batch]
        self.release_grid()

    def reserve_grid(self, wanted: Grid) -> None:
        """Check new settings as `regrid` does, also for the batches in flight. They count for batches from now on.

        Raises Conflict.
        """
        grid = self._regridded(wanted)
        try:
            for pending in self._in_flight:
                grid = grid.holding(pending)
        except BadInput as error:
            raise Conflict(f"ticks that are just being written do not fit: {error}") from error
        self._reserved_grid = grid

    def release_grid(self) -> None:
        """Forget the grid of `reserve_grid` and of the batches in flight, when there are none."""
        if not self._in_flight:
            self._reserved_grid = None

    def publish(self, prepared: Prepared, now: float) -> int:
        """Make the ticks visible and count them. now: monotonic seconds. Returns the new revision."""
        self.counters.duplicates += prepared.new.duplicates
        self.counters.id_conflicts += prepared.new.id_conflicts
        columns, tape = prepared.columns, self.tape
        if not len(columns):
            return tape.revision
        if prepared.grid is not tape.grid:
            grid = tape.grid.holding(prepared.batch)
            if grid != tape.grid:
                self._set_grid(grid)
            if prepared.grid != grid:
                columns = grid.columns(prepared.batch)
        revision = tape.append(columns)
        self.counters.add(columns, now)
        self._top_id = max(self._top_id, largest(columns.id))
        return revision

    def loaded(self, batch: TickBatch) -> None:
        """Note, before a batch of the log is published, whether its ids may repeat others."""
        ids = batch.id
        if self._ids_rise and largest(ids) != NO_ID:
            self._ids_rise = int(ids[0]) > self._top_id and bool((ids[1:] > ids[:-1]).all())

    def count_loaded(self) -> None:
        """Count the id conflicts among the ticks in memory, after loading."""
        self.counters.id_conflicts = 0 if self._ids_rise else self.tape.buffer.shared_ids()

    def regrid(self, wanted: Grid) -> None:
        """Apply the tick size and size step of new settings. Raises Conflict if a held tick does not fit them."""
        self._set_grid(self._regridded(wanted))

    def set_session(self, session: Session) -> None:
        """Set the session. Starts a new epoch, as bars longer than an hour, CVD and VWAP change."""
        self.tape.set_session(session)
        self.row_sizes.clear()
        self.epoch, self.opened = secrets.token_hex(4), self.tape.buffer.n

    def history(self, until: int | None = None) -> History:
        """A reader of all ticks, in memory and in the log. until: leaves out those in memory from this index on."""
        bounds = self.log.bounds(self.tape.symbol)
        first = self.counters.first if bounds is None else min(self.counters.first, bounds[0])
        return History(self.tape, self.tape.read_log, first, self.span, until)

    def span(self, start: int, count: int) -> tuple[int, int | None] | None:
        """(time of the first tick at or after `start`, a later time after about `count` ticks), as `TickLog.span`."""
        buffer = self.tape.buffer
        first, end = buffer.nth_time(start, 0), buffer.nth_time(start, count) if count else None
        logged = self.log.span(self.tape.symbol, start, count) if start <= buffer.evicted_until else None
        firsts = [time for time in (first, logged and logged[0]) if time is not None]
        ends = [time for time in (end, logged and logged[1]) if time is not None]
        return (min(firsts), max(min(ends), min(firsts) + 1) if ends else None) if firsts else None

    def price(self, level: int) -> float:
        """The price of a level as the nearest float."""
        grid = self.tape.grid
        return float(level * grid.tick_units / 10**grid.price_decimals)

    def info(self) -> SymbolInfo:
        """The symbol's row in the symbol list."""
        c, tape = self.counters, self.tape
        return SymbolInfo(
            symbol=tape.symbol,
            ticks=c.ticks,
            first=c.first,
            last=c.last,
            price=self.price(c.close),
            tick_size=tape.grid.tick_text,
            session=tape.session.label,
            revision=tape.revision,
        )

    def stats(self, now: float) -> dict[str, Any]:
        """Figures of the statistics line. Prices and sizes are floats, `last` is in ms UTC. now: monotonic seconds."""
        c, tape = self.counters, self.tape
        return {
            "ticks": c.ticks,
            "low": self.price(c.low),
            "high": self.price(c.high),
            "volume": c.volume / 10**tape.grid.size_decimals,
            "rate": c.rate(now),
            "last": c.last // 1_000_000,
            "late": c.late,
            "duplicates": c.duplicates,
            "id_conflicts": c.id_conflicts,
            "id_conflicts_among": tape.buffer.n - tape.buffer.first,
            "missing_ids": c.ids.missing(),
            "rejected": c.rejected,
            "unknown": c.rules[SideRule.NONE - 1],
            "rules": list(c.rules),
            "evicted": self.evicted,
            "lost": tape.lost,
            "pending": tape.pending,
            "audit": [tape.audit.bars, tape.audit.failures],
            "tick": self.price(1),
        }

    @property
    def _needed(self) -> Grid:
        """The grid of the ticks held and in flight."""
        return self._reserved_grid or self.tape.grid

    def _regridded(self, wanted: Grid) -> Grid:
        """The grid of new settings, of which those that are not given stay as they are. Raises Conflict."""
        now = self.tape.grid
        if not wanted.tick_units:
            wanted = replace(wanted, tick_units=now.tick_units, price_decimals=now.price_decimals, fixed=now.fixed)
        wanted = replace(wanted, size_decimals=max(wanted.size_decimals, now.size_decimals))
        mine = now.tick_units * 10 ** max(0, wanted.price_decimals - now.price_decimals)
        theirs = wanted.tick_units * 10 ** max(0, now.price_decimals - wanted.price_decimals)
        if now.tick_units and mine % theirs:
            raise Conflict(
                f"the ticks held need a grid of {now.tick_text}, which {wanted.tick_text} does not divide; "
                "reset the symbol to give it a coarser tick size"
            )
        level, size = now.factors_to(wanted) if now.tick_units else (1, 1)
        if self.counters.high * level > MAX_LEVEL or self.counters.volume * size > MAX_VOLUME:
            raise Conflict("the ticks held cannot be kept exactly with so small a tick size or size step")
        return wanted

    def _repeated(self, batch: TickBatch, seen: Flags) -> Flags:
        """bool[n]: which of the ticks whose id is `seen` repeat one in memory."""
        found = np.zeros(len(batch), np.bool_)
        where = np.flatnonzero(seen & (batch.time <= self.tape.buffer.latest))
        if len(where) and (parts := list(self.tape.buffer.at(np.unique(batch.time[where])))):
            found[where] = self._repeats(batch, where, self.tape.grid, join(parts))
        return found

    @staticmethod
    def _repeats(batch: TickBatch, where: Indices, grid: Grid, known: Columns) -> Flags:
        """bool[k]: which of the ticks at `where` are among `known`, which are on `grid`."""
        found = np.zeros(len(where), np.bool_)
        level, size, fits = grid.converted(batch.take(where))
        rows, level, size = where[fits], level[fits], size[fits]
        pairs = ((known.time, batch.time[rows]), (known.id, batch.id[rows]), (known.level, level), (known.size, size))
        found[fits] = repeats(*(np.concatenate(pair) for pair in pairs))[len(known) :]
        return found

    def _set_grid(self, grid: Grid) -> None:
        level, size = self.tape.grid.factors_to(grid) if self.tape.grid.tick_units else (1, 1)
        self.tape.refine(grid)
        self.row_sizes = {name: replace(found, rows=found.rows * level) for name, found in self.row_sizes.items()}
        self.counters.rescale(level, size)


def _shared_ids(batch: TickBatch, pending: TickBatch) -> Flags:
    """bool[n]: which ticks of `batch` have the id of one of `pending`."""
    if int(batch.id.min()) > largest(pending.id) or largest(batch.id) < int(pending.id.min()):
        return np.zeros(len(batch), np.bool_)
    shared: Flags = np.isin(batch.id, pending.id) & (batch.id != NO_ID)
    return shared
