"""Price alerts as DEFINITIONS states them, tick by tick, with nothing of the engine's.

Every tick is compared with every alert, and the sample before a late tick is looked up among all earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

MINUTE = 60 * 10**9
SAMPLES_BEFORE = {"crossing", "crossing_up", "crossing_down", "entering_channel", "exiting_channel"}


@dataclass
class Rule:
    """An alert. floor: the newest time when it was armed. reference: the price then. arming: how often it was."""

    name: str
    operator: str
    values: tuple[Fraction, ...]
    frequency: str = "once"
    cooldown: int = 0
    frame: int = MINUTE
    floor: int | None = None
    reference: Fraction | None = None
    paused: bool = False
    asleep: bool = False
    arming: int = 1
    done: bool = False
    last: int | None = None
    bars: set[int] = field(default_factory=set)
    events: int = 0


@dataclass(frozen=True)
class Fired:
    """What an event is known by: its key, its price, its time, and by how much it was late (ns)."""

    name: str
    key: tuple[object, ...]
    price: Fraction
    time: int
    late: int


class AlertOracle:
    """One symbol. Ticks are (time, price) in order of arrival. runaway: most events of a rule before it is paused."""

    def __init__(self) -> None:
        self.runaway = 15
        self.rules: list[Rule] = []
        self.fired: list[Fired] = []
        self.generation = 1
        self.ticks: list[tuple[int, Fraction]] = []
        self.newest: tuple[int, Fraction] | None = None
        self.present: tuple[int, Fraction] | None = None
        self.opened = 0
        self.close_before: dict[int, Fraction | None] = {}

    def add(self, rule: Rule) -> None:
        if self.present is not None:
            rule.floor, rule.reference = self.present
        if rule.frequency == "once_per_bar_close" and rule.frame not in self.close_before:
            opened = self.newest[0] // rule.frame * rule.frame if self.newest is not None else 0
            self.close_before[rule.frame] = self._close_at(opened)
        self.rules.append(rule)

    def arm_again(self, rule: Rule) -> None:
        rule.floor, rule.reference = self.present or (None, None)
        rule.done, rule.paused, rule.last, rule.events = False, False, None, 0
        rule.arming += 1

    def _close_at(self, opened: int) -> Fraction | None:
        """The last price before the first tick of the bar that opened then: late ticks change no close."""
        close = None
        newest = -1
        for time, price in self.ticks[self.opened :]:
            if time >= opened:
                break
            if time >= newest:
                newest, close = time, price
        return close

    def reset(self) -> None:
        self.generation += 1
        self.ticks, self.newest, self.present, self.opened = [], None, None, 0
        self.close_before = dict.fromkeys(self.close_before)
        for rule in self.rules:
            rule.last = None
            rule.bars = set()

    def open_epoch(self) -> None:
        """Settings have changed: nothing is compared with what was before."""
        self.newest, self.opened = None, len(self.ticks)
        self.close_before = dict.fromkeys(self.close_before)

    def tick(self, time: int, price: Fraction) -> None:
        late = self.newest is not None and time < self.newest[0]
        before = self.newest[1] if self.newest is not None else None
        if late:
            earlier = [(t, i) for i, (t, _) in enumerate(self.ticks) if t <= time and i >= self.opened]
            before = self.ticks[max(earlier)[1]][1] if earlier else None
        for rule in self.rules:
            if rule.frequency != "once_per_bar_close":
                self._look(rule, time, price, before, self.newest[0] - time if late and self.newest else 0)
        if not late:
            if self.newest is not None:
                self._close(self.newest[0], self.newest[1], time)
            self.newest = (time, price)
        if self.present is None or time >= self.present[0]:
            self.present = (time, price)
        self.ticks.append((time, price))

    def _close(self, time: int, price: Fraction, next_time: int) -> None:
        for frame in self.close_before:
            bar = time // frame * frame
            if next_time // frame * frame == bar:
                continue
            for rule in self.rules:
                if rule.frequency == "once_per_bar_close" and rule.frame == frame:
                    self._look(rule, bar + frame, price, self.close_before[frame], 0, bar=bar)
            self.close_before[frame] = price

    def _look(
        self, rule: Rule, time: int, price: Fraction, before: Fraction | None, late: int, bar: int | None = None
    ) -> None:
        old = rule.floor is not None and (time < rule.floor if bar is None else time <= rule.floor)
        if rule.done or rule.paused or rule.asleep or old:
            return
        if rule.operator.startswith("moving") and rule.reference is None:
            rule.reference = price
            return
        if not self._holds(rule, before, price):
            return
        key: tuple[object, ...] = ("once",)
        if rule.frequency in ("once_per_bar", "once_per_bar_close"):
            start = time // rule.frame * rule.frame if bar is None else bar
            if start in rule.bars:
                return
            rule.bars.add(start)
            key = (self.generation, "bar", start)
        elif rule.frequency == "every_time":
            if rule.last is not None and abs(time - rule.last) < rule.cooldown:
                return
            key = (self.generation, "tick", len(self.ticks))
        else:
            rule.done = True
            key = (self.generation, "once", rule.arming)
        rule.last, rule.reference = time, price
        rule.events += 1
        rule.paused = rule.events > self.runaway
        self.fired.append(Fired(rule.name, key, price, time, late))

    @staticmethod
    def _holds(rule: Rule, before: Fraction | None, now: Fraction) -> bool:
        if rule.operator in SAMPLES_BEFORE and before is None:
            return False
        a = rule.values[0]
        b = rule.values[-1]
        up = before is not None and before <= a < now
        down = before is not None and before >= a > now
        within = a <= now <= b
        was_within = before is not None and a <= before <= b
        moved = now - rule.reference if rule.reference is not None else Fraction(0)
        percent = moved * 100 / rule.reference if rule.reference else Fraction(0)
        return {
            "greater": now > a,
            "less": now < a,
            "crossing": up or down,
            "crossing_up": up,
            "crossing_down": down,
            "inside_channel": within,
            "outside_channel": not within,
            "entering_channel": within and not was_within,
            "exiting_channel": was_within and not within,
            "moving_up": moved >= a,
            "moving_down": -moved >= a,
            "moving_up_percent": percent >= a,
            "moving_down_percent": -percent >= a,
        }[rule.operator]
