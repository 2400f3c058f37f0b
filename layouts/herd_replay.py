"""A session of the herd game played again on the big screen: the game's picture, with a player's controls.

Pure: from values to a component tree. The looks are those of the game's page (`assets/herd.css`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.herd_text import SIGNS, span
from layouts.shell import Link, aria, icon, page_shell
from orderflow.herd.debrief.playback import Playback
from orderflow.herd.debrief.player import DEFAULT_VELOCITY, VELOCITIES

Json = dict[str, Any]

PATH = "/herd/replay/"
TITLE = "Replay"

INTERVAL = 200
"""ms between two updates while the session plays: with an answer's time at least four a second."""
FEED = 40
"""Captions in the list of events."""

BUTTONS = (
    ("back", "−10 s", "Back 10 seconds", "ArrowLeft"),
    ("play", "Play", "Play or pause", "Space K"),
    ("on", "+10 s", "On 10 seconds", "ArrowRight"),
)
"""Of the player: name, words on it, words for tooltip and screen readers, keys."""
KEYS = (
    ("first", "To the beginning", "Home"),
    ("last", "To the end", "End"),
    ("faster", "Faster", "ArrowUp"),
    ("slower", "Slower", "ArrowDown"),
)
"""What only keys do; the slider and the list of velocities are for hands: name, words, key."""

PHASES = {"open": "Open", "frozen": "Frozen", "lobby": "Lobby", "ended": "Ended"}

GRAPH: Any = {
    "displaylogo": False,
    "responsive": True,
    "showTips": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "toImage"],
}


def replay_page(*, links: Sequence[Link] = ()) -> Component:
    """The page; session and velocity are in its address."""
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=html.Div(
            [
                _screen_button("full", "Full screen", "F", **{"data-fullscreen": ""}),
                _screen_button("theme", "Dark or light", "T", **{"data-theme-toggle": "replay-theme"}),
                html.A("Debrief", id="replay-debrief", href="/herd/debrief/"),
            ],
            className="hr-screen",
        ),
        main=stage(),
        footer=html.Div(id="replay-session", className="hd-foot"),
        extras=[
            dcc.Store(id="replay-player"),
            dcc.Store(id="replay-theme"),
            dcc.Interval(id="replay-ticker", interval=INTERVAL, max_intervals=0),
        ],
    )


def stage() -> Component:
    """Price, order flow and chart as the room saw them, what happened beside them, the player below."""
    unreachable: Json = {"data-stale": "The server cannot be reached.", "data-revive": "replay-ticker"}
    return html.Div(
        id="replay-stage",
        className="hg hr",
        children=[
            html.Div(id="replay-banner", className="of-banner hg-banner", hidden=True, role="alert"),
            html.Div(className="of-banner hg-banner", hidden=True, role="alert", **unreachable),
            _top(),
            html.Section(
                [
                    html.Div(
                        dcc.Graph(id="replay-graph", config=GRAPH, className="hg-plot", figure=empty_figure()),
                        role="img",
                        **aria(label="Price of the session"),
                    ),
                    html.Div(id="replay-news", role="status"),
                    html.Div(id="replay-note", role="status"),
                ],
                id="replay-picture",
                className="hg-picture",
                **aria(label="Price chart"),
            ),
            html.Aside(
                html.Section(
                    [html.H2("Events"), html.Ul(id="replay-feed", className="hg-feed")], className="hg-card hg-events"
                ),
                className="hg-side",
                **aria(label="Events"),
            ),
            _player(),
        ],
    )


def empty_figure() -> Json:
    """Before a session is there: no axes."""
    none = {"visible": False}
    clear = "rgba(0,0,0,0)"
    return {"data": [], "layout": {"xaxis": none, "yaxis": none, "paper_bgcolor": clear, "plot_bgcolor": clear}}


def _top() -> Component:
    """Price and change, round and phase, the meter of the last five seconds."""
    meter = html.Div(
        [
            html.Div(
                [
                    html.Span("Buyers –", id="replay-buyers", className="hg-meter-buy"),
                    html.Span("– Sellers", id="replay-sellers", className="hg-meter-sell"),
                ],
                className="hg-meter-words",
            ),
            html.Div(id="replay-bar", className="hg-meter-track", **aria(hidden="true")),
        ],
        id="replay-meter",
        className="hg-meter",
    )
    quote = html.Div(
        [html.Span("–", id="replay-price", className="hg-price"), html.Span(id="replay-change", className="hg-change")],
        className="hg-quote",
    )
    now = html.Div(
        [
            html.Span(id="replay-phase", className="hg-phase"),
            html.Span(id="replay-clock", className="hg-clock"),
            html.Span(id="replay-round", className="hg-round"),
        ],
        className="hg-now",
    )
    return html.Section([quote, now, meter], className="hg-top", **aria(label="Price and crowd"))


def _player() -> Component:
    return html.Div(
        [
            *(_button(*button) for button in BUTTONS),
            dmc.Slider(
                id="replay-seek",
                value=0,
                min=0,
                max=60,
                step=0.25,
                updatemode="drag",
                label=None,
                thumbLabel="Position in the session",
                className="hr-seek",
            ),
            html.Span(id="replay-time", className="hr-time"),
            dmc.Select(
                id="replay-velocity",
                data=velocities(),
                value=str(DEFAULT_VELOCITY),
                allowDeselect=False,
                checkIconPosition="right",
                comboboxProps={"withinPortal": True},
                className="hr-velocity",
                **aria(label="Velocity"),
            ),
            *(_key_button(*key) for key in KEYS),
        ],
        className="hr-player",
        role="group",
        **aria(label="Player"),
    )


def _button(name: str, inside: str, words: str, keys: str) -> Component:
    attributes: Json = {"data-hotkey": keys, **aria(label=words, keyshortcuts=keys)}
    title = f"{words} ({keys.split()[0]})"
    return html.Button(inside, id=f"replay-{name}", type="button", className="hr-button", title=title, **attributes)


def _key_button(name: str, words: str, key: str) -> Component:
    """A button that is not seen: the key clicks it."""
    attributes: Json = {"data-hotkey": key}
    return html.Button(words, id=f"replay-{name}", type="button", className="hr-key", **attributes)


def _screen_button(name: str, words: str, key: str, **attributes: Any) -> Component:
    attributes |= {"data-hotkey": key, **aria(label=words, keyshortcuts=key)}
    title = f"{words} ({key})"
    return html.Button(icon(name), type="button", className="hg-icon-button", title=title, **attributes)


def velocities(*others: float) -> list[dict[str, str]]:
    """Entries of the list of velocities, with others than the usual."""
    return [{"value": f"{one:g}", "label": f"{one:g}×"} for one in sorted({*VELOCITIES, *others})]


def feed(playback: Playback, position: float) -> list[Component]:
    """The captions up to a position, newest first."""
    past = playback.captions[: playback.captions_past(position)]
    return [_event(event, playback.elapsed(event["t"]) / 1000) for event in reversed(past[-FEED:])]


def _event(event: Json, seconds: float) -> Component:
    attributes: Json = {"data-kind": event["kind"], "data-sign": SIGNS.get(event["kind"], "·")}
    return html.Li([html.Time(span(seconds)), html.Span(event["text"], className="hg-text")], **attributes)


def headline(text: str, number: int) -> Component:
    """A headline that moves over the chart. number: different for each headline, so that each one is animated."""
    return html.Span(text.removeprefix("News: "), key=f"news-{number}", className="hg-news hr-passing")


def skipped(ms: float, position: float) -> Component:
    """A note that passes: how much of the session was left out."""
    words = f"Skipped {span(ms / 1000)} in which nothing happened"
    return html.Span(words, key=f"skipped-{position:.0f}", className="hg-window-note hr-passing")
