"""Fired alerts on every page: a notice at its top, until somebody with the key acknowledges it, on any page."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from callbacks.toasts import pressed, refresh
from layouts.notices import SHOWN, news, notice_rows
from orderflow.errors import OrderflowError
from orderflow.tickers.notices import Notices
from orderflow.web.kit.access import is_operator, operator_only

if TYPE_CHECKING:
    from orderflow.services import Services


def shown(notices: Notices, seen: Any) -> tuple[list[Component], str, int] | None:
    """(rows, news for the browser, number of what is shown); None if that is as it was at `seen`, its number."""
    open_ = notices.open()
    number = zlib.crc32(repr([event.id for event in open_]).encode())
    if number == seen:
        return None
    return notice_rows(open_[:SHOWN], notices.total()), news(notices.recent()), number


def acknowledge(notices: Notices, event: str) -> None:
    """Acknowledge one event, or "all". A failure to store it leaves the notice."""
    notices.acknowledge(None if event == "all" else [event])


def register(app: Dash, services: Services) -> None:
    """Bind the callbacks, which every page has."""
    notices = services.part(Notices)
    places = Output("notices", "children"), Output("notices", "data-news"), Output("notices-seen", "data")

    @app.callback(
        *places,
        Input("notices-interval", "n_intervals"),
        State("notices-seen", "data"),
        running=[(Output("notices-interval", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def look(_number: Any, seen: Any) -> tuple[Any, Any, Any]:
        found = shown(notices, seen) if is_operator() else None
        return found or (no_update, no_update, no_update)

    @app.callback(
        *(Output(place.component_id, place.component_property, allow_duplicate=True) for place in places),
        Input({"type": "notice-ok", "event": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (no_update, no_update, no_update))
    def press(clicks: Any) -> tuple[Any, Any, Any]:
        if not (button := pressed([clicks])):
            return no_update, no_update, no_update
        try:
            services.workers.run(acknowledge, notices, button.get("event", ""))
        except OrderflowError as error:
            return [str(error)], no_update, refresh()
        return shown(notices, None) or (no_update, no_update, no_update)
