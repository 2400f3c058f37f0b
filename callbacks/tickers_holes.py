"""The gaps in the trades of the feeds on the crypto tickers' page."""

from __future__ import annotations

import zlib
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, dcc, no_update
from dash.development.base_component import Component

from layouts.tickers_holes import hole_rows, holes_title
from orderflow.feeds.holes import Holes

if TYPE_CHECKING:
    from orderflow.services import Services

INTERVAL = 5000
"""ms between two looks."""


def extras() -> list[Component]:
    """The store and the interval of this part of the page."""
    return [dcc.Interval(id="tickers-holes-interval", interval=INTERVAL), dcc.Store(id="tickers-holes-seen")]


def shown(holes: Holes, seen: Any) -> tuple[Any, Any, Any, int]:
    """(rows, title, whether the list is hidden, number of what is shown); no_update if it is as at `seen`."""
    found = holes.all()
    number = zlib.crc32(repr(found).encode())
    if number == seen:
        return no_update, no_update, no_update, number
    return hole_rows([astuple(hole) for hole in found]), holes_title(len(found)), not found, number


def register(app: Dash, services: Services) -> None:
    """Bind the callback of this part of the page."""
    holes = services.part(Holes)

    @app.callback(
        Output("tickers-holes", "children"),
        Output("tickers-holes-title", "children"),
        Output("tickers-holes-panel", "hidden"),
        Output("tickers-holes-seen", "data"),
        Input("tickers-holes-interval", "n_intervals"),
        State("tickers-holes-seen", "data"),
        running=[(Output("tickers-holes-interval", "disabled"), True, False)],
    )
    def show_holes(_number: Any, seen: Any) -> tuple[Any, Any, Any, int]:
        return shown(holes, seen)
