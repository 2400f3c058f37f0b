"""The page of the simulated instruments: a toolbar that steers them, a grid of live cards, a line of figures.

Pure: from values to a component tree. Cards, sparklines and everything that moves are made by the browser
(`assets/instruments`), which finds its elements by their ids; the dialogs are in `instruments_dialogs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.instruments_dialogs import button, data, detail, help_dialog, quiz, restart, scenarios
from layouts.shell import Link, aria, icon_button, page_shell

PATH = "/instruments/"
TITLE = "Instruments"

SORTS = (
    ("id", "Id"),
    ("name", "Name"),
    ("price", "Price, highest first"),
    ("change", "Change, highest first"),
    ("volatility", "Volatility, highest first"),
)
"""Orders of the cards: value, words."""

SPEEDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
"""Stops of the speed's slider: model seconds a second."""


def instruments_page(
    *,
    links: Sequence[Link] = (),
    prefix: str = "/api/v1",
    history: int = 1000,
    bundled: Sequence[Mapping[str, Any]] = (),
) -> Component:
    """The page.

    prefix: of the API's addresses; history: prices that the server keeps of each instrument; bundled: the scenarios
    that come with the program, each with its file's name, title, description, seconds (None: for ever).
    """
    config = {
        "path": PATH,
        "prefix": prefix,
        "history": history,
        "speeds": list(SPEEDS),
        "scenarios": [dict(one) for one in bundled],
    }
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=header(),
        main=html.Div([toolbar(), board()], id="instruments-page", className="ix", **data(state="connecting")),
        footer=html.Div(id="instruments-status", className="ix-status", **aria(label="State of the simulation")),
        extras=[
            detail(),
            restart(),
            scenarios(),
            quiz(),
            help_dialog(),
            html.Div(id="instruments-toasts", className="ix-toasts", role="status", **aria(live="polite")),
            dcc.Store(id="instruments-config", data=config),
            dcc.Store(id="instruments-ask"),
            dcc.Store(id="instruments-told"),
            dcc.Store(id="instruments-quiz-ask"),
            dcc.Store(id="instruments-quiz-told"),
            dcc.Store(id="instruments-void"),
        ],
    )


def header() -> Component:
    """In the header: the quiz, theme, help."""
    return html.Div(
        [
            button("Real or fake?", "quiz", kind="ix-quiz-open", title="A quiz: tell markets from models (Q)"),
            icon_button("instruments-do-theme", "theme", "Dark or light", keys="N"),
            icon_button("instruments-do-help", "help", "Keyboard and definitions", keys="?"),
        ],
        className="ix-header",
    )


def toolbar() -> Component:
    """Search and order at the left, the simulation at the right."""
    return html.Div(
        className="ix-bar",
        children=[
            html.Div([search(), order()], className="ix-find", role="search", **aria(label="Find instruments")),
            html.Div(
                className="ix-steer",
                role="group",
                children=[
                    html.Span(
                        [
                            html.I(className="ix-dot", **aria(hidden="true")),
                            html.Span("Connecting …", id="instruments-live"),
                        ],
                        className="ix-live",
                        role="status",
                    ),
                    button("Pause", "run", id="instruments-run", kind="ix-run", title="Pause or go on (P)"),
                    speed(),
                    button("Restart …", "restart", title="Begin anew, with another seed if you like"),
                    button(
                        "Scenario …", "scenario", id="instruments-scenario-open", title="Shocks, halts, crashes (S)"
                    ),
                ],
                **aria(label="Simulation"),
            ),
            html.Div(id="instruments-banner", className="ix-banner", role="alert", hidden=True),
        ],
    )


def search() -> Component:
    """The field that finds cards by id, name or model."""
    return html.Div(
        [
            html.Span(className="ix-glass", **aria(hidden="true")),
            html.Div(id="instruments-search-host", className="ix-search-host"),
            html.Label("Search by id, name or model", htmlFor="instruments-search", className="of-visually-hidden"),
            html.Kbd("/", className="ix-key", **aria(hidden="true")),
        ],
        className="ix-search",
    )


def order() -> Component:
    """The order of the cards, and how many there are."""
    return html.Div(
        [
            html.Label("Sort", htmlFor="instruments-sort", className="ix-label"),
            html.Div(id="instruments-sort-host", className="ix-sort", **data(choices=_words(SORTS))),
            html.Span(id="instruments-count", className="ix-count", role="status", **aria(live="polite")),
        ],
        className="ix-order",
    )


def speed() -> Component:
    """Model seconds a second, on a slider whose stops the script knows."""
    return html.Div(
        [
            html.Label("Speed", htmlFor="instruments-speed", className="ix-label"),
            html.Div(id="instruments-speed-host", className="ix-slider"),
            html.Output("1×", id="instruments-speed-text", className="ix-speed-text"),
        ],
        className="ix-speed",
    )


def board() -> Component:
    """The cards, and what stands in their place while there are none."""
    return html.Div(
        className="ix-board",
        children=[
            html.P(
                "Up and down, left and right move between the cards, Enter opens one.",
                id="instruments-keys",
                className="of-visually-hidden",
            ),
            html.Ul(
                id="instruments-grid", className="ix-grid", **aria(label="Instruments", describedby="instruments-keys")
            ),
            html.Div(
                [html.Div(className="ix-ghost") for _ in range(12)],
                id="instruments-loading",
                className="ix-grid",
                **aria(hidden="true"),
            ),
            html.Section(
                id="instruments-none",
                className="ix-empty",
                hidden=True,
                children=[
                    html.H2("There are no simulated instruments"),
                    html.P("This server was started without any. Start it with some, and they appear here:"),
                    html.Pre(html.Code("TICKER_COUNT=12 orderflow serve")),
                    html.P(
                        [
                            "Single ones, each with its own model, are written as tables ",
                            html.Code("[simulated.NAME]"),
                            " in orderflow.toml.",
                        ]
                    ),
                ],
            ),
            html.Section(
                id="instruments-nothing",
                className="ix-empty",
                hidden=True,
                children=[
                    html.H2("Nothing found"),
                    html.P(id="instruments-nothing-words"),
                    button("Show all", "clear"),
                ],
            ),
        ],
    )


def _words(pairs: Sequence[tuple[str, str]]) -> str:
    """Choices of a list that the script makes: value=words, one a line."""
    return "\n".join(f"{value}={words}" for value, words in pairs)
