"""Ticks and bars of one symbol: the tick buffer, what is aggregated of it, and when that is done.

Appending is cheap; aggregation is lazy. A read aggregates the ticks that arrived since the last read, with one pandas
groupby whose cost does not depend on the length of the history. What late ticks make long is done beside the readers,
by `catch_up`. Other symbols, the log's format and the web belong to `Market` and above.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from orderflow.errors import Busy, OrderflowError
from orderflow.market.aggregation import AT_ONCE, SESSION, Aggregation
from orderflow.market.audit import Audit
from orderflow.market.bars.activity_series import ActivitySeries
from orderflow.market.bars.base_bars import BaseBars
from orderflow.market.bars.catch_up import CHUNK, CatchUp
from orderflow.market.bars.checkpoints import Passes
from orderflow.market.bars.late import LateNotes
from orderflow.market.bars.series import Series
from orderflow.market.bars.traded import TradedMinutes
from orderflow.market.buffer import Columns, TickBuffer
from orderflow.market.evicted import Evicted, ReadLog
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.sessions import Session

__all__ = ["SESSION", "Lock", "Tape"]

MAX_ACTIVITY = 8
"""Activity frames whose bars are held, the last used ones: each may hold all ticks, and is fed with each new one."""

Lock = AbstractContextManager[Any]
"""A reentrant lock."""


class Tape:
    """Ticks and bars of one symbol.

    max_candles: bars kept for each frame. read_log(start, end): the symbol's logged ticks with start <= time < end
    (ns UTC), None without a log. logged: whether there is a log. lock: reentrant. session: by default UTC days. ask:
    called, with the lock held, when ticks are to be aggregated by `catch_up`; None: each caller waits.
    """

    def __init__(
        self,
        symbol: str,
        max_candles: int,
        read_log: ReadLog,
        *,
        logged: bool,
        lock: Lock,
        session: Session | None = None,
        ask: Callable[[], object] | None = None,
    ) -> None:
        self.symbol = symbol
        self.logged = logged
        self.max_candles = max_candles
        self.grid = Grid()
        self.buffer = TickBuffer()
        self.revision = 0
        self.lock = lock
        self.read_log = read_log
        self.ask = ask
        self.evicted = Evicted(symbol, self.buffer, read_log, logged=logged)
        self._bars = Aggregation(self.buffer, self.evicted, max_candles, session or Session(), logged=logged)
        self._included = 0
        self._loading = self._catching_up = self._asked = False
        self._failure: OrderflowError | None = None

    # writing

    def append(self, ticks: Columns) -> int:
        """Publish ticks that fit the current grid. Returns the new revision."""
        self.buffer.append(ticks)
        self.revision += 1
        return self.revision

    def refine(self, grid: Grid) -> None:
        """Convert all ticks and bars to a finer grid. Ticks that are not aggregated stay so: late ones may need the
        log, which at this moment does not end with the ticks in memory."""
        with self.lock:
            level, size = self.grid.factors_to(grid) if self.grid.tick_units else (1, 1)
            if (level, size) != (1, 1):
                self.buffer.rescale(level, size)
                self._bars.rescale(level, size, self.revision + 1)
            self.grid = grid

    def set_session(self, session: Session) -> None:
        """Set the session of bars longer than an hour, CVD and VWAP. Discards the bars, which are rebuilt on demand."""
        with self.lock:
            self._bars.session = session
            self._bars.series.clear()
            self._bars.forget_activity()
            self.revision += 1

    def loading(self, under_way: bool) -> None:
        """Start or end loading of the log. Meanwhile it is ahead of memory, so that minutes with late ticks wait."""
        with self.lock:
            if under_way:
                self._loading, self._bars.updater.deferred = True, set()
            elif self._loading:
                self.refresh()
                self._loading = False
                self._bars.end_loading()

    def evict(self) -> int:
        """Evict the oldest segment of ticks, after aggregating it. Returns the number of ticks evicted: 0 while they
        are aggregated by `catch_up`."""
        with self.lock:
            if not self._advance():
                return 0
            evicted = self.buffer.evict()
            if evicted and not self.logged:
                self._bars.forget_activity()  # their sessions may begin later now
            return evicted

    def evict_before(self, before: int) -> int:
        """Evict the oldest segment if all its ticks are older than `before` (ns UTC). Returns the number evicted."""
        with self.lock:
            return self.evict() if self.buffer.may_evict(before) else 0

    # aggregation

    @property
    def pending(self) -> int:
        """Number of ticks not aggregated yet."""
        return self.buffer.n - self._bars.done

    @property
    def is_behind(self) -> bool:
        """Whether new ticks are still to be aggregated by `catch_up`. Those that take no time are aggregated now."""
        with self.lock:
            return not self._advance()

    def refresh(self) -> int:
        """Aggregate new ticks. Returns the revision that the bars now include.

        Raises Busy while that is done by `catch_up`, and its error if it failed.
        """
        with self.lock:
            if not self._advance():
                failure, self._failure = self._failure, None
                raise failure or Busy(f"{self.pending:,} ticks of {self.symbol} are being put in order; try again soon")
            return self._included

    def advance(self) -> int:
        """Aggregate new ticks as far as that takes no time. Returns the revision that the bars now include."""
        with self.lock:
            self._advance()
            return self._included

    def catch_up(self) -> bool:
        """Aggregate the ticks that have arrived, however long it takes; others may read the older bars meanwhile.

        Returns whether anybody asked for the new ones in vain. Another caller may be doing it. Raises StorageFailed if
        the log is needed and cannot be read.
        """
        revision, until = self.revision, self.buffer.n
        while self._bars.done < until:
            with self.lock:
                if self._catching_up:
                    return False
                if not self._bars.late_work(until):
                    self._bars.advance(min(until, self._bars.done + CHUNK), revision)
                    continue
                made, grid, self._catching_up = self._bars.catch_up(until), self.grid, True
            self._run(made, revision, grid)
        with self.lock:
            asked, self._asked = self._asked, False
            self._included = max(self._included, revision)
        return asked

    def _run(self, made: CatchUp, revision: int, grid: Grid) -> None:
        """Make bars without the lock, and take them over unless the grid was refined meanwhile."""
        made_all, self._failure = False, None
        try:
            made.run()
            made_all = True
        except OrderflowError as error:
            self._failure = error
            raise
        finally:
            with self.lock:
                self._catching_up = False
                if made_all and self.grid is grid:  # else they are incomplete or of the old grid, and made again
                    self._bars.put(made, revision)
                    self._included = revision

    def _advance(self) -> bool:
        """Aggregate the new ticks unless that is for `catch_up`. The lock must be held."""
        revision, until = self.revision, self.buffer.n
        if self._bars.done < until:
            if self._catching_up:
                self._asked = True
                return False
            work = self._bars.late_work(until)
            if work > AT_ONCE and self.ask is not None and not self._loading:
                self._asked = True
                self.ask()
                return False
            if work and (until - self._bars.done > CHUNK or self._loading):
                made = self._bars.catch_up(until)
                made.run()
                self._bars.put(made, revision)
            while self._bars.done < until:
                self._bars.advance(min(until, self._bars.done + CHUNK), revision)
        self._included = revision
        return True

    def series(self, frame: Frame) -> Series:
        """The bars of a time frame, as far as `advance` aggregates; built from the ticks on first use."""
        with self.lock:
            revision = self.advance()
            series = self._bars.series.get(frame.name)
            if series is None:
                series = self._bars.series[frame.name] = self._bars.build(frame, revision)
            return series

    def activity_series(
        self, frame: Frame, build: Callable[[Frame, int], ActivitySeries | None]
    ) -> ActivitySeries | None:
        """The bars of an activity frame, as far as `advance` aggregates.

        build(frame, revision): builds them on first use and after late ticks; None if that takes too long now.
        """
        with self.lock:
            revision = self.advance()
            held = self._bars.activity
            series = held.pop(frame.name, None)
            if series is None:
                series = build(frame, revision)
            if series is not None:
                held[frame.name] = series
                if len(held) > MAX_ACTIVITY:
                    del held[next(iter(held))]
            return series

    def discard_activity(self, frame: Frame) -> None:
        """Discard the bars of an activity frame, which are built again on the next use."""
        with self.lock:
            self._bars.activity.pop(frame.name, None)

    def minute_before(self, end: int, ticks: int) -> int | None:
        """See `TradedMinutes.minute_before`."""
        with self.lock:
            return self.traded.minute_before(end, ticks)

    def fill_scalars(self, series: Series, starts: list[int]) -> None:
        """Compute the missing scalars of the bars of a series that begin at `starts` (ns UTC)."""
        self._bars.fill_scalars(series, starts)

    def state_before(self, moment: int) -> tuple[int | None, int] | None:
        """(last level, tick-rule direction) before `moment` (ns UTC, a whole minute); None if not in memory."""
        return self._bars.state_before(moment)

    def verify(self) -> Audit:
        """Recompute every minute sealed since the last call from its ticks; repair those that differ.

        A background job calls this every few seconds, so that `refresh` stays fast.
        """
        more = True
        while more:
            with self.lock:
                more = not self._catching_up and self._bars.audit_next()
        return self.audit

    # what is aggregated

    @property
    def session(self) -> Session:
        """The session of bars longer than an hour, CVD and VWAP."""
        return self._bars.session

    @property
    def audit(self) -> Audit:
        """Counts of `verify`."""
        return self._bars.audit

    @property
    def lost(self) -> int:
        """Late ticks missing from the bars: their bar was evicted and there is no log."""
        return self._bars.lost

    @property
    def lost_until(self) -> int:
        """Time (ns UTC) of the newest tick that was evicted without a log; -2**63 if there is none."""
        return self._bars.lost_until

    @property
    def newest(self) -> int | None:
        """Time (ns UTC) of the latest aggregated tick, in time order; None if there is none."""
        minutes = self._bars.minutes
        return int(minutes.column("last_time")[-1]) if len(minutes) else None

    @property
    def minutes(self) -> BaseBars:
        """The minutes of the aggregated ticks that are in memory, up to MIN_MINUTE_ROWS or more."""
        return self._bars.minutes

    @property
    def traded(self) -> TradedMinutes:
        """The minutes with aggregated ticks, in memory or not."""
        return self._bars.traded

    @property
    def passes(self) -> Passes:
        """The checkpoints that are kept."""
        return self._bars.passes

    @property
    def late(self) -> LateNotes:
        """How far back bars have changed since a revision."""
        return self._bars.late

    @property
    def vwap_ref(self) -> int:
        """Level that the sums of VWAP are relative to."""
        return self._bars.ref

    @property
    def uses_tick_rule(self) -> bool:
        """Whether any tick has its side by the tick rule."""
        return self._bars.updater.uses_tick_rule

    @property
    def aggregated(self) -> int:
        """Index in the buffer of the first tick that is not aggregated."""
        return self._bars.done
