"""The page that plays a session again: all happens in the browser (`assets/herd_debrief`), from `/herd/frames`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import ClientsideFunction, Dash, Input, Output
from dash.development.base_component import Component

from layouts.herd_replay import replay_page
from layouts.shell import Link

if TYPE_CHECKING:
    from orderflow.services import Services


def page(services: Services, links: list[Link]) -> Component:
    """The page."""
    return replay_page(links=links)


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    app.clientside_callback(
        ClientsideFunction("herd_replay", "boot"), Output("replay-void", "data"), Input("replay-config", "data")
    )
