"""What may be read of the market and what may be written to it, as two small protocols.

Pages, routes and sockets take one of these and never `Market` itself, so that what they can do shows in their
signatures. `Market` satisfies both. Times are int ns UTC; `start <= time < end`, and None is no bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import Frame
from orderflow.market.idempotency import Receipt
from orderflow.market.queries import ProfileSpan
from orderflow.market.studies.options import DEFAULT_OPTIONS, StudyOptions
from orderflow.market.symbol import Arrivals, SymbolInfo, TickTable
from orderflow.market.ticks import TickBatch


class MarketReader(Protocol):
    """Reads from any thread. Methods that take a symbol raise NotFound for one without ticks, unless they say else."""

    epoch: str
    """Names this life of all data; changes with every reset."""
    rejected_total: int
    """Rows refused since the start or the last reset."""

    def active(self) -> str | None:
        """The symbol whose ticks came last; simulated ones do not count."""

    def symbols(self) -> list[SymbolInfo]:
        """Every symbol, the most recently active first; the simulated ones follow, by name."""

    def info(self, symbol: str) -> SymbolInfo:
        """One symbol's line of the list."""

    def revision(self, symbol: str) -> int:
        """Grows with every accepted batch; 0 when the symbol has no ticks."""

    def epoch_of(self, symbol: str) -> str:
        """Names this life of the symbol's data: revisions of two epochs do not compare. The market's when unknown."""

    def gone(self, symbol: str) -> int | None:
        """Time of the newest tick that left memory and is in no log; None while nothing is lost."""

    def pending(self, symbol: str) -> int:
        """Ticks that the next read of the symbol must aggregate; 0 when it is unknown."""

    def stats(self, symbol: str) -> dict[str, Any]:
        """The figures of the statistics line; prices and sizes as floats, `last` in ms."""

    def settings_of(self, symbol: str) -> dict[str, str]:
        """The instrument's settings that were set by `configure`; empty when there are none."""

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
        """The first `limit` bars that start in the range. group: levels in one row of the footprint."""

    def ticks(
        self, symbol: str, *, start: int | None = None, end: int | None = None, limit: int | None = None
    ) -> TickTable:
        """The first `limit` ticks in the range, in (time, id, arrival) order, sides resolved."""

    def arrivals(self, symbol: str, since: int = 0, limit: int = 10_000) -> Arrivals:
        """Ticks in order of arrival, as far as memory has them: from the `since`-th on, at most `limit`."""

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
        """What a chart that holds revision `since` of `epoch` lacks, as `market.chart_json` describes it."""


class MarketWriter(Protocol):
    """Writes from any thread: a call is taken whole or not at all."""

    def ingest(self, batches: Sequence[TickBatch], key: str | None = None, digest: str = "") -> Receipt:
        """Log the batches, then make them visible. Raises BadInput, Busy, Conflict, StorageFailed."""

    def rejected(self, symbol: str | None, count: int) -> None:
        """Count rows that were refused before they became ticks."""

    def configure(
        self,
        symbol: str,
        *,
        tick_size: Decimal | None = None,
        size_step: Decimal | None = None,
        session: str | None = None,
    ) -> None:
        """Set an instrument's tick size, size step and session. Raises BadInput, Conflict, StorageFailed."""

    def reset(self, symbol: str | None = None) -> None:
        """Forget a symbol, or everything, in memory and in the log. Raises NotFound, StorageFailed."""
