"""One refresh of the big screen: what a page may see of the running game, and what of that it does not have yet.

A page sends a cursor: the line that it has (epoch), up to which point (seq), and fingerprints of everything that it
shows. The response depends only on the cursor and the game, so the next refresh makes up for a lost response, and pages
do not affect each other. The crowd's lists and numbers are refreshed every two seconds, and every second while people
join.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from dash import no_update

from layouts import herd_text as text
from layouts.figures import herd_live as figures
from layouts.herd_crowd import Crowd, crowd
from layouts.herd_screen import ScreenState, scene, screen
from orderflow.herd.live.game import Game
from orderflow.herd.live.messages import cents, shown

MS = 1_000_000
LEAD_MS = 5_000
"""Quiet shown before the first thing that happened; a long wait takes no room."""
QUIET_MS = 30_000
"""Time shown while nothing has happened."""
LONGEST = 3_600
"""Points of the line on a page, beyond which the whole line is sent anew, thinned."""
HOUR_MS = 3_600_000
CROWD_MS, WAITING_MS = 1_900, 900
"""Least time between two refreshes of the crowd, and while people are asked to join; a little less than a multiple of
the time between two refreshes of a viewer's page. Dash renders a list one component after the other."""

WINDOWS = (("The whole session", 0), ("The last five minutes", 300_000), ("The last minute", 60_000))
"""Time ranges in the order of the button: (text of the note, ms, 0 for all)."""
SILENT_FIRST = "herd-announce.children"
"""A property that a newly opened page does not get."""
UNKNOWN = "?"
"""Value of the fingerprints if they are not known although the page is not new."""

Json = dict[str, Any]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Cursor(msgspec.Struct, frozen=True):
    """What a page has. epoch: of its line; seq: how far into the settled points it goes; held: how many points it is of
    on the page; marks: a fingerprint of the chart's marks; seen, crowd: those of the values of `screen` and `crowd` in
    order, 8 digits each, in one text, as Dash walks through every list of an answer; crowd_at: when (ms) the crowd was
    refreshed; clicks: on the button that changes the time shown."""

    epoch: str = ""
    seq: Count = 0
    held: Count = 0
    marks: Count = 0
    seen: str = ""
    crowd: str = ""
    crowd_at: Count = 0
    clicks: Count = 0


NEW = Cursor()
"""Of a page that has just been opened."""


def read_cursor(data: object) -> Cursor:
    """The cursor that a page sent; NEW for anything else."""
    try:
        return msgspec.convert(data, Cursor)
    except (msgspec.ValidationError, RecursionError):
        return NEW


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """The page that is refreshed. presenter: holds the key; secret: the code is kept from those who do not; url: where
    phones join; epoch: another one for each start of the server; obstacle: why phones cannot open the url, "" if they
    can."""

    presenter: bool
    secret: bool
    url: str
    epoch: str
    obstacle: str = ""

    @property
    def knows_code(self) -> bool:
        return self.presenter or not self.secret


def screen_state(game: Game, view: Viewpoint, now: int) -> ScreenState:
    """What the page may see of the game at `now` (ns)."""
    played = any(mark["kind"] == "round" for mark in game.notes.marks)
    return ScreenState(
        presenter=view.presenter,
        now=now // MS,
        session=game.session_id,
        zero=zero(game),
        phase=game.phase,
        price=shown(game.price),
        start=shown(game.start_price),
        way=text.way(game.price - figures.before(game.history, figures.LATELY)),
        round=game.round,
        meter=None if (share := game.meter) is None else round(share, 2),
        buys=game.buys,
        sells=game.sells,
        news=game.news,
        count=game.count,
        bots=sum(game.bots.values()),
        moved=any(price != game.history[0][1] for _, price in game.history[:4]),
        rounds=played,
        experiment=game.experiment and view.presenter,
        trouble=game.trouble or (text.first_sentence(game.journal.problem()) or full(game) if view.presenter else ""),
        stopped=game.damaged is not None,
    )


def full(game: Game) -> str:
    """What is said when nobody can join because idle participants hold the places, else ""."""
    idle = game.stats()["idle"] if game.full else 0
    return text.full(game.count, idle) if idle else ""


def crowd_state(game: Game, view: Viewpoint) -> Crowd:
    """What the page may see of the crowd."""
    return Crowd(
        presenter=view.presenter,
        zero=zero(game),
        url=view.url,
        code=game.code if view.knows_code else "",
        waiting=game.phase == "lobby",
        bots=game.bots if view.presenter else {},
        stats=game.stats(),
        leaders=[row | {"wealth": cents(row["wealth"])} for row in game.leaders()],
        feed=game.feed,
        obstacle=view.obstacle,
        guarded=game.guarded,
    )


def zero(game: Game) -> int:
    """Where the chart begins, ms: a little before the first thing that happened."""
    first, begun = game.history[0][0], game.begun
    return first if begun is None else max(first, begun - LEAD_MS)


def changed(
    game: Game, view: Viewpoint, state: ScreenState, cursor: Cursor, epoch: str
) -> tuple[dict[str, Json], Json]:
    """(the properties, by component, that differ from what the page has; the cursor's fields about them). epoch: of the
    line that the page gets."""
    values, seen = differing(screen(state), cursor.seen)
    fields: Json = {"seen": seen, "crowd": cursor.crowd, "crowd_at": cursor.crowd_at}
    rest = WAITING_MS if scene(state) == "join" else CROWD_MS
    if epoch != cursor.epoch or abs(state.now - cursor.crowd_at) >= rest:
        more, prints = differing(crowd(crowd_state(game, view)), cursor.crowd)
        values |= more
        fields |= {"crowd": prints, "crowd_at": state.now}
    return by_component(values), fields


def differing(values: Json, seen: str) -> tuple[Json, str]:
    """(the values whose fingerprint is not the one seen; the fingerprints of all). values: by "id.property"."""
    prints = [f"{zlib.crc32(msgspec.json.encode(value)):08x}" for value in values.values()]
    known = (seen[8 * i : 8 * i + 8] for i in range(len(prints)))
    new_values = {
        name: value
        for (name, value), new, old in zip(values.items(), prints, known, strict=True)
        if new != old and (seen or name != SILENT_FIRST)
    }
    return new_values, "".join(prints)


def by_component(values: Json) -> dict[str, Json]:
    """{"a.x": 1, "a.y": 2} as {"a": {"x": 1, "y": 2}}."""
    found: dict[str, Json] = {}
    for name, value in values.items():
        id, key = name.split(".")
        found.setdefault(id, {})[key] = value
    return found


@dataclass(frozen=True, slots=True)
class Chart:
    """The line as one page is to see it. first, now: ms on the chart's axis; most: points that the page keeps, -1: all;
    hours: whether times go beyond one."""

    epoch: str
    first: int
    now: int
    most: int
    hours: bool


def chart_of(game: Game, view: Viewpoint, state: ScreenState, window: int) -> Chart:
    """What the chart of a page shows. window: a position in WINDOWS."""
    ms, last = WINDOWS[window][1], game.history[-1][0]
    now = last if game.phase == "ended" else max(state.now, last)
    ms = ms or (0 if game.begun is not None else QUIET_MS)
    first = max(state.zero, now - ms) if ms else state.zero
    hours = now - state.zero >= HOUR_MS
    most = sum(1 for _ in _recent(game, first)) if ms else -1  # as many as there are in the time shown
    parts = (view.epoch, state.session, game.rewound, state.zero, window, int(view.presenter), int(hours))
    return Chart(".".join(map(str, parts)), _x(state, first), _x(state, now), most, hours)


def _x(state: ScreenState, time: int) -> int:
    """A time (ms) on the chart's axis."""
    return time - state.zero + figures.MIDNIGHT


def _recent(game: Game, since: int) -> Iterable[tuple[int, float]]:
    """The settled points from a time on, newest first."""
    for i in range(game.settled - 1, -1, -1):
        point = game.history[i]
        if point[0] < since:
            return
        yield point


def advance(game: Game, view: Viewpoint, state: ScreenState, window: int, cursor: Cursor) -> tuple[Any, Any, Cursor]:
    """(figure, extendData, next cursor) of the chart: a figure for another epoch, else the points after the cursor's.

    A page whose line has grown long gets it whole, thinned: `extendData` then replaces what was there.
    """
    chart = chart_of(game, view, state, window)
    settled = game.settled
    known = cursor.epoch == chart.epoch and 0 <= cursor.seq <= settled
    seq, held = (cursor.seq, cursor.held) if known else (0, 0)
    whole = not known or held + settled - seq > LONGEST
    begin = settled - chart.most if chart.most >= 0 else 0
    later = game.history[begin if whole else max(seq, begin) : settled]
    points = [(_x(state, max(time, state.zero)), shown(price)) for time, price in later]
    points = figures.thin(points) if whole else points
    most = len(points) if whole else chart.most
    held = len(points) if whole else held + len(points)
    traces = _traces(game, view, state, chart)
    marks = figures.mark_traces(_marks(game, state), chart.first, chart.now)
    mark_print = zlib.crc32(msgspec.json.encode(marks))
    held = held if chart.most < 0 else min(held, chart.most)
    moved = Cursor(chart.epoch, settled, held, mark_print)
    if not known:
        figure = _figure(points, traces | marks, state, window, chart)
        for trace in figure["data"]:
            trace["x"] = figures.dates(trace["x"])
        return figure, no_update, moved
    if mark_print != cursor.marks:
        traces |= marks
    update, *rest = figures.extension(points, most, **traces)
    update["x"] = [figures.dates(times) for times in update["x"]]
    return no_update, [update, *rest], moved


def _marks(game: Game, state: ScreenState) -> list[Json]:
    return [mark | {"t": _x(state, mark["t"])} for mark in game.notes.marks]


def _traces(game: Game, view: Viewpoint, state: ScreenState, chart: Chart) -> dict[str, Json]:
    """What is replaced with every answer: the rest up to now with its tag, and the fundamental value if it is shown."""
    at, _ = game.history[max(0, game.settled - 1)]
    tag = f"{text.arrow(state.way)} {text.price(state.price)}"
    traces = {"now": figures.now_trace(chart.first, (_x(state, at), state.price), chart.now, tag)}
    if view.presenter and game.notes.values:
        values = [(_x(state, time), value) for time, value in game.notes.values]
        name = f"Fundamental value {text.price(values[-1][1])}"
        traces["value"] = figures.value_trace(values, chart.first, chart.now, name)
    return traces


def _figure(points: Any, traces: dict[str, Json], state: ScreenState, window: int, chart: Chart) -> Json:
    start = None if WINDOWS[window][1] else state.start
    name = f"{state.session} {window}"
    figure = figures.live_figure(points, start, view=name, hours=chart.hours)
    for trace in figure["data"]:
        trace |= traces.get(trace["name"], {})
    return figure
