"""Logs of herd sessions built event by event, for tests of statistics and reports."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import numpy as np

from orderflow.herd.rules.events import Event, OrderAccepted

START = 1_795_000_000 * 10**9
SECOND = 10**9
BATCH = SECOND // 4
MICRO = 10**6


class Log:
    """`events` is the log; every method appends to it. Times are seconds after the start."""

    def __init__(self, *, price: float = 100.0, cash: float = 5_000.0, shares: int = 50, id: str = "s-1") -> None:
        self.events: list[Event] = []
        self.cash, self.shares = round(cash * MICRO), shares
        self.price = round(price * MICRO)
        self._batches = 0
        config = {"price": self.price, "impact": "0.001", "curve": "exponential", "cash": self.cash, "shares": shares}
        config |= {"short": 0, "batch_ms": 250, "max_quantity": 100}
        self.add(0, "session", version=1, id=id, code="K7QX", seed=7, config=config)

    def add(self, second: float, kind: str, **rest: Any) -> int:
        """Append an event and return its number."""
        number = len(self.events)
        line = {"n": number, "t": START + round(second * SECOND), "e": kind, **rest}
        self.events.append(msgspec.convert(line, Event))
        return number

    def join(
        self, p: str, second: float = 0, *, nick: str = "", bot: str | None = None, group: str | None = None
    ) -> int:
        kept = {"nick": nick or p.upper(), "cash": self.cash, "shares": self.shares, "bot": bot, "group": group}
        return self.add(second, "join", p=p, **kept)

    def people(self, count: int, **kind: Any) -> list[str]:
        """Participants p1 … pN who join at the start; their ids."""
        names = [f"p{i}" for i in range(1, count + 1)]
        for name in names:
            self.join(name, **kind)
        return names

    def order(self, second: float, p: str, sign: int, quantity: int = 1) -> int:
        return self.add(
            second, "order", p=p, c=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{len(self.events)}")), s=sign, q=quantity
        )

    def batch(
        self,
        second: float,
        orders: list[int],
        *,
        price: float | None = None,
        rejected: tuple[int, ...] = (),
        after: float | None = None,
    ) -> int:
        """Append a batch that fills all `orders` except the `rejected` at one price; return its number."""
        at = self.price if price is None else round(price * MICRO)
        self.price = at if after is None else round(after * MICRO)
        filled = [self.order_event(n) for n in orders if n not in rejected]
        fills = [[one.n, -one.sign * one.quantity * at, one.sign * one.quantity] for one in filled]
        moved = [fill[2] for fill in fills]
        self._batches += 1
        return self.add(
            second,
            "batch",
            b=self._batches,
            pos=0,
            net=sum(moved),
            price=at,
            after=self.price,
            cost=0,
            dust=0,
            fills=fills,
            rejects=[[n, "not enough cash"] for n in rejected],
            buys=sum(x for x in moved if x > 0),
            sells=-sum(x for x in moved if x < 0),
        )

    def round(self, second: float, state: str, number: int, of: int, seconds: int) -> None:
        """The begin or the end of a round whose fundamental value is 100, without dividends."""
        self.add(
            second,
            "round",
            round=number,
            of=of,
            state=state,
            seconds=seconds,
            fundamental=100 * MICRO,
            preset=None,
            dividend=None,
        )

    def order_event(self, number: int) -> OrderAccepted:
        """The event of that number, which must be an order."""
        event = self.events[number]
        assert isinstance(event, OrderAccepted)
        return event

    def trade(self, second: float, signs: dict[str, int], *, quantity: int = 1, price: float | None = None) -> None:
        """Orders of several participants that fill together 0.25 s later."""
        numbers = [self.order(second, p, sign, quantity) for p, sign in signs.items()]
        self.batch(second + 0.25, numbers, price=price)


def chance_game(
    people: int = 40, seconds: int = 120, *, seed: int = 1, swing: float = 0.0, groups: bool = False, rounds: int = 0
) -> Log:
    """A game of people who trade at random times on random sides. `swing` shifts everybody's probability of a buy every
    ten seconds: 0 is a crowd without herding, 0.4 a strong herd. rounds: how many, of fundamental value 100."""
    rng = np.random.default_rng(seed)
    log = Log()
    names = [f"p{i}" for i in range(1, people + 1)]
    for i, name in enumerate(names):
        log.join(name, group=("see", "blind")[i % 2] if groups else None)
    if groups:
        log.add(0.01, "experiment", on=True, groups={name: ("see", "blind")[i % 2] for i, name in enumerate(names)})
    price, lean = 100.0, 0.5
    for second in range(1, seconds):
        if (
            rounds
            and (second - 1) % (seconds // rounds) == 0
            and (number := (second - 1) // (seconds // rounds) + 1) <= rounds
        ):
            if number > 1:
                log.round(second - 0.2, "end", number - 1, rounds, seconds // rounds)
            log.round(second - 0.1, "begin", number, rounds, seconds // rounds)
        if second % 10 == 1:
            lean = 0.5 + swing * (1 if rng.random() < 0.5 else -1)
        active = [name for name in names if rng.random() < 0.25]
        signs = {name: 1 if rng.random() < lean else -1 for name in active}
        if signs:
            price *= float(np.exp(0.001 * sum(signs.values())))
            log.trade(second, signs, price=round(price, 6))
    return log
