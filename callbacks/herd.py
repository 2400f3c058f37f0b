"""The herd game's big screen: who may steer, and where the phones join. All else comes by the game's own socket.

The page's script (`assets/herd`) draws what the socket brings and sends the presenter's controls to `/herd/control`,
where the server checks the key again: that a viewer's page has no controls is a courtesy, no protection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output
from dash.development.base_component import Component

from layouts.herd import herd_page
from layouts.shell import Link
from orderflow.web.kit.access import is_operator

if TYPE_CHECKING:
    from orderflow.services import Services


def page(services: Services, links: list[Link]) -> Component:
    """The page as the settings have it."""
    return herd_page(links=links, batch_ms=services.settings.herd.batch_ms)


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""

    @app.callback(Output("herd-access", "data"), Input("herd-config", "data"))
    def access(_config: Any) -> dict[str, Any]:
        return {"presenter": is_operator()}

    app.clientside_callback(
        ClientsideFunction("herd", "boot"), Output("herd-void", "data"), Input("herd-config", "data")
    )
    app.clientside_callback(
        ClientsideFunction("herd", "allow"),
        Output("herd-void", "data", allow_duplicate=True),
        Input("herd-access", "data"),
        prevent_initial_call=True,
    )
