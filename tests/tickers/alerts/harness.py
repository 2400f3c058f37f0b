"""A market with alerts that can be stopped at any point, beside the oracle of the same alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import numpy as np

from orderflow.errors import StorageFailed
from orderflow.market.arrivals import Past
from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import MINUTE, Frame
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from orderflow.runtime.bus import Bus
from orderflow.runtime.workers import Workers
from orderflow.tickers.alerts.alert import Alert, Frequency, event_id
from orderflow.tickers.alerts.evaluation import Evaluation
from orderflow.tickers.alerts.operators.registry import OPERATORS
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.alerts.store import Changes, MemoryStore
from tests.market.memory_log import MemoryLog
from tests.oracle.alerts import AlertOracle, Rule

START = 1_790_000_000 * 10**9
SYMBOL = "X"
KEPT = 100 * 10**9
"""ns of ticks that a shortened log keeps, and the one before them."""
FRAMES = {MINUTE: Frame("1min", "time", ns=MINUTE), 5 * 10**9: Frame("5s", "time", ns=5 * 10**9)}


class StoppedClock:
    """A wall clock that stands still, years after the ticks."""

    def now(self) -> int:
        return START + 10**17

    def monotonic(self) -> float:
        return 0.0

    def asleep(self) -> float:
        return 0.0


class FaultyStore(MemoryStore):
    """Fails once, before or after it has stored: what a process that is killed there leaves behind."""

    def __init__(self) -> None:
        super().__init__()
        self.fail: str = ""

    def save(self, changes: Changes) -> list[str]:
        fail, self.fail = self.fail, ""
        if fail == "before":
            raise StorageFailed("killed before the commit")
        new = super().save(changes)
        if fail == "after":
            raise StorageFailed("killed after the commit")
        return new


class FaultyMarket(Market):
    """Fails once to read bars or older ticks, as with a log that does not answer."""

    broken = False

    def past(self, symbol: str, start: int, end: int, until: int, since: int = 0) -> Past:
        self._fail()
        return super().past(symbol, start, end, until, since)

    def bars(self, symbol: str, frame: Frame, **span: Any) -> BarTable:
        self._fail()
        return super().bars(symbol, frame, **span)

    def _fail(self) -> None:
        fail, self.broken = self.broken, False
        if fail:
            raise StorageFailed("the log does not answer")


class Caller:
    """Workers that do everything at once, in the caller."""

    def lock(self) -> AbstractContextManager[None]:
        return nullcontext()

    def event(self) -> None:
        return None

    def run(self, work: Callable[[], Any]) -> Any:
        return work()


@dataclass(frozen=True)
class Tick:
    """A tick at START + time ns. price: in quarters."""

    time: int
    price: int


def batch_of(ticks: Sequence[Tick], symbol: str = SYMBOL) -> TickBatch:
    count = len(ticks)
    none = np.zeros(count, np.int8)
    return TickBatch(
        symbol,
        np.array([START + tick.time for tick in ticks], np.int64),
        np.array([tick.price * 25 for tick in ticks], np.int64),
        np.ones(count, np.int64),
        none,
        none + np.int8(SideRule.NONE),
        np.full(count, NO_ID),
        2,
        0,
    )


class Alerted:
    """The engine and the oracle, given the same."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.store = FaultyStore()
        self.oracle = AlertOracle()
        self.made: dict[str, Alert] = {}
        self.hour = 0
        self.deleted = set[tuple[int, Fraction]]()
        self.market = FaultyMarket(self.log)
        self.unreadable = False
        self.evaluation = Evaluation(self.market, self.store, StoppedClock())
        self.evaluation.load()
        self._serve()

    def _serve(self) -> None:
        self.alerts = Alerts(self.market, self.store, cast(Workers, Caller()), Bus(), StoppedClock())
        self.alerts._evaluation = self.evaluation

    def ticks(self, ticks: Sequence[Tick]) -> None:
        ticks = [tick for tick in ticks if (START + tick.time, Fraction(tick.price, 4)) not in self.deleted]
        for tick in ticks:
            self.oracle.tick(START + tick.time, Fraction(tick.price, 4))
        if ticks:
            self.market.ingest([batch_of(ticks)])

    def evaluate(self) -> None:
        self.market.broken, self.unreadable = self.unreadable, False
        for _ in range(2):  # one to read, one to write
            try:
                return self.evaluation.advance(SYMBOL)
            except StorageFailed:
                self.evaluation.load()
            finally:
                self.market.broken = False
        self.evaluation.advance(SYMBOL)

    def restart(self) -> None:
        self.market = FaultyMarket(self.log)
        self.market.load()
        self.evaluation = Evaluation(self.market, self.store, StoppedClock())
        self.evaluation.load()
        self._serve()

    def shorten(self) -> None:
        """Restart with a log that has lost old ticks, but none that a late one or a new alert is compared with."""
        self.settle()
        if not self.made:
            return  # nobody counts the ticks yet
        asked = max((int(batch.time.max()) for entry in self.log.entries for batch in entry.batches), default=0) - KEPT
        while any(int(batch.time.min()) < asked for entry in self.log.entries[1:] for batch in entry.batches) and all(
            int(batch.time.max()) < asked for batch in self.log.entries[0].batches
        ):
            del self.log.entries[0]
        self.restart()

    def settle(self) -> None:
        """Evaluate everything and store how far."""
        self.store.fail = ""
        self.evaluate()
        self.flush()

    def flush(self) -> None:
        try:
            self.evaluation.flush()
        except StorageFailed:
            self.evaluation.load()

    def reset(self) -> None:
        self.evaluate()
        if self.oracle.ticks:
            self.deleted.update(self.oracle.ticks)  # one of them, sent again, might be taken for that evaluated last
            self.market.reset(SYMBOL)
            self.oracle.reset()

    def configure(self) -> None:
        """Another session, which begins an epoch."""
        self.settle()
        if self.made and self.oracle.ticks:
            self.hour = (self.hour + 1) % 24
            self.market.configure(SYMBOL, session=f"UTC {self.hour:02}:00")
            self.oracle.open_epoch()

    def add(self, rule: Rule) -> None:
        self.evaluate()
        if not self.made:
            self.oracle.generation = 1  # a symbol is followed from its first alert on
        self.oracle.add(rule)
        alert = Alert(
            rule.name,
            SYMBOL,
            (SYMBOL,),
            rule.operator,
            rule.values,
            START,
            frequency=Frequency(rule.frequency),
            frame=FRAMES[rule.frame],
            cooldown=rule.cooldown,
        )
        watches = self.evaluation.arm(alert)
        self.made[alert.id] = alert
        self.store.fail = ""
        self.evaluation.put(alert, watches)
        self.evaluation.store(Changes(alerts=[(alert, watches)]))

    def edit(self, rule: Rule, what: str, by: int) -> None:
        """What a user does with an alert. by: eighths by which the first value grows."""
        self.evaluate()
        self.store.fail = ""
        waits = not rule.done and not rule.paused
        value = rule.values[0] + Fraction(by, 8)
        if what == "paused" and not rule.done:
            self._change(rule, {"state": "paused"})
            rule.paused = True
        elif what == "active":
            self._change(rule, {"state": "active"})
            rule.paused = False
            if rule.done:
                self.oracle.arm_again(rule)
        elif what == "asleep" and waits:
            rule.asleep = not rule.asleep
            self._change(rule, {"snooze": "2100-01-01T00:00:00Z" if rule.asleep else None})
        elif what == "value" and by and 0 < value < max(rule.values[1:], default=value + 1):
            self._change(rule, {OPERATORS[rule.operator].values[0]: str(float(value))})
            rule.values = (value, *rule.values[1:])
            self.oracle.arm_again(rule)
        elif what == "note":
            self._change(rule, {"note": str(by)})
        elif what == "deleted":
            self.alerts.delete(rule.name)
            self.oracle.rules.remove(rule)

    def _change(self, rule: Rule, body: dict[str, str | None]) -> None:
        self.alerts.change(rule.name, body)

    def expected(self) -> list[tuple[str, Fraction, int, int]]:
        found = []
        for fired in self.oracle.fired:
            alert, (generation, *what) = self.made[fired.name], fired.key
            text = f"once {what[-1]}"
            if what[0] == "bar":
                text = f"bar {alert.frame.name} {what[1]}"
            elif what[0] == "tick":
                text = f"tick {what[1]}"
            key = event_id(alert, SYMBOL, int(str(generation)), text)
            found.append((key, fired.price, fired.time, fired.late))
        return sorted(found)

    def events(self) -> list[tuple[str, Fraction, int, int]]:
        rows = [event for _, event in self.store.events(after=0, limit=10**6)]
        return sorted((e.id, Fraction(e.value), e.time, round(e.late_s * 1e9)) for e in rows)


def rule(operator: str, *values: float | str, frequency: str = "once", name: str = "a", **more: int) -> Rule:
    """A rule whose thresholds are given as numbers."""
    made = Rule(name, operator, tuple(Fraction(str(value)) for value in values), frequency)
    return replace(made, **more)
