"""Ticks and bars of one symbol: the tick buffer, the base bars, and a `Series` for each requested frame.

Appending is cheap; aggregation is lazy. A read aggregates the ticks that arrived since the last read, with one pandas
groupby whose cost does not depend on the length of the history. Other symbols, the log's format and the web belong to
`Market` and above.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from orderflow.errors import StorageFailed
from orderflow.market.audit import Audit, audit_minute
from orderflow.market.bars.activity_series import ActivitySeries
from orderflow.market.bars.base_bars import BaseBars
from orderflow.market.bars.checkpoints import Passes
from orderflow.market.bars.late import LateNotes
from orderflow.market.bars.series import NO_TOTALS, Series, SessionCarry, level_sums
from orderflow.market.bars.traded import TradedMinutes
from orderflow.market.bars.updates import BarUpdater, ReadLog
from orderflow.market.buffer import Columns, TickBuffer, in_order, join
from orderflow.market.frames import DAY, HOUR, MINUTE, SECOND, Frame
from orderflow.market.grid import Grid
from orderflow.market.sessions import Session, bar_start

Lock = AbstractContextManager[Any]
"""A reentrant lock."""

CHUNK = 32_768
"""Ticks aggregated at a time. Larger chunks spend a third of their time on page faults for new memory."""
READ_RETRIES = 500
"""Retries of a log read while the log is ahead of memory, 2 ms apart."""
SESSION = Frame("session", "time", ns=DAY)
"""The frame of whole sessions; of these only the newest is held, with its ladder, for the session's profile."""
MIN_MINUTE_ROWS = 10_080
"""Least number of minute rows to keep: one week, 1.2 MB."""


class Tape:
    """Ticks and bars of one symbol.

    max_candles: bars kept for each frame. read_log(start, end): the symbol's logged ticks with start <= time < end
    (ns UTC), None without a log. logged: whether there is a log. lock: reentrant. segment: ticks in one segment of the
    buffer.
    """

    def __init__(
        self, symbol: str, max_candles: int, read_log: ReadLog, *, logged: bool, lock: Lock, segment: int | None = None
    ) -> None:
        self.symbol = symbol
        self.logged = logged
        self.max_candles = max_candles
        self.grid = Grid()
        self.session = Session()
        self.buffer = TickBuffer(segment)
        self.revision = 0
        self.audit = Audit()
        self.lost = 0
        """Late ticks missing from the bars: their bar was evicted and there is no log."""
        self.lock = lock
        self.read_log = read_log
        self.traded = TradedMinutes()
        self.passes = Passes()
        self.late = LateNotes()
        self._updater = BarUpdater(self.buffer, self.evicted)
        self._done = 0
        self._ref = 0
        self._base_bars: dict[int, BaseBars] = {MINUTE: BaseBars(MINUTE)}
        self._series: dict[str, Series] = {}
        self._activity: dict[str, ActivitySeries] = {}
        self._sealed: deque[int] = deque(maxlen=10_000)

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
                for base_bars in self._base_bars.values():
                    base_bars.rescale(level, size)
                for series in self._series.values():
                    series.rescale(level, size)
                    series.log_floor = self.revision + 1
                self._ref *= level
                self._activity.clear()
                self.passes.clear()
            self.grid = grid

    def set_session(self, session: Session) -> None:
        """Set the session of bars longer than an hour, CVD and VWAP. Discards the bars, which are rebuilt on demand."""
        with self.lock:
            self.session = session
            self._series.clear()
            self._activity.clear()
            self.passes.clear()
            self.revision += 1

    def loading(self, under_way: bool) -> None:
        """Start or end loading of the log. Meanwhile it is ahead of memory, so rows that need the log are deferred."""
        with self.lock:
            if under_way or not self._updater.deferred:
                self._updater.deferred = set() if under_way else None
                return
            self.refresh()
            new = self._updater.recompute_deferred(self._base_bars[MINUTE], self._done)
            self.lost += new.lost
            self._activity.clear()
            self.passes.clear()
            if new.corrections or new.stale:
                self._series.clear()
                self._base_bars.pop(SECOND, None)

    def evict(self) -> int:
        """Evict the oldest segment of ticks, after aggregating it. Returns the number of ticks evicted."""
        with self.lock:
            self.refresh()
            evicted = self.buffer.evict()
            if evicted and not self.logged:
                self._activity.clear()  # their sessions may begin later now
                self.passes.clear()
            return evicted

    def evict_before(self, before: int) -> int:
        """Evict the oldest segment if all its ticks are older than `before` (ns UTC). Returns the number evicted."""
        with self.lock:
            return self.evict() if self.buffer.may_evict(before) else 0

    def evicted(self, start: int, end: int) -> Columns | None:
        """Evicted ticks with start <= time < end (ns UTC), in arrival order; None without a log.

        The log also contains the ticks in memory and, briefly, a batch that is written but not yet published. Both are
        last in arrival order. So the evicted ticks are what precedes the held ones, as soon as the log ends with those.
        Raises StorageFailed if it does not within READ_RETRIES tries.
        """
        for _ in range(READ_RETRIES):
            _, held = self.buffer.between(start, end)
            logged = self.read_log(start, end)
            if logged is None:
                return None
            evicted = len(logged) - len(held)
            if evicted >= 0 and np.array_equal(logged.time[evicted:], held.time):
                return logged.take(slice(0, evicted))
            time.sleep(0.002)
        raise StorageFailed(f"the log of {self.symbol} does not end with the ticks in memory")

    # aggregation

    @property
    def pending(self) -> int:
        """Number of ticks not aggregated yet."""
        return self.buffer.n - self._done

    def refresh(self) -> int:
        """Aggregate new ticks. Returns the revision that the bars now include."""
        with self.lock:
            revision, n = self.revision, self.buffer.n
            while self._done < n:
                end = min(n, self._done + CHUNK)
                self._advance(end, revision)
                self._done = end
            return revision

    def series(self, frame: Frame) -> Series:
        """The bars of a time frame, up to date; built from the ticks on first use."""
        with self.lock:
            revision = self.refresh()
            series = self._series.get(frame.name)
            if series is None:
                series = self._series[frame.name] = self._build(frame, revision)
            return series

    @property
    def lost_until(self) -> int:
        """Time (ns UTC) of the newest tick that was evicted without a log; -2**63 if there is none."""
        return -(2**63) if self.logged else self.buffer.evicted_until

    @property
    def newest(self) -> int | None:
        """Time (ns UTC) of the latest aggregated tick, in time order; None if there is none."""
        minutes = self._base_bars[MINUTE]
        return int(minutes.column("last_time")[-1]) if len(minutes) else None

    @property
    def minutes(self) -> BaseBars:
        """The minutes of the aggregated ticks that are in memory, up to MIN_MINUTE_ROWS or more."""
        return self._base_bars[MINUTE]

    @property
    def vwap_ref(self) -> int:
        """Level that the sums of VWAP are relative to."""
        return self._ref

    @property
    def uses_tick_rule(self) -> bool:
        """Whether any tick has its side by the tick rule."""
        return self._updater.uses_tick_rule

    def activity_series(
        self, frame: Frame, build: Callable[[Frame, int], ActivitySeries | None]
    ) -> ActivitySeries | None:
        """The bars of an activity frame, up to date.

        build(frame, revision): builds them on first use and after late ticks; None if that takes too long now.
        """
        with self.lock:
            revision = self.refresh()
            series = self._activity.get(frame.name)
            if series is None and (series := build(frame, revision)) is not None:
                self._activity[frame.name] = series
            return series

    def discard_activity(self, frame: Frame) -> None:
        """Discard the bars of an activity frame, which are built again on the next use."""
        with self.lock:
            self._activity.pop(frame.name, None)

    @property
    def aggregated(self) -> int:
        """Index in the buffer of the first tick that is not aggregated."""
        return self._done

    def minute_before(self, end: int, ticks: int) -> int | None:
        """See `TradedMinutes.minute_before`."""
        with self.lock:
            return self.traded.minute_before(end, ticks)

    def fill_scalars(self, series: Series, starts: list[int]) -> None:
        """Compute the missing scalars of the bars of a series that begin at `starts` (ns UTC)."""
        base_bars = self._base_bars[series.frame.base]
        for start in starts:
            bar = series.bars[start]
            if bar.scalars is None:
                a = base_bars.find(start)
                following = series.after(start)
                bar.scalars = base_bars.aggregate(a, len(base_bars) if following is None else base_bars.find(following))

    def state_before(self, moment: int) -> tuple[int | None, int] | None:
        """(last level, tick-rule direction) before `moment` (ns UTC, a whole minute); None if not in memory."""
        base_bars = self._base_bars[MINUTE]
        at = base_bars.find(moment)
        if moment <= base_bars.horizon or (not at and self.buffer.first):
            return None
        return (int(base_bars.column("close")[at - 1]), int(base_bars.column("direction")[at - 1])) if at else (None, 0)

    def _advance(self, until: int, revision: int) -> None:
        new = self._updater.take(self._done, until)
        if not self._done:
            self._ref = int(new.ticks.level[0])
        for base_bars in self._base_bars.values():
            self._updater.grow(base_bars, new)
        self.lost += new.lost
        self.traded.add(new.ticks.time)
        if new.late is not None:
            self.passes.late(new.late)
            self.late.add(revision, new.late)
        for base in self._base_bars:
            users = [series for series in self._series.values() if series.frame.base == base]
            if users:
                part = new.sums(base)
                for series in users:
                    series.merge(part, revision)
                    if new.late is not None and new.late < series.horizon:
                        series.dropped = None
        if self._activity and new.late is None:
            for activity_series in self._activity.values():
                activity_series.feed(new.ticks, revision)
        else:
            self._activity.clear()
        if new.stale:
            self._series.clear()
            self._base_bars.pop(SECOND, None)
        if new.sealed is not None:
            self._sealed.append(new.sealed)
        self._trim()

    def verify(self) -> Audit:
        """Recompute every minute sealed since the last call from its ticks; repair those that differ.

        A background job calls this every few seconds, so that `refresh` stays fast.
        """
        while self._sealed:
            with self.lock:
                self._check(self._sealed.popleft())
        return self.audit

    def _check(self, start: int) -> None:
        if start <= max(self.buffer.evicted_until, self._base_bars[MINUTE].horizon):
            return
        _, ticks = self.buffer.between(start, start + MINUTE, self._done)
        order = in_order(ticks)
        if order is not None:
            ticks = ticks.take(order)
        base_bars = self._base_bars[MINUTE]
        wrong = audit_minute(base_bars, self._series.values(), ticks, start)
        self.audit.bars += 1
        self.audit.failures += wrong

    # building the bars of a frame

    def _build(self, frame: Frame, revision: int) -> Series:
        cap = 1 if frame is SESSION else self.max_candles
        series = Series(frame, self.session, cap, self._ref, log_floor=revision)
        minutes = self._base_bars[MINUTE]
        if not len(minutes):
            return series
        starts = minutes.column("start")
        begin = self._first_of(frame, minutes, cap)
        if begin > starts[0]:
            series.raise_horizon(begin)
        if frame.base == SECOND:
            self._seconds_from(begin)
        session = int(self.session.start_of(np.array([begin]))[0])
        opening = -(-session // frame.ns) * frame.ns if frame.ns <= HOUR else session
        passed = self.passes.sessions.find(session)
        if passed is not None and opening == session:
            at = passed.at(begin)
            series.carry = SessionCarry(session, at.totals if at.session == session else NO_TOTALS)
            opening = at.time
        for ticks in self._ticks_since(min(opening, begin)):
            inside = ticks.time >= begin
            if not inside.all():
                if series.carry.session == session:
                    series.carry.totals = series.carry.totals.plus_ticks(ticks.take(~inside), self._ref)
                ticks = ticks.take(inside)
            if len(ticks):
                series.merge(
                    level_sums(ticks.time // frame.base * frame.base, ticks.level, ticks.size, ticks.side), revision
                )
        return series

    def _first_of(self, frame: Frame, minutes: BaseBars, cap: int) -> int:
        """Start (ns UTC) of the oldest bar to hold: at most `cap` bars back, within memory.

        Bars with lost ticks are left out, unless there are no others.
        """
        starts = minutes.column("start")
        floor = max(minutes.horizon, self.lost_until + 1)
        if frame.base == SECOND:
            starts = starts[min(int(np.searchsorted(starts, floor)), len(starts) - 1) :]
            most = np.minimum(minutes.column("trades")[-len(starts) :], MINUTE // frame.ns)
            enough = np.flatnonzero(np.cumsum(most[::-1]) >= 4 * cap)
            return int(starts[-1 - enough[0]]) if len(enough) else int(starts[0])
        bars = bar_start(starts, frame.ns, self.session)
        bars = bars[np.flatnonzero(np.concatenate(([True], bars[1:] != bars[:-1])))]
        bars = bars[min(int(np.searchsorted(bars, floor)), len(bars) - 1) :]
        return int(bars[-cap:][0])

    def _seconds_from(self, begin: int) -> None:
        base_bars = self._base_bars.get(SECOND)
        minutes = self._base_bars[MINUTE]
        horizon = begin if begin > int(minutes.column("start")[0]) else minutes.horizon
        if base_bars is not None and base_bars.horizon <= horizon:
            return
        base_bars = self._base_bars[SECOND] = BaseBars(SECOND)
        base_bars.horizon = horizon
        ticks = list(self._ticks_since(begin))
        if ticks:
            self._updater.fill(base_bars, ticks)

    def _ticks_since(self, start: int) -> Iterator[Columns]:
        """Aggregated ticks from `start` (ns UTC) on, in runs; evicted ones are read from the log."""
        if start <= self.buffer.evicted_until:
            whole = self.buffer.evicted_until // MINUTE * MINUTE + MINUTE
            evicted = self.evicted(start, whole)
            if evicted is not None and len(evicted):
                _, held = self.buffer.between(start, whole, self._done)
                yield BarUpdater.resolved(join([evicted, held]), self.state_before(start) or (None, 0))
                start = whole
        yield from self.buffer.since(start, self._done)

    def _trim(self) -> None:
        """Bound the number of base bars, and drop the bars whose base bars were dropped."""
        rows = max(MIN_MINUTE_ROWS, 2 * self.max_candles)
        minutes = self._base_bars[MINUTE]
        if len(minutes) > rows + rows // 4:
            minutes.drop_before(int(minutes.column("start")[-rows]))
            for series in self._series.values():
                series.raise_horizon(minutes.horizon)
        seconds = self._base_bars.get(SECOND)
        if seconds is not None and len(seconds) > 240 * self.max_candles:
            users = [series for series in self._series.values() if series.frame.base == SECOND and series.starts]
            seconds.drop_before(min((s.starts[0] for s in users), default=int(seconds.column("start")[-1])))
            for series in users:
                series.raise_horizon(seconds.horizon)
