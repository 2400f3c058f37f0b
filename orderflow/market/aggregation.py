"""What has been aggregated of the ticks of one symbol: the base bars, and a `Series` for each requested frame.

Nothing here locks or decides when to aggregate: `Tape` does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import StorageFailed
from orderflow.market.audit import Audit, audit_minute
from orderflow.market.bars.activity_series import ActivitySeries
from orderflow.market.bars.base_bars import BaseBars
from orderflow.market.bars.catch_up import CHUNK, CatchUp
from orderflow.market.bars.checkpoints import Passes
from orderflow.market.bars.late import LateNotes
from orderflow.market.bars.series import NO_TOTALS, Series, SessionCarry, level_sums
from orderflow.market.bars.traded import TradedMinutes
from orderflow.market.bars.updates import BarUpdater, ReadEvicted
from orderflow.market.buffer import Columns, TickBuffer, in_order, join, order_ids
from orderflow.market.frames import DAY, HOUR, MINUTE, SECOND, Frame
from orderflow.market.sessions import Session, bar_start

SESSION = Frame("session", "time", ns=DAY)
"""The frame of whole sessions; of these only the newest is held, with its ladder, for the session's profile."""
READ = 1 << 20
"""Most ticks that are read back from the log at a time, unless one minute has more."""
AT_ONCE = 1 << 18
"""Most ticks that are read again for late ones while others wait: about 60 ms."""
MIN_MINUTE_ROWS = 10_080
"""Least number of minute rows to keep: one week, 1.2 MB."""


class Aggregation:
    """The bars of the first `done` ticks of a buffer.

    buffer: of the ticks. evicted: reads evicted ticks back. logged: whether there is a
    log. max_candles: bars kept for each frame.
    """

    def __init__(
        self, buffer: TickBuffer, evicted: ReadEvicted, max_candles: int, session: Session, *, logged: bool
    ) -> None:
        self.buffer = buffer
        self.evicted = evicted
        self.max_candles = max_candles
        self.logged = logged
        self.session = session
        self.updater = BarUpdater(buffer, evicted)
        self.done = 0
        """Index in the buffer of the first tick that is not aggregated."""
        self.ref = 0
        """Level that the sums of VWAP are relative to."""
        self.lost = 0
        """Late ticks missing from the bars: their bar was evicted and there is no log."""
        self.base_bars: dict[int, BaseBars] = {MINUTE: BaseBars(MINUTE)}
        self.series: dict[str, Series] = {}
        self.activity: dict[str, ActivitySeries] = {}
        self.traded = TradedMinutes()
        self.passes = Passes()
        self.late = LateNotes()
        self.audit = Audit()
        self._sealed: deque[int] = deque(maxlen=10_000)

    @property
    def minutes(self) -> BaseBars:
        """The minutes of the aggregated ticks that are in memory, up to MIN_MINUTE_ROWS or more."""
        return self.base_bars[MINUTE]

    @property
    def _most_minutes(self) -> int:
        return max(MIN_MINUTE_ROWS, 2 * self.max_candles)

    @property
    def lost_until(self) -> int:
        """Time (ns UTC) of the newest tick that was evicted without a log; -2**63 if there is none."""
        return -(2**63) if self.logged else self.buffer.evicted_until

    def rescale(self, level: int, size: int, log_floor: int) -> None:
        """Multiply levels and sizes for a finer grid. log_floor: of the change logs, see `Series`."""
        for base_bars in self.base_bars.values():
            base_bars.rescale(level, size)
        for series in self.series.values():
            series.rescale(level, size)
            series.log_floor = log_floor
        self.ref *= level
        self.forget_activity()

    def forget_activity(self) -> None:
        """Discard activity frames and checkpoints, which are made again on demand."""
        self.activity.clear()
        self.passes.clear()

    def forget_ladders(self) -> None:
        """Discard the bars of all time frames, which are built again on demand from the minutes and ticks."""
        self.series.clear()
        self.base_bars.pop(SECOND, None)

    def fill_scalars(self, series: Series, starts: list[int]) -> None:
        """Compute the missing scalars of the bars of a series that begin at `starts` (ns UTC)."""
        if not starts:
            return
        base_bars = self.base_bars[series.frame.base]
        for start in starts:
            bar = series.bars[start]
            if bar.scalars is None:
                a = base_bars.find(start)
                following = series.after(start)
                bar.scalars = base_bars.aggregate(a, len(base_bars) if following is None else base_bars.find(following))

    def state_before(self, moment: int) -> tuple[int | None, int] | None:
        """(last level, tick-rule direction) before `moment` (ns UTC, a whole minute); None if not in memory."""
        base_bars = self.base_bars[MINUTE]
        at = base_bars.find(moment)
        if moment <= base_bars.horizon or (not at and self.buffer.first):
            return None
        return (int(base_bars.column("close")[at - 1]), int(base_bars.column("direction")[at - 1])) if at else (None, 0)

    def late_work(self, until: int) -> int:
        """Number of ticks to read again for the late ones before index `until`; 0 if none is late.

        It is an estimate, from 1 to about twice what it will be, and above AT_ONCE not more exact than that.
        """
        late = self._late_minutes(until)
        if late is None or until - self.done > AT_ONCE:
            return 0 if late is None else until - self.done
        minutes = self.minutes
        if not len(minutes):
            return until - self.done
        place = minutes.column("start").searchsorted(late)
        end = place + (minutes.column("start").take(place, mode="clip") == late)
        if self.updater.uses_tick_rule:  # a changed direction goes on through minutes of one price
            moves = np.append(np.flatnonzero(minutes.column("high") != minutes.column("low")), len(minutes) - 1)
            end = moves[moves[:-1].searchsorted(end)] + 1
        rows = np.zeros(len(minutes) + 1, np.int64)
        np.add.at(rows, place, 1)
        np.add.at(rows, end, -1)
        return until - self.done + int(minutes.column("trades")[np.cumsum(rows[:-1]) > 0].sum())

    def _late_minutes(self, until: int) -> Ints | None:
        """Starts of the minutes that have late ticks before index `until`, ascending; None without late ticks.

        Minutes of ticks in order may be among them. At most the first few of very many.
        """
        minutes, found = self.minutes, list[Ints]()
        time, order = (int(minutes.column(name)[-1]) if len(minutes) else -(2**63) for name in ("last_time", "last_id"))
        for begin in range(self.done, until, CHUNK):
            ticks = self.buffer.slice(begin, min(until, begin + CHUNK))
            first, last = int(ticks.time.min()), int(ticks.time.max())
            if first < time or (first == time and int(order_ids(ticks.id[ticks.time == time]).min()) < order):
                found.append(ticks.time[ticks.time <= time] // MINUTE * MINUTE)
                if until - self.done > AT_ONCE:
                    break
            if last >= time:
                newest = int(order_ids(ticks.id[ticks.time == last]).max())
                time, order = last, newest if last > time else max(order, newest)
        return np.unique(np.concatenate(found)) if found else None

    def catch_up(self, until: int) -> CatchUp:
        """The work of aggregating the ticks before index `until` that are not in order, for `put`."""
        return CatchUp(
            self.buffer,
            self.updater,
            self.minutes,
            self.traded,
            self.series,
            since=self.done,
            until=until,
            rows=self._most_minutes,
        )

    def put(self, made: CatchUp, revision: int) -> None:
        """Take over the bars of a `CatchUp` that has run, which change with `revision`."""
        self.base_bars = {MINUTE: made.minutes}
        self.traded = made.traded
        if not self.done:
            self._begin(made.first_level)
        if made.new.stale:
            self.series.clear()
        made.set_flags()
        self.done = made.until
        self.lost += made.new.lost
        self.activity.clear()
        if made.late is not None:
            self.passes.late(made.late)
            self.late.add(revision, made.late)
        for name, series in list(self.series.items()):
            if made.series.get(name) is not series or made.sums is None:  # it is built again on demand
                del self.series[name]
                continue
            series.merge(made.sums, revision)
            series.raise_horizon(made.minutes.horizon)
            if made.late is not None and made.late < series.horizon:
                series.dropped = None
        self.trim()

    def end_loading(self) -> None:
        """Put in order the minutes that were left while the log was loaded. All ticks must be aggregated."""
        late, self.updater.deferred = sorted(self.updater.deferred or ()), None
        made = self.catch_up(self.done)
        made.put_in_order(np.array(late, np.int64))
        made.set_flags()
        self.base_bars[MINUTE] = made.minutes
        self.lost += made.new.lost
        self.forget_activity()
        if made.new.corrections or made.new.stale:
            self.forget_ladders()

    def advance(self, until: int, revision: int) -> None:
        """Aggregate the ticks before index `until`, which bars change with `revision`.

        Raises StorageFailed if the log is needed and cannot be read; they are not aggregated then.
        """
        new = self.updater.take(self.done, until)
        if not self.done:
            self._begin(int(new.ticks.level[0]))
        for base, base_bars in list(self.base_bars.items()):
            try:
                self.updater.grow(base_bars, new, self.traded)
            except StorageFailed:
                self.forget_ladders()  # volume that moved is not in them
                if base == MINUTE:
                    raise  # the same ticks come again; seconds are built on demand
        self.lost += new.lost
        self.traded.add(new.ticks.time)
        if new.late is not None:
            self.passes.late(new.late)
            self.late.add(revision, new.late)
        for base in self.base_bars:
            users = [series for series in self.series.values() if series.frame.base == base]
            if users:
                part = new.sums(base)
                for series in users:
                    series.merge(part, revision)
                    if new.late is not None and new.late < series.horizon:
                        series.dropped = None
        if self.activity and new.late is None:
            for activity_series in self.activity.values():
                activity_series.feed(new.ticks, revision)
        else:
            self.activity.clear()
        if new.stale:
            self.forget_ladders()
        if new.sealed is not None:
            self._sealed.append(new.sealed)
        self.trim()
        self.done = until

    def _begin(self, level: int) -> None:
        """Prices are relative to the first one from now on. Series without bars may have been asked for before."""
        self.ref = level
        self.series.clear()

    def audit_next(self) -> bool:
        """Recompute the next minute that was sealed from its ticks; repair it if it differs. False if there is none."""
        if not self._sealed:
            return False
        self._check(self._sealed.popleft())
        return True

    def _check(self, start: int) -> None:
        if start <= max(self.buffer.evicted_until, self.minutes.horizon):
            return
        _, ticks = self.buffer.between(start, start + MINUTE, self.done)
        order = in_order(ticks)
        if order is not None:
            ticks = ticks.take(order)
        base_bars = self.minutes
        wrong = audit_minute(base_bars, self.series.values(), ticks, start)
        self.audit.bars += 1
        self.audit.failures += wrong

    # building the bars of a frame

    def build(self, frame: Frame, revision: int) -> Series:
        """The bars of a time frame, from the minutes and ticks. revision: that the aggregated ticks have."""
        cap = 1 if frame is SESSION else self.max_candles
        series = Series(frame, self.session, cap, self.ref, log_floor=revision)
        minutes = self.minutes
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
                    series.carry.totals = series.carry.totals.plus_ticks(ticks.take(~inside), self.ref)
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
        base_bars = self.base_bars.get(SECOND)
        minutes = self.minutes
        horizon = begin if begin > int(minutes.column("start")[0]) else minutes.horizon
        if base_bars is not None and base_bars.horizon <= horizon:
            return
        base_bars, ticks = BaseBars(SECOND), list(self._ticks_since(begin))
        base_bars.horizon = horizon
        if ticks:
            self.updater.fill(base_bars, ticks)
        self.base_bars[SECOND] = base_bars

    def _ticks_since(self, start: int) -> Iterator[Columns]:
        """Aggregated ticks from `start` (ns UTC) on, in runs; evicted ones are read from the log."""
        if self.logged and start <= self.buffer.evicted_until:
            whole = self.buffer.evicted_until // MINUTE * MINUTE + MINUTE
            for a, b in pairwise(self.traded.cuts(start, whole, self.session, READ)):
                _, held = self.buffer.between(a, b, self.done)
                evicted = self.evicted(a, b, self.traded.ticks_between(a, b) - len(held))
                if evicted is not None and len(ticks := join([evicted, held])):
                    yield BarUpdater.resolved(ticks, self.state_before(a) or (None, 0))
            start = whole
        yield from self.buffer.since(start, self.done)

    def trim(self) -> None:
        """Bound the number of base bars, and drop the bars whose base bars were dropped."""
        rows, minutes = self._most_minutes, self.minutes
        if len(minutes) > rows + rows // 4:
            minutes.drop_before(int(minutes.column("start")[-rows]))
            for series in self.series.values():
                series.raise_horizon(minutes.horizon)
        seconds = self.base_bars.get(SECOND)
        if seconds is not None and len(seconds) > 240 * self.max_candles:
            users = [series for series in self.series.values() if series.frame.base == SECOND and series.starts]
            seconds.drop_before(min((s.starts[0] for s in users), default=int(seconds.column("start")[-1])))
            for series in users:
                series.raise_horizon(seconds.horizon)
