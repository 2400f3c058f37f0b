"""The herd game's big screen: price, crowd and chart for the room, with the presenter's controls below.

Pure: from values to a component tree. Everything that moves is written by the browser (`assets/herd`), which finds its
elements by their ids; the controls and dialogs are in `herd_controls`.
"""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts.herd_controls import data, dialogs, screen_buttons, toolbar
from layouts.shell import Link, aria, page_shell

PATH = "/herd/"
TITLE = "Herd game"

STEPS = (
    ("Scan", "Point your phone's camera at the code, or type the address."),
    ("Join", "Take a name, or leave it empty. Everybody starts with the same cash and shares."),
    ("Trade", "Buy and sell. All of you together make the price."),
)

STATISTICS = (
    ("connected", "Connected"),
    ("participants", "Joined"),
    ("active", "Active"),
    ("trades", "Trades"),
    ("orders", "Orders"),
    ("rejected", "Rejected"),
    ("net_position", "Net position"),
    ("imbalance", "Imbalance"),
    ("max_shares", "Most shares"),
    ("min_cash", "Least cash"),
    ("median_cash", "Median cash"),
    ("max_cash", "Most cash"),
    ("median_wealth", "Median wealth"),
    ("gini", "Gini of wealth"),
)
"""Keys of the game's statistics and their names on the screen, in the order shown."""


def herd_page(*, links: Sequence[Link] = (), batch_ms: int = 250) -> Component:
    """The page. batch_ms: how often the market trades, which is how often the screen may change."""
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=screen_buttons(),
        main=stage(),
        footer=html.Div(
            [
                html.Span(id="herd-link", className="hg-link"),
                html.Span(id="herd-access-note", className="hg-access-note"),
                html.Span(id="herd-session"),
            ],
            className="hg-foot",
        ),
        extras=[
            *dialogs(),
            html.Div(id="herd-toasts", className="hg-toasts", role="status", **aria(live="polite")),
            dcc.Store(id="herd-config", data={"path": PATH, "batch_ms": batch_ms}),
            dcc.Store(id="herd-access"),
            dcc.Store(id="herd-void"),
        ],
    )


def stage() -> Component:
    """What the room sees, and the toolbar, which presentation mode takes away."""
    return html.Div(
        id="herd-stage",
        className="hg",
        children=[
            html.Div(id="herd-banner", className="of-banner hg-banner", hidden=True, role="alert"),
            html.Div(id="herd-announce", className="of-visually-hidden", role="status", **aria(live="polite")),
            price(),
            picture(),
            html.Aside([join_card(), leaderboard(), feed()], className="hg-side", **aria(label="Crowd")),
            statistics(),
            toolbar(),
        ],
        **data(scene="wait", phase="", access=""),
    )


def price() -> Component:
    """Price and change in very large type, phase, round with its clock, and the meter of buyers and sellers."""
    return html.Section(
        className="hg-top",
        children=[
            html.Div(
                [
                    html.Span("–", id="herd-price", className="hg-price"),
                    html.Span(id="herd-change", className="hg-change"),
                ],
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
    """Who has been buying and who selling: the last five seconds as a bar, the last batch as numbers."""
    return html.Div(
        id="herd-meter",
        className="hg-meter",
        children=[
            html.Div(
                [
                    html.Span("Buyers –", id="herd-meter-buy", className="hg-meter-buy"),
                    html.Span(id="herd-meter-batch", className="hg-meter-batch"),
                    html.Span("– Sellers", id="herd-meter-sell", className="hg-meter-sell"),
                ],
                className="hg-meter-words",
            ),
            html.Div(
                [html.I(id="herd-meter-bar", className="hg-meter-bar"), html.I(className="hg-meter-middle")],
                className="hg-meter-track",
                **aria(hidden="true"),
            ),
            html.Div(
                "The meter is hidden while the experiment runs: half of the phones must not see it.",
                className="hg-meter-hidden",
            ),
        ],
    )


def picture() -> Component:
    """The chart, the news over it, and in its place, until somebody is there, how to join."""
    return html.Section(
        className="hg-picture",
        children=[
            html.Div(
                id="herd-plot",
                className="hg-plot",
                role="img",
                **aria(label="Price over the session, with rounds, news and the fundamental value where there is one"),
            ),
            html.Div(id="herd-tag", className="hg-tag", hidden=True, **aria(hidden="true")),
            html.Div(id="herd-news", className="hg-news", hidden=True),
            html.Div(id="herd-window-note", className="hg-window-note", hidden=True),
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
            qr("hg-qr hg-qr-huge"),
            html.Div(
                [
                    html.H2("Scan to join", id="herd-hero-title"),
                    html.P(className="hg-url", **data(join="url")),
                    html.P(className="hg-code", **data(join="code")),
                    html.Ol(steps, className="hg-steps"),
                    html.P(className="hg-count", **data(join="count")),
                ],
                className="hg-hero-words",
            ),
        ],
    )


def qr(className: str) -> Component:
    """The code of the join address; the browser sets its source, as it is that of the session."""
    return html.Div(
        html.Img(alt="QR code of the address to join", className="hg-qr-image", **data(join="qr")),
        className=className,
    )


def join_card() -> Component:
    """The way in, which stays on the screen for those who come late."""
    return html.Section(
        className="hg-card hg-join",
        children=[
            html.Button(
                qr("hg-qr"),
                className="hg-qr-button",
                type="button",
                title="Show the code on the whole screen (Q)",
                **data(do="qr"),
                **aria(label="Show the QR code on the whole screen"),
            ),
            html.Div(
                [
                    html.H2("Join"),
                    html.P(className="hg-code", **data(join="code")),
                    html.P(className="hg-count", **data(join="count")),
                ],
                className="hg-join-words",
            ),
            html.P(className="hg-url", **data(join="url")),
        ],
        **aria(label="Join"),
    )


def leaderboard() -> Component:
    """The ten wealthiest; for the presenter each row opens what can be done with the participant."""
    return html.Section(
        [
            html.H2(["Leaderboard ", html.Small("wealth and profit")]),
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
    pairs = [
        html.Div([html.Dt(name), html.Dd("–", id=f"herd-stat-{key}")], className="hg-stat") for key, name in STATISTICS
    ]
    return html.Section(html.Dl(pairs, className="hg-stats"), className="hg-figures", **aria(label="Statistics"))
