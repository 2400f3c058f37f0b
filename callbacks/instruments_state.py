"""What the stores of the instruments' page hold. They come back from a browser, so all of it is checked."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""A whole number that a browser's numbers hold exactly."""
Signed = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
Kept = TypeVar("Kept", bound="State")


class State(msgspec.Struct):
    """What one store holds."""

    def plain(self) -> dict[str, Any]:
        """As a store keeps it."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


class View(State):
    """What the page shows: ids of its rows and each row's version; the query (words, order, page) that chose them; the
    number of the first row, the instruments there are, the update at which the order was made; the slider's stop, and
    fingerprints of the texts of the toolbar and of those around the rows."""

    ids: list[str]
    versions: list[Count]
    query: tuple[str, str, Count]
    first: Count
    count: Count
    made: Count
    stop: Signed = -1
    texts: Count = 0
    words: Count = 0


class Opened(State):
    """The instrument whose dialog is open (None: none), and how many were opened before."""

    id: str | None = None
    turn: Count = 0


class Seen(State):
    """The price line that is drawn, and the number of its last price."""

    epoch: str
    last: Count


class SpecTexts(State):
    """A spec as the form was made of it, the seed as text, which a browser's numbers could not hold."""

    id: str
    name: str
    model: str
    params: dict[str, float]
    arrivals: str
    arrival_params: dict[str, float]
    seed: str | None
    interval: float
    initial_price: float | None
    group: str | None
    correlation: float
    book: bool
    flow: dict[str, float]


class Form(State):
    """The form of the open instrument."""

    id: str
    spec: SpecTexts


class Game(State):
    """The progress of the quiz. state: none, ask, answered, over or fault; number: of the question, from 0; right: one
    flag per guess; prices: of the question; next: of the one after it."""

    state: str = "none"
    seed: Count = 0
    of: Count = 0
    number: Count = 0
    right: list[bool] = []
    prices: list[float] = []
    next: list[float] | None = None


class FieldId(State):
    """A pattern-matching id of the form."""

    type: str
    name: str


def read(kind: type[Kept], given: Any) -> Kept | None:
    """The state that a browser sent; None if it is not of that kind."""
    try:
        return msgspec.convert(given, kind)
    except (msgspec.ValidationError, RecursionError):
        return None


def read_ids(given: Any) -> list[str] | None:
    """Names in the ids of a pattern's components; None if the ids are not valid."""
    try:
        return [one.name for one in msgspec.convert(given, list[FieldId])]
    except (msgspec.ValidationError, RecursionError):
        return None
