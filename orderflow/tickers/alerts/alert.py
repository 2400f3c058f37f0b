"""What an alert is, what is kept of it for each symbol, and what it leaves behind when it fires."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from orderflow.market.frames import MINUTE, Frame

MOST_BARS = 2_000
"""Bars that an alert has fired in and that are remembered; then the older half counts as fired."""
DEFAULT_FRAME = Frame("1min", "time", ns=MINUTE)


class Frequency(StrEnum):
    """How often an alert may fire, for each of its symbols."""

    ONCE = "once"
    BAR = "once_per_bar"
    CLOSE = "once_per_bar_close"
    EVERY = "every_time"


class State(StrEnum):
    """State of an alert. FIRED: a one-time alert that has fired for all its symbols."""

    ACTIVE = "active"
    PAUSED = "paused"
    FIRED = "fired"
    EXPIRED = "expired"


class Kind(StrEnum):
    """What an alert looks at. PRICE: every tick. STUDY: a column of a study. EVENT: a mark of the footprint.

    FEED: a symbol without new ticks. DELIVERY: a target that cannot be reached.
    """

    PRICE = "price"
    STUDY = "study"
    EVENT = "event"
    FEED = "feed_stale"
    DELIVERY = "delivery_failing"


@dataclass(frozen=True, slots=True)
class Source:
    """What an alert looks at. name, column, options: of a study; name: of an event. seconds: without ticks, of FEED."""

    kind: Kind = Kind.PRICE
    name: str = ""
    column: str = ""
    options: tuple[tuple[str, object], ...] = ()
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Times are ns since 1970 UTC.

    ticker: the name that it was made with. operator: "" for marks and plumbing. values: of the operator. frame: of its
    bars. cooldown: ns of tick time between two events, for every time. intrabar: a study is also looked at while its
    bar forms. snoozed: not looked at until then. woken: the end of a snooze that only the wall clock says is over.
    targets: ids of delivery targets. owner: a user's id, "" for the operator. why: the reason of the state, "" if it is
    obvious. arming: how often it was armed, from 1. condition: "above" or "below" if it was made by the short form.
    """

    id: str
    ticker: str
    symbols: tuple[str, ...]
    operator: str
    values: tuple[Fraction, ...]
    created: int
    source: Source = Source()
    frequency: Frequency = Frequency.ONCE
    frame: Frame = DEFAULT_FRAME
    cooldown: int = 0
    intrabar: bool = False
    expires: int | None = None
    snoozed: int | None = None
    woken: int | None = None
    note: str = ""
    message: str = ""
    targets: tuple[str, ...] = ()
    owner: str = ""
    state: State = State.ACTIVE
    why: str = ""
    arming: int = 1
    condition: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What each of its symbols is called: the ticker that it was made with, if there is one for each."""
        names = tuple(self.ticker.split(", "))
        return names if len(names) == len(self.symbols) else self.symbols

    def name_of(self, symbol: str) -> str:
        """What one of its symbols is called."""
        return self.names[self.symbols.index(symbol)]


def by_activity(alert: Alert) -> bool:
    """Whether the alert looks at the bars of an activity frame."""
    if alert.source.kind is Kind.PRICE:
        return not alert.frame.ns and alert.frequency is Frequency.CLOSE
    return not alert.frame.ns and alert.source.kind in (Kind.STUDY, Kind.EVENT)


@dataclass(slots=True)
class Watch:
    """What is kept of an alert for one of its symbols.

    since: ordinal of the first tick to evaluate. floor: older ticks (ns UTC) never fire it. reference: the price that
    movements are measured from; None: the first tick's. moved: the reference has changed since it was stored. last:
    time of the tick that fired it last. done: a one-time alert has fired for this symbol. bars: starts of the bars that
    it has fired in; those before `first` count as such.
    """

    alert: Alert
    symbol: str
    since: int = 0
    floor: int = -(2**63)
    reference: Fraction | None = None
    last: int | None = None
    done: bool = False
    bars: set[int] = field(default_factory=set)
    moved: bool = False
    first: int = -(2**63)

    def has_fired(self, bar: int) -> bool:
        """Whether it has fired in the bar that starts then, ns UTC."""
        return bar < self.first or bar in self.bars

    def remember(self, bar: int) -> None:
        """It has fired in the bar that starts then."""
        self.bars.add(bar)
        if len(self.bars) > MOST_BARS:
            kept = sorted(self.bars)[-MOST_BARS // 2 :]
            self.bars, self.first = set(kept), kept[0]

    def measure_from(self, price: Fraction) -> None:
        """Set the reference."""
        self.reference, self.moved = price, True


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """An alert has fired. It is never changed.

    id: made of the key, see `event_id`. generation: of the symbol's series, see `Position`. value: exact decimal text,
    of the price, or of the study. time: of the tick, or the end of the bar. found: when it was noticed, by the wall
    clock. late_s: seconds by which the tick was late. bar: start of the bar, for frequencies by bar. ordinal: place of
    the tick in its series. may_differ: it was found inside a bar, which a replay may cut differently. owner: the
    alert's.
    """

    id: str
    alert_id: str
    symbol: str
    generation: int
    ticker: str
    value: str
    time: int
    found: int
    late_s: float
    bar: int | None
    ordinal: int
    title: str
    message: str
    may_differ: bool = False
    owner: str = ""


def event_id(alert: Alert, symbol: str, generation: int, what: str) -> str:
    """The id of an event, made of its key, so that an evaluation repeated after a crash gives the same one.

    generation: of the symbol's series. what: "once", "bar" and its start, or "tick" and its ordinal.
    """
    key = "\n".join((alert.id, symbol, str(generation), what))
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()


def key_text(alert: Alert, *, bar: int | None, ordinal: int) -> str:
    """The last part of an event's key, by the alert's frequency."""
    if alert.frequency is Frequency.ONCE:
        return f"once {alert.arming}"
    if bar is None:
        return f"tick {ordinal}"
    return f"bar {alert.frame.name} {bar}"
