"""One symbol that is evaluated: its book, its place in the series, and the watches of its bars."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import NotFound
from orderflow.market.arrivals import Arrivals
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.ports import MarketReader
from orderflow.market.sessions import Session, bar_start
from orderflow.tickers.alerts.activity_bars import ActivityBars, evaluate_activity
from orderflow.tickers.alerts.alert import Alert, Kind, Watch, by_activity
from orderflow.tickers.alerts.bar_watches import BarFinding
from orderflow.tickers.alerts.book import Book, Found, tick_of
from orderflow.tickers.alerts.chunk import Sample
from orderflow.tickers.alerts.closes import Closed, Closes
from orderflow.tickers.alerts.firing import Tally
from orderflow.tickers.alerts.place import Place
from orderflow.tickers.alerts.store import Position

FOREVER = 2**62
LIVE_NS = 60 * 10**9
"""A symbol is live once a tick comes so soon after its time, by the wall clock."""


class Tracked:
    """One symbol. watches: of bars (studies, marks, closes of activity bars); those of prices are in `book`. activity:
    the bars of those by their frame. dirty: it has moved since it was
    stored. live: its ticks come when they are traded. begun: called when its series begins again."""

    def __init__(
        self, market: MarketReader, position: Position, tally: Tally, *, begun: Callable[[], object] = lambda: None
    ) -> None:
        self.symbol = position.symbol
        self.place = Place(market, position)
        self.book = Book(tally, self._past)
        self.watches: list[Watch] = []
        self.activity: dict[str, ActivityBars] = {}
        self.dirty = False
        self.live = position.live
        self._market = market
        self._begun = begun
        self._stored: Position | None = position
        self._series = self._epoch = ""
        self._until = self._opened = self._changed = 0

    @property
    def generation(self) -> int:
        return self.place.generation

    def start_now(self) -> None:
        """Begin with the next tick, for a symbol that was not evaluated before."""
        newest = self.place.reader.skip()
        self._stored, self.dirty = None, True
        if newest is None:
            return
        self.place.passed(newest)
        self._enter(newest)
        self._until = self.place.reader.since
        times, levels = self._past(FOREVER, FOREVER)
        self.book.previous = Sample(int(times[-1]), int(levels[-1]))
        self.place.skipped(int(times[-1]))

    def newest(self) -> Sample | None:
        """The newest sample of the series, perhaps of an epoch before; None without any."""
        if not self._opened:
            return self.book.previous
        times, levels = self._past(FOREVER, FOREVER, since=0)
        return Sample(int(times[-1]), int(levels[-1])) if len(times) else None

    def follow(self, frame: Frame) -> None:
        """Note the bars of a frame from now on; its forming bar is that of the newest sample.

        The close of the bar before is the last price that came before the forming bar's first tick: a late tick, which
        came after it, does not change a close.
        """
        if frame.name in self.book.closes:
            return
        closes = self.book.follow(frame)
        previous = self.book.previous
        if previous is None:
            return
        from_start = _start(previous.time, frame, self.book.session)
        first = self._market.first_from(self.symbol, from_start, self._opened)
        times, levels = self._past(from_start, from_start, first)
        closes.start, closes.level = from_start, previous.level
        closes.before = int(levels[-1]) if len(times) else None

    def add(self, watch: Watch) -> None:
        """Evaluate a watch from now on."""
        if by_activity(watch.alert):
            if watch.alert.frame.name not in self.activity:
                self.begin(watch.alert)
            self.watches.append(watch)
        elif watch.alert.source.kind is Kind.PRICE:
            if watch.alert.frequency == "once_per_bar_close":
                self.follow(watch.alert.frame)
            self.book.add(watch)
        elif watch.alert.source.kind in (Kind.STUDY, Kind.EVENT):
            self.follow(watch.alert.frame)
            self.watches.append(watch)

    def begin(self, alert: Alert) -> None:
        """The bars that have closed by now are past for an alert on activity bars."""
        if not by_activity(alert):
            return
        bars = self.activity.setdefault(alert.frame.name, ActivityBars(alert.frame))
        self.dirty = True
        if (newest := self.book.previous) is not None:
            alone = not any(other.alert.frame.name == alert.frame.name for other in self.watches)
            bars.begin(self._market, self.symbol, newest.time, self.book.session, alert.id, alone=alone)

    def of_activity(self, name: str) -> list[BarFinding]:
        """Evaluate the bars of an activity frame, after `advance`. If no watch looks at them any more they are
        forgotten."""
        newest, bars = self.book.previous, self.activity.get(name)
        watches = [watch for watch in self.watches if watch.alert.frame.name == name]
        if not watches:
            self.activity.pop(name, None)
        elif newest is not None and bars is not None and bars.due(forming=any(each.alert.intrabar for each in watches)):
            at = newest.time, self.place.ordinal - 1
            self.dirty = True
            return evaluate_activity(self._market, watches, bars, at, self.book.session, self.book.tally)
        return []

    def remove(self, watch: Watch) -> None:
        """Evaluate a watch no more."""
        self.watches = [other for other in self.watches if other is not watch]
        self.book.remove(watch)

    def advance(self) -> Iterator[tuple[Arrivals, int, list[Found], dict[str, Closed]]]:
        """Evaluate what has arrived. Yields (ticks, ordinal of the first, what has fired, closed bars) piece by piece.

        Raises StorageFailed if the log is needed and cannot be read.
        """
        self.resume()
        if self._series and not self._market.revision(self.symbol):  # it was reset, and has no ticks yet
            self.place.begin()
            self.place.reader.since, self.place.reader.series, self._series, self._epoch = 0, "", "", ""
            self._restart()
        for piece in self._pieces():
            self._enter(piece)
            ordinal = piece.first + self.place.offset
            self._until = piece.first
            found, closed = self.book.take(ordinal, piece.ticks)
            for bars in self.activity.values():
                bars.note(piece.grid, piece.ticks)
            self.place.passed(piece)
            self._until = self.place.reader.since
            self.dirty = True
            yield piece, ordinal, found, closed

    def resume(self) -> None:
        """Go to the stored place, once. Raises StorageFailed if the log is needed and cannot be read."""
        if not self.place.find():
            self._stored = None
            self._restart()
        if self._stored is not None:
            with contextlib.suppress(NotFound):
                self._enter(self._market.arrivals(self.symbol, self.place.reader.since, 0, sides=False))
                self._until = self.place.reader.since

    def position(self) -> Position:
        """How far it has been evaluated."""
        book, previous = self.book, self.book.previous
        if self._stored is not None:
            return self._stored
        return Position(
            self.symbol,
            self.generation,
            self.place.ordinal,
            self.place.mark,
            None if previous is None else (previous.time, book.text(previous.level)),
            {name: closes.state(book.text) for name, closes in book.closes.items()}
            | {name: bars.state() for name, bars in self.activity.items()},
            self.live,
            self.book.session.label if self._epoch else "",
            max(self._opened, self._changed) + self.place.offset,
        )

    def _pieces(self) -> Iterator[Arrivals]:
        """What has arrived, in pieces of one epoch; the reader's `since` moves before each is yielded."""
        for piece in self.place.reader.pieces():
            old = piece.opened - piece.first
            if 0 < old < len(piece):
                self.place.reader.since = piece.opened
                yield replace(piece, ticks=piece.ticks.take(slice(0, old)))
                self.place.reader.since = piece.first + len(piece)
                piece = replace(piece, first=piece.opened, ticks=piece.ticks.take(slice(old, None)))
            yield piece

    def _enter(self, piece: Arrivals) -> None:
        """Note a new series, epoch or grid. A piece may be of the epoch before the present one."""
        if self._series not in ("", piece.series):
            self.place.begin()
            self._restart()
            self._epoch = ""
        of_epoch = piece.first >= piece.opened and len(piece) > 0
        if not self._epoch or (of_epoch and self._epoch != piece.epoch):
            self.book.session = Session.parse(self._market.info(self.symbol).session)
            self._epoch = piece.epoch
        self._series = piece.series
        self.book.fit(piece.grid)
        if self._stored is not None:
            stored, self._stored = self._stored, None
            self._restore(stored)
        opened = max(piece.opened, self._changed)
        if of_epoch and self._opened < opened:
            self._open(opened)

    def _open(self, index: int) -> None:
        """A new epoch, whose ticks and bars are not compared with those before. index: of its first tick."""
        self._opened = index
        self.book.forget()
        for bars in self.activity.values():
            bars.forget(all_bars=False)

    def _restart(self) -> None:
        self._opened = self._changed = 0
        self.book.forget()
        for bars in self.activity.values():
            bars.forget(all_bars=True)
        self.live, self.dirty = False, True
        self._begun()

    def _restore(self, stored: Position) -> None:
        grid = self.book.grid
        level = None if stored.before is None else _level(stored.before[1], grid)
        if stored.before is not None and level is not None:
            self.book.previous = Sample(stored.before[0], level)
        for name, state in stored.closes.items():
            frame = Frame.parse(name)
            if not frame.ns:
                self.activity[name] = ActivityBars(frame, state["start"], dict(state.get("behind", {})))
                continue
            closes = self.book.closes.setdefault(name, Closes(frame))
            held = None if state["level"] is None else _level(state["level"], grid)
            if held is not None:
                closes.start, closes.level = state["start"], held
                closes.before = None if state["before"] is None else _level(state["before"], grid)
        opened, since = max(0, stored.opened - self.place.offset), self.place.reader.since
        if opened >= since or stored.session not in ("", self.book.session.label):  # changed after the last evaluation
            self._changed = since
        else:
            self._opened = opened
        self.book.replace_all()

    def _past(self, start: int, end: int, until: int | None = None, since: int | None = None) -> tuple[Ints, Ints]:
        """See `chunk.Past`. until: index of the first arrival to leave out, by default of the next one to evaluate.
        since: of the first one to take, by default of the epoch's."""
        first, last = self._opened if since is None else since, self._until if until is None else until
        try:
            past = self._market.past(self.symbol, start, end, last, first)
        except NotFound:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        factor, _ = self.book.grid.factors_to(past.grid)
        return past.ticks.time, past.ticks.level // factor


def _start(time: int, frame: Frame, session: Session) -> int:
    return int(bar_start(np.array([time]), frame.ns, session)[0])


def _level(price: str, grid: Grid) -> int | None:
    level = Fraction(price) / tick_of(grid)
    return int(level) if level.denominator == 1 else None
