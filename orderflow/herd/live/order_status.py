"""What is told of an order: to whoever asks, and to its owner when it was cleared."""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

from orderflow.errors import BadInput, FieldError
from orderflow.herd.rules.money import units
from orderflow.herd.rules.participants import Order, Participant, Status

Side = Literal["buy", "sell"]


class OrderState(NamedTuple):
    """What has become of an order. price: currency per share, None until filled; reason: why it was rejected."""

    client_id: str
    status: Status
    side: Side
    quantity: int
    price: float | None
    reason: str | None


class Fill(NamedTuple):
    """News of an order for its owner. price: currency per share, None when rejected; cash: micro-units, shares: what
    the owner has now."""

    client_id: str
    status: Status
    price: float | None
    quantity: int
    side: Side
    cash: int
    shares: int
    reason: str | None


def canonical(client_id: object) -> str:
    """A UUID as it is kept. Raises BadInput."""
    try:
        if isinstance(client_id, str) and len(client_id) == 36:
            return str(UUID(client_id))
    except ValueError:
        pass
    reason = "must be a UUID, such as 7f6c1f0e-2b59-4c6e-9d57-0c7a51a3a1d2"
    raise BadInput(f"client_id {reason}", [FieldError(None, "client_id", reason)])


def order_state(order: Order) -> OrderState:
    side: Side = "buy" if order.s > 0 else "sell"
    price = units(order.price) if order.status == "filled" else None
    return OrderState(order.c, order.status, side, order.q, price, order.reason)


def fill(order: Order, owner: Participant) -> Fill:
    """The news of a cleared order."""
    told = order_state(order)
    return Fill(
        told.client_id, told.status, told.price, told.quantity, told.side, owner.cash, owner.shares, told.reason
    )
