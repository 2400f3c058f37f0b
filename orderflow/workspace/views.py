"""What a user leaves on the chart of a series: drawings and the visible range, checked before they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from orderflow.errors import BadInput
from orderflow.storage.records.view_store import ViewStore

LONGEST_KEY = 300
MOST_DRAWINGS = 500

Number = Annotated[float, msgspec.Meta(ge=-1e18, le=1e18)]


class Drawing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line or a rectangle. axis: "y" for prices, or that of a pane. t0, t1: ms UTC. y0, y1: prices or values."""

    type: Literal["line", "rect"]
    axis: Annotated[str, msgspec.Meta(pattern=r"^y[0-9]?\Z")]
    t0: Number
    t1: Number
    y0: Number
    y1: Number


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"since": "from"}):
    """The visible range: times (ms UTC), or so many of the newest candles; y: prices, None where they fit."""

    since: Number | None = None
    to: Number | None = None
    bars: Number | None = None
    y: tuple[Number, Number] | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What was left on a chart; view: None where nothing is known."""

    drawings: Sequence[Drawing] = ()
    view: View | None = None


class Views:
    """Charts as users left them. A method raises StorageFailed if the records cannot be used."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    @property
    def deleted(self) -> int:
        """Charts that made room for newer ones of their users since the start."""
        return self._store.deleted

    def of(self, owner: str, series: str) -> Left:
        """What a user left on the chart of a series."""
        drawings, view = self._store.get(owner, series[:LONGEST_KEY])
        return Left(
            msgspec.json.decode(drawings, type=list[Drawing]) if drawings else (),
            msgspec.json.decode(view, type=View) if view else None,
        )

    def keep(self, owner: str, series: str, given: Any) -> None:
        """Keep `drawings` or `view` of {"drawings": [...], "view": {...}}. Raises BadInput."""
        found = _read(given)
        if not series or len(series) > LONGEST_KEY:
            raise BadInput(f"a series has a name of 1 to {LONGEST_KEY} characters")
        drawings = None if found.drawings is None else msgspec.json.encode(found.drawings).decode()
        view = None if found.view is None else msgspec.json.encode(found.view).decode()
        self._store.put(owner, series, drawings=drawings, view=view)

    def export(self, owner: str) -> dict[str, Any]:
        """All of a user's charts as plain values."""
        return {
            series: {
                name: msgspec.json.decode(text) for name, text in zip(("drawings", "view"), each, strict=True) if text
            }
            for series, each in self._store.all(owner).items()
        }

    def delete_all(self, owner: str) -> None:
        """Forget all of a user."""
        self._store.forget(owner)

    def owners(self) -> set[str]:
        """All users of whom something is kept."""
        return self._store.owners()


class _Given(msgspec.Struct, frozen=True):
    drawings: Annotated[list[Drawing], msgspec.Meta(max_length=MOST_DRAWINGS)] | None = None
    view: View | None = None


def _read(given: Any) -> _Given:
    try:
        return msgspec.convert(given, _Given)
    except msgspec.ValidationError as error:
        raise BadInput(f"the chart cannot be kept: {error}") from error
