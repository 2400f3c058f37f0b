"""Reports and playbacks of sessions, made when asked for and kept while their logs do not grow.

A report takes up to some seconds of a core: it is made in a worker thread, one at a time, and the games of coins are
played only when the market rests, so that a debrief never slows a running game.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from orderflow.errors import BadInput, NotFound
from orderflow.herd.debrief.baseline import Baseline, play_baseline
from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.playback import Playback, frames
from orderflow.herd.debrief.report import build_report
from orderflow.herd.rules.events import Event
from orderflow.runtime.workers import Workers

KEPT = 20
KEPT_PLAYBACKS = 8
RUNNING = "is played when the market rests (freeze or end the game)"

Json = dict[str, Any]


class Sessions(Protocol):
    """What a debrief needs of the game."""

    @property
    def phase(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    def load(self, session_id: str) -> list[Event]: ...

    def sessions(self) -> list[dict[str, Any]]: ...


class Debriefs:
    """The reports of one game's sessions. make: from a log and whether to play the coins, to a report."""

    def __init__(
        self, game: Sessions, workers: Workers, make: Callable[[list[Event], bool], Json] | None = None
    ) -> None:
        self._game = game
        self._workers = workers
        self._make = make or report_of
        self._turn = workers.lock()
        self._kept: OrderedDict[tuple[str, int, bool], Json] = OrderedDict()

    def sessions(self) -> list[Json]:
        """Readable sessions that anybody joined, newest first: id, started, ended (ms, None), participants, orders."""
        return self._workers.run(self._sessions)

    def report(self, session: str | None = None) -> Json:
        """The report of a session (None: the newest that anybody joined). Waits for it without holding others up.
        Raises NotFound."""
        with self._turn:
            return self._workers.run(self._report, session)

    def _sessions(self) -> list[Json]:
        return [dict(one) for one in self._game.sessions() if one.get("participants")]

    def _report(self, session: str | None) -> Json:
        chosen = session or next((str(one["id"]) for one in self._sessions()), None)
        if chosen is None:
            raise NotFound("no session has been played yet")
        coins = not (chosen == self._game.session_id and self._game.phase == "open")
        events = self._game.load(chosen)
        key = (chosen, len(events), coins)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        for old in [kept for kept in self._kept if kept[0] == chosen]:
            del self._kept[old]
        report = self._kept[key] = self._make(events, coins)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return report


class Playbacks:
    """The playbacks of one game's sessions. One that was opened while the game ran can be had again as it was then."""

    def __init__(self, game: Sessions, workers: Workers) -> None:
        self._game = game
        self._workers = workers
        self._kept: OrderedDict[tuple[str, int], Playback] = OrderedDict()

    def open(self, session: str | None = None) -> Playback:
        """The whole session (None: the present one) up to now. Raises NotFound."""
        return self._keep(self._workers.run(self._load, session or self._game.session_id, None))

    def get(self, session: str, size: int) -> Playback:
        """The session as it was when its log had `size` events. Raises NotFound."""
        found = self._kept.get((session, size))
        return self._keep(found or self._workers.run(self._load, session, size))

    def _load(self, session: str, size: int | None) -> Playback:
        events = self._game.load(session)[:size]
        key = session, len(events)
        return self._kept.get(key) or Playback(frames(events), len(events))

    def _keep(self, playback: Playback) -> Playback:
        key = playback.session, playback.size
        self._kept[key] = playback
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_PLAYBACKS:
            self._kept.popitem(last=False)
        return playback


def report_of(events: list[Event], coins: bool) -> Json:
    """The report of a log. coins: play the games of coins too."""
    record = build_record(events)
    base: Baseline | None = None
    why = "" if coins else RUNNING
    if coins:
        try:
            base = play_baseline(record)
        except BadInput as error:
            why = str(error)
    return build_report(record, base, why)
