"""Fired alerts on every page: a notice at its top, until it is acknowledged on any page by the alert's owner.

The operator sees and acknowledges the notices of all.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from callbacks.toasts import pressed, refresh
from layouts.notices import SHOWN, fault_row, news, notice_rows
from orderflow.errors import OrderflowError
from orderflow.tickers.notices import Notices
from orderflow.web.kit.scope import Scope, for_owner, maybe

if TYPE_CHECKING:
    from orderflow.services import Services


def shown(notices: Notices, scope: Scope | None, seen: Any) -> tuple[list[Component], str, int] | None:
    """(rows, news for the browser, number of what is shown); None if that is as it was at `seen`, its number."""
    open_ = () if scope is None else notices.open(scope.sees)
    number = zlib.crc32(repr([event.id for event in open_]).encode())
    if number == seen or (not open_ and seen is None):
        return None
    recent = [] if scope is None else notices.recent(scope.sees)
    return notice_rows(open_[:SHOWN], len(open_)), news(recent), number


def acknowledge(notices: Notices, scope: Scope, event: str) -> None:
    """Acknowledge one event, or "all". A failure to store it leaves the notice."""
    notices.acknowledge(None if event == "all" else [event], scope.sees)


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
        return shown(notices, maybe(), seen) or (no_update, no_update, no_update)

    @app.callback(
        *(Output(place.component_id, place.component_property, allow_duplicate=True) for place in places),
        Input({"type": "notice-ok", "event": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    @for_owner(lambda: (no_update, no_update, no_update))
    def press(scope: Scope, clicks: Any) -> tuple[Any, Any, Any]:
        if not (button := pressed([clicks])):
            return no_update, no_update, no_update
        try:
            services.workers.run(acknowledge, notices, scope, button.get("event", ""))
        except OrderflowError as error:
            return [fault_row(str(error))], no_update, refresh()
        return shown(notices, scope, 0) or (no_update, no_update, no_update)
