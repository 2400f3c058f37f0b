"""One symbol as the market keeps it: its tape, its counters, and the ticks that are on their way into the log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from orderflow.errors import BadInput, Conflict, FieldError
from orderflow.market.buffer import SMALL_SEGMENT, Columns
from orderflow.market.counters import Counters
from orderflow.market.decimals import largest
from orderflow.market.grid import Grid
from orderflow.market.history import History
from orderflow.market.sessions import Session
from orderflow.market.tape import Lock, Tape
from orderflow.market.tick_log import TickLog
from orderflow.market.ticks import NO_ID, SideRule, TickBatch

MOST_VOLUME = 2**62
"""Size units that one symbol may trade in all: sums of them stay inside int64."""


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


@dataclass(frozen=True, slots=True)
class Arrivals:
    """n ticks in order of arrival: the `first`-th of the symbol and those after it, of `total` that arrived in `epoch`.

    A tick's place is its own as long as the epoch is: a later one, however late, comes after it.
    """

    first: int
    total: int
    epoch: str
    grid: Grid
    ticks: Columns

    def __len__(self) -> int:
        return len(self.ticks)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that has passed every check, as columns of the grid of that moment."""

    state: SymbolState
    grid: Grid
    columns: Columns
    batch: TickBatch


@dataclass(slots=True)
class SymbolState:
    """Not locked, but for its tape: the market's lock covers it. epoch: names this life of the symbol's data.
    simulated: a model makes its ticks, and they are in no log."""

    tape: Tape
    log: TickLog
    counters: Counters = field(default_factory=Counters)
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    evicted: int = 0
    simulated: bool = False
    _top_id: int = -1
    _in_flight: list[TickBatch] = field(default_factory=list)

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
        """A symbol without ticks, with the instrument's settings as `Market.configure` keeps them."""

        def read(start: int, end: int) -> Columns | None:
            if not log.durable:
                return None
            batch = log.read(symbol, start, end)
            return Columns.empty() if batch is None else tape.grid.columns(batch)

        segment = SMALL_SEGMENT if simulated else None
        tape = Tape(symbol, max_candles, read, logged=log.durable, lock=lock, segment=segment)
        tape.grid = initial_grid(settings)
        tape.session = Session.parse(settings.get("session", "UTC"))
        return SymbolState(tape, log, simulated=simulated)

    def unseen(self, batch: TickBatch) -> TickBatch:
        """The batch without the ticks whose venue id is held, or on its way."""
        ids = batch.id
        if largest(ids) == NO_ID or int(ids.min()) > self._top_id:
            return batch
        seen = self.tape.buffer.has_id(ids)
        for flying in self._in_flight:
            seen |= np.isin(ids, flying.id) & (ids != NO_ID)
        return batch.take(~seen) if seen.any() else batch

    def check(self, batch: TickBatch) -> Grid:
        """The grid that the batch needs. Raises BadInput, naming the row, when it cannot be held exactly beside what is
        there."""
        grid = self.tape.grid.holding(batch)
        volume = self.counters.volume * 10 ** (grid.size_decimals - self.tape.grid.size_decimals)
        volume += int(batch.size.sum(dtype=np.float64)) * 10 ** (grid.size_decimals - batch.size_decimals)
        if volume > MOST_VOLUME:
            row = int(batch.size.argmax())
            reason = (
                "the symbol would have traded more than can be summed exactly; use fewer decimals or another symbol"
            )
            raise BadInput(f"row {row}: {reason}", [FieldError(row, "size", reason)])
        return grid

    def prepare(self, batch: TickBatch, needed: Grid | None = None) -> Prepared:
        """Refine the grid if the batch needs it, and put the batch on it. needed: what `check` said, if it was
        asked."""
        tape = self.tape
        if needed is not tape.grid:
            grid = tape.grid.holding(batch)
            if grid != tape.grid:
                self._move_to(grid)
        return Prepared(self, tape.grid, tape.grid.columns(batch), batch)

    def reserve(self, prepared: Prepared) -> None:
        """Remember the ids while the ticks are on their way to the log."""
        self._in_flight.append(prepared.batch)
        self._top_id = max(self._top_id, largest(prepared.batch.id))

    def release(self, prepared: Prepared) -> None:
        """The ticks have arrived, or never will."""
        self._in_flight = [batch for batch in self._in_flight if batch is not prepared.batch]

    def publish(self, prepared: Prepared, now: float) -> int:
        """Make the ticks visible; returns the revision. now: monotonic seconds."""
        columns = prepared.columns
        if prepared.grid is not self.tape.grid:
            columns = self.tape.grid.columns(prepared.batch)
        revision = self.tape.append(columns)
        self.counters.add(columns, now)
        self._top_id = max(self._top_id, largest(columns.id))
        return revision

    def regrid(self, wanted: Grid) -> None:
        """Move to the tick size and size step of new settings. Raises Conflict where a tick would be rounded."""
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
        self._move_to(wanted)

    def set_session(self, session: Session) -> None:
        """Another session: every bar over an hour, CVD and VWAP change, so clients must start afresh."""
        self.tape.set_session(session)
        self.epoch = secrets.token_hex(4)

    def history(self) -> History:
        """A reader of everything, memory and log."""
        bounds = self.log.bounds(self.tape.symbol)
        first = self.counters.first if bounds is None else min(self.counters.first, bounds[0])
        return History(self.tape, self.tape.read_log, first)

    def arrivals(self, since: int, limit: int) -> Arrivals:
        """The ticks in memory from the `since`-th on, at most `limit`, sides resolved."""
        tape, buffer = self.tape, self.tape.buffer
        with tape.lock:
            total = buffer.n
            tape.refresh()
            first = min(max(since, buffer.first), total)
            return Arrivals(first, total, self.epoch, tape.grid, buffer.slice(first, min(total, first + limit)))

    def price(self, level: int) -> float:
        """A level as the exact price's nearest float."""
        grid = self.tape.grid
        return float(level * grid.tick_units / 10**grid.price_decimals)

    def info(self) -> SymbolInfo:
        """The symbol's line in the list."""
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
        """The figures of the statistics line. now: monotonic seconds."""
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
            "rejected": c.rejected,
            "unknown": c.rules[SideRule.NONE - 1],
            "rules": list(c.rules),
            "evicted": self.evicted,
            "lost": tape.lost,
            "audit": [tape.audit.bars, tape.audit.failures],
            "tick": self.price(1),
        }

    def _move_to(self, grid: Grid) -> None:
        level, size = self.tape.grid.factors_to(grid) if self.tape.grid.tick_units else (1, 1)
        self.tape.refine(grid)
        self.counters.rescale(level, size)


def initial_grid(settings: Mapping[str, str]) -> Grid:
    """The grid of an instrument's settings."""
    return Grid.of(
        Decimal(settings["tick_size"]) if "tick_size" in settings else None,
        Decimal(settings["size_step"]) if "size_step" in settings else None,
    )


def distinct(batch: TickBatch) -> TickBatch:
    """The batch without the second and later ticks of one venue id."""
    ids = batch.id
    if len(ids) < 2 or (ids[1:] > ids[:-1]).all() or int(ids.max()) == NO_ID:
        return batch
    _, first = np.unique(ids, return_index=True)
    keep = ids == NO_ID
    keep[first] = True
    return batch if keep.all() else batch.take(keep)
