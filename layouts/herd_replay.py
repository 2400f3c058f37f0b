"""A session of the herd game once more on the big screen: the game's own picture, with a player's controls.

Pure: from values to a component tree. What moves is written by `assets/herd_debrief/replay.js`; the picture's look is
that of the game's page (`assets/herd.css`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.shell import Link, aria, icon, page_shell

PATH = "/herd/replay/"
TITLE = "Replay"

BUTTONS = (
    ("back", "−10 s", "Back 10 seconds", "ArrowLeft"),
    ("play", "Play", "Play or pause", "Space"),
    ("on", "+10 s", "On 10 seconds", "ArrowRight"),
)
"""Of the player: what it does, words on it, in full, key."""
SCREEN = (("full", "Full screen", "F"), ("theme", "Dark or light", "T"))


def replay_page(*, links: Sequence[Link] = ()) -> Component:
    """The page; session and velocity are in its address."""
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=html.Div(
            [
                *(_button(do, icon(do), words, key, look="hg-icon-button") for do, words, key in SCREEN),
                html.A("Debrief", id="replay-debrief", href="/herd/debrief/"),
            ],
            className="hr-screen",
        ),
        main=stage(),
        footer=html.Div(id="replay-session", className="hd-foot"),
        extras=[dcc.Store(id="replay-config", data={"path": PATH}), dcc.Store(id="replay-void")],
    )


def stage() -> Component:
    """Price, crowd and chart as the room saw them, what happened beside it, the player below."""
    return html.Div(
        id="replay-stage",
        className="hg hr",
        children=[
            html.Div(id="replay-banner", className="of-banner hg-banner", hidden=True, role="alert"),
            _top(),
            html.Section(
                [
                    html.Div(id="replay-plot", className="hg-plot", role="img", **aria(label="Price of the session")),
                    html.Div(id="replay-tag", className="hg-tag", hidden=True, **aria(hidden="true")),
                    html.Div(id="replay-news", className="hg-news", hidden=True, role="status"),
                    html.Div(id="replay-note", className="hg-window-note", hidden=True, role="status"),
                ],
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
            html.Div(
                [
                    *(_button(do, words, full, key, id=f"replay-{do}") for do, words, full, key in BUTTONS),
                    html.Div(id="replay-seek", className="hr-seek"),
                    html.Span(id="replay-time", className="hr-time"),
                    html.Div(id="replay-velocity", className="hr-velocity"),
                ],
                className="hr-player",
                role="group",
                **aria(label="Player"),
            ),
        ],
    )


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
            html.Div(
                [html.I(id="replay-bar", className="hg-meter-bar"), html.I(className="hg-meter-middle")],
                className="hg-meter-track",
                **aria(hidden="true"),
            ),
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


def _button(
    do: str, inside: str | Component, words: str, key: str, *, look: str = "hr-button", **named: Any
) -> Component:
    """A button. do: what it does; inside: what is on it; words: for tooltip and screen readers; named: an id, maybe."""
    attributes = {**aria(label=words, keyshortcuts=key), **named, "data-replay": do}
    return html.Button(inside, type="button", className=look, title=f"{words} ({key})", **attributes)
