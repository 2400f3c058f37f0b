"""A session as columns, for statistics, reports and exports.

A record is built from a whole log and does not change. The state of the game (`orderflow.herd.rules.state`) folds the
log and does the arithmetic; this module records what happened when. Events that an undo took back are left out. Prices
and fills are those of the log: the market is not run again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.errors import BadInput
from orderflow.herd.rules import events
from orderflow.herd.rules.events import Config, Event
from orderflow.herd.rules.money import MICRO, units
from orderflow.herd.rules.participants import Participant
from orderflow.herd.rules.state import State
from orderflow.herd.rules.wall_time import on_wall_clock

Step = tuple[str, int, float]
Caption = tuple[int, str, str]

WAITING, FILLED, REJECTED = 0, 1, 2
PHASES = {"lobby": "Lobby", "open": "Market open", "frozen": "Frozen", "ended": "The end"}


@dataclass(slots=True)
class Member:
    """A participant at the end of the log. cash, cash0: micro-units. cash0, shares0: the endowment. joined: ns.
    start_wealth: micro-units, the endowment at the price at the time of joining."""

    id: str
    nick: str
    joined: int
    bot: str | None
    cash0: int
    shares0: int
    cash: int
    shares: int
    start_wealth: int
    kicked: bool = False


@dataclass(slots=True)
class Round:
    """begin, end: ns; end is None while the round runs. fundamental, dividend: in currency, None if not set."""

    number: int
    of: int
    begin: int
    end: int | None
    fundamental: float | None
    dividend: float | None
    preset: str | None


@dataclass(slots=True)
class Split:
    """One run of the experiment. begin, end: ns; end is None while it runs. groups: "see" or "blind" by participant."""

    begin: int
    end: int | None
    groups: dict[str, str]


@dataclass(frozen=True, slots=True)
class Orders:
    """n orders in order of arrival; int64[n] each.

    number: of the event. time: ns. who: index into `members`. sign: 1 buys, -1 sells. status: WAITING, FILLED or
    REJECTED. filled: ns of the batch that decided the order, 0 while it waits. cash, shares: change by the fill, in
    micro-units and shares. batch: index into `batches` of the batch that decided the order, -1 while it waits.
    """

    number: Ints
    time: Ints
    who: Ints
    sign: Ints
    quantity: Ints
    status: Ints
    filled: Ints
    cash: Ints
    shares: Ints
    batch: Ints

    @property
    def price(self) -> Floats:
        """float64[n]: price of the fill, NaN without one."""
        out = np.full(len(self.cash), np.nan)
        done = self.shares != 0
        out[done] = np.abs(self.cash[done]) / np.abs(self.shares[done]) / MICRO
        return out


@dataclass(frozen=True, slots=True)
class Batches:
    """m batches with orders. time: int64[m], ns. price, after: float64[m], currency: price of the fills, and the price
    after the batch. net, buys, sells: int64[m], filled quantities."""

    time: Ints
    price: Floats
    after: Floats
    net: Ints
    buys: Ints
    sells: Ints


@dataclass(frozen=True, slots=True)
class Record:
    """One session. Times are ns since 1970 UTC, prices are in currency.

    path_time, path_price: each price and when it was reached, from the start on. open_spans: (begin, end) of the times
    at which the market was open. captions: (ns, kind, words). steps: what changed cash or price, in order: ("batch",
    ns, index), ("news", ns, percent), ("dividend", ns, micro-units per share). taken_back: number of events that undos
    removed. last: time of the last event.
    """

    session: str
    started: int
    last: int
    ended: bool
    start_price: float
    batch_ns: int
    config: Config
    members: tuple[Member, ...]
    orders: Orders
    batches: Batches
    path_time: Ints
    path_price: Floats
    rounds: tuple[Round, ...]
    open_spans: tuple[tuple[int, int], ...]
    experiments: tuple[Split, ...]
    captions: tuple[Caption, ...]
    steps: tuple[Step, ...]
    taken_back: int

    @property
    def price(self) -> float:
        """The last price."""
        return float(self.path_price[-1])

    @property
    def bots(self) -> Flags:
        """bool[members]: True for bots."""
        return np.array([member.bot is not None for member in self.members], bool)

    @property
    def wealth(self) -> Floats:
        """float64[members]: cash plus shares at the last price, in currency."""
        return np.array([member.cash / MICRO + member.shares * self.price for member in self.members], float)

    @property
    def profit(self) -> Floats:
        """float64[members]: wealth less the endowment at the price of joining, in currency."""
        began = np.array([member.start_wealth / MICRO for member in self.members], float)
        return np.asarray(self.wealth - began)

    def by_people(self) -> Flags:
        """bool[orders]: True for orders of people."""
        return ~self.bots[self.orders.who] if len(self.members) else np.zeros(0, bool)


def build_record(log: Sequence[Event]) -> Record:
    """Build the columns of a log. Raises BadInput if it does not begin with a session event or has a gap."""
    if not log or not isinstance(log[0], events.SessionStarted):
        raise BadInput("the log does not begin with a session event")
    first, *rest = on_wall_clock(log)
    assert isinstance(first, events.SessionStarted)
    builder = _Builder(first)
    for event in rest:
        builder.apply(event)
    return builder.record()


class _Builder:
    """Folds a log into a `State`, which does the arithmetic, and records what happened when.

    Whatever an undo may take back is stored with the number of its event: the undo drops all from the event `back` on.
    """

    def __init__(self, first: events.SessionStarted) -> None:
        self.state = State.of(first)
        self.endowments: dict[str, tuple[int, int]] = {}
        self.index: dict[str, int] = {}
        self.orders: list[events.OrderAccepted] = []
        self.batches: list[events.BatchCleared] = []
        self.path: list[tuple[int, int, float]] = [(first.n, first.t, units(first.config.price))]
        self.rounds: list[tuple[int, Round]] = []
        self.steps: list[tuple[int, Step]] = []
        self.captions: list[tuple[int | None, Caption]] = []
        """With the number of the event; None if an undo does not take it back."""
        self.undoable: list[int] = []
        """Numbers of the events that the next undo may take back."""
        self.taken_back = 0
        self.opened: list[list[int | None]] = [[first.t, None]]
        self.splits: list[Split] = []
        self.last = first.t

    def apply(self, event: Event) -> None:
        """Apply the next event. Raises BadInput unless it is the next one."""
        self.state.apply(event)
        self.last = event.t
        match event:
            case events.OrderAccepted():
                self._order(event)
            case events.BatchCleared():
                self._batch(event)
            case events.ParticipantJoined():
                self._join(event)
            case events.PhaseChanged():
                self._phase(event)
            case events.NewsPublished():
                self._news(event)
            case events.RoundChanged():
                self._round(event)
            case events.DividendPaid():
                self._dividend(event)
            case events.ExperimentSet():
                self._experiment(event)
            case events.BotsSet():
                self.captions.append((None, (event.t, "bots", f"{event.count} {event.kind} bots")))
            case events.RoundUndone():
                self._undo(event)
            case _:
                pass  # renames and kicks are in the state

    def _order(self, event: events.OrderAccepted) -> None:
        self.undoable.append(event.n)
        self.orders.append(event)

    def _batch(self, event: events.BatchCleared) -> None:
        self.undoable.append(event.n)
        self.steps.append((event.n, ("batch", event.t, len(self.batches))))
        self.batches.append(event)
        self.path.append((event.n, event.t, units(event.after)))

    def _join(self, event: events.ParticipantJoined) -> None:
        self.index[event.participant] = len(self.index)
        self.endowments[event.participant] = event.cash, event.shares
        if event.group is not None and self.splits and self.splits[-1].end is None:
            self.splits[-1].groups[event.participant] = event.group

    def _phase(self, event: events.PhaseChanged) -> None:
        _span(self.opened, event.t, event.phase == "open")
        self.captions.append((None, (event.t, "phase", PHASES[event.phase])))

    def _news(self, event: events.NewsPublished) -> None:
        self.undoable.append(event.n)
        self.path.append((event.n, event.t, units(event.after)))
        self.steps.append((event.n, ("news", event.t, event.move)))
        move = f" ({event.move:+g}%)".replace("-", "−") if event.move else ""
        self.captions.append((event.n, (event.t, "news", f"{event.text}{move}")))

    def _round(self, event: events.RoundChanged) -> None:
        self.undoable.append(event.n)
        if event.state == "begin":
            value, dividend = _currency(event.fundamental), _currency(event.dividend)
            began = Round(event.number, event.of, event.t, None, value, dividend, event.preset)
            self.rounds.append((event.n, began))
            self.captions.append((event.n, (event.t, "round", f"Round {event.number} of {event.of}")))
        elif self.rounds and self.rounds[-1][1].end is None:
            self.rounds[-1][1].end = event.t

    def _dividend(self, event: events.DividendPaid) -> None:
        self.undoable.append(event.n)
        self.steps.append((event.n, ("dividend", event.t, event.amount)))
        self.captions.append((event.n, (event.t, "dividend", f"Dividend {units(event.amount):g} per share")))

    def _experiment(self, event: events.ExperimentSet) -> None:
        if self.splits and self.splits[-1].end is None:
            self.splits[-1].end = event.t
        if event.on:
            self.splits.append(Split(event.t, None, dict(event.groups)))
        said = "some phones no longer see the crowd" if event.on else "every phone sees the crowd again"
        self.captions.append((None, (event.t, "experiment", f"Experiment: {said}")))

    def _undo(self, event: events.RoundUndone) -> None:
        back = event.back
        first = bisect_left(self.undoable, back)
        self.taken_back += len(self.undoable) - first
        del self.undoable[first:]
        for log in (self.orders, self.batches):
            del log[bisect_left(log, back, key=attrgetter("n")) :]
        for noted in (self.path, self.rounds, self.steps):
            del noted[bisect_left(noted, back, key=itemgetter(0)) :]
        self.captions = [one for one in self.captions if one[0] is None or one[0] < back]
        self.captions.append((None, (event.t, "undo", f"Round {event.number} was taken back")))

    def record(self) -> Record:
        """The columns of the events applied so far."""
        state = self.state
        return Record(
            session=state.session_id,
            started=state.started,
            last=self.last,
            ended=state.phase == "ended",
            start_price=units(state.config.price),
            batch_ns=state.config.batch_ms * 1_000_000,
            config=state.config,
            members=tuple(self._member(person) for person in state.participants.values()),
            orders=self._order_columns(),
            batches=self._batch_columns(),
            path_time=np.array([time for _, time, _ in self.path], np.int64),
            path_price=np.array([price for _, _, price in self.path], np.float64),
            rounds=tuple(one for _, one in self.rounds),
            open_spans=_closed(self.opened, self.last),
            experiments=tuple(self.splits),
            captions=tuple(caption for _, caption in self.captions),
            steps=tuple(step for _, step in self.steps),
            taken_back=self.taken_back,
        )

    def _member(self, person: Participant) -> Member:
        endowment = self.endowments[person.id]
        return Member(
            person.id,
            person.nick,
            person.joined_ns,
            person.bot,
            *endowment,
            person.cash,
            person.shares,
            person.start_wealth,
            person.kicked,
        )

    def _order_columns(self) -> Orders:
        number = _ints(order.n for order in self.orders)
        status, filled, cash, shares = (np.zeros(len(number), np.int64) for _ in range(4))
        batch = np.full(len(number), -1, np.int64)
        times = _ints(one.t for one in self.batches)
        fills = np.array([fill for one in self.batches for fill in one.fills], np.int64).reshape(-1, 3)
        rejects = _ints(n for one in self.batches for n, _ in one.rejects)
        for decided, numbers, counts in (
            (FILLED, fills[:, 0], [len(one.fills) for one in self.batches]),
            (REJECTED, rejects, [len(one.rejects) for one in self.batches]),
        ):
            rows, by = np.searchsorted(number, numbers), np.repeat(np.arange(len(times)), counts)
            status[rows], filled[rows], batch[rows] = decided, times[by], by
            if decided == FILLED:
                cash[rows], shares[rows] = fills[:, 1], fills[:, 2]
        return Orders(
            number=number,
            time=_ints(order.t for order in self.orders),
            who=_ints(self.index[order.participant] for order in self.orders),
            sign=_ints(order.sign for order in self.orders),
            quantity=_ints(order.quantity for order in self.orders),
            status=status,
            filled=filled,
            cash=cash,
            shares=shares,
            batch=batch,
        )

    def _batch_columns(self) -> Batches:
        batches = self.batches
        return Batches(
            time=_ints(batch.t for batch in batches),
            price=np.array([units(batch.price) for batch in batches], np.float64),
            after=np.array([units(batch.after) for batch in batches], np.float64),
            net=_ints(batch.net for batch in batches),
            buys=_ints(batch.buys for batch in batches),
            sells=_ints(batch.sells for batch in batches),
        )


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _currency(amount: int | None) -> float | None:
    return None if amount is None else units(amount)


def _span(spans: list[list[int | None]], time: int, on: bool) -> None:
    """Begin a span, or end the last one."""
    running = bool(spans) and spans[-1][1] is None
    if on and not running:
        spans.append([time, None])
    elif not on and running:
        spans[-1][1] = time


def _closed(spans: list[list[int | None]], last: int) -> tuple[tuple[int, int], ...]:
    return tuple((int(begin or 0), last if end is None else end) for begin, end in spans)
