"""The participants at the end of a log, in memory that does not grow with its orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orderflow.herd.debrief.outline import Outline
from orderflow.herd.rules import events
from orderflow.herd.rules.events import Event
from orderflow.herd.rules.participants import Order
from orderflow.herd.rules.state import State


@dataclass(slots=True)
class Own:
    """What the state does not know of a participant. cash (micro-units), shares: the endowment. group: of the last
    experiment. orders, filled: numbers of orders that no undo took back."""

    cash: int
    shares: int
    group: str | None = None
    orders: int = 0
    filled: int = 0


class Accounts:
    """state: after the events so far; it forgets orders that are decided, fills and past prices. own: by participant.
    price: the last one of the log, micro-units."""

    def __init__(self, first: Event, outline: Outline) -> None:
        self.state = State.of(first)
        self.own: dict[str, Own] = {}
        self.price = self.state.price
        self._prices: dict[int, int] = {}
        """By the event that began a round."""
        self._outline = outline

    @staticmethod
    def of_log(log: Iterator[Event], outline: Outline) -> Accounts:
        """The accounts after all events. Raises BadInput if one cannot follow those before it."""
        accounts = Accounts(next(log), outline)
        for event in log:
            accounts.apply(event)
        return accounts

    def apply(self, event: Event) -> None:
        """Take the next event."""
        state, pending = self.state, self.state.pending
        state.apply(event)
        if isinstance(event, events.ParticipantJoined):
            group = event.group if state.experiment is not None else None
            self.own[event.participant] = Own(event.cash, event.shares, group)
        elif isinstance(event, events.ExperimentSet):
            for name, given in event.groups.items() if event.on else ():
                self.own[name].group = given
        elif isinstance(event, events.OrderAccepted):
            self.own[event.participant].orders += self._outline.keeps(event.n)
        elif isinstance(event, events.RoundChanged):
            self._prices[event.n] = self.price
        elif isinstance(event, events.NewsPublished):
            self.price = event.after
        elif isinstance(event, events.BatchCleared):
            self.price = event.after
            filled = {n for n, _, _ in event.fills} if self._outline.keeps(event.n) else set()
            for order in pending:
                self.own[order.participant].filled += order.n in filled and self._outline.keeps(order.n)
            self._forget(pending)
        elif isinstance(event, events.RoundUndone):
            self.price = self._prices[event.back]
            self._forget(pending)

    def _forget(self, pending: list[Order]) -> None:
        """Forget what was decided of the orders that waited, and the past."""
        state, left = self.state, {order.n for order in self.state.pending}
        for order in pending:
            if order.n not in left:
                del state.orders[order.participant][order.client_id]
        state.path.clear()
        state.fills.truncate(0)
