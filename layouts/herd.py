"""The herd game's big screen: price, crowd and chart for the room, with the presenter's controls below.

Pure: from values to a component tree. What moves is in `herd_screen`, the controls in `herd_controls`, the dialogs in
`herd_dialogs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.figures.herd_live import live_figure
from layouts.herd_controls import button, data, obstacle, screen_buttons, toolbar
from layouts.herd_dialogs import dialogs
from layouts.herd_screen import SLOW
from layouts.shell import Link, aria, page_shell

PATH = "/herd/"
TITLE = "Herd game"
UNREACHABLE = "The server is unreachable. This is the last picture; it goes on by itself."
OFFLINE = "This device is offline. The screen goes on by itself when the network is back."

STEPS = (
    ("Scan", "Point your phone's camera at the code, or type the address."),
    ("Join", "Take a name, or leave it empty. Everybody starts with the same cash and shares."),
    ("Trade", "Buy and sell. All of you together make the price."),
)

GRAPH: Any = {
    "displaylogo": False,
    "displayModeBar": "hover",
    "scrollZoom": False,
    "doubleClick": "autosize",
    "showTips": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "toImage", "sendChartToCloud", "zoomIn2d", "zoomOut2d"],
}
"""Plotly's options: a reader zooms with the mouse; a double click shows everything again."""


def herd_page(*, links: Sequence[Link] = ()) -> Component:
    """The page before its first refresh."""
    return page_shell(
        TITLE,
        banner=False,
        links=links,
        path=PATH,
        controls=screen_buttons(),
        main=stage(),
        footer=html.Div(
            [
                html.Span([html.Span("Live"), html.Span("Reconnecting …")], id="herd-link", className="hg-link"),
                html.Span(id="herd-session"),
            ],
            className="hg-foot",
        ),
        extras=[
            *dialogs(),
            html.Div(id="herd-toasts", className="hg-toasts", role="status", **aria(live="polite")),
            dcc.Interval(id="herd-interval", interval=SLOW),
            dcc.Store(id="herd-cursor"),
            dcc.Store(id="herd-request"),
        ],
    )


def stage() -> Component:
    """What the room sees, and the toolbar, which presentation mode takes away."""
    return html.Div(
        id="herd-stage",
        className="hg",
        children=[
            html.Div(
                id="herd-banner",
                className="hg-banner",
                hidden=True,
                role="alert",
                **data(stale=UNREACHABLE, offline=OFFLINE, revive="herd-interval"),
            ),
            html.Div("Waiting for the server … the network is slow.", className="hg-banner hg-wait"),
            trouble(),
            html.Div(id="herd-announce", className="of-visually-hidden", role="status", **aria(live="polite")),
            price(),
            picture(),
            html.Aside([join_card(), leaderboard(), feed()], className="hg-side", **aria(label="Crowd")),
            statistics(),
            toolbar(),
        ],
        **data(scene="wait", phase="", access="", experiment="false"),
    )


def trouble() -> Component:
    """What is damaged of the game, with the presenter's way to go on."""
    return html.Div(
        [
            html.Span(id="herd-trouble-words"),
            button("herd-do-recover", "Continue", opens="herd-dialog-recover"),
        ],
        id="herd-trouble",
        className="hg-banner",
        hidden=True,
        role="alert",
    )


def price() -> Component:
    """Price and change in very large type, phase, round with its clock, and the meter of buyers and sellers."""
    return html.Section(
        className="hg-top",
        children=[
            html.Div(
                [html.Span("–", id="herd-price", className="hg-price")],
                id="herd-quote",
                className="hg-quote",
            ),
            html.Div(
                [
                    html.Span(id="herd-phase", className="hg-phase"),
                    html.Span(id="herd-round", className="hg-round"),
                    html.Span(id="herd-clock", className="hg-clock", role="timer"),
                    html.A("See the debrief", id="herd-over", href="/herd/debrief/", className="hg-over", hidden=True),
                ],
                className="hg-now",
            ),
            meter(),
        ],
        **aria(label="Price and phase"),
    )


def meter() -> Component:
    """The shares of buyers and sellers: the last five seconds as a bar, the last batch as numbers."""
    return html.Div(
        id="herd-meter",
        className="hg-meter",
        children=[
            html.Div(id="herd-meter-now"),
            html.Div(
                "The meter is hidden while the experiment runs: half of the phones must not see it.",
                className="hg-meter-hidden",
            ),
        ],
    )


def picture() -> Component:
    """The chart, the news over it, and in its place, until somebody is there, how to join."""
    return html.Section(
        id="herd-picture",
        className="hg-picture",
        children=[
            html.Div(
                dcc.Graph(
                    id="herd-chart",
                    figure=live_figure([]),
                    config=GRAPH,
                    responsive=True,
                    style={"height": "100%", "width": "100%"},
                ),
                className="hg-plot",
                role="img",
                **aria(label="Price over the session, with rounds, news and the fundamental value where there is one"),
            ),
            html.Div(id="herd-news", className="hg-news", hidden=True),
            html.Div(id="herd-window-note"),
            hero(),
        ],
        **aria(label="Price chart"),
    )


def hero() -> Component:
    """The invitation that fills the picture until the game begins."""
    steps = [html.Li([html.B(name), html.Span(words)]) for name, words in STEPS]
    return html.Div(
        id="herd-hero",
        className="hg-hero",
        hidden=True,
        children=[
            qr("hero", "hg-qr hg-qr-huge"),
            html.Div(
                [
                    html.H2("Scan to join", id="herd-hero-title"),
                    html.P(id="herd-url-hero", className="hg-url"),
                    html.P(id="herd-code-hero", className="hg-code"),
                    obstacle("hero"),
                    html.Ol(steps, className="hg-steps"),
                    html.P(id="herd-count-hero", className="hg-count"),
                ],
                className="hg-hero-words",
            ),
        ],
    )


def qr(place: str, className: str) -> Component:
    """The QR code of the join address; its source is that of the session."""
    return html.Div(
        html.Img(id=f"herd-qr-{place}", alt="QR code of the address to join", className="hg-qr-image"),
        className=className,
    )


def join_card() -> Component:
    """The way in, which stays on the screen for those who come late."""
    return html.Section(
        className="hg-card hg-join",
        children=[
            html.Button(
                qr("card", "hg-qr"),
                className="hg-qr-button",
                type="button",
                title="Show the code on the whole screen (Q)",
                **data(opens="herd-dialog-qr"),
                **aria(label="Show the QR code on the whole screen"),
            ),
            html.Div(
                [
                    html.H2("Join"),
                    html.P(id="herd-code-card", className="hg-code"),
                    html.P(id="herd-count-card", className="hg-count"),
                ],
                className="hg-join-words",
            ),
            html.P(id="herd-url-card", className="hg-url"),
            obstacle("card"),
        ],
        **aria(label="Join"),
    )


def leaderboard() -> Component:
    """The ten with the highest profit; for the presenter each row opens what can be done with the participant."""
    return html.Section(
        [
            html.H2(["Leaderboard ", html.Small("by profit since joining")]),
            html.Ol(id="herd-leaders", className="hg-leaders"),
            html.P("Nobody has traded yet.", id="herd-leaders-none", className="hg-none"),
        ],
        className="hg-card hg-leaderboard",
        **aria(label="Leaderboard"),
    )


def feed() -> Component:
    """What happened, newest first."""
    return html.Section(
        [
            html.H2("Events"),
            html.Ul(id="herd-feed", className="hg-feed"),
            html.P("Nothing has happened yet.", id="herd-feed-none", className="hg-none"),
        ],
        className="hg-card hg-events",
        **aria(label="Events"),
    )


def statistics() -> Component:
    """Figures of the crowd."""
    return html.Section(
        html.Div(id="herd-stats", className="hg-stats"), className="hg-figures", **aria(label="Statistics")
    )
