"""The state of a session: a pure fold over its events. Nothing else changes it.

So recovery after a crash, replay and export all apply the log. The state uses no clock and no random numbers and makes
no decisions; those are made before an event is written (`orderflow.herd.live.session`).

Invariants of every state, exact:  Σ cash + dust + C(q) = injected  and  Σ shares = endowed + q.  `injected` is the
money from outside: endowments, dividends, and what news added by moving the level of the curve.

Undo: at the begin of each round the state takes a checkpoint of all accounts, and an undo restores it. Participants who
joined since then keep their endowment. Orders since then are rejected; kicks and nicknames are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import assert_never

from orderflow.errors import BadInput
from orderflow.herd.rules import events, nicknames
from orderflow.herd.rules.curve import Curve, make_curve
from orderflow.herd.rules.events import Config, Event, Phase
from orderflow.herd.rules.money import EXACT, cents, units
from orderflow.herd.rules.participants import Fills, Order, Participant
from orderflow.herd.rules.wall_time import Offsets, set_offset, wall_fills

UNDONE = "the round was undone by the presenter"


@dataclass(frozen=True, slots=True)
class Round:
    """One round. round, of: its number and how many there are; begun: ns; ends: ns when its time is up, None without a
    time limit or while the market is not open; left: remaining ns while the market is not open. fundamental, dividend:
    micro-units per share."""

    round: int
    of: int
    running: bool
    seconds: int | None
    fundamental: int | None
    preset: str | None
    dividend: int | None
    begun: int
    ends: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class News:
    """t: ns; move: percent by which the price level moved, 0 for a headline only."""

    t: int
    text: str
    move: float


@dataclass(slots=True)
class Totals:
    """orders: accepted; trades: filled; rejected; bought, sold: quantities filled; batches."""

    orders: int = 0
    trades: int = 0
    rejected: int = 0
    bought: int = 0
    sold: int = 0
    batches: int = 0


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """What an undo restores. n, t, number: of the round's event; accounts: (cash, shares, trades, orders) by
    participant; path, fills: their lengths."""

    n: int
    t: int
    number: int
    accounts: dict[str, tuple[int, int, int, int]]
    position: int
    dust: int
    injected: int
    curve: Curve
    path: int
    fills: int
    totals: Totals
    round: Round | None
    news: News | None


def move_level(curve: Curve, percent: float) -> Curve:
    """The curve with p0 moved by so many percent. Raises BadInput if p0 is out of range then."""
    factor = EXACT.divide(EXACT.add(100, EXACT.create_decimal(str(percent))), 100)
    return type(curve)(int(EXACT.to_integral_value(EXACT.multiply(curve.p0, factor))), curve.k)


@dataclass
class State:
    """Create it with `State.of(first event)`, then `apply` the other events in order.

    n: number of the next event; t: ns of the last one. position: q; dust, injected: micro-units; endowed: shares of all
    endowments. price: p(q), micro-units. orders: by participant and client's UUID; pending: accepted, not yet cleared.
    code_required: whether newcomers need the code. path: (ms, price as float) wherever the price may have moved. due:
    (round, micro-units per share) of a dividend that is announced and not yet paid. assigned: participants in a group
    of the experiment. undone: (ms, ms) from the begin of a round to its undo, for each undo.
    """

    session_id: str
    code: str
    seed: int
    config: Config
    started: int
    curve: Curve
    n: int
    t: int
    price: int
    phase: Phase = "open"
    code_required: bool = False
    participants: dict[str, Participant] = field(default_factory=dict)
    orders: dict[str, dict[str, Order]] = field(default_factory=dict)
    pending: list[Order] = field(default_factory=list)
    machines: dict[str, Participant] = field(default_factory=dict)
    """The bots, without removed ones."""
    nicks: dict[str, int] = field(default_factory=dict)
    """How many present participants have a nickname with that `nicknames.key`."""
    count: int = 0
    """Number of participants, without kicked ones."""
    position: int = 0
    dust: int = 0
    injected: int = 0
    endowed: int = 0
    round: Round | None = None
    due: tuple[int, int] | None = None
    news: News | None = None
    experiment: int | None = None
    """The number of the event that began the experiment; None if there is none."""
    assigned: int = 0
    totals: Totals = field(default_factory=Totals)
    path: list[tuple[int, float]] = field(default_factory=list)
    fills: Fills = field(default_factory=Fills)
    undone: list[tuple[int, int]] = field(default_factory=list)
    offsets: Offsets = field(default_factory=list)
    """How far the wall clock is ahead of the session's time (`wall_time`); empty if it never jumped."""
    _checkpoints: list[_Checkpoint] = field(default_factory=list)

    @staticmethod
    def of(event: Event) -> State:
        """The state after the first event. Raises BadInput unless it starts a session of a version that is known."""
        if not isinstance(event, events.SessionStarted) or event.version != events.VERSION:
            raise BadInput("the log does not begin with a session that this version can read")
        config = event.config
        curve = make_curve(config.curve, config.price, config.impact)
        t, price = event.t, curve.price(0)
        state = State(event.id, event.code, event.seed, config, t, curve, event.n + 1, t, price)
        state.path.append((t // 1_000_000, units(price)))
        return state

    @staticmethod
    def fold(log: Iterable[Event]) -> State:
        """The state after a whole log. Raises BadInput if the log is empty or has a gap."""
        rest = iter(log)
        first = next(rest, None)
        if first is None:
            raise BadInput("the log is empty")
        state = State.of(first)
        for event in rest:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Change the state by one event. Raises BadInput unless it is the next one."""
        if event.n != self.n:
            raise BadInput(f"event {event.n} ({event.tag}) cannot follow event {self.n - 1}")
        match event:
            case events.OrderAccepted():
                self._accept(event)
            case events.BatchCleared():
                self._clear(event)
            case events.ParticipantJoined():
                self._join(event)
            case events.PhaseChanged():
                self._change_phase(event)
            case events.NewsPublished():
                self._publish(event)
            case events.RoundChanged():
                self._change_round(event)
            case events.DividendPaid():
                self._pay(event)
            case events.BotsSet():
                pass  # the joins and kicks that follow are the change
            case events.ExperimentSet():
                self._set_experiment(event)
            case events.ParticipantKicked():
                self._remove(event.participant)
            case events.IdleRemoved():
                for participant in event.participants:
                    self._remove(participant)
            case events.CodeChanged():
                self.code, self.code_required = event.code, event.required
            case events.ParticipantRenamed():
                self._rename(event)
            case events.RoundUndone():
                self._undo(event)
            case events.ClockSet():
                self.offsets = set_offset(self.offsets, event)
            case events.SessionStarted():
                raise BadInput(f"event {event.n} (session) cannot follow event {self.n - 1}")
            case _:
                assert_never(event)
        self.n += 1
        self.t = event.t

    @property
    def undoable(self) -> tuple[int, int] | None:
        """(round, number of the event that began it) of the last round that can be undone, None if there is none."""
        return (self._checkpoints[-1].number, self._checkpoints[-1].n) if self._checkpoints else None

    def wall_fills(self, start: int = 0) -> Fills:
        """A copy of the fills from index `start` on, with their times on the wall clock."""
        return wall_fills(self.fills.since(start), self.offsets)

    def present(self) -> list[Participant]:
        """All participants except kicked ones."""
        return [person for person in self.participants.values() if not person.kicked]

    def imbalance(self) -> tuple[int, int]:
        """The errors of the two invariants (micro-units, shares): always (0, 0)."""
        people = self.participants.values()
        money = sum(person.cash for person in people) + self.dust + self.curve.cost(self.position) - self.injected
        return money, sum(person.shares for person in people) - self.endowed - self.position

    # changes, one method for each kind of event

    def _join(self, event: events.ParticipantJoined) -> None:
        wealth = event.cash + event.shares * self.price
        person = Participant(
            event.participant, event.nick, event.cash, event.shares, event.bot, event.group, event.t, wealth
        )
        self.participants[person.id] = person
        self.orders[person.id] = {}
        self.count += 1
        self._count_nick(person.nick, 1)
        if person.bot is not None:
            self.machines[person.id] = person
        self.injected += event.cash
        self.endowed += event.shares
        self.assigned += event.group is not None

    def _accept(self, event: events.OrderAccepted) -> None:
        order = Order(event.n, event.t, event.participant, event.client_id, event.sign, event.quantity)
        self.orders[order.participant][order.client_id] = order
        self.pending.append(order)
        self.participants[order.participant].orders += 1
        self.totals.orders += 1

    def _clear(self, event: events.BatchCleared) -> None:
        waiting = {order.n: order for order in self.pending}
        t, price = event.t, cents(event.price)
        for n, cash, shares in event.fills:
            order = waiting.pop(n)
            person = self.participants[order.participant]
            person.cash += cash
            person.shares += shares
            person.trades += 1
            order.status = "filled"
            order.price = abs(cash) // order.quantity
            self.fills.append(t, price, order.quantity, order.sign, n)
        for n, reason in event.rejects:
            order = waiting.pop(n)
            order.status, order.reason = "rejected", reason
        self.pending = list(waiting.values())
        self.position += event.net
        self.dust += event.dust
        self._count(event)
        if event.fills:
            self._set_price(t, event.after)

    def _count(self, event: events.BatchCleared) -> None:
        totals = self.totals
        totals.trades += len(event.fills)
        totals.rejected += len(event.rejects)
        totals.bought += event.buys
        totals.sold += event.sells
        totals.batches += 1

    def _change_phase(self, event: events.PhaseChanged) -> None:
        was, self.phase = self.phase, event.phase
        current, t = self.round, event.t
        if current is None or not current.running or current.seconds is None:
            return
        if self.phase != "open" and current.ends is not None:
            self.round = replace(current, ends=None, left=max(0, current.ends - t))
        elif self.phase == "open" and current.left is not None:
            self.round = replace(current, ends=t + current.left, left=None)
        elif self.phase == was == "open" and current.ends is not None:
            self.round = replace(current, ends=current.ends + event.paused)

    def _publish(self, event: events.NewsPublished) -> None:
        self.news = News(event.t, event.text, event.move)
        if event.move:
            before = self.curve.cost(self.position)
            self.curve = move_level(self.curve, event.move)
            self.injected += self.curve.cost(self.position) - before
            self._set_price(event.t, event.after)

    def _change_round(self, event: events.RoundChanged) -> None:
        begins, t, seconds = event.state == "begin", event.t, event.seconds
        if begins:
            self._take_checkpoint(event.n, t, event.number)
        elif event.dividend is not None:
            self.due = event.number, event.dividend
        limit = seconds * 10**9 if begins and seconds is not None else None
        self.round = Round(
            event.number,
            event.of,
            begins,
            seconds,
            event.fundamental,
            event.preset,
            event.dividend,
            t if begins or self.round is None else self.round.begun,
            t + limit if limit is not None and self.phase == "open" else None,
            limit if self.phase != "open" else None,
        )

    def _pay(self, event: events.DividendPaid) -> None:
        for person in self.present():
            person.cash += event.amount * person.shares
        self.injected += event.paid
        self.due = None

    def _set_experiment(self, event: events.ExperimentSet) -> None:
        self.experiment = event.n if event.on else None
        self.assigned = len(event.groups)
        for person in self.participants.values():
            person.group = event.groups.get(person.id)

    def _remove(self, participant: str) -> None:
        person = self.participants[participant]
        person.kicked = True
        self.count -= 1
        self._count_nick(person.nick, -1)
        self.machines.pop(person.id, None)

    def _rename(self, event: events.ParticipantRenamed) -> None:
        person = self.participants[event.participant]
        self._count_nick(person.nick, -1)
        person.nick = event.nick
        self._count_nick(person.nick, 1)

    def _undo(self, event: events.RoundUndone) -> None:
        while (checkpoint := self._checkpoints.pop()).n != event.back:
            pass
        self.curve, self.position, self.dust = checkpoint.curve, checkpoint.position, checkpoint.dust
        self.injected, self.round, self.news, self.due = checkpoint.injected, checkpoint.round, checkpoint.news, None
        self.price = self.curve.price(self.position)
        self._restore_accounts(checkpoint)
        for orders in self.orders.values():
            for order in orders.values():
                if order.n > checkpoint.n:
                    order.status, order.price, order.reason = "rejected", 0, UNDONE
        self.pending = []
        self.totals = replace(checkpoint.totals, batches=self.totals.batches)
        self.fills.truncate(checkpoint.fills)
        del self.path[checkpoint.path :]
        now = event.t // 1_000_000
        self.path.append((now, units(self.price)))
        self.undone.append((checkpoint.t // 1_000_000, now))

    def _restore_accounts(self, checkpoint: _Checkpoint) -> None:
        for person in self.participants.values():
            account = checkpoint.accounts.get(person.id)
            if account is not None:
                person.cash, person.shares, person.trades, person.orders = account
            else:
                person.cash, person.shares, person.trades, person.orders = self.config.cash, self.config.shares, 0, 0
                person.start_wealth = person.wealth(self.price)
                self.injected += person.cash

    def _count_nick(self, nick: str, change: int) -> None:
        name = nicknames.key(nick)
        held = self.nicks.get(name, 0) + change
        if held:
            self.nicks[name] = held
        else:
            del self.nicks[name]

    def _take_checkpoint(self, n: int, t: int, number: int) -> None:
        accounts = {p.id: (p.cash, p.shares, p.trades, p.orders) for p in self.participants.values()}
        rest = self.curve, len(self.path), len(self.fills), replace(self.totals), self.round, self.news
        self._checkpoints.append(_Checkpoint(n, t, number, accounts, self.position, self.dust, self.injected, *rest))

    def _set_price(self, t: int, price: int) -> None:
        self.price = price
        self.path.append((t // 1_000_000, units(price)))
