"""Base of the classes that bring a product's routes and sockets to the web. `PRODUCTS` names them."""

from __future__ import annotations

from orderflow.web.kit.routes import Route
from orderflow.web.kit.sockets import Handler


class Api:
    """Made once with (services, fanout); a product overrides what it has."""

    def routes(self) -> list[Route]:
        """HTTP routes."""
        return []

    def sockets(self) -> list[tuple[Route, Handler]]:
        """WebSocket routes, each with the function that serves one connection."""
        return []

    def close(self) -> None:
        """The server stops: called once, before the sockets are closed."""
