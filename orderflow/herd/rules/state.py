"""The state of a session as a pure fold over its events: nothing else changes it.

So recovery after a crash, replay and export are the same thing: apply the log. The state asks no clock and no random
numbers and decides nothing; what happens is decided before the event is written (`orderflow.herd.live.session`).

In every state, exactly:  Σ cash + dust + C(q) = injected  and  Σ shares = endowed + q.  `injected` is what came from
outside: endowments, dividends, and what news added by moving the level of the curve.

Undo: a round's begin is marked with a copy of what everybody had; `undo` puts that back. Those who joined since stay,
with their endowment. The orders since then are rejected, kicks and names stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from orderflow.errors import BadInput
from orderflow.herd.rules import nicknames
from orderflow.herd.rules.curve import Curve, make_curve
from orderflow.herd.rules.events import Config, Event, Phase
from orderflow.herd.rules.money import EXACT, cents, units
from orderflow.herd.rules.participants import Fills, Order, Participant

UNDONE = "the round was undone by the presenter"


@dataclass(frozen=True, slots=True)
class Round:
    """One round. ends: ns when its time is up, None without a time limit or while the market is not open; left: ns of
    it that are left while the market is not open. fundamental, dividend: micro-units per share."""

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
class _Mark:
    """What `undo` puts back. accounts: cash, shares, trades, orders by participant."""

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


def moved(curve: Curve, percent: float) -> Curve:
    """The curve with its price level moved by so many percent. Raises BadInput for a level that is out of range."""
    factor = EXACT.divide(EXACT.add(100, EXACT.create_decimal(str(percent))), 100)
    return type(curve)(int(EXACT.to_integral_value(EXACT.multiply(curve.p0, factor))), curve.k)


@dataclass
class State:
    """Begin with `State.of(session event)`, then `apply` the others in order.

    n: number of the next event; t: of the last one. position: q; dust, injected: micro-units; endowed: shares given
    out. price: p(q), micro-units. orders: by participant and client's UUID; pending: accepted and not yet cleared.
    path: (ms, price as float) wherever the price may have moved. due: a dividend that was drawn and not yet paid.
    undone: (ms, ms) from the begin of a round to its undo, for each undo.
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
    participants: dict[str, Participant] = field(default_factory=dict)
    orders: dict[str, dict[str, Order]] = field(default_factory=dict)
    pending: list[Order] = field(default_factory=list)
    machines: dict[str, Participant] = field(default_factory=dict)
    """The bots that were not removed."""
    nicks: dict[str, int] = field(default_factory=dict)
    """How many present participants have a name with that `names.key`."""
    count: int = 0
    """Participants that were not kicked."""
    position: int = 0
    dust: int = 0
    injected: int = 0
    endowed: int = 0
    round: Round | None = None
    due: tuple[int, int] | None = None
    news: News | None = None
    experiment: int | None = None
    """The number of the event that began it; None while there is none."""
    assigned: int = 0
    totals: Totals = field(default_factory=Totals)
    path: list[tuple[int, float]] = field(default_factory=list)
    fills: Fills = field(default_factory=Fills)
    undone: list[tuple[int, int]] = field(default_factory=list)
    _marks: list[_Mark] = field(default_factory=list)

    @staticmethod
    def of(event: Event) -> State:
        """The state after a session event. Raises BadInput when it is none, or of a later version."""
        if event["e"] != "session" or event.get("version") != 1:
            raise BadInput("the log does not begin with a session that this version can read")
        config = Config(**event["config"])
        curve = make_curve(config.curve, config.price, config.impact)
        t, price = event["t"], curve.price(0)
        state = State(event["id"], event["code"], event["seed"], config, t, curve, event["n"] + 1, t, price)
        state.path.append((t // 1_000_000, units(price)))
        return state

    @staticmethod
    def fold(events: Iterable[Event]) -> State:
        """The state after a whole log. Raises BadInput when there is a gap in it."""
        rest = iter(events)
        first = next(rest, None)
        if first is None:
            raise BadInput("the log is empty")
        state = State.of(first)
        for event in rest:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Change the state by one event. Raises BadInput when it is not the next one, or of no known kind."""
        change = getattr(self, f"_on_{event['e']}", None)
        if event["n"] != self.n or change is None:
            raise BadInput(f"event {event['n']} ({event['e']}) cannot follow event {self.n - 1}")
        change(event)
        self.n += 1
        self.t = event["t"]

    @property
    def undoable(self) -> tuple[int, int] | None:
        """(round, number of the event that began it) of the last round that can be undone."""
        return (self._marks[-1].number, self._marks[-1].n) if self._marks else None

    def present(self) -> list[Participant]:
        """All who were not kicked."""
        return [person for person in self.participants.values() if not person.kicked]

    def imbalance(self) -> tuple[int, int]:
        """What the two sums of the invariant are off by (micro-units, shares): (0, 0), always."""
        people = self.participants.values()
        money = sum(person.cash for person in people) + self.dust + self.curve.cost(self.position) - self.injected
        return money, sum(person.shares for person in people) - self.endowed - self.position

    # one method for each kind of event

    def _on_join(self, event: Event) -> None:
        p, cash, shares = event["p"], event["cash"], event["shares"]
        wealth = cash + shares * self.price
        person = Participant(p, event["nick"], cash, shares, event["bot"], event["group"], event["t"], wealth)
        self.participants[p] = person
        self.orders[p] = {}
        self.count += 1
        self._name(person.nick, 1)
        if person.bot is not None:
            self.machines[p] = person
        self.injected += cash
        self.endowed += shares
        self.assigned += event["group"] is not None

    def _on_order(self, event: Event) -> None:
        order = Order(event["n"], event["t"], event["p"], event["c"], event["s"], event["q"])
        self.orders[order.p][order.c] = order
        self.pending.append(order)
        self.participants[order.p].orders += 1
        self.totals.orders += 1

    def _on_batch(self, event: Event) -> None:
        waiting = {order.n: order for order in self.pending}
        price = cents(event["price"])
        for n, cash, shares in event["fills"]:
            order = waiting.pop(n)
            person = self.participants[order.p]
            person.cash += cash
            person.shares += shares
            person.trades += 1
            order.status = "filled"
            order.price = abs(cash) // order.q
            self.fills.add(event["t"], price, order.q, order.s, n)
        for n, reason in event["rejects"]:
            order = waiting.pop(n)
            order.status, order.reason = "rejected", reason
        self.pending = list(waiting.values())
        self.position += event["net"]
        self.dust += event["dust"]
        totals = self.totals
        totals.trades += len(event["fills"])
        totals.rejected += len(event["rejects"])
        totals.bought += event["buys"]
        totals.sold += event["sells"]
        totals.batches += 1
        if event["fills"]:
            self._move(event["t"], event["after"])

    def _on_phase(self, event: Event) -> None:
        was, self.phase = self.phase, event["phase"]
        current, t = self.round, event["t"]
        if current is None or not current.running or current.seconds is None:
            return
        if self.phase != "open" and current.ends is not None:
            self.round = replace(current, ends=None, left=max(0, current.ends - t))
        elif self.phase == "open" and current.left is not None:
            self.round = replace(current, ends=t + current.left, left=None)
        elif self.phase == was == "open" and current.ends is not None:
            self.round = replace(current, ends=current.ends + event.get("paused", 0))

    def _on_news(self, event: Event) -> None:
        self.news = News(event["t"], event["text"], event["move"])
        if event["move"]:
            before = self.curve.cost(self.position)
            self.curve = moved(self.curve, event["move"])
            self.injected += self.curve.cost(self.position) - before
            self._move(event["t"], event["after"])

    def _on_round(self, event: Event) -> None:
        begins, t, seconds = event["state"] == "begin", event["t"], event["seconds"]
        if begins:
            self._mark(event["n"], t, event["round"])
        elif event["dividend"] is not None:
            self.due = event["round"], event["dividend"]
        whole = seconds * 10**9 if begins and seconds is not None else None
        self.round = Round(
            event["round"],
            event["of"],
            begins,
            seconds,
            event["fundamental"],
            event["preset"],
            event["dividend"],
            t if begins or self.round is None else self.round.begun,
            t + whole if whole is not None and self.phase == "open" else None,
            whole if self.phase != "open" else None,
        )

    def _on_dividend(self, event: Event) -> None:
        for person in self.present():
            person.cash += event["amount"] * person.shares
        self.injected += event["paid"]
        self.due = None

    def _on_bots(self, event: Event) -> None:
        pass  # the joins and kicks that follow it are the change

    def _on_experiment(self, event: Event) -> None:
        groups = event["groups"]
        self.experiment = event["n"] if event["on"] else None
        self.assigned = len(groups)
        for person in self.participants.values():
            person.group = groups.get(person.id)

    def _on_kick(self, event: Event) -> None:
        person = self.participants[event["p"]]
        person.kicked = True
        self.count -= 1
        self._name(person.nick, -1)
        self.machines.pop(person.id, None)

    def _on_rename(self, event: Event) -> None:
        person = self.participants[event["p"]]
        self._name(person.nick, -1)
        person.nick = event["nick"]
        self._name(person.nick, 1)

    def _on_undo(self, event: Event) -> None:
        while (mark := self._marks.pop()).n != event["back"]:
            pass
        self.curve, self.position, self.dust = mark.curve, mark.position, mark.dust
        self.injected, self.round, self.news, self.due = mark.injected, mark.round, mark.news, None
        self.price = self.curve.price(self.position)
        for person in self.participants.values():
            account = mark.accounts.get(person.id)
            if account is not None:
                person.cash, person.shares, person.trades, person.orders = account
            else:
                person.cash, person.shares, person.trades, person.orders = self.config.cash, self.config.shares, 0, 0
                person.start_wealth = person.wealth(self.price)
                self.injected += person.cash
        for orders in self.orders.values():
            for order in orders.values():
                if order.n > mark.n:
                    order.status, order.price, order.reason = "rejected", 0, UNDONE
        self.pending = []
        self.totals = replace(mark.totals, batches=self.totals.batches)
        self.fills.cut(mark.fills)
        del self.path[mark.path :]
        now = event["t"] // 1_000_000
        self.path.append((now, units(self.price)))
        self.undone.append((mark.t // 1_000_000, now))

    def _name(self, nick: str, count: int) -> None:
        name = nicknames.key(nick)
        held = self.nicks.get(name, 0) + count
        if held:
            self.nicks[name] = held
        else:
            del self.nicks[name]

    def _mark(self, n: int, t: int, number: int) -> None:
        accounts = {p.id: (p.cash, p.shares, p.trades, p.orders) for p in self.participants.values()}
        marks = self.curve, len(self.path), len(self.fills), replace(self.totals), self.round, self.news
        self._marks.append(_Mark(n, t, number, accounts, self.position, self.dust, self.injected, *marks))

    def _move(self, t: int, price: int) -> None:
        self.price = price
        self.path.append((t // 1_000_000, units(price)))
