"""Evaluates all active alerts against what has arrived, and stores what changes by it, in one transaction at a time.

Not thread-safe: `orderflow.tickers.alerts.service` calls it under its lock, in threads of the pool. When the store
refuses a transaction, everything is read from it again: the evaluation then repeats what was not stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from orderflow.market.arrivals import Arrivals
from orderflow.market.ports import MarketReader
from orderflow.runtime.clock import Clock
from orderflow.tickers.alerts.alert import Alert, AlertEvent, Frequency, Kind, State, Watch, event_id, key_text
from orderflow.tickers.alerts.bar_watches import BarFinding, evaluate_closed, evaluate_forming
from orderflow.tickers.alerts.book import Found
from orderflow.tickers.alerts.closes import Closed
from orderflow.tickers.alerts.description import condition_text, message_of
from orderflow.tickers.alerts.firing import RUNAWAY, Tally
from orderflow.tickers.alerts.store import AlertStore, Changes, Position
from orderflow.tickers.alerts.tracked import LIVE_NS, Tracked

LATE_NS = 10 * 10**9
"""A tick of a live symbol that comes so long after its time is called late."""
RUNAWAY_WORDS = f"fired more than {RUNAWAY} times in 3 minutes"


class Evaluation:
    """All alerts and how far their symbols are evaluated. alerts, watches: by id; the latter one for each symbol.

    stored: the alerts by id as they are in the store, replaced with each change, so that any thread may read it without
    waiting for an evaluation; None while they must be read from the store first.
    """

    def __init__(self, market: MarketReader, store: AlertStore, clock: Clock) -> None:
        self.alerts: dict[str, Alert] = {}
        self.stored: Mapping[str, Alert] | None = None
        self.watches: dict[str, list[Watch]] = {}
        self.tally = Tally(clock.now)
        self._market = market
        self._store = store
        self._clock = clock
        self._symbols: dict[str, Tracked] = {}
        self._changed: dict[int, Watch] = {}
        self._unseen = Counter[str]()
        self.on_events: Callable[[Sequence[AlertEvent]], object] = lambda events: None

    def load(self) -> None:
        """Read everything from the store, unless it has been. Raises StorageFailed."""
        if self.stored is not None:
            return
        stored = self._store.load()
        self.tally = Tally(self._clock.now)
        for alert_id, found in sorted(stored.found, key=lambda pair: pair[1]):
            self.tally.note(alert_id, found)
        self.alerts = {alert.id: alert for alert, _ in stored.alerts}
        self.watches = {alert.id: list(watches) for alert, watches in stored.alerts}
        for alert in self.alerts.values():
            if alert.state is State.ACTIVE:
                self.tally.forget(alert.id) if self.tally.stopped(alert.id) else None
        self._unseen = Counter(self.unseen())
        self._symbols, self._changed = {}, {}
        for position in stored.positions:
            self._track(position)
        for alert in self.alerts.values():
            self._join(alert)
        self.stored = dict(self.alerts)

    def symbols(self) -> list[str]:
        """The symbols that are evaluated."""
        return list(self._symbols)

    def unseen(self) -> Mapping[str, int]:
        """How many ticks of each symbol could not be read since the start, where there are some: no alert saw them."""
        now = Counter({symbol: tracked.place.reader.lost for symbol, tracked in list(self._symbols.items())})
        return +(now + self._unseen)

    def frames(self, symbol: str) -> dict[str, set[str]]:
        """The activity frames whose bars are evaluated for a symbol, with the owners of the alerts on them."""
        tracked = self._symbols.get(symbol)
        if tracked is None:
            return {}
        owners: dict[str, set[str]] = {name: set() for name in tracked.activity}
        for watch in tracked.watches:
            if watch.alert.frame.name in owners:
                owners[watch.alert.frame.name].add(watch.alert.owner)
        return owners

    def advance(self, symbol: str, frames: Collection[str] | None = None) -> None:
        """Evaluate what has arrived of a symbol. frames: the activity frames whose bars are evaluated, None: all. Each
        of them may take as long as everything else, as its bars are cut anew.

        Raises StorageFailed if the log cannot be read or the store not written, and Busy while ticks of the symbol are
        put in order. Then nothing of it is kept, and `load` reads everything again.
        """
        tracked = self._symbols.get(symbol)
        if tracked is None:
            return
        try:
            self._advance(tracked, self.frames(symbol) if frames is None else frames)
        except BaseException:
            self.stored = None
            raise

    def _advance(self, tracked: Tracked, frames: Collection[str]) -> None:
        for piece, ordinal, found, closed in tracked.advance():
            events = self._of_prices(tracked, piece, found)
            events += self._of_bars(tracked, ordinal, closed)
            self._watch_live(tracked, piece)
            if events:
                self.store(Changes(events=events))
        for frame in frames:
            if by_activity := [self._bar_event(tracked, each) for each in tracked.of_activity(frame)]:
                self.store(Changes(events=by_activity))
        if tracked.watches and any(watch.alert.intrabar for watch in tracked.watches):
            self.store(Changes(events=self._of_forming(tracked)))

    def flush(self) -> None:
        """Store how far the symbols have been evaluated. Raises StorageFailed."""
        self.store(Changes())

    def store(self, changes: Changes) -> None:
        """Store changes, with those that the evaluation has made meanwhile. Raises StorageFailed."""
        ended = self._ended(changes.events)
        moved = [tracked for tracked in self._symbols.values() if tracked.dirty]
        changed = self._changed | {id(watch): watch for watch in self._movers() if watch.moved}
        if not (changes or ended or moved or changed):
            return
        fired = {id(w): w for e in changes.events for w in self.watches.get(e.alert_id, []) if w.symbol == e.symbol}
        try:
            whole = replace(
                changes,
                alerts=[*changes.alerts, *((alert, self.watches[alert.id]) for alert in ended)],
                watches=[*changes.watches, *{**changed, **fired}.values()],
                positions=[tracked.position() for tracked in moved],
            )
            new = set(self._store.save(whole))
        except BaseException:
            self.stored = None
            raise
        if whole.alerts or whole.removed:
            self.stored = dict(self.alerts)
        self._changed = {}
        for watch in changed.values():
            watch.moved = False
        for tracked in moved:
            tracked.dirty = False
        if told := [event for event in changes.events if event.id in new]:
            self.on_events(told)

    # changes of alerts

    def track(self, symbol: str) -> Tracked:
        """The symbol, evaluated from now on if it was not."""
        if symbol not in self._symbols:
            self._track(Position(symbol)).start_now()
        return self._symbols[symbol]

    def arm(self, alert: Alert) -> list[Watch]:
        """New watches of an alert, which begin with the next tick and measure from the present price.

        `advance` must have been called for its symbols.
        """
        return [self._armed(alert, symbol) for symbol in alert.symbols]

    def _armed(self, alert: Alert, symbol: str) -> Watch:
        if alert.source.kind in (Kind.FEED, Kind.DELIVERY):
            return Watch(alert, symbol)
        tracked = self.track(symbol)
        tracked.begin(alert)
        watch = Watch(alert, symbol, since=tracked.place.ordinal)
        for old in self.watches.get(alert.id, []):
            if old.symbol == symbol and old.alert.frame == alert.frame:
                watch.bars, watch.first = set(old.bars), old.first  # which it has fired in, and does not again
        if (newest := tracked.newest()) is not None:
            watch.floor = newest.time
            if alert.source.kind is Kind.PRICE:
                watch.reference = tracked.book.price(newest.level)
        return watch

    def put(self, alert: Alert, watches: Iterable[Watch]) -> None:
        """Add an alert or replace it, in memory; it must be stored with these watches."""
        self.leave(alert.id)
        self._forget_changes(alert.id)
        self.alerts[alert.id] = alert
        self.watches[alert.id] = list(watches)
        self._join(alert)

    def drop(self, alert_id: str) -> None:
        """Remove an alert, in memory."""
        self.leave(alert_id)
        self._forget_changes(alert_id)
        self.tally.forget(alert_id)
        self.alerts.pop(alert_id, None)
        self.watches.pop(alert_id, None)

    def leave(self, alert_id: str) -> None:
        """Evaluate an alert no more."""
        for watch in self.watches.get(alert_id, []):
            if (tracked := self._symbols.get(watch.symbol)) is not None:
                tracked.remove(watch)

    # internal

    def _track(self, position: Position) -> Tracked:
        begun = partial(self._begin_again, position.symbol)
        tracked = Tracked(self._market, position, self.tally, begun=begun)
        self._symbols[position.symbol] = tracked
        tracked.resume()
        return tracked

    def _begin_again(self, symbol: str) -> None:
        """A symbol's series has begun again: its ticks and bars are others."""
        for watches in self.watches.values():
            for watch in watches:
                if watch.symbol == symbol:
                    watch.since, watch.last = 0, None
                    watch.bars, watch.first = set(), -(2**63)
                    self._changed[id(watch)] = watch

    def _forget_changes(self, alert_id: str) -> None:
        """The present watches are replaced, so what has changed in them must not be stored over the new ones."""
        for watch in self.watches.get(alert_id, []):
            self._changed.pop(id(watch), None)

    def _join(self, alert: Alert) -> None:
        for watch in self.watches[alert.id]:
            watch.alert = alert
            if alert.state is not State.ACTIVE or watch.done or alert.snoozed is not None:
                continue
            if alert.source.kind in (Kind.PRICE, Kind.STUDY, Kind.EVENT):
                self.track(watch.symbol).add(watch)

    def _movers(self) -> Iterator[Watch]:
        """The watches whose reference may move without an event."""
        for alert in self.alerts.values():
            if alert.operator.startswith("moving"):
                yield from self.watches[alert.id]

    def _watch_live(self, tracked: Tracked, piece: Arrivals) -> None:
        tracked.live = tracked.live or abs(self._clock.now() - int(piece.ticks.time[-1])) < LIVE_NS

    def _of_prices(self, tracked: Tracked, piece: Arrivals, found: Sequence[Found]) -> list[AlertEvent]:
        return [
            self._event(
                tracked,
                each.watch,
                value=tracked.book.text(each.level),
                time=each.time,
                ordinal=each.ordinal,
                bar=each.bar,
                behind=each.behind,
            )
            for each in found
        ]

    def _of_bars(self, tracked: Tracked, ordinal: int, closed: dict[str, Closed]) -> list[AlertEvent]:
        found: list[BarFinding] = []
        for frame, bars in closed.items():
            watches = [watch for watch in tracked.watches if watch.alert.frame.name == frame]
            if watches:
                found += evaluate_closed(self._market, watches, bars, ordinal, tracked.book.session, self.tally)
        return [self._bar_event(tracked, each) for each in found]

    def _of_forming(self, tracked: Tracked) -> list[AlertEvent]:
        inside = [watch for watch in tracked.watches if watch.alert.intrabar and not watch.done]
        watches = [watch for watch in inside if watch.alert.frame.ns]
        last = tracked.place.ordinal - 1
        found = evaluate_forming(self._market, watches, tracked.book, last, self.tally)
        return [self._bar_event(tracked, each) for each in found]

    def _bar_event(self, tracked: Tracked, found: BarFinding) -> AlertEvent:
        return self._event(
            tracked,
            found.watch,
            value=found.value,
            time=found.time,
            ordinal=found.ordinal,
            bar=found.bar,
            may_differ=found.forming,
        )

    def _event(
        self,
        tracked: Tracked,
        watch: Watch,
        *,
        value: str,
        time: int,
        ordinal: int,
        bar: int | None,
        behind: int = 0,
        may_differ: bool = False,
    ) -> AlertEvent:
        alert, now = watch.alert, self._clock.now()
        waited = now - time if tracked.live and now - time > LATE_NS else 0
        ticker = alert.name_of(watch.symbol)
        return AlertEvent(
            event_id(alert, watch.symbol, tracked.generation, key_text(alert, bar=bar, ordinal=ordinal)),
            alert.id,
            watch.symbol,
            tracked.generation,
            ticker,
            value,
            time,
            now,
            max(behind, waited) / 1e9,
            bar,
            ordinal,
            condition_text(alert),
            message_of(alert, ticker, value, time),
            may_differ,
            alert.owner,
        )

    def _ended(self, events: Sequence[AlertEvent]) -> list[Alert]:
        """The alerts that these events end: one-time ones that have fired for all symbols, and runaways."""
        ended = []
        for alert_id in dict.fromkeys(event.alert_id for event in events):
            alert = self.alerts.get(alert_id)
            if alert is None:
                continue
            if self.tally.stopped(alert_id):
                alert = replace(alert, state=State.PAUSED, why=RUNAWAY_WORDS)
            elif alert.frequency is Frequency.ONCE and all(watch.done for watch in self.watches[alert_id]):
                alert = replace(alert, state=State.FIRED)
            else:
                for watch in self.watches[alert_id]:
                    if watch.done and (tracked := self._symbols.get(watch.symbol)) is not None:
                        tracked.remove(watch)
                continue
            self.put(alert, self.watches[alert_id])
            ended.append(alert)
        return ended
