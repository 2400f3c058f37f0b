"""The feeds that bring ticks into the engine. Adding one takes a file beside this one and a row in `FEEDS`.

A server builds every feed of the table (`orderflow.products`); each runs when it is started.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from orderflow.feeds.replay import SampleReplay, Sink
from orderflow.runtime.workers import Workers


class Feed(Protocol):
    """A source of ticks that runs beside the server. `start` while running and `stop` while stopped do nothing."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def status(self) -> dict[str, Any] | None:
        """The feed's status, ready for JSON, with at least `state`; None if it was never started."""


@dataclass(frozen=True, slots=True)
class FeedKind:
    """One row. type: the feed's class, by which the services find it. make(market, workers, velocity): builds a feed
    that sends its ticks to a market; velocity is market seconds per second.
    """

    name: str
    title: str
    type: type[Feed]
    make: Callable[[Sink, Workers, float], Feed]


def _replay(market: Sink, workers: Workers, velocity: float) -> Feed:
    return SampleReplay(market, workers, velocity=velocity)


FEEDS = (FeedKind("replay", "a bundled recording, replayed", SampleReplay, _replay),)
