"""The Dash app: one for all pages, on the server that the web layer made.

`PAGES` is the table of pages: a path, a name, a function that makes the layout and one that binds the callbacks.
Nothing is registered at import time, so a process may hold several apps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from callbacks import chart, herd, herd_debrief, herd_play, herd_replay, instruments
from layouts.shell import DOCUMENT, VIEWPORT, Link
from orderflow.web.kit.callback_requests import check_callback_requests

if TYPE_CHECKING:
    from orderflow.services import Services


@dataclass(frozen=True, slots=True)
class Page:
    """path: where it is, with a slash at the end. name: in the navigation, "" leaves it out. layout: the component
    tree. register: binds its callbacks."""

    path: str
    name: str
    layout: Callable[[Services, list[Link]], Component]
    register: Callable[[Dash, Services], None]


PAGES: tuple[Page, ...] = (
    Page("/chart/", "Order flow", chart.page, chart.register),
    Page("/herd/", "Herd game", herd.page, herd.register),
    Page("/herd/debrief/", "", herd_debrief.page, herd_debrief.register),
    Page("/herd/replay/", "", herd_replay.page, herd_replay.register),
    Page("/instruments/", "Instruments", instruments.page, instruments.register),
)


def assets_folder() -> Path:
    """Where style sheets and scripts are: inside the installed package, else in the repository."""
    installed = Path(str(files("orderflow"))) / "_assets"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[1] / "assets"


def create_app(services: Services, server: Any) -> Dash:
    """The app with every page of `PAGES`, on `server` (a flask.Flask, which only the web layer names). Runs nothing."""
    app = Dash(
        "orderflow",
        server=server,
        assets_folder=str(assets_folder()),
        assets_path_ignore=["^play$"],  # the phone's page of the herd game is none of Dash's
        title="Orderflow",
        update_title=None,  # type: ignore[arg-type]  # Dash documents None: leave the title alone
        index_string=DOCUMENT,
        meta_tags=[VIEWPORT],
        use_pages=False,
        pages_folder="",
        use_async=False,
        compress=False,
    )
    links = [Link(page.path, page.name) for page in PAGES if page.name]
    app.layout = html.Div([dcc.Location(id="location", refresh="callback-nav"), html.Div(id="page")])
    every = html.Div([app.layout, *(page.layout(services, links) for page in PAGES)])
    app.validation_layout = every  # type: ignore[assignment]  # Dash gives the attribute the type of its default, None

    @app.callback(Output("page", "children"), Input("location", "pathname"))
    def show(path: str | None) -> Component:
        return page_at(path, services, links)

    for page in PAGES:
        page.register(app, services)
    check_callback_requests(server, app.callback_map)
    herd_play.register_page(server, services, assets_folder())
    return app


def page_at(path: str | None, services: Services, links: list[Link]) -> Component:
    """The page at a path, or one that says there is none and where the others are."""
    wanted = (path if isinstance(path, str) else "").rstrip("/") + "/"
    for page in PAGES:
        if wanted == page.path or wanted == "/":
            return page.layout(services, links)
    return html.Main(
        [
            html.H1("There is no such page"),
            html.P(f"Nothing is at {path}."),
            html.Ul([html.Li(html.A(link.name, href=link.path)) for link in links]),
        ],
        className="of-missing",
    )
