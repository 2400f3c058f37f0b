"""One message as it is sent in one attempt."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.storage.records.delivery_store import StoredDelivery

PLACEHOLDER = "{{delivery_id}}"


@dataclass(frozen=True, slots=True)
class Parcel:
    """id: the same in every attempt. title: one printable line. now: ns since 1970."""

    id: str
    event: str
    title: str
    text: str
    attempt: int
    now: int

    @property
    def footer(self) -> str:
        """For people: the last line, by which repeats are recognised."""
        return f"Delivery {self.id}"


def pack(delivery: StoredDelivery, now: int) -> Parcel:
    """The next attempt of a delivery. Lone surrogates become question marks, and the title is made one line."""
    text = _encodable(delivery.text).replace(PLACEHOLDER, delivery.id)
    title = "".join(each for each in " ".join(_encodable(delivery.title).split()) if each.isprintable())
    return Parcel(delivery.id, delivery.event, title or "Alert", text, delivery.attempts + 1, now)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
