"""What `Market` answers: the reading half, `orderflow.market.ports.MarketReader`.

Each call finds the symbol and leaves the work to `market.queries`. Nothing here changes a symbol or the log.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from orderflow.errors import NotFound
from orderflow.market import arrivals, queries
from orderflow.market.arrivals import Arrivals, Past
from orderflow.market.bars.footprint import BarTable
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.frames import Frame
from orderflow.market.studies.options import DEFAULT_OPTIONS, StudyOptions
from orderflow.market.symbol import SymbolInfo, SymbolState, TickTable
from orderflow.market.tape import Lock
from orderflow.market.ticks import is_simulated
from orderflow.market.windows.counting import Counting
from orderflow.market.windows.window import Side


class MarketReads:
    """Reads of all symbols. clock: monotonic seconds. lock: reentrant; it is held while the list of symbols is
    read. counting: counts the bars of long logs."""

    def __init__(self, clock: Callable[[], float], lock: Lock, counting: Counting) -> None:
        self._clock = clock
        self._counting = counting
        self._lock = lock
        self._symbols: dict[str, SymbolState] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self.rejected_total = 0
        self.epoch = secrets.token_hex(4)

    def active(self) -> str | None:
        """The symbol that received ticks last, not counting simulated ones; None without any."""
        with self._lock:
            real = [state for state in self._with_ticks() if not _is_made(state)]
            return max(real, key=lambda state: state.counters.active).tape.symbol if real else None

    def count(self) -> int:
        """Number of symbols with ticks."""
        with self._lock:
            return len(self._with_ticks())

    def symbols(self, most: int | None = None) -> list[SymbolInfo]:
        """The first `most` symbols (None: all), the most recently active first, then the simulated ones by name,
        those of the simulated feed first."""
        with self._lock:
            latest = sorted(self._with_ticks(), key=lambda state: -state.counters.active)
            ordered = sorted(latest, key=_place)
            return [state.info() for state in ordered[:most]]

    def info(self, symbol: str) -> SymbolInfo:
        """One symbol's row of the list."""
        return self._find(symbol).info()

    def is_made(self, symbol: str) -> bool:
        """Whether the ticks of a symbol come from a model."""
        return _is_made(self._find(symbol))

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

    def is_behind(self, symbol: str) -> bool:
        """See `MarketReader.is_behind`."""
        state = self._symbols.get(symbol)
        return state is not None and state.tape.is_behind

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

    def bar_tables(
        self, symbol: str, frame: Frame, start: int | None, end: int | None, group: int = 1
    ) -> Iterator[BarTable]:
        """See `MarketReader.bar_tables`."""
        return (table.grouped(group) for table in queries.bar_tables(self._find(symbol), frame, start, end))

    def ticks(
        self, symbol: str, *, start: int | None = None, end: int | None = None, limit: int | None = None
    ) -> TickTable:
        """The first `limit` ticks with start <= time < end (ns UTC), in (time, id, arrival) order, sides resolved."""
        return queries.ticks(self._find(symbol), start, end, limit)

    def tick_runs(self, symbol: str, start: int | None, end: int | None, most: int) -> Iterator[TickTable]:
        """See `MarketReader.tick_runs`."""
        return queries.tick_runs(self._find(symbol), start, end, most)

    def arrivals(self, symbol: str, since: int = 0, limit: int = 10_000, *, sides: bool = True) -> Arrivals:
        """See `MarketReader.arrivals`."""
        return arrivals.in_memory(self._find(symbol), since, limit, sides=sides)

    def arrivals_of_log(self, symbol: str, since: int, limit: int = 10_000) -> Arrivals:
        """See `MarketReader.arrivals_of_log`."""
        return arrivals.in_log(self._find(symbol), since, limit)

    def arrivals_at(self, symbol: str, time: int) -> Past:
        """See `MarketReader.arrivals_at`."""
        return arrivals.at(self._find(symbol), time)

    def first_from(self, symbol: str, time: int, since: int = 0) -> int | None:
        """See `MarketReader.first_from`."""
        return arrivals.first_from(self._find(symbol), time, since)

    def past(self, symbol: str, start: int, end: int, until: int, since: int = 0) -> Past:
        """See `MarketReader.past`."""
        return arrivals.past(self._find(symbol), start, end, until, since)

    def changed(
        self,
        symbol: str | None,
        frame: Frame,
        since: int,
        epoch: str | None,
        rows: int = 0,
        options: StudyOptions = DEFAULT_OPTIONS,
        span: ProfileSpan | None = None,
        *,
        wait: bool = False,
    ) -> dict[str, Any]:
        """The changes since revision `since` of `epoch`, for a chart; see `market.queries.changed`.

        symbol: None for the most recently active one. A symbol without ticks gives an empty snapshot. wait: count the
        bars of an activity frame in this call, if that has not been done.
        """
        name = self.active() if symbol is None else symbol
        state = self._symbols.get(name or "")
        if state is None or not state.counters.ticks:
            return queries.no_bars(self.epoch, name, frame)
        counting = self._counting.at_once() if wait else self._counting
        answer = queries.changed(state, frame, since, epoch, rows, options, span, self._clock(), counting)
        self._store_sizes(state)
        return answer

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
        state = self._find(symbol)
        found = queries.row_size(state, frame, self._counting)
        self._store_sizes(state)
        return found

    def verify(self) -> tuple[int, int]:
        """Audit the minutes sealed since the last call. Returns (minutes audited, failures) since the start."""
        with self._lock:
            tapes = [state.tape for state in self._symbols.values()]
        audits = [tape.verify() for tape in tapes]
        return sum(audit.bars for audit in audits), sum(audit.failures for audit in audits)

    def settings_of(self, symbol: str) -> dict[str, str]:
        """The settings that `configure` stored for a symbol; empty if there are none."""
        return dict(self._settings.get(symbol, {}))

    # internal

    def _store_sizes(self, state: SymbolState) -> None:
        """Have new row sizes of the symbol stored."""

    def _with_ticks(self) -> list[SymbolState]:
        return [state for state in self._symbols.values() if state.counters.ticks]

    def _find(self, symbol: str) -> SymbolState:
        state = self._symbols.get(symbol)
        if state is None or not state.counters.ticks:
            raise NotFound(f"symbol {symbol!r} has no ticks; see /api/v1/symbols for those that do")
        return state


def _is_made(state: SymbolState) -> bool:
    """Whether the ticks come from a model, logged or not."""
    return state.simulated or is_simulated(state.tape.symbol)


def _place(state: SymbolState) -> tuple[int, str]:
    """Sort key of the symbol list: equal for real symbols, which keep their order."""
    return (1 + state.simulated, state.tape.symbol) if _is_made(state) else (0, "")
