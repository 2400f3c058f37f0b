"""Protocols for reading from and writing to the market.

Pages, routes and sockets depend on these instead of `Market`, which implements both, so that signatures show what a
component can do. Times are int ns UTC. Ranges are start <= time < end, and None means no bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol

from orderflow.market.arrivals import Arrivals, Past
from orderflow.market.bars.footprint import BarTable
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.frames import Frame
from orderflow.market.idempotency import Receipt
from orderflow.market.studies.options import DEFAULT_OPTIONS, StudyOptions
from orderflow.market.symbol import SymbolInfo, TickTable
from orderflow.market.ticks import TickBatch
from orderflow.market.windows.window import Side

NO_SETTINGS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class MarketReader(Protocol):
    """Reads, from any thread. Unless stated otherwise, methods raise NotFound for a symbol without ticks."""

    epoch: str
    """Identifier of the market's data; changes with every reset."""
    rejected_total: int
    """Rows and bodies rejected since the start or the last reset, of all symbols and of those without a tick."""

    def active(self) -> str | None:
        """The symbol that received ticks last, not counting simulated ones; None without any."""

    def count(self) -> int:
        """Number of symbols with ticks. Never raises."""

    def symbols(self, most: int | None = None) -> list[SymbolInfo]:
        """The first `most` symbols (None: all), the most recently active first, then the simulated ones by name,
        those of the simulated feed first."""

    def info(self, symbol: str) -> SymbolInfo:
        """One symbol's row of the list."""

    def is_made(self, symbol: str) -> bool:
        """Whether the ticks of a symbol come from a model. Raises NotFound."""

    def revision(self, symbol: str) -> int:
        """The symbol's revision, which grows with every accepted batch; 0 without ticks."""

    def epoch_of(self, symbol: str) -> str:
        """Identifier of the symbol's data; revisions of two epochs do not compare. The market's epoch without ticks."""

    def lost_until(self, symbol: str) -> int | None:
        """Time of the newest tick that was evicted without a log; None if no tick is lost."""

    def is_behind(self, symbol: str) -> bool:
        """Whether so many ticks came out of order that they are put in order in the background.

        Until that is done, `changed` has the bars as they were, and other reads of bars and ticks raise Busy.
        """

    def stats(self, symbol: str) -> dict[str, Any]:
        """Figures of the statistics line. Prices and sizes are floats, `last` is in ms UTC."""

    def settings_of(self, symbol: str) -> dict[str, str]:
        """The settings stored by `configure`; empty if there are none."""

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
        """The first `limit` bars that start in the range. group: levels in a row of the footprint."""

    def bar_tables(
        self, symbol: str, frame: Frame, start: int | None, end: int | None, group: int = 1
    ) -> Iterator[BarTable]:
        """The bars as `bars` returns them, about a session at a time.

        A table may have a finer grid than those before.
        """

    def ticks(
        self, symbol: str, *, start: int | None = None, end: int | None = None, limit: int | None = None
    ) -> TickTable:
        """The first `limit` ticks in the range, in (time, id, arrival) order, sides resolved."""

    def tick_runs(self, symbol: str, start: int | None, end: int | None, most: int) -> Iterator[TickTable]:
        """The ticks as `ticks` returns them, in tables of about `most` at the most, none of them empty.

        Ticks with one time are in one table. A table may have a finer grid than those before.
        """

    def arrivals(self, symbol: str, since: int = 0, limit: int = 10_000, *, sides: bool = True) -> Arrivals:
        """At most `limit` ticks in memory from index `since` on, in order of arrival.

        sides: apply the tick rule first, which costs more than the rest.
        """

    def arrivals_of_log(self, symbol: str, since: int, limit: int = 10_000) -> Arrivals:
        """At most `limit` ticks from index `since` on that are no longer in memory, in order of arrival.

        The tick rule is not applied. If some are not in the log either, `first` is above `since`; then there may be no
        ticks at all, and `first` is the index of the first tick in memory. Raises StorageFailed.
        """

    def arrivals_at(self, symbol: str, time: int) -> Past:
        """The ticks with exactly this time (ns UTC), in order of arrival.

        Ticks that were evicted are read from the log. Raises StorageFailed.
        """

    def first_from(self, symbol: str, time: int, since: int = 0) -> int | None:
        """Index, from `since` on, of the first tick in order of arrival at or after `time` (ns UTC), None without one.

        If ticks that late were evicted, the index of the first one in memory. Raises NotFound.
        """

    def past(self, symbol: str, start: int, end: int, until: int, since: int = 0) -> Past:
        """The ticks with start <= time < end (ns UTC) and since <= index < until, and the last one before `start`.

        They are in (time, arrival) order. Ticks that were evicted are read from the log; their indices are not known,
        so all of them are taken if `since` is one of theirs, and none if it is in memory.
        """

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

        wait: count the bars of an activity frame in this call, if that has not been done.
        """

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

    def row_size(self, symbol: str, frame: Frame) -> int:
        """Levels in a row of the footprint, chosen for the symbol and frame; see `market.row_size`."""


class MarketWriter(Protocol):
    """Writes, from any thread. Each call succeeds completely or changes nothing."""

    def ingest(
        self, batches: Sequence[TickBatch], key: str | None = None, digest: str = "", *, feed: bool = False
    ) -> Receipt:
        """Log the batches, then publish them. feed: they come from a live feed. Raises BadInput, Busy, Conflict or
        StorageFailed."""

    def rejected(self, symbol: str | None, count: int) -> None:
        """Count rows that were rejected before they came here."""

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
        """Set an instrument's tick size, size step and session, and whether its prices may be 0 and below, until the
        end of the process if not `stored`.

        Raises BadInput, Conflict or StorageFailed.
        """

    def reset(self, symbol: str | None = None, settings: Mapping[str, Mapping[str, str]] = NO_SETTINGS) -> None:
        """Delete one symbol, or all data, in the log and in memory. Raises NotFound or StorageFailed.

        settings: of the instruments, which replace those in force when all data is deleted.
        """
