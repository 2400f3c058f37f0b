"""Participants, orders and fills: the parts of a session's state."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["accepted", "filled", "rejected"]


@dataclass(slots=True)
class Participant:
    """A trader. cash: micro-units; bot: kind of bot or None; group: "see" | "blind" | None; joined_ns; trades: orders
    filled; orders: orders accepted; kicked: removed by the presenter; start_wealth: micro-units, the endowment at the
    price at the time of joining."""

    id: str
    nick: str
    cash: int
    shares: int
    bot: str | None
    group: str | None
    joined_ns: int
    start_wealth: int
    trades: int = 0
    orders: int = 0
    kicked: bool = False

    def wealth(self, price: int) -> int:
        """Cash and shares at `price`, micro-units."""
        return self.cash + self.shares * price

    def profit(self, price: int) -> int:
        """Wealth at `price` less `start_wealth`, micro-units: what was gained or lost since joining."""
        return self.wealth(price) - self.start_wealth


@dataclass(slots=True)
class Order:
    """n: number of its event; t: ns; client_id: the client's UUID; sign: 1 buys, -1 sells; price: micro-units, rounded
    down, 0 until filled; reason: why it was rejected."""

    n: int
    t: int
    participant: str
    client_id: str
    sign: int
    quantity: int
    status: Status = "accepted"
    price: int = 0
    reason: str | None = None


def _ints() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Fills:
    """The fills of a session, without those that were undone, as columns. time: ns; price: cents; size: shares; side:
    1 | -1; id: number of the order's event, rising."""

    time: array[int] = field(default_factory=_ints)
    price: array[int] = field(default_factory=_ints)
    size: array[int] = field(default_factory=_ints)
    side: array[int] = field(default_factory=_ints)
    id: array[int] = field(default_factory=_ints)

    def __len__(self) -> int:
        return len(self.time)

    def append(self, time: int, price: int, size: int, side: int, id: int) -> None:
        self.time.append(time)
        self.price.append(price)
        self.size.append(size)
        self.side.append(side)
        self.id.append(id)

    def since(self, start: int) -> Fills:
        """A copy of the fills from index `start` on."""
        return Fills(self.time[start:], self.price[start:], self.size[start:], self.side[start:], self.id[start:])

    def truncate(self, length: int) -> None:
        """Keep only the first `length` fills."""
        for column in (self.time, self.price, self.size, self.side, self.id):
            del column[length:]
