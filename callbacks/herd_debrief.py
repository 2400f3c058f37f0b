"""The debrief page: the list of sessions and the report of the chosen one.

Reports name players and cost processor time, so they need the key, like the files of a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.page import Page
from layouts.herd_debrief import debrief_body, debrief_page, empty_notice, notice, session_choices
from layouts.shell import Link
from orderflow.errors import OrderflowError
from orderflow.herd.debrief.cache import Debriefs
from orderflow.web.kit.access import is_operator

if TYPE_CHECKING:
    from orderflow.services import Services

Choices = list[dict[str, str]]


def page(services: Services, links: list[Link]) -> Component:
    """The page."""
    return debrief_page(links=links)


def session_in(search: str | None) -> str | None:
    """The session in the query of the address, None without one."""
    values = parse_qs(str(search or "").removeprefix("?")).get("session", [])
    return values[0][:80] if values and values[0] else None


def choose(debriefs: Debriefs, allowed: Callable[[], bool], search: str | None) -> tuple[Choices, str | None]:
    """(sessions to choose from, the one to show: the session of the address, else the newest)."""
    if not allowed():
        return [], None
    choices = session_choices(debriefs.sessions())
    asked = session_in(search)
    if asked and asked not in (choice["value"] for choice in choices):
        choices.append({"value": asked, "label": asked})  # dmc.Select drops a value that is not in its data
    return choices, asked or (choices[0]["value"] if choices else None)


def show(debriefs: Debriefs, allowed: Callable[[], bool], session: str | None, theme: str | None) -> Any:
    """The report of a session, or a notice that says why it is missing."""
    if not allowed():
        return notice(
            "This page needs the key",
            "A debrief names the players. Open the page with ?key=…, which the server prints when it starts.",
        )
    if not session or not isinstance(session, str):
        return empty_notice()
    try:
        report = debriefs.report(session)
    except OrderflowError as error:
        return notice("No debrief of this session", f"{error}.")
    return debrief_body(report, "light" if theme == "light" else "dark")


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    debriefs = services.part(Debriefs)

    @app.callback(
        Output("debrief-session", "data"),
        Output("debrief-session", "value"),
        Input("location", "search"),
    )
    def offer(search: str | None) -> tuple[Choices, str | None]:
        return choose(debriefs, is_operator, search)

    @app.callback(
        Output("debrief-body", "children"),
        Input("debrief-session", "value"),
        Input("debrief-update", "n_clicks"),
        Input("debrief-theme", "data"),
        running=[(Output("debrief-busy", "hidden"), False, True), (Output("debrief-update", "disabled"), True, False)],
    )
    def show_report(session: str | None, _clicks: int | None, theme: str | None) -> Any:
        if theme is None:
            raise PreventUpdate  # the browser sets the theme in a moment
        return show(debriefs, is_operator, session, theme)

    def kit(function: str) -> ClientsideFunction:
        return ClientsideFunction("kit", function)

    app.clientside_callback(kit("theme"), Output("debrief-theme", "data"), Input("debrief-theme", "id"))
    app.clientside_callback(
        kit("print"), Output("debrief-sink", "data"), Input("debrief-print", "n_clicks"), prevent_initial_call=True
    )
    app.clientside_callback(
        kit("address"),
        Output("debrief-sink", "data", allow_duplicate=True),
        Input("debrief-session", "value"),
        State("debrief-session", "name"),
        prevent_initial_call=True,
    )


PAGE = Page(
    "/herd/debrief/",
    "",
    page,
    register,
    scripts=("kit",),
    styles=("page.css", "herd_debrief.css"),
)
