"""Messages of a running game to phones and big screens: snapshots and deltas by version.

A client with an older version gets the present price and time and the values that changed since. A client without a
version, or with one from before a reset, gets a snapshot. Money is sent as numbers of the currency, rounded for
display; the log has the exact amounts. This module sends nothing: the fan-out asks a `Source` for messages.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import msgspec

from orderflow.herd.live.game import Fill, Game
from orderflow.herd.rules.money import units
from orderflow.herd.rules.participants import Participant

MS = 1_000_000
PHONE_POINTS = 240
"""Points of the price line in the snapshot for a phone."""
PHONE_SECONDS = 300
"""Seconds that these points reach back."""
PRESENTER_POINTS = 3_000
LEADERS = 10
UNDONE = 8
"""Undone spans in a snapshot, the last ones: a phone marks its own trades, but not undone ones."""
FEED = 60
"""Entries of the event feed in the snapshot for a big screen."""

Json = dict[str, Any]
Point = tuple[int, float]

_encode = msgspec.json.Encoder().encode


def shown(price: float) -> float:
    """A price as it is sent: rounded to four decimals, to six below 10."""
    return round(price, 4 if price >= 10 else 6)


def cents(amount: float) -> float:
    """An amount of money as it is sent: rounded to cents."""
    return round(amount, 2)


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` of the points, evenly spaced by index, always with the last one."""
    if len(points) <= most:
        return list(points)
    return [points[(i + 1) * len(points) // most - 1] for i in range(most)]


class VersionedValues:
    """Named values, and the version at which each last changed."""

    def __init__(self) -> None:
        self.values: Json = {}
        self._versions: dict[str, int] = {}

    def put(self, version: int, values: Json) -> None:
        """Set values; those that differ from before get this version."""
        for name, value in values.items():
            if name not in self.values or self.values[name] != value:
                self.values[name] = value
                self._versions[name] = version

    def differ(self, values: Json) -> bool:
        """Whether any of these values differs from the present one."""
        return any(name not in self.values or self.values[name] != value for name, value in values.items())

    def since(self, version: int) -> Json:
        """The values that changed after that version."""
        return {name: value for name, value in self.values.items() if self._versions[name] > version}


class PublicState:
    """The public state of the game, versioned.

    Versions start with the time of the start in ms, so a restarted server has higher versions than before. Call
    `refresh` whenever something may have changed.
    """

    def __init__(self, game: Game, now: Callable[[], int]) -> None:
        self._game = game
        self._now = now
        self.version = now() // MS
        self.time = self.version
        self.base = self.version
        self.parts = VersionedValues()
        self.unsaved = False
        """Whether the game's log cannot be written, so that orders are refused."""
        self._identity: tuple[object, ...] = ()
        self.refresh()

    def refresh(self) -> bool:
        """Update from the game. True if something urgent changed: anything except the number of participants."""
        game = self._game
        values = {
            "price": shown(game.price),
            "meter": None if game.meter is None else round(game.meter, 2),
            "phase": game.phase,
            "round": game.round,
            "news": game.news,
            "n": game.count,
        }
        if self.unsaved or "unsaved" in self.parts.values:
            values["unsaved"] = self.unsaved
        identity = game.session_id, game.rewound
        replaced, self._identity = identity != self._identity, identity
        if not replaced and not self.parts.differ(values):
            return False
        urgent = replaced or self.parts.differ({**values, "n": self.parts.values["n"]})
        self.version += 1
        self.time = self._now() // MS
        if replaced:  # another session, or an undo changed the past: no delta leads there
            self.base = self.version
        self.parts.put(self.version, values)
        return urgent

    def knows(self, since: object) -> bool:
        """Whether a delta leads from that version to the present one."""
        return isinstance(since, int) and self.base <= since <= self.version

    def snapshot(self, points: int, seconds: int | None) -> Json:
        """The whole state. points: maximum of the price line; seconds: how far it reaches back, None: to the start."""
        game = self._game
        return {
            "type": "snapshot",
            "version": self.version,
            "price": self.parts.values["price"],
            "time": self.time,
            "session": game.session_id,
            "start": shown(game.start_price),
            **{name: value for name, value in self.parts.values.items() if name != "price"},
            "history": self._history(points, seconds),
            **self.undone(),
        }

    def undone(self) -> Json:
        """The undone spans for a snapshot, empty if there are none."""
        spans = self._game.undone[-UNDONE:]
        return {"undone": spans} if spans else {}

    def delta(self, since: int) -> Json:
        """The present price and time, and the values that changed after `since`."""
        changed = {"price": self.parts.values["price"], "time": self.time} | self.parts.since(since)
        return {"type": "delta", "version": self.version, **changed}

    def _history(self, most: int, seconds: int | None) -> list[Point]:
        points = self._game.history
        if seconds is not None:
            first = self._now() // MS - seconds * 1000
            begin = len(points)
            while begin > 0 and points[begin - 1][0] >= first:
                begin -= 1
            points = points[max(0, begin - 1) :]
        return [(time, shown(price)) for time, price in thin(points, most)]


class PhoneSource:
    """Messages for phones. blind: without the crowd meter, for the "blind" group of an experiment."""

    def __init__(self, live: PublicState, *, blind: bool = False) -> None:
        self._live = live
        self._blind = blind

    def version(self) -> Hashable:
        return self._live.version

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        live = self._live
        if isinstance(since, int) and live.knows(since):
            message = live.delta(since)
        else:
            message = live.snapshot(PHONE_POINTS, PHONE_SECONDS)
        if self._blind:
            message.pop("meter", None)
        return live.version, _encode(message)


class PresenterState:
    """What big screens get in addition to the public state: statistics, leaders, the event feed, settings.

    `refresh` updates cheap values after every batch; `measure` updates expensive ones, once a second while a screen is
    connected.
    """

    def __init__(self, game: Game, live: PublicState) -> None:
        self._game = game
        self._live = live
        self._revision = 0
        self._parts = VersionedValues()
        self._feed: list[tuple[int, Json]] = []
        self.refresh()

    def refresh(self, **more: Any) -> None:
        """Update the cheap values. more: further values to send."""
        game = self._game
        values = {
            "buys": game.buys,
            "sells": game.sells,
            "fundamental": game.fundamental,
            "experiment": game.experiment,
            "bots": game.bots,
            "code": game.code,
            **more,
        }
        feed = game.feed[-FEED:]
        known = [entry for _, entry in self._feed]
        fresh = [entry for entry in feed if entry not in known]
        if not fresh and not self._parts.differ(values):
            return
        self._revision += 1
        kept = [(revision, entry) for revision, entry in self._feed if entry in feed]
        self._feed = [*kept, *((self._revision, entry) for entry in fresh)]
        self._parts.put(self._revision, values)

    def measure(self, more: Json) -> None:
        """Update statistics and leaders. more: further statistics."""
        values = {"stats": self._game.stats() | more, "leaders": self._game.leaders(LEADERS)}
        if self._parts.differ(values):
            self._revision += 1
            self._parts.put(self._revision, values)

    def version(self) -> Hashable:
        return self._live.version, self._revision

    def message(self, since: Hashable | None) -> Json:
        """The message that leads from version `since` to the present one."""
        live = self._live
        feed = self._feed
        if isinstance(since, tuple) and live.knows(since[0]):
            message = live.delta(since[0]) | self._parts.since(since[1])
            feed = [(revision, entry) for revision, entry in feed if revision > since[1]]
        else:
            message = live.snapshot(PRESENTER_POINTS, None) | self._parts.values
        if feed:
            message["feed"] = [entry for _, entry in feed]
        return message


class PresenterSource:
    """Messages for big screens. hidden: names of values that are left out now, for screens without the key."""

    def __init__(self, stage: PresenterState, hidden: Callable[[], Iterable[str]] = tuple) -> None:
        self._stage = stage
        self._hidden = hidden

    def version(self) -> Hashable:
        return self._stage.version()

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        message = self._stage.message(since)
        for name in self._hidden():
            message.pop(name, None)
        return self._stage.version(), _encode(message)


def you_message(participant: Participant | None, price: float, rank: tuple[int, int] | None) -> bytes:
    """The portfolio message for one participant. participant: None if they are not in the game."""
    if participant is None:
        return b'{"type":"you","participant":null}'
    return _encode({"type": "you", **portfolio(participant, price, rank)})


def portfolio(participant: Participant, price: float, rank: tuple[int, int] | None) -> Json:
    """The portfolio of a participant. price: the present one; rank: (rank, of how many)."""
    cash = units(participant.cash)
    position, of = rank or (None, None)
    return {
        "participant": participant.id,
        "nick": participant.nick,
        "cash": cents(cash),
        "shares": participant.shares,
        "wealth": cents(cash + participant.shares * price),
        "rank": position,
        "of": of,
        "start_wealth": cents(units(participant.start_wealth)),
    }


def fill_message(fill: Fill) -> bytes:
    """The message for the owner of a cleared order."""
    message: Json = {
        "type": "fill",
        "client_id": fill.client_id,
        "status": fill.status,
        "price": None if fill.price is None else shown(fill.price),
        "quantity": fill.quantity,
        "side": fill.side,
        "cash": cents(units(fill.cash)),
        "shares": fill.shares,
    }
    if fill.reason is not None:
        message["reason"] = fill.reason
    return _encode(message)
