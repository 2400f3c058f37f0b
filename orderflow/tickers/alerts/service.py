"""Alerts while the program runs: woken by the bus, evaluated in a thread of the pool, changed by calls.

Changes wait for the evaluation and the evaluation for them, so that an alert begins, pauses and ends between two ticks.
Reading waits for neither: what is read is what was stored last, with the states that the clock gives it now.
All methods work in any thread and greenlet; the work is done in the pool.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from orderflow.errors import Conflict, NotFound, OrderflowError, StorageFailed
from orderflow.market.ports import MarketReader
from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Handle, Workers
from orderflow.tickers.alerts.alert import Alert, AlertEvent, State, Watch
from orderflow.tickers.alerts.evaluation import Evaluation
from orderflow.tickers.alerts.fields import moment, refuse_unknown, word, wrong
from orderflow.tickers.alerts.parsing import Context, change_alert, parse_alert
from orderflow.tickers.alerts.plumbing import Failing, Plumbing
from orderflow.tickers.alerts.rehearsal import Rehearsed, rehearse
from orderflow.tickers.alerts.snoozes import Snoozes
from orderflow.tickers.alerts.store import AlertStore, Changes

T = TypeVar("T")
log = logging.getLogger(__name__)
ROUND_SECONDS, LONGEST_ROUND = 0.05, 0.5
"""Least and most time between two evaluations: ticks that come together are evaluated together."""
REST = 100
"""Between two evaluations there is so many times the time that the last one took, within these bounds."""
FRAMES_SECONDS = 0.2
"""For so long a round evaluates bars of activity frames, of which each may take a third of a second. The next round
goes on with those that are left, so that alerts on prices and on bars of time do not wait for them."""
FLUSH_SECONDS = 5.0
"""How long an evaluation without events may go unstored. After a crash it is repeated, which changes nothing."""
RETRY_SECONDS = 1.0
PRUNE_SECONDS = 600.0
MOST_ALERTS = 10_000
MOST_NAMED = 2
"""Symbols that are named where ticks were not seen."""
MOST_OF_A_USER = 200
"""Alerts of one user; the operator may have all that there may be."""


def unseen_text(unseen: Mapping[str, int]) -> str:
    """What to say of ticks that no alert saw. unseen: how many of each symbol."""
    if not unseen:
        return ""
    named = " and ".join(f"{count:,} ticks of {symbol}" for symbol, count in list(unseen.items())[:MOST_NAMED])
    more = f" and of {len(unseen) - MOST_NAMED:,} more symbols" if len(unseen) > MOST_NAMED else ""
    return (
        f"alerts did not see {named}{more}: neither memory nor the tick log has them any more. "
        "More memory (max_ticks), or a tick log, keeps them until they are evaluated"
    )


class Alerts:
    """The alerts of a process. series(ticker): the symbol of a name, raises NotFound. target(id, owner): raises
    NotFound for a delivery target that the owner does not have. failing: see `Failing`.

    An owner is a user's id, "" for the operator. Calls with `owner` know the alerts and events of that owner only: for
    them those of others do not exist. None: all, for the operator.
    """

    def __init__(
        self,
        market: MarketReader,
        store: AlertStore,
        workers: Workers,
        bus: Bus,
        clock: Clock,
        *,
        series: Callable[[str], str] = lambda ticker: ticker,
        target: Callable[[str, str], object] = lambda target, owner: None,
        failing: Failing = tuple,
    ) -> None:
        self._failure = ""
        self._market = market
        self._store = store
        self._workers = workers
        self._bus = bus
        self._clock = clock
        self._series = series
        self._target = target
        self._lock = workers.lock()
        self._turn = workers.lock()
        self._wake = workers.event()
        self._evaluation = Evaluation(market, store, clock)
        self._plumbing = Plumbing(clock, failing)
        self._snoozes = Snoozes(clock)
        self._evaluation.on_events = self._tell
        self._listeners: list[Callable[[Sequence[AlertEvent]], object]] = []
        self._deleted = Counter[str]()
        """Events of each owner that were too many and deleted since the start."""
        self._job: Handle | None = None
        self._all = True
        self._frames: dict[tuple[str, str], set[str]] = {}
        """Symbols and activity frames whose bars are to be evaluated, the longest wait first, with their owners."""
        self._served = Counter[str]()
        """How many frames were evaluated for each owner while some were left."""
        self._flushed = clock.monotonic()

    def start(self) -> None:
        """Begin to evaluate, from where it was stored."""
        self._receiver = self._bus.receive(wake=self._wake.set)
        self._job = self._workers.spawn("alerts", self._live)
        self._workers.every(PRUNE_SECONDS, "old alert events", self.prune)

    def stop(self) -> None:
        """End the evaluation and store how far it has come."""
        if self._job is None:
            return
        self._receiver.close()
        self._job.cancel()
        self._wake.set()
        self._job.join(2.0)
        self._job = None
        with contextlib.suppress(OrderflowError):  # the next start repeats what is not stored
            self._workers.run(self._flush)

    def listen(self, listener: Callable[[Sequence[AlertEvent]], object]) -> None:
        """Call `listener` with new events, in a thread of the pool. It must be short and raise nothing."""
        self._listeners.append(listener)

    @property
    def problem(self) -> str:
        """Why alerts are not evaluated, or which ticks they have not seen; "" if all is well."""
        return self._failure or unseen_text(self._evaluation.unseen())

    # calls

    def alerts(self, state: str | None = None, owner: str | None = None) -> list[Alert]:
        """Alerts, the oldest first. state: only those in it."""

        def found() -> list[Alert]:
            alerts = map(self._present, self._known().values())
            return [each for each in alerts if state in (None, str(each.state)) and owner in (None, each.owner)]

        return self._workers.run(found)

    def get(self, alert_id: str, owner: str | None = None) -> Alert:
        """One alert. Raises NotFound."""
        return self._present(self._one_of(self._known(), alert_id, owner))

    def targets_of(self, alert_id: str) -> tuple[str, ...]:
        """Ids of the delivery targets of an alert; called while its events are stored."""
        alert = self._evaluation.alerts.get(alert_id)
        return () if alert is None else alert.targets

    def create(self, body: Mapping[str, Any], owner: str = "") -> Alert:
        """Make an alert from its fields. Raises BadInput, naming the field, Conflict if there are too many,
        StorageFailed."""

        def make() -> Alert:
            if len(self._evaluation.alerts) >= MOST_ALERTS:
                raise wrong("ticker", f"there are {MOST_ALERTS:,} alerts, the most there may be: delete some")
            if owner and sum(each.owner == owner for each in self._evaluation.alerts.values()) >= MOST_OF_A_USER:
                raise wrong("ticker", f"you have {MOST_OF_A_USER} alerts, the most that a user may have: delete some")
            alert = replace(parse_alert(body, self._context(owner), secrets.token_hex(8)), owner=owner)
            self._arm(alert)
            return alert

        return self._do(make)

    def change(self, alert_id: str, body: Mapping[str, Any], owner: str | None = None) -> Alert:
        """Change fields, or `state` (paused, active) or `snooze` (a time, or null) alone. Raises as `create` does,
        and NotFound.

        An alert whose condition changes, and one that has fired or expired and is made active, is armed again: it
        begins with the next tick and measures from the present price.
        """

        def change() -> Alert:
            alert = self._find(alert_id, owner)
            if "state" in body or "snooze" in body:
                return self._set_state(alert, body)
            changed, again = change_alert(alert, body, self._context(alert.owner))
            if again:
                self._advance(alert)
                self._arm(replace(changed, state=State.ACTIVE, why="", arming=alert.arming + 1))
            else:
                self._put(changed, self._evaluation.watches[alert_id])
            return self._evaluation.alerts[alert_id]

        return self._do(change)

    def delete(self, alert_id: str, owner: str | None = None) -> None:
        """Delete an alert; its events stay. Raises NotFound, StorageFailed."""

        def delete() -> None:
            alert = self._find(alert_id, owner)
            self._advance(alert)
            self._evaluation.drop(alert.id)
            self._evaluation.store(Changes(removed=[alert.id]))
            self._snoozes.forget(alert.id)

        self._do(delete)

    def owners(self) -> set[str]:
        """Who has alerts or events."""
        return {alert.owner for alert in self.alerts()} | self._workers.run(self._store.owners)

    def delete_all(self, owner: str) -> None:
        """Delete the alerts and events of a user, whose account ends. Raises StorageFailed."""
        for alert in self.alerts(owner=owner):
            self.delete(alert.id)
        self._workers.run(lambda: self._store.forget(owner))

    def events(
        self, *, after: int | None = None, alert_id: str | None = None, owner: str | None = None, limit: int = 100
    ) -> list[tuple[int, AlertEvent]]:
        """(number, event), the newest first; with `after`, those with a higher number, the oldest first."""
        return self._workers.run(lambda: self._store.events(after=after, alert_id=alert_id, owner=owner, limit=limit))

    def prune(self) -> None:
        """Delete the oldest events of those who have too many. Raises StorageFailed."""
        if removed := self._workers.run(self._store.prune):
            self._deleted.update(removed)
            log.info("%d alert events were deleted: the newest of each owner are kept", sum(removed.values()))

    def deleted(self, owner: str | None = None) -> int:
        """How many events, of an owner or of all, were too many and deleted since the start."""
        return self._deleted.total() if owner is None else self._deleted[owner]

    def rehearse(
        self, body: Mapping[str, Any], start: int | None, end: int | None, limit: int, owner: str = ""
    ) -> tuple[list[Rehearsed], int]:
        """(the events that such an alert would have had over held ticks, the ticks looked at); see `rehearse`."""

        def run() -> tuple[list[Rehearsed], int]:
            alert = parse_alert(body, self._context(owner), "")
            return rehearse(self._market, alert, start, end, limit, self._clock.now)

        return self._workers.run(run)

    def _known(self) -> Mapping[str, Alert]:
        """The alerts as they are stored. It waits only for a store that must be read first."""
        stored = self._evaluation.stored
        return self._do(lambda: dict(self._evaluation.alerts)) if stored is None else stored

    def _one_of(self, alerts: Mapping[str, Alert], alert_id: str, owner: str | None) -> Alert:
        found = alerts.get(alert_id)
        if found is None or owner not in (None, found.owner):
            raise NotFound(f"there is no alert {alert_id[:50]!r}")
        return found

    def _present(self, alert: Alert) -> Alert:
        """The alert as it is by the clock now; itself if it has not changed. What expired while the clock was ahead is
        active again."""
        if alert.expires is not None:
            now = self._clock.now()
            if alert.state is State.ACTIVE and alert.expires <= now:
                return replace(alert, state=State.EXPIRED)
            if alert.state is State.EXPIRED and alert.expires > now:
                return replace(alert, state=State.ACTIVE)
        return self._snoozes.now(alert)

    # in the pool, under the lock

    def _do(self, fn: Callable[[], T]) -> T:
        def locked() -> T:
            with self._turn, self._lock:
                self._evaluation.load()
                return fn()

        return self._workers.run(locked)

    def _context(self, owner: str) -> Context:
        return Context(self._market, self._series, lambda target: self._target(target, owner), self._clock.now())

    def _find(self, alert_id: str, owner: str | None = None) -> Alert:
        return self._settle(self._one_of(self._evaluation.alerts, alert_id, owner))

    def _advance(self, alert: Alert) -> None:
        """Evaluate all that the alert looks at."""
        for symbol in alert.symbols:
            self._evaluation.advance(symbol, [alert.frame.name])

    def _arm(self, alert: Alert) -> None:
        self._advance(alert)
        self._put(alert, self._evaluation.arm(alert))

    def _put(self, alert: Alert, watches: Sequence[Watch]) -> None:
        self._evaluation.tally.forget(alert.id)
        self._evaluation.put(alert, watches)
        self._evaluation.store(Changes(alerts=[(alert, watches)]))

    def _set_state(self, alert: Alert, body: Mapping[str, Any]) -> Alert:
        refuse_unknown(body, ("state", "snooze"))
        self._advance(alert)
        alert = self._find(alert.id)  # it may have fired just now
        if "snooze" in body:
            if alert.state is not State.ACTIVE:
                raise Conflict(f"the alert is {alert.state}: only an active one can be snoozed")
            snoozed = moment(body, "snooze", self._clock.now())
            self._put(replace(alert, snoozed=snoozed, woken=None), self._from_now(alert))
            if snoozed is not None:
                self._snoozes.begin(alert.id, snoozed)
        elif word(body, "state", ("active", "paused")) == "paused":
            if alert.state not in (State.ACTIVE, State.PAUSED):
                raise Conflict(f"the alert is {alert.state}: only an active one can be paused")
            self._put(replace(alert, state=State.PAUSED, why=""), self._evaluation.watches[alert.id])
        elif alert.state is State.PAUSED:
            self._put(replace(alert, state=State.ACTIVE, why=""), self._from_now(alert))
        elif alert.state is not State.ACTIVE:
            if alert.expires is not None and alert.expires <= self._clock.now():
                alert = replace(alert, expires=None)
            self._arm(replace(alert, state=State.ACTIVE, why="", snoozed=None, woken=None, arming=alert.arming + 1))
        return self._evaluation.alerts[alert.id]

    def _from_now(self, alert: Alert) -> Sequence[Watch]:
        """The alert's watches, without the ticks so far."""
        watches = self._evaluation.watches[alert.id]
        for fresh, watch in zip(self._evaluation.arm(alert), watches, strict=True):
            watch.since = fresh.since
        return watches

    def _settle(self, alert: Alert) -> Alert:
        """The alert as it is by the clock now, which is stored."""
        present = self._present(alert)
        if present is not alert:
            again = alert.state is State.EXPIRED or (alert.snoozed is not None and present.snoozed is None)
            self._put(present, self._from_now(alert) if again else self._evaluation.watches[alert.id])
        return present

    def _expire(self) -> None:
        """End what has expired, and wake what was snoozed."""
        for alert in list(self._evaluation.alerts.values()):
            self._settle(alert)

    def _round(self) -> float:
        """Evaluate what has changed. Returns how long it took, in seconds."""
        begun = self._clock.monotonic()
        changed = self._receiver.take()
        for symbol in changed:
            self._plumbing.heard(symbol)
        with self._step():
            self._expire()
            known = self._evaluation.symbols()
            wanted, self._all = known if self._all else [name for name in known if name in changed], False
        for symbol in wanted:
            if self._market.is_behind(symbol):
                continue  # it counts as changed when its ticks are in order
            with self._step():
                self._evaluation.advance(symbol, ())
                self._frames |= {(symbol, name): owners for name, owners in self._evaluation.frames(symbol).items()}
        self._evaluate_frames()
        with self._step():
            if events := self._plumbing.events(self._evaluation):
                self._evaluation.store(Changes(events=events))
            if self._clock.monotonic() - self._flushed > FLUSH_SECONDS:
                self._evaluation.flush()
                self._flushed = self._clock.monotonic()
        return self._clock.monotonic() - begun

    def _evaluate_frames(self) -> None:
        """Evaluate the bars of activity frames for a while, of one at least: first those of owners who had the fewest,
        so that nobody waits for all the frames of somebody else."""
        until = self._clock.monotonic() + FRAMES_SECONDS
        while self._frames:
            symbol, frame = min(self._frames, key=self._turns)
            self._served.update(self._frames.pop((symbol, frame)))
            if self._market.is_behind(symbol):
                continue  # as in `_round`
            with self._step():
                self._evaluation.advance(symbol, [frame])
            if self._clock.monotonic() > until:
                break
        if self._frames:
            self._wake.set()
        else:
            self._served.clear()

    def _turns(self, pair: tuple[str, str]) -> int:
        return min((self._served[owner] for owner in self._frames[pair]), default=0)

    @contextlib.contextmanager
    def _step(self) -> Iterator[None]:
        """The lock, for one step of a round. A call that waits for it has the turn, so that it comes before the next
        step: else the round, which is awake, would take the lock again before the call has woken up."""
        with contextlib.ExitStack() as held:
            with self._turn:
                held.enter_context(self._lock)
            self._evaluation.load()
            yield

    def _flush(self) -> None:
        with self._lock:
            self._evaluation.flush()

    def _tell(self, events: Sequence[AlertEvent]) -> None:
        for listener in self._listeners:
            listener(events)

    # in its own greenlet

    def _live(self) -> None:
        pause = ROUND_SECONDS
        while not self._workers.wait(pause):
            self._wake.wait(1.0)
            self._wake.clear()
            try:
                pause = min(LONGEST_ROUND, max(ROUND_SECONDS, REST * self._workers.run(self._round)))
                self._failure = ""
            except StorageFailed as error:
                self._all = True
                if not self._failure:
                    self._workers.note("alerts", error)
                self._failure = f"alerts are not evaluated: {error}"
                if self._workers.wait(RETRY_SECONDS):
                    break
            except OrderflowError as error:
                self._all = True
                self._workers.note("alerts", error)
