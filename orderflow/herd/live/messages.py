"""What phones and the big screen hear of a running game: the messages, and when each of their parts last changed.

A listener with an older version gets the present price and time and only those other parts that have changed since. One
that knows nothing, or something from before a reset, gets a snapshot. Money leaves as numbers of the currency, rounded
for the eye; the log keeps what is exact. Nothing here sends: a `Source` below is what the fan-out asks.
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
"""Points of the price line that a phone begins with,"""
PHONE_SECONDS = 300
"""from the last so many seconds."""
STAGE_POINTS = 3_000
LEADERS = 10
UNDONE = 8
"""Times that undos took back of which a phone is told: it marks its own trades, and these do not stand."""
FEED = 60
"""Events of the feed that a big screen begins with."""

Json = dict[str, Any]
Point = tuple[int, float]

_encode = msgspec.json.Encoder().encode


def shown(price: float) -> float:
    """A price as it is sent: four decimals, six where it is small."""
    return round(price, 4 if price >= 10 else 6)


def cents(amount: float) -> float:
    """An amount of money as it is sent."""
    return round(amount, 2)


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many of the points, the last one always among them, evenly by number."""
    if len(points) <= most:
        return list(points)
    step = len(points) / most
    return [points[min(len(points) - 1, int((i + 1) * step) - 1)] for i in range(most)]


class Parts:
    """Named values, and the version at which each last changed."""

    def __init__(self) -> None:
        self.values: Json = {}
        self._stamps: dict[str, int] = {}

    def put(self, version: int, values: Json) -> None:
        """The present values; those that differ from what was there get the stamp."""
        for name, value in values.items():
            if name not in self.values or self.values[name] != value:
                self.values[name] = value
                self._stamps[name] = version

    def differ(self, values: Json) -> bool:
        """Whether any of these is news."""
        return any(name not in self.values or self.values[name] != value for name, value in values.items())

    def since(self, version: int) -> Json:
        """What has changed after that version."""
        return {name: value for name, value in self.values.items() if self._stamps[name] > version}


class Live:
    """The public state of the game, versioned.

    Versions begin with the time of the start in ms, so those of a restarted server are higher than all before.
    `refresh` is called whenever something may have changed.
    """

    def __init__(self, game: Game, now: Callable[[], int]) -> None:
        self._game = game
        self._now = now
        self.version = now() // MS
        self.time = self.version
        self.base = self.version
        self.parts = Parts()
        self._whole: tuple[object, ...] = ()
        self.refresh()

    def refresh(self) -> bool:
        """Look at the game; True when something has changed that cannot wait: anything but the number of people."""
        game = self._game
        values = {
            "price": shown(game.price),
            "meter": None if game.meter is None else round(game.meter, 2),
            "phase": game.phase,
            "round": game.round,
            "news": game.news,
            "n": game.count,
        }
        whole = game.session_id, game.rewound
        anew, self._whole = whole != self._whole, whole
        if not anew and not self.parts.differ(values):
            return False
        urgent = anew or self.parts.differ({**values, "n": self.parts.values["n"]})
        self.version += 1
        self.time = self._now() // MS
        if anew:  # another game, or an undo gave it another past: nobody can be told by differences
            self.base = self.version
        self.parts.put(self.version, values)
        return urgent

    def knows(self, since: object) -> bool:
        """Whether a listener with that version can be told by differences."""
        return isinstance(since, int) and self.base <= since <= self.version

    def snapshot(self, points: int, seconds: int | None) -> Json:
        """The whole. seconds: how far back the price line goes; None: to the beginning."""
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
        """What a snapshot says of undos: nothing where there were none."""
        spans = self._game.undone[-UNDONE:]
        return {"undone": spans} if spans else {}

    def delta(self, since: int) -> Json:
        """The present price and time, and what else has changed after `since`."""
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
        return [(time, shown(price)) for time, price in thinned(points, most)]


class PhoneSource:
    """What phones hear. blind: without the crowd's meter, for those whom an experiment keeps from seeing it."""

    def __init__(self, live: Live, *, blind: bool = False) -> None:
        self._live = live
        self._blind = blind

    def version(self) -> Hashable:
        return self._live.version

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        live = self._live
        if isinstance(since, int) and live.knows(since):
            told = live.delta(since)
        else:
            told = live.snapshot(PHONE_POINTS, PHONE_SECONDS)
        if self._blind:
            told.pop("meter", None)
        return live.version, _encode(told)


class Stage:
    """What the big screen hears beside the public state: statistics, leaders, the feed, what the presenter has set.

    `refresh` takes what is cheap after every batch, `measure` what costs, once a second while somebody looks.
    """

    def __init__(self, game: Game, live: Live) -> None:
        self._game = game
        self._live = live
        self._turn = 0
        self._parts = Parts()
        self._feed: list[tuple[int, Json]] = []
        self.refresh()

    def refresh(self, **more: Any) -> None:
        """After something may have happened. more: further values to show."""
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
        self._turn += 1
        kept = [(turn, entry) for turn, entry in self._feed if entry in feed]
        self._feed = [*kept, *((self._turn, entry) for entry in fresh)]
        self._parts.put(self._turn, values)

    def measure(self, more: Json) -> None:
        """Statistics and leaders anew. more: what others add to the statistics."""
        values = {"stats": self._game.stats() | more, "leaders": self._game.leaders(LEADERS)}
        if self._parts.differ(values):
            self._turn += 1
            self._parts.put(self._turn, values)

    def version(self) -> Hashable:
        return self._live.version, self._turn

    def told(self, since: Hashable | None) -> Json:
        """What leads from the version `since` to the present one."""
        live = self._live
        feed = self._feed
        if isinstance(since, tuple) and live.knows(since[0]):
            told = live.delta(since[0]) | self._parts.since(since[1])
            feed = [(turn, entry) for turn, entry in feed if turn > since[1]]
        else:
            told = live.snapshot(STAGE_POINTS, None) | self._parts.values
        if feed:
            told["feed"] = [entry for _, entry in feed]
        return told


class StageSource:
    """What big screens hear. hidden: parts that are left out, for those who only look on."""

    def __init__(self, stage: Stage, hidden: Iterable[str] = ()) -> None:
        self._stage = stage
        self._hidden = tuple(hidden)

    def version(self) -> Hashable:
        return self._stage.version()

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        told = self._stage.told(since)
        for name in self._hidden:
            told.pop(name, None)
        return self._stage.version(), _encode(told)


def you(participant: Participant | None, price: float, rank: tuple[int, int] | None) -> bytes:
    """What a participant alone is told about themselves; None: that they are not in the game."""
    if participant is None:
        return b'{"type":"you","participant":null}'
    return _encode({"type": "you", **portfolio(participant, price, rank)})


def portfolio(participant: Participant, price: float, rank: tuple[int, int] | None) -> Json:
    """Who it is and what they own. price: the present one; rank: (place, of how many)."""
    cash = units(participant.cash)
    place, of = rank or (None, None)
    return {
        "participant": participant.id,
        "nick": participant.nick,
        "cash": cents(cash),
        "shares": participant.shares,
        "wealth": cents(cash + participant.shares * price),
        "rank": place,
        "of": of,
        "start_wealth": cents(units(participant.start_wealth)),
    }


def fill(fill: Fill) -> bytes:
    """What a participant alone is told of an order that was cleared."""
    told: Json = {
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
        told["reason"] = fill.reason
    return _encode(told)
