"""What a connection needs from the outside: sockets and requests that never block it. Tests pass their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Socket(Protocol):
    """A WebSocket that is opened, read and answered elsewhere.

    opened: the handshake is done. ended: why there is no connection (any more), None while there is or may be one.
    retry_after: seconds that the venue asked to wait with its refusal, as it wrote them.
    """

    opened: bool
    ended: str | None
    retry_after: str | None

    def take(self) -> list[bytes]:
        """The messages received since the last call."""

    def send(self, text: str) -> None:
        """Send a message; nothing if the socket has ended."""

    def close(self) -> None:
        """Close it; returns at once."""


@dataclass(slots=True)
class Answer:
    """A request under way, or its answer. status: 0 if there was no answer, then `error` says why. headers: by lower
    case name."""

    done: bool = False
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""


class Transport(Protocol):
    """Opens sockets and sends requests; both return at once."""

    def connect(self, url: str) -> Socket: ...

    def get(self, url: str, query: Mapping[str, str]) -> Answer: ...
