"""What the workspace's page keeps in its stores, and sends back: checked, as anything may be sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from dash.exceptions import PreventUpdate

from layouts.workspace_settings import SLOTS
from orderflow.workspace.views import View


class Known(msgspec.Struct):
    """What the page has of a chart's series. last: open time of its newest candle, ms. link: the visit of the address
    whose range was shown."""

    key: str
    version: list[Any]
    last: int
    link: int = 0


class Request(msgspec.Struct):
    """Candles before a time (ms) of a series."""

    key: str
    before: int


class Switched(msgspec.Struct):
    """An indicator that is switched on, as the page's store has it."""

    name: str
    options: dict[str, Any] = {}


class Field(msgspec.Struct):
    """The id of the field of an indicator's option."""

    slot: Annotated[int, msgspec.Meta(ge=0, lt=len(SLOTS))]
    option: str


class Number(msgspec.Struct):
    """The id of a component of one chart."""

    index: int


class Visited(msgspec.Struct, frozen=True):
    """A query that the page is to take over, and when it was visited, ms."""

    search: str = ""
    at: int = 0


class Written(msgspec.Struct, frozen=True):
    """The query that the page gave itself last, since which visit."""

    query: str
    at: int


class Ranged(msgspec.Struct, frozen=True):
    """The range that a chart shows, as `View` is written."""

    key: str
    range: dict[str, Any]


class Kept(msgspec.Struct):
    """What the user left on the chart of a series: {"drawings"} or {"view"}."""

    key: str
    left: dict[str, Any]


def read(kind: type[Any], given: Any) -> Any:
    """What a store holds; None for anything else."""
    try:
        return msgspec.convert(given, kind)
    except (msgspec.ValidationError, RecursionError):
        return None


def same_charts(*lists: Sequence[Any]) -> None:
    """Raises PreventUpdate unless a request has as many charts in each of its patterns."""
    if len(set(map(len, lists))) > 1:
        raise PreventUpdate


def view_of(ranged: Ranged | None, key: str | None) -> View | None:
    """The range that the page shows of a series; None if it shows none of it."""
    if ranged is None or ranged.key != key:
        return None
    return read(View, ranged.range) or View()


def newest(known: Any, told: Any) -> Known | None:
    """What a chart has: what came with its series, or what the last update of the same series added."""
    whole, later = read(Known, known), read(Known, told)
    return later if later is not None and whole is not None and later.key == whole.key else whole
