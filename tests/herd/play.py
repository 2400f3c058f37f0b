"""Helper for tests: a session with short calls, a manual clock, and the invariants checked after each step."""

from __future__ import annotations

from typing import Any

from orderflow.herd.live.journal import NoJournal
from orderflow.herd.live.presenter import act
from orderflow.herd.live.session import Session
from orderflow.herd.rules.events import Config, decode_log
from orderflow.herd.rules.participants import Order, Participant
from orderflow.herd.rules.seeded_random import seeded_uuid
from orderflow.herd.rules.state import State

START = 1_795_000_000 * 10**9
SECOND = 10**9


class Play:
    """`session` has a journal in memory. `now` advances by 0.25 s with each batch."""

    def __init__(self, *, seed: int = 7, **config: Any) -> None:
        self.journal = NoJournal()
        self.now = START
        self.session = Session.begin(Config(**config), START, journal=self.journal, seed=seed, code="K7QX")
        self._orders = 0

    @property
    def state(self) -> State:
        return self.session.state

    def person(self, p: str) -> Participant:
        return self.state.participants[p]

    def join(self, count: int = 1) -> list[str]:
        return [self.session.join(self.now).id for _ in range(count)]

    def order(self, p: str, quantity: int) -> Order:
        """A buy of `quantity` shares; a sell if it is negative."""
        self._orders += 1
        name = seeded_uuid(0, "test", self._orders)
        return self.session.order(self.now, p, name, 1 if quantity > 0 else -1, abs(quantity))

    def batch(self, *orders: tuple[str, int], bots: bool = False) -> list[Order]:
        """One batch with these orders."""
        for p, quantity in orders:
            self.order(p, quantity)
        self.now += SECOND // 4
        done = self.session.settle(self.now, bots=bots)
        self.check()
        return done

    def act(self, action: str, **args: Any) -> None:
        """An action of the presenter; pending orders are cleared first."""
        self.session.settle(self.now)
        idle = [person.id for person in self.state.present() if not self.state.orders[person.id]]
        act(self.session, self.now, action, args, 5000, idle)
        self.check()

    def check(self) -> None:
        """Check the invariants of every state."""
        assert self.state.imbalance() == (0, 0)
        assert self.state.dust >= 0

    def log(self) -> bytes:
        return self.journal.read(self.state.session_id)

    def again(self) -> State:
        """The state from the log alone."""
        return State.fold(decode_log(self.log()))
