"""The read-only half of `Game`: the running game as plain values.

Also keeps what is only for display and not in the log: the price line with points of rest, the crowd meter, the event
feed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from orderflow.herd.debrief.captions import caption
from orderflow.herd.live.recovery import Damage
from orderflow.herd.live.session import Session
from orderflow.herd.live.session_clock import SessionClock
from orderflow.herd.rules.events import BatchCleared, Config, Event, NewsPublished, Phase, RoundUndone
from orderflow.herd.rules.money import units
from orderflow.herd.rules.state import State

METER_SECONDS = 5
"""Seconds that the crowd meter reaches back."""
REST_MS = 1_000
"""A rest longer than this gets a point at its end, so that a jump is not drawn as a slope."""
FEED = 100
"""Entries that the feed keeps."""
MARKS = ("news", "round", "dividend")
"""Kinds of events that are marked on a price chart."""

MS = 1_000_000

Entry = dict[str, Any]


class Notes:
    """The event feed of a session. feed: the last FEED entries, oldest first. marks: all entries of the kinds in MARKS.
    values: (ms, fundamental value in currency, None: none from here on) wherever it changed."""

    def __init__(self) -> None:
        self.feed: list[Entry] = []
        self.marks: list[Entry] = []
        self.values: list[tuple[int, float | None]] = []

    def add(self, event: Event, state: State) -> None:
        """Take in an event that was just applied."""
        if (entry := feed_entry(event, state)) is not None:
            self.feed = [*self.feed[-FEED + 1 :], entry]
            if entry["kind"] in MARKS:
                self.marks = [*self.marks, entry]
        value = fundamental(state)
        if value != (self.values[-1][1] if self.values else None):
            self.values = [*self.values, (event.t // MS, value)]


class View:
    """history: (ms, price) wherever the price moved, and points of rest; the last point is at most a second old. notes:
    the event feed. buys, sells: quantities filled in the last batch. rewound: how often the past changed (undo, another
    session), which makes prices shown before invalid. unreadable: why the game before the start was not continued."""

    def __init__(self, time: SessionClock, session: Session) -> None:
        self._time = time
        self.unreadable = ""
        self.rewound = 0
        self._show(session)

    def now(self) -> int:
        """The session's present time, ns (`session_clock`); all times of the game are in it."""
        return self._time.now()

    @property
    def session_id(self) -> str:
        return self._session.state.session_id

    @property
    def code(self) -> str:
        return self._session.state.code

    @property
    def phase(self) -> Phase:
        """Frozen, too, while its log is damaged and the presenter has not decided how it goes on."""
        return self._session.state.phase if self.damaged is None else "frozen"

    @property
    def damaged(self) -> Damage | None:
        """Where the log of this session is damaged; nothing can change then."""
        return self._session.damage

    @property
    def trouble(self) -> str:
        """What is damaged of the game that ran before the start, in sentences for the page; "" if nothing."""
        if self.damaged is not None:
            return (
                f"This game stands still: {self.damaged}. The screen shows the game before that line. Continue goes on "
                "from here, Reset begins a new game; the damaged log is kept either way."
            )
        return f"A new game has begun: {self.unreadable}. That log is left as it is." if self.unreadable else ""

    @property
    def price(self) -> float:
        """Currency per share."""
        return units(self._session.state.price)

    @property
    def start_price(self) -> float:
        return units(self._session.state.config.price)

    @property
    def count(self) -> int:
        """Participants, bots among them."""
        return self._session.state.count

    @property
    def config(self) -> Config:
        """The rules of this session."""
        return self._session.state.config

    @property
    def round(self) -> dict[str, Any] | None:
        """The running round: round, of, ends (ms, None without a limit or while the market is not open), left (ms of it
        while it is not open), preset, and a fixed dividend where there is one; None when none is running."""
        running = self._session.state.round
        if running is None or not running.running:
            return None
        shown: dict[str, Any] = {
            "round": running.round,
            "of": running.of,
            "ends": None if running.ends is None else running.ends // MS,
        }
        if running.left is not None:
            shown["left"] = running.left // MS
        if running.preset is not None:
            shown["preset"] = running.preset
        if running.dividend is not None:
            shown["dividend"] = units(running.dividend)
        return shown

    @property
    def undone(self) -> list[tuple[int, int]]:
        """The times (ms, ms) that undos took back, from the begin of a round to its undo, oldest first."""
        return self._session.state.undone

    @property
    def fundamental(self) -> float | None:
        """What a share is worth in the running round."""
        return fundamental(self._session.state)

    @property
    def feed(self) -> list[Entry]:
        """The last events with a caption, oldest first: {"t": ms, "kind", "text"}."""
        return self.notes.feed

    @property
    def settled(self) -> int:
        """How many points of `history` stay as they are: all of them, but for a rest that still goes on."""
        points = self.history
        return len(points) - (len(points) > 1 and points[-1][1] == points[-2][1])

    @property
    def begun(self) -> int | None:
        """When (ms) the first thing happened: a move, news or a round; None while all is as at the start."""
        points = self.history
        moved = next((points[i - 1][0] for i in range(1, len(points)) if points[i][1] != points[0][1]), None)
        times = [time for time in (moved, *(mark["t"] for mark in self.notes.marks[:1])) if time is not None]
        return min(times, default=None)

    @property
    def news(self) -> dict[str, Any] | None:
        """The last headline: text, time (ms)."""
        last = self._session.state.news
        return None if last is None else {"text": last.text, "time": last.t // MS}

    @property
    def experiment(self) -> bool:
        return self._session.state.experiment is not None

    @property
    def bots(self) -> dict[str, int]:
        """How many bots of each kind there are."""
        counts: dict[str, int] = {}
        for person in self._session.state.machines.values():
            counts[str(person.bot)] = counts.get(str(person.bot), 0) + 1
        return counts

    @property
    def meter(self) -> float | None:
        """Share of what was bought in all that was traded in the last seconds; None when nothing was."""
        first = self.now() - METER_SECONDS * 10**9
        while self._flow and self._flow[0][0] < first:
            self._flow.popleft()
        bought, sold = sum(flow[1] for flow in self._flow), sum(flow[2] for flow in self._flow)
        return bought / (bought + sold) if bought + sold else None

    # inside

    def _show(self, session: Session, notes: Notes | None = None) -> None:
        """Show another session. notes: the feed of a recovered one."""
        self._session = session
        self._flow: deque[tuple[int, int, int]] = deque()
        self._shown: float | None = None
        self.buys = self.sells = 0
        self.history = with_rest_points(session.state.path)
        self.notes = notes or Notes()

    def _note(self, event: Event, state: State) -> None:
        """Take in an event that was just applied."""
        self.notes.add(event, state)
        if isinstance(event, RoundUndone):
            self.rewound += 1
            self.history = with_rest_points(state.path)
            self._flow.clear()
        elif isinstance(event, BatchCleared | NewsPublished) and state.path[-1] != self.history[-1]:
            at, before = self.history[-1]
            moved = state.path[-1]
            if moved[0] - at > REST_MS:
                self.history.append((moved[0] - state.config.batch_ms, before))
            self.history.append(moved)

    def _count_flow(self, now: int, bought: int, sold: int) -> None:
        """Record the quantities filled in a batch."""
        self.buys, self.sells = bought, sold
        if bought or sold:
            self._flow.append((now, bought, sold))

    def _tick(self, now: int) -> bool:
        """Advance the time; True if that alone changed a visible value."""
        at, price = self.history[-1]
        if now // MS - at >= REST_MS and self.phase != "ended":
            if len(self.history) > 1 and self.history[-2][1] == price:  # a rest of hours is two points
                self.history.pop()
            self.history.append((now // MS, price))
        before = self._shown
        meter = self.meter
        self._shown = None if meter is None else round(meter, 2)
        return self._shown != before


def feed_entry(event: Event, state: State) -> Entry | None:
    """The event as an entry of the feed, None if it is not shown."""
    text = caption(event, state)
    return None if text is None else {"t": event.t // MS, "kind": event.tag, "text": text}


def fundamental(state: State) -> float | None:
    """What a share is worth in the running round, in currency; None without one."""
    running = state.round
    if running is None or not running.running or running.fundamental is None:
        return None
    return units(running.fundamental)


def with_rest_points(path: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The path with a point of rest before each jump that follows a pause."""
    line = list(path[:1])
    for at, price in path[1:]:
        if at - line[-1][0] > REST_MS:
            line.append((at - 1, line[-1][1]))
        line.append((at, price))
    return line
