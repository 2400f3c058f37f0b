"""Every feed that can bring ticks into the engine, by name. A new feed is one file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from orderflow.errors import NotFound
from orderflow.feeds.replay import SampleReplay, Sink
from orderflow.runtime.workers import Workers


class Feed(Protocol):
    """A source of ticks that runs beside the server. Starting a running one and stopping a stopped one do nothing."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def status(self) -> dict[str, Any] | None:
        """What it is doing, ready for JSON, with at least `state`; None when it never started."""


@dataclass(frozen=True, slots=True)
class FeedKind:
    """A feed by name; `make` builds one that brings its ticks to a market and runs on these workers."""

    name: str
    title: str
    make: Callable[[Sink, Workers], Feed]


FEEDS = (FeedKind("replay", "a bundled recording, replayed", SampleReplay),)


def names() -> list[str]:
    """The names of all feeds."""
    return [kind.name for kind in FEEDS]


def get(name: str) -> FeedKind:
    """The feed of that name. Raises NotFound, naming those that there are."""
    for kind in FEEDS:
        if kind.name == name:
            return kind
    raise NotFound(f"there is no feed {name!r}; there are {', '.join(names())}")
