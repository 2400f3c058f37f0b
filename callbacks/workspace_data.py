"""The list of a user's own data in the workspace's dialog: show, undo, delete."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, Dash, Input, Output, no_update
from dash.exceptions import PreventUpdate

from callbacks.toasts import pressed, refresh, sentence
from layouts.workspace import part
from layouts.workspace_data import data_list, undone_text
from layouts.workspace_login import LOG_IN_FIRST
from orderflow.errors import Conflict, NotFound, OrderflowError
from orderflow.storage.records.series import Series
from orderflow.web.kit.current_user import for_user
from orderflow.web.kit.refusals import note_refused_callback
from orderflow.web.workspace.custom_api import series_row, set_row
from orderflow.workspace.uploads.library import Library

if TYPE_CHECKING:
    from orderflow.services import Services

Row = dict[str, Any]


class Asked(msgspec.Struct):
    """The row whose deletion is to be confirmed."""

    kind: str
    name: str
    frame: str


def button(action: str) -> dict[str, Any]:
    """The buttons of an action, of all rows."""
    return {"type": f"ws-own-{action}", "place": ALL, "kind": ALL, "name": ALL, "frame": ALL}


def rows_of(library: Library, user: str) -> list[Row]:
    """All data of a user, by name."""
    series, sets = library.listed(user)
    rows = [series_row(each) for each in series] + [set_row(each, library.signals.size(each)) for each in sets]
    return sorted(rows, key=lambda row: (row["name"], row["kind"], row["timeframe"]))


def undo(library: Library, user: str, asked: Asked) -> Row | None:
    """Undo the last upload; what is there then. A first one is deleted. Raises NotFound, Conflict."""
    frame = asked.frame or None
    try:
        found = library.undo(user, asked.name, asked.kind, frame)
    except Conflict:  # nothing was there before
        library.delete_one(user, asked.name, asked.kind, frame)
        return None
    return series_row(found) if isinstance(found, Series) else set_row(found, library.signals.size(found))


def asked_of(clicks: Any) -> Asked:
    """The row of the button that was pressed."""
    chosen = pressed([clicks])
    if not chosen:
        raise PreventUpdate
    return Asked(chosen.get("kind", ""), chosen.get("name", ""), chosen.get("frame", ""))


def register(app: Dash, services: Services) -> None:
    """Bind the list's callbacks."""
    run, library = services.workers.run, services.part(Library)

    @app.callback(
        Output("ws-mine", "children"),
        Input("ws-up-tabs", "value"),
        Input("ws-upload", "opened"),
        Input("ws-up-stored", "data"),
        Input("ws-up-asked", "data"),
        prevent_initial_call=True,
    )
    @for_user(lambda: LOG_IN_FIRST)
    def mine(user: str, tab: Any, opened: Any, _stored: Any, asked: Any) -> Any:
        if tab != "mine" or not opened:
            raise PreventUpdate
        try:
            rows = run(rows_of, library, user)
        except OrderflowError as error:
            return sentence(error)
        return data_list(rows, library.most_rows, asked if isinstance(asked, dict) else None)

    @app.callback(
        Output("ws-up-asked", "data"),
        Input(button("delete"), "n_clicks"),
        Input(button("keep"), "n_clicks"),
        prevent_initial_call=True,
    )
    def ask(deletes: Any, keeps: Any) -> Any:
        chosen = pressed([deletes, keeps])
        if not chosen:
            raise PreventUpdate
        return {**chosen, "type": ""} if chosen.get("type") == "ws-own-delete" else None

    @app.callback(
        Output("ws-mine-note", "children"),
        Output("ws-up-undone", "children"),
        Output("ws-up-stored", "data", allow_duplicate=True),
        Input(button("undo"), "n_clicks"),
        prevent_initial_call=True,
    )
    @for_user(lambda: (LOG_IN_FIRST, LOG_IN_FIRST, no_update))
    def take_back(user: str, clicks: Any) -> Any:
        asked = asked_of(clicks)
        try:
            text = undone_text(run(undo, library, user, asked), asked.name)
        except OrderflowError as error:
            text = sentence(error)
        return text, text, refresh()

    @app.callback(
        Output("ws-mine-note", "children", allow_duplicate=True),
        Output("ws-up-stored", "data", allow_duplicate=True),
        Output("ws-up-asked", "data", allow_duplicate=True),
        Input(button("sure"), "n_clicks"),
        prevent_initial_call=True,
    )
    @for_user(lambda: (LOG_IN_FIRST, no_update, no_update))
    def delete(user: str, clicks: Any) -> Any:
        asked = asked_of(clicks)
        try:
            run(library.delete_one, user, asked.name, asked.kind, asked.frame or None)
        except NotFound as error:  # in another window
            note_refused_callback(error)
        except OrderflowError as error:
            return sentence(error), no_update, None
        return f"“{asked.name}” is deleted.", refresh(), None

    @app.callback(Output("ws-offers-interval", "n_intervals"), Input("ws-up-stored", "data"), prevent_initial_call=True)
    def offer_again(_stored: Any) -> int:
        """The charts' lists of series are read again at once."""
        return secrets.randbelow(2**31)

    @app.callback(
        Output("ws-upload", "opened", allow_duplicate=True),
        Output("ws-mode", "value", allow_duplicate=True),
        *(Output(part(kind, 0), "value", allow_duplicate=True) for kind in ("symbol", "timeframe", "signals")),
        Input(button("show"), "n_clicks"),
        prevent_initial_call=True,
    )
    def show(clicks: Any) -> Any:
        """The first chart shows it."""
        asked = asked_of(clicks)
        if asked.kind == "signals":
            return False, no_update, no_update, no_update, asked.name
        return False, "custom", asked.name, asked.frame, no_update
