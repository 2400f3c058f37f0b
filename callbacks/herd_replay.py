"""The page that plays a session again.

One callback does everything: it opens the session, moves the position by the time that passed since its last answer,
and acts on buttons, slider and velocity. As Dash drops an older answer of a callback that was called again, an update
that is under way never undoes what the reader does meanwhile. The player's state is a Store in the browser, so that
any number of readers replay any sessions; the server keeps the sessions read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.page import Page
from layouts.figures.herd_replay import added, replay_extension, replay_figure
from layouts.herd_replay import (
    ACTIONS,
    DEFAULT_VELOCITY,
    PHASES,
    VELOCITIES,
    feed,
    headline,
    replay_page,
    skipped,
    velocities,
)
from layouts.herd_text import arrow, number, percent, price, signed, span, way
from layouts.shell import Link
from orderflow.errors import OrderflowError
from orderflow.herd.debrief.cache import Playbacks
from orderflow.herd.debrief.playback import Playback
from orderflow.herd.live.game import Game
from orderflow.web.kit.access import is_operator

if TYPE_CHECKING:
    from orderflow.services import Services

Json = dict[str, Any]

STEP = 10_000
"""ms of the session's time that ±10 s moves."""
LONGEST = 5_000
"""ms between two answers that count at most: an outage is not played."""
POINTS = 8_000
"""Points in a chart after which it is made anew, thinned."""

KEY_NEEDED = "A replay names the game's players and needs the key: open the page with ?key=KEY."
EMPTY = "Nothing was traded in this session: there is nothing to replay."


@dataclass(frozen=True, slots=True)
class Player:
    """What a page knows of its replay.

    size: events of the log when it was opened. position: ms since 1970 in the session's time, as of `at`, ms of the
    server's clock. drawn: points of the price in the chart.
    """

    session: str
    size: int
    position: float
    at: float
    velocity: float
    playing: bool
    drawn: int = 0


def page(services: Services, links: list[Link]) -> Component:
    """The page."""
    return replay_page(links=links)


def asked(search: str | None) -> tuple[str | None, float]:
    """(session, velocity) of the address: None for the present session; a velocity outside of the bounds is moved
    to the nearest."""
    values = parse_qs(str(search or "").removeprefix("?"))
    session = values.get("session", [""])[0][:80] or None
    return session, bounded(values.get("velocity", [""])[0])


def bounded(velocity: Any) -> float:
    """A velocity as a number from 1 to 60; the default for what is none."""
    try:
        number = float(velocity)
    except (TypeError, ValueError):
        return DEFAULT_VELOCITY
    return min(VELOCITIES[-1], max(VELOCITIES[0], number)) if number > 0 else DEFAULT_VELOCITY


def restored(stored: Any) -> Player | None:
    """The player that a page sent; None for what is none."""
    try:
        player = Player(**stored)
        numbers = [player.position, player.at, player.velocity, player.size, player.drawn]
        sound = isinstance(player.session, str) and all(math.isfinite(number) for number in numbers)
        return player if sound and player.size > 0 < player.velocity else None
    except (TypeError, OverflowError):
        return None


def begin(playback: Playback, velocity: float, now: float) -> Player:
    """A player at the beginning, playing. now: ms of the server's clock."""
    return Player(playback.session, playback.size, playback.begin, now, velocity, True)


def advance(player: Player, playback: Playback, now: float) -> tuple[Player, float]:
    """(the player after the time since its last answer, ms of a pause that were skipped)."""
    if not player.playing:
        return replace(player, at=now), 0.0
    passed = min(LONGEST, max(0.0, now - player.at))
    position, left_out = playback.advance(playback.clamp(player.position), passed * player.velocity)
    return replace(player, position=position, at=now, playing=position < playback.end), left_out


def press(player: Player, playback: Playback, action: str) -> Player:
    """What a button or key of `ACTIONS` does."""
    over = player.position >= playback.end
    moves = {
        "back": player.position - STEP,
        "on": player.position + STEP,
        "first": playback.begin,
        "last": playback.end,
        "play": playback.begin if over and not player.playing else player.position,
    }
    playing = not player.playing if action == "play" else player.playing
    velocity = player.velocity
    if action == "faster":
        velocity = next((one for one in VELOCITIES if one > velocity), velocity)
    elif action == "slower":
        velocity = next((one for one in reversed(VELOCITIES) if one < velocity), velocity)
    position = playback.clamp(moves.get(action, player.position))
    return replace(player, position=position, playing=playing and position < playback.end, velocity=velocity)


def draw(playback: Playback, player: Player, theme: str) -> tuple[Player, Json]:
    """The whole chart at the player's position."""
    figure = replay_figure(playback, player.position, theme)
    return replace(player, drawn=len(figure["data"][0]["x"])), {"figure": figure}


def extend(playback: Playback, before: Player, after: Player, theme: str) -> tuple[Player, Json]:
    """What the chart lacks since an earlier position; all of it where it has too many points, or begins elsewhere."""
    data = replay_extension(playback, before.position, after.position)
    drawn = before.drawn + added(data)
    if drawn > POINTS or playback.chart_begin(before.position) != playback.chart_begin(after.position):
        return draw(playback, after, theme)
    return replace(after, drawn=drawn), {"extendData": data}


def told(playback: Playback, before: float, after: float, left_out: float) -> Json:
    """What happened on the way from one position to a later one: events, a headline, a skipped pause."""
    old, new = playback.captions_past(before), playback.captions_past(after)
    changes: Json = {}
    if new > old:
        changes["feed"] = feed(playback, after)
        news = [event for event in playback.captions[old:new] if event["kind"] == "news"]
        if news:
            changes["news"] = headline(news[-1]["text"], new)
    if left_out > 0:
        changes["note"] = skipped(left_out, after)
    return changes


def texts(playback: Playback, player: Player) -> Json:
    """Numbers and words that are true at the player's position."""
    position = player.position
    now, start = playback.price(position), playback.start
    moved = way(now - start, 0.005)
    phase, words = playback.state(position)
    seconds = playback.elapsed(position) / 1000
    clock = f"{span(seconds)} / {span(playback.elapsed(playback.end) / 1000)}"
    share = signed(100 * (now - start) / start, lambda value: number(value, 1))
    return {
        **meter(playback.buyers(position)),
        "price": price(now),
        "change": f"{arrow(moved)} {signed(now - start, price)} ({share} %)",
        "way": moved,
        "lately": way(playback.lately(position)),
        "phase": PHASES.get(phase, ""),
        "stage": phase,
        "round": words,
        "clock": span(seconds),
        "time": clock,
        "seek": seconds,
        "spoken": {"thumb": {"aria-valuetext": clock}},
        "play": "Pause" if player.playing else "Again" if position >= playback.end else "Play",
        "velocity": f"{player.velocity:g}",
        "limit": -1 if player.playing else 0,
        "player": asdict(player),
    }


def meter(buyers: float | None) -> Json:
    """The meter of buyers and sellers. buyers: their share, None: there were no orders."""
    if buyers is None:
        return {"known": "false", "bar": {"width": "50%"}, "buyers": "Buyers –", "sellers": "– Sellers"}
    return {
        "known": "true",
        "bar": {"width": f"{100 * buyers:.1f}%"},
        "buyers": f"Buyers {percent(buyers)} %",
        "sellers": f"{percent(1 - buyers)} % Sellers",
    }


def opened(playbacks: Playbacks, allowed: Callable[[], bool], search: str | None, theme: str, now: float) -> Json:
    """The page as it begins to play, or a banner that says why it does not."""
    name, velocity = asked(search)
    link = {"debrief": "/herd/debrief/" + (f"?session={quote(name)}" if name else "")}
    if not allowed():
        return link | banner(KEY_NEEDED)
    try:
        playback = playbacks.open(name)
    except OrderflowError as error:
        return link | banner(sentence(error))
    if playback.empty:
        return link | banner(EMPTY)
    player, chart = draw(playback, begin(playback, velocity, now), theme)
    return {
        **link,
        **chart,
        **texts(playback, player),
        "feed": feed(playback, player.position),
        "session": f"Session {playback.session}",
        "end": playback.elapsed(playback.end) / 1000,
        "velocities": velocities(velocity),
    }


def banner(words: str) -> Json:
    """A banner over the page."""
    return {"banner": words, "quiet": False, "limit": 0}


def sentence(error: OrderflowError) -> str:
    """An error's words as a sentence."""
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."


def play_on(playback: Playback, before: Player, theme: str, now: float) -> Json:
    """A picture while the session plays."""
    player, left_out = advance(before, playback, now)
    player, chart = extend(playback, before, player, theme)
    return chart | texts(playback, player) | told(playback, before.position, player.position, left_out)


def act(playback: Playback, before: Player, do: Callable[[Player], Player], theme: str, now: float) -> Json:
    """The page after the reader did something. The time until then passes first."""
    passed, _ = advance(before, playback, now)
    player, chart = draw(playback, do(passed), theme)
    return {**chart, **texts(playback, player), "feed": feed(playback, player.position), "news": "", "note": ""}


def answer(
    playbacks: Playbacks,
    allowed: Callable[[], bool],
    trigger: str,
    values: Json,
    now: float,
) -> Json:
    """The outputs of the page's callback, by name; those that are left out stay as they are.

    trigger: id of the component that called. values: "player" (the Store), "search" (the address), "theme", "seek"
    (seconds after the session's begin), "velocity". now: ms of the server's clock.
    """
    theme, before = values["theme"], restored(values["player"])
    if before is None or not allowed():
        return opened(playbacks, allowed, values["search"], theme, now)
    try:
        playback = playbacks.get(before.session, before.size)
    except OrderflowError as error:
        return banner(sentence(error))
    if trigger == "replay-ticker":
        return play_on(playback, before, theme, now)

    def do(player: Player) -> Player:
        if trigger == "replay-seek":
            position = playback.clamp(playback.begin + 1000 * values["seek"])
            return replace(player, position=position, playing=player.playing and position < playback.end)
        if trigger == "replay-velocity":
            return replace(player, velocity=bounded(values["velocity"]))
        return press(player, playback, trigger.removeprefix("replay-"))

    return act(playback, before, do, theme, now)


OUTPUTS = {
    "player": Output("replay-player", "data"),
    "figure": Output("replay-graph", "figure"),
    "extendData": Output("replay-graph", "extendData"),
    "limit": Output("replay-ticker", "max_intervals"),
    "seek": Output("replay-seek", "value"),
    "spoken": Output("replay-seek", "attributes"),
    "end": Output("replay-seek", "max"),
    "velocity": Output("replay-velocity", "value"),
    "velocities": Output("replay-velocity", "data"),
    "play": Output("replay-play", "children"),
    "time": Output("replay-time", "children"),
    "price": Output("replay-price", "children"),
    "change": Output("replay-change", "children"),
    "way": Output("replay-change", "data-way"),
    "lately": Output("replay-picture", "data-way"),
    "stage": Output("replay-stage", "data-phase"),
    "phase": Output("replay-phase", "children"),
    "clock": Output("replay-clock", "children"),
    "round": Output("replay-round", "children"),
    "known": Output("replay-meter", "data-known"),
    "bar": Output("replay-bar", "style"),
    "buyers": Output("replay-buyers", "children"),
    "sellers": Output("replay-sellers", "children"),
    "feed": Output("replay-feed", "children"),
    "news": Output("replay-news", "children"),
    "note": Output("replay-note", "children"),
    "banner": Output("replay-banner", "children"),
    "quiet": Output("replay-banner", "hidden"),
    "session": Output("replay-session", "children"),
    "debrief": Output("replay-debrief", "href"),
}


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    playbacks = Playbacks(services.part(Game), services.workers)

    @app.callback(
        output=OUTPUTS,
        inputs={
            "theme": Input("replay-theme", "data"),
            "ticks": Input("replay-ticker", "n_intervals"),
            "clicks": [Input(f"replay-{name}", "n_clicks") for name in ACTIONS],
            "seek": Input("replay-seek", "value"),
            "velocity": Input("replay-velocity", "value"),
        },
        state={"player": State("replay-player", "data"), "search": State("location", "search")},
        running=[(Output("replay-ticker", "disabled"), True, False)],
    )
    def play(theme: str | None, **values: Any) -> Json:
        if theme is None:
            raise PreventUpdate  # the browser sets the theme in a moment
        values["theme"] = "light" if theme == "light" else "dark"
        changes = answer(playbacks, is_operator, str(ctx.triggered_id), values, time.time() * 1000)
        return {name: changes.get(name, no_update) for name in OUTPUTS}

    app.clientside_callback(
        ClientsideFunction("kit", "theme"), Output("replay-theme", "data"), Input("replay-theme", "id")
    )


PAGE = Page(
    "/herd/replay/",
    "",
    page,
    register,
    scripts=("kit",),
    styles=("page.css", "herd.css", "herd_debrief.css", "herd"),
)
