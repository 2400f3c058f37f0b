"""Cache of reports and playbacks, by session and length of its log.

A report takes up to a few seconds of a core. Reports are made in a worker thread, one at a time, and the random
baseline is played only while the market rests, so a debrief never slows down a running game.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Protocol

from orderflow.errors import BadInput, NotFound
from orderflow.herd.debrief.baseline import Baseline, play_baseline
from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.frames import frames
from orderflow.herd.debrief.outline import outline_of
from orderflow.herd.debrief.playback import Playback
from orderflow.herd.debrief.report import build_report
from orderflow.herd.rules.events import Event
from orderflow.runtime.workers import Workers

MAX_REPORTS = 20
MAX_PLAYBACKS = 8
RUNNING = "is computed while the market rests (freeze or end the game)"

Json = dict[str, Any]


class Sessions(Protocol):
    """The part of the game that a debrief reads."""

    @property
    def phase(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    def load(self, session_id: str) -> list[Event]: ...

    def stream(self, session_id: str) -> Iterator[Event]: ...

    def sessions(self) -> list[dict[str, Any]]: ...


class Debriefs:
    """Reports of a game's sessions. make(log, baseline): makes a report; baseline: with the random games."""

    def __init__(
        self, game: Sessions, workers: Workers, make: Callable[[list[Event], bool], Json] | None = None
    ) -> None:
        self._game = game
        self._workers = workers
        self._make = make or report_of
        self._turn = workers.lock()
        self._kept: OrderedDict[tuple[str, int, bool], Json] = OrderedDict()

    def sessions(self) -> list[Json]:
        """Readable sessions with participants, newest first: id, started, ended (ms or None), participants, orders."""
        return self._workers.run(self._sessions)

    def report(self, session: str | None = None) -> Json:
        """The report of a session (None: the newest with participants); other greenlets run meanwhile.

        Raises NotFound.
        """
        with self._turn:
            return self._workers.run(self._report, session)

    def _sessions(self) -> list[Json]:
        return [dict(one) for one in self._game.sessions() if one.get("participants")]

    def _report(self, session: str | None) -> Json:
        chosen = session or next((str(one["id"]) for one in self._sessions()), None)
        if chosen is None:
            raise NotFound("no session has been played yet")
        baseline = not (chosen == self._game.session_id and self._game.phase == "open")
        events = self._game.load(chosen)
        key = (chosen, len(events), baseline)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        for old in [kept for kept in self._kept if kept[0] == chosen]:
            del self._kept[old]
        report = self._kept[key] = self._make(events, baseline)
        while len(self._kept) > MAX_REPORTS:
            self._kept.popitem(last=False)
        return report


class Playbacks:
    """Playbacks of a game's sessions. One that was opened while the game ran stays available as it was then."""

    def __init__(self, game: Sessions, workers: Workers) -> None:
        self._game = game
        self._workers = workers
        self._kept: OrderedDict[tuple[str, int], Playback] = OrderedDict()

    def open(self, session: str | None = None) -> Playback:
        """The session up to now (None: the current one). Raises NotFound."""
        return self._keep(self._workers.run(self._load, session or self._game.session_id, None))

    def get(self, session: str, size: int) -> Playback:
        """The session with the first `size` events of its log. Raises NotFound."""
        found = self._kept.get((session, size))
        return self._keep(found or self._workers.run(self._load, session, size))

    def _load(self, session: str, size: int | None) -> Playback:
        events = outline_of(self._game.stream(session)).events if size is None else size
        found = self._kept.get((session, events))
        return found or Playback(frames(lambda: islice(self._game.stream(session), events)), events)

    def _keep(self, playback: Playback) -> Playback:
        key = playback.session, playback.size
        self._kept[key] = playback
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_PLAYBACKS:
            self._kept.popitem(last=False)
        return playback


def report_of(events: list[Event], baseline: bool) -> Json:
    """The report of a log. baseline: play the random games too."""
    record = build_record(events)
    base: Baseline | None = None
    why = "" if baseline else RUNNING
    if baseline:
        try:
            base = play_baseline(record)
        except BadInput as error:
            why = str(error)
    return build_report(record, base, why)
