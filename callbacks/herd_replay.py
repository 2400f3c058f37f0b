"""The page that plays a session again.

One callback does everything: it opens the session, moves the position by the time that passed since its last answer,
and applies the controls. Dash drops the older answer of a callback that was called again, so an update that is under
way never undoes what the reader does meanwhile. The player's state is a Store in the browser, so that
any number of readers replay any sessions; the server keeps the sessions read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.page import Page
from layouts.figures.herd_replay import added, replay_extension, replay_figure
from layouts.herd_replay import (
    PHASES,
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
from orderflow.herd.debrief.player import (
    ACTIONS,
    Controls,
    Player,
    advance,
    apply,
    begin,
    bounded,
    is_used,
    restore,
    shown_seconds,
)
from orderflow.herd.live.game import Game
from orderflow.web.kit.access import is_operator

if TYPE_CHECKING:
    from orderflow.services import Services

Json = dict[str, Any]

POINTS = 8_000
"""Points of a chart after which it is redrawn with fewer points."""

KEY_NEEDED = "A replay names the game's players and needs the key: open the page with ?key=KEY."
EMPTY = "Nothing was traded in this session: there is nothing to replay."


def page(services: Services, links: list[Link]) -> Component:
    """The page."""
    return replay_page(links=links)


def asked(search: str | None) -> tuple[str | None, float]:
    """(session, velocity) of the address: None for the present session; a velocity outside of the bounds is moved
    to the nearest."""
    values = parse_qs(str(search or "").removeprefix("?"))
    session = values.get("session", [""])[0][:80] or None
    return session, bounded(values.get("velocity", [""])[0])


def draw(playback: Playback, player: Player) -> tuple[Player, Json]:
    """The whole chart at the player's position."""
    figure = replay_figure(playback, player.position, player.theme)
    return replace(player, drawn=len(figure["data"][0]["x"])), {"figure": figure}


def extend(playback: Playback, before: Player, after: Player) -> tuple[Player, Json]:
    """What the chart lacks since an earlier position; all of it where it has too many points, or begins elsewhere."""
    data = replay_extension(playback, before.position, after.position)
    drawn = before.drawn + added(data)
    if drawn > POINTS or playback.chart_begin(before.position) != playback.chart_begin(after.position):
        return draw(playback, after)
    return replace(after, drawn=drawn), {"extendData": data}


def events_between(playback: Playback, before: float, after: float, left_out: float) -> Json:
    """Changes for what happened between two positions: events, a headline, a skipped pause."""
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
    """Numbers and texts for the player's position."""
    position = player.position
    now, start = playback.price(position), playback.start
    moved = way(now - start, 0.005)
    phase, words = playback.state(position)
    seconds = shown_seconds(player, playback)
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
        return {"known": "false", "bar": {"--share": 0.5}, "buyers": "Buyers –", "sellers": "– Sellers"}
    return {
        "known": "true",
        "bar": {"--share": round(buyers, 3)},
        "buyers": f"Buyers {percent(buyers)} %",
        "sellers": f"{percent(1 - buyers)} % Sellers",
    }


def opened(
    playbacks: Playbacks, allowed: Callable[[], bool], search: str | None, controls: Controls, now: float
) -> Json:
    """The page at the start of playing, or a banner with the reason why it cannot play."""
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
    player, chart = draw(playback, begin(playback, replace(controls, velocity=velocity), now))
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


def play_on(playback: Playback, before: Player, now: float) -> Json:
    """A picture while the session plays."""
    player, left_out = advance(before, playback, now)
    player, chart = extend(playback, before, player)
    return chart | texts(playback, player) | events_between(playback, before.position, player.position, left_out)


def act(playback: Playback, before: Player, controls: Controls, now: float) -> Json:
    """The page after the reader used a control. The time until then passes first."""
    passed, _ = advance(before, playback, now)
    player, chart = draw(playback, apply(passed, playback, controls, before))
    return {**chart, **texts(playback, player), "feed": feed(playback, player.position), "news": "", "note": ""}


def answer(
    playbacks: Playbacks,
    allowed: Callable[[], bool],
    stored: Any,
    search: str | None,
    controls: Controls,
    now: float,
) -> Json:
    """The outputs of the page's callback, by name; those that are left out stay as they are.

    stored: the player of the page's Store. search: of the address. now: ms of the server's clock.
    """
    before = restore(stored)
    if before is None or not allowed():
        return opened(playbacks, allowed, search, controls, now)
    try:
        playback = playbacks.get(before.session, before.size)
    except OrderflowError as error:
        return banner(sentence(error))
    if is_used(before, playback, controls):
        return act(playback, before, controls, now)
    return play_on(playback, before, now)


def read_controls(theme: Any, values: Json) -> Controls:
    """The controls as the page sent them. values: "clicks", "times" (ms of the last click of each), "seek", "velocity".

    The time says what was used last: the ticker may call before a click has its answer, and drops that.
    """
    seek = values["seek"]
    times = [at if isinstance(at, int) else 0 for at in values["times"]]
    return Controls(
        [count if isinstance(count, int) else 0 for count in values["clicks"]],
        seek if isinstance(seek, int | float) and math.isfinite(seek) else 0.0,
        bounded(values["velocity"]),
        "light" if theme == "light" else "dark",
        max(zip(times, ACTIONS, strict=False), default=(0, ""))[1],
    )


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
        state={
            "times": [State(f"replay-{name}", "n_clicks_timestamp") for name in ACTIONS],
            "player": State("replay-player", "data"),
            "search": State("location", "search"),
        },
        running=[(Output("replay-ticker", "disabled"), True, False)],
    )
    def play(theme: str | None, player: Any, search: str | None, **used: Any) -> Json:
        if theme is None:
            raise PreventUpdate  # the browser sets the theme in a moment
        controls = read_controls(theme, used)
        changes = answer(playbacks, is_operator, player, search, controls, time.time() * 1000)
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
