"""The herd game's big screen: one callback refreshes it every quarter of a second with the presenter's key, and every
second without. The presenter's controls are in `herd_controls`.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from dash import Dash, Input, Output, State, html, set_props
from dash.development.base_component import Component

from callbacks.herd_controls import register_controls
from callbacks.herd_live import UNKNOWN, WINDOWS, Cursor, Viewpoint, advance, changed, read_cursor, screen_state
from callbacks.page import Page
from layouts.herd import herd_page
from layouts.shell import Link
from orderflow.herd.live.game import Game
from orderflow.web.herd.join_link import obstacle, request_join_url
from orderflow.web.kit.access import is_operator

if TYPE_CHECKING:
    from orderflow.services import Services


MAX_CLICKS = 1 << 31


def page(services: Services, links: list[Link]) -> Component:
    """The page."""
    return herd_page(links=links)


def viewpoint(services: Services, epoch: str) -> Viewpoint:
    """Who makes the present request."""
    settings, presenter, game = services.settings, is_operator(), services.part(Game)
    secret = game.code_required
    code = game.code if presenter or not secret else None
    url = request_join_url(settings, code)
    return Viewpoint(presenter, secret, url, epoch, obstacle(settings, url))


def refresh_screen(
    game: Game, view: Viewpoint, now: int, clicks: object, cursor: Cursor
) -> tuple[list[Any], dict[str, dict[str, Any]]]:
    """The response to one refresh of a page: [the chart's figure, its later points, the cursor], and by component the
    other properties that have changed. clicks: on the button that changes the time shown; cursor: what the page has.

    A click may come during a refresh, and which of the two responses is shown last is not known: after a click the page
    gets everything again.
    """
    seen = screen_state(game, view, now)
    count = clicks if isinstance(clicks, int) and 0 < clicks < MAX_CLICKS else 0
    window = count % len(WINDOWS)
    figure, extension, moved = advance(game, view, seen, window, cursor)
    values, fields = changed(game, view, seen, cursor, moved.epoch)
    if count != cursor.clicks:
        values["herd-window-note"] = {
            "children": html.Span(WINDOWS[window][0], className="hg-window-note", key=str(count))
        }
        fields |= {"seen": UNKNOWN, "crowd": UNKNOWN, "crowd_at": 0}
    return [figure, extension, msgspec.structs.asdict(moved) | {"clicks": count} | fields], values


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    game, epoch = services.part(Game), secrets.token_hex(4)

    @app.callback(
        Output("herd-chart", "figure"),
        Output("herd-chart", "extendData"),
        Output("herd-cursor", "data"),
        Input("herd-interval", "n_intervals"),
        Input("herd-screen-window", "n_clicks"),
        State("herd-cursor", "data"),
        running=[(Output("herd-interval", "disabled"), True, False)],
    )
    def refresh(_beat: object, clicks: object, cursor: object) -> list[Any]:
        answer, values = refresh_screen(game, viewpoint(services, epoch), game.now(), clicks, read_cursor(cursor))
        for id, properties in values.items():  # as outputs, all 81 would be named in every request
            set_props(id, properties)
        return answer

    register_controls(app, game)


PAGE = Page(
    "/herd/",
    "Herd game",
    page,
    register,
    scripts=("kit", "herd"),
    styles=("page.css", "herd.css", "herd"),
    theme="dark",  # it is made for a projector
)
