"""What a live feed is, whatever it connects to, and its status in words and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from orderflow.feeds.sequence import Hole


class State(StrEnum):
    """The state of a feed or of one of its series.

    CONNECTING: for the first time. BACKFILLING: connected, and older trades are being requested. STALE: connected, but
    no data for longer than its limit. RECONNECTING: the connection was lost. OFFLINE: the venue is out of reach, or
    refuses. STOPPED: not running.
    """

    CONNECTING = "connecting"
    LIVE = "live"
    BACKFILLING = "backfilling"
    RECONNECTING = "reconnecting"
    STALE = "stale"
    OFFLINE = "offline"
    STOPPED = "stopped"


@dataclass(slots=True)
class SeriesStatus:
    """One series of a feed.

    trades: fills taken. gaps: filled by request. holes: gaps that the venue could not fill. missing: fills in them,
    where their number is known. refused: rows that could not be read or stored. repeated: rows that came again. age:
    seconds since the last trade came, lag: seconds from its time to its arrival; None before the first. last_holes: the
    newest of the holes.
    """

    series: str
    pair: str
    state: State = State.STOPPED
    reason: str = ""
    trades: int = 0
    gaps: int = 0
    holes: int = 0
    missing: int = 0
    refused: int = 0
    repeated: int = 0
    lag: float | None = None
    age: float | None = None
    last_holes: Sequence[Hole] = ()

    def json(self) -> dict[str, Any]:
        """The status, ready for JSON; times of holes are ms UTC."""
        holes = [
            {
                "after": hole.after // 1_000_000,
                "until": hole.until // 1_000_000,
                "missing": hole.missing,
                "reason": hole.reason,
            }
            for hole in self.last_holes
        ]
        return {name: getattr(self, name) for name in SeriesStatus.__slots__} | {"last_holes": holes}


@dataclass(slots=True)
class FeedStatus:
    """One feed. reason: why it is not live, in words, or "". simulated: its prices are no market's. malformed: messages
    that could not be read. used_weight: of requests in this minute, where the venue says it."""

    name: str
    title: str
    state: State = State.STOPPED
    reason: str = ""
    simulated: bool = False
    reconnects: int = 0
    malformed: int = 0
    messages: int = 0
    used_weight: int | None = None
    series: Sequence[SeriesStatus] = field(default_factory=list)

    def total(self, name: str) -> int:
        """The sum of a count over the series."""
        return sum(getattr(each, name) for each in self.series)

    def json(self) -> dict[str, Any]:
        """The status, ready for JSON."""
        counts = ("trades", "gaps", "holes", "missing", "refused", "repeated")
        own = {name: getattr(self, name) for name in FeedStatus.__slots__ if name != "series"}
        return {**own, **{name: self.total(name) for name in counts}, "series": [each.json() for each in self.series]}


class LiveFeed(Protocol):
    """A running connection to one source of trades. Its series are `name:pair`; nothing runs before `start`."""

    name: str

    def default_pair(self, ticker: str) -> str:
        """The pair that a ticker's name means here."""

    def is_pair(self, text: str) -> bool:
        """Whether a text is formed like a pair of this feed."""

    def series(self, pair: str) -> str:
        """The series of a pair, `name:pair`."""

    def add(self, pair: str) -> None:
        """Take the trades of a pair too, from now on; nothing if it does already."""

    def remove(self, pair: str) -> None:
        """Stop taking the trades of a pair; its ticks stay."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """End it and return within 2 s; nothing if it does not run."""

    def status(self) -> FeedStatus:
        """A copy of the status; cheap, from any thread or greenlet."""
