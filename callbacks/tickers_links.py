"""The address of the crypto tickers' page: which history is open, with which range, and whether the table is shown.

So a link opens what its sender saw, and the browser's back and forward buttons open and close it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from dash import Dash, Input, Output, State, dcc, no_update
from dash.development.base_component import Component

from callbacks.tickers_dialogs import Opened, opened_history, read_state
from layouts.tickers import RANGES
from orderflow.errors import NotFound
from orderflow.tickers.tickers import Tickers

KNOWN = tuple(value for value, _ in RANGES)
HISTORY = 5
"""Outputs of `opened_history`."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an address says. ticker: whose history is open, None for none."""

    ticker: str | None = None
    range: str = KNOWN[0]
    table: bool = False


def place_of(search: Any) -> Place:
    """The place of an address's query; what it does not know is left out."""
    given = parse_qs(search.removeprefix("?")) if isinstance(search, str) else {}
    ticker, range_, view = (given.get(name, [""])[0] for name in ("ticker", "range", "view"))
    return Place(ticker.upper()[:60] or None, range_of(range_), view == "table")


def range_of(given: Any) -> str:
    """A value of RANGES; the first for anything else."""
    return given if given in KNOWN else KNOWN[0]


def search_of(place: Place) -> str:
    """The query of a place, without what is usual; "" if all is."""
    given = {"ticker": place.ticker or "", "range": place.range if place.ticker else KNOWN[0]}
    parts = {name: value for name, value in given.items() if value not in ("", KNOWN[0])}
    query = urlencode(parts | ({"view": "table"} if place.table else {}), safe=":")
    return f"?{query}" if query else ""


def extras() -> list[Component]:
    """The page's view of its address, and what the address said last."""
    return [dcc.Location(id="tickers-location", refresh="callback-nav"), dcc.Store(id="tickers-linked")]


def register(app: Dash, tickers: Tickers) -> None:
    """Bind the callback. It is one for both ways, so that none of them starts the other."""

    @app.callback(
        Output("tickers-linked", "data"),
        Output("tickers-location", "search"),
        Output("tickers-view", "value", allow_duplicate=True),
        Output("tickers-range", "value"),
        Output("tickers-open", "data", allow_duplicate=True),
        Output("tickers-dialog-history", "opened", allow_duplicate=True),
        Output("tickers-history-title", "children", allow_duplicate=True),
        Output("tickers-flow", "href", allow_duplicate=True),
        Output("tickers-csv", "href", allow_duplicate=True),
        Input("tickers-location", "search"),
        Input("tickers-open", "data"),
        Input("tickers-view", "value"),
        Input("tickers-range", "value"),
        State("tickers-location", "pathname"),
        State("tickers-linked", "data"),
        prevent_initial_call="initial_duplicate",
    )
    def follow(search: Any, open_: Any, view: Any, range_: Any, path: Any, linked: Any) -> tuple[Any, ...]:
        if path != "/tickers/":
            return (no_update,) * (4 + HISTORY)
        opened = read_state(Opened, open_) or Opened()
        wanted, shown = place_of(search), search_of(Place(opened.ticker, range_of(range_), view == "table"))
        if search_of(wanted) == shown:
            return (shown, *(no_update,) * (3 + HISTORY))
        if linked == search_of(wanted):  # the page has changed
            return (shown, shown, *(no_update,) * (2 + HISTORY))
        return (
            search_of(wanted),
            no_update,
            "table" if wanted.table else "cards",
            wanted.range if wanted.ticker else no_update,
            *_history(tickers, wanted.ticker, opened),
        )


def _history(tickers: Tickers, name: str | None, opened: Opened) -> tuple[Any, ...]:
    """What opens or closes the history, nothing if it is as it shall be or there is no such ticker."""
    if name == opened.ticker:
        return (no_update,) * HISTORY
    if name is None:
        return ({"ticker": None, "turn": opened.turn}, False, *(no_update,) * (HISTORY - 2))
    try:
        return opened_history(tickers, name, opened.turn + 1)
    except NotFound:
        return (no_update,) * HISTORY
