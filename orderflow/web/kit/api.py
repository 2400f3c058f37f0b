"""Base class for a product's routes and sockets. `PRODUCTS` lists the subclasses."""

from __future__ import annotations

from orderflow.web.kit.routes import Route
from orderflow.web.kit.sockets import Handler


class Api:
    """A product's routes and sockets, created once with (services, fanout). Subclasses override what they need."""

    def routes(self) -> list[Route]:
        """HTTP routes."""
        return []

    def sockets(self) -> list[tuple[Route, Handler]]:
        """WebSocket routes, each with the function that serves one connection."""
        return []

    def close(self) -> None:
        """Called once when the server stops, before the sockets are closed."""
