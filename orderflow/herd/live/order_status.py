"""The status of an order, as requests return it and as its owner is notified of it."""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

from orderflow.errors import BadInput, FieldError
from orderflow.herd.rules.money import units
from orderflow.herd.rules.participants import Order, Participant, Status

Side = Literal["buy", "sell"]


class OrderStatus(NamedTuple):
    """The status of an order. price: currency per share, None until filled; reason: why it was rejected."""

    client_id: str
    status: Status
    side: Side
    quantity: int
    price: float | None
    reason: str | None


class Fill(NamedTuple):
    """Notification of a cleared order for its owner. price: currency per share, None if rejected; cash (micro-units),
    shares: of the owner afterwards."""

    client_id: str
    status: Status
    price: float | None
    quantity: int
    side: Side
    cash: int
    shares: int
    reason: str | None


def canonical(client_id: object) -> str:
    """The UUID in canonical form. Raises BadInput if it is not a UUID."""
    try:
        if isinstance(client_id, str) and len(client_id) == 36:
            return str(UUID(client_id))
    except ValueError:
        pass
    reason = "must be a UUID, such as 7f6c1f0e-2b59-4c6e-9d57-0c7a51a3a1d2"
    raise BadInput(f"client_id {reason}", [FieldError(None, "client_id", reason)])


def order_status(order: Order) -> OrderStatus:
    side: Side = "buy" if order.sign > 0 else "sell"
    price = units(order.price) if order.status == "filled" else None
    return OrderStatus(order.client_id, order.status, side, order.quantity, price, order.reason)


def fill_of(order: Order, owner: Participant) -> Fill:
    """The notification of a cleared order."""
    now = order_status(order)
    return Fill(now.client_id, now.status, now.price, now.quantity, now.side, owner.cash, owner.shares, now.reason)
