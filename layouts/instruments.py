"""The page of the simulated instruments: a toolbar that steers them, a table of live rows, a line of figures.

Pure: from values to a component tree. Rows, texts and figures come with the answers to the page's interval; the
dialogs are in `instruments_dialogs`, the model's form in `instruments_form`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.instruments_dialogs import button, data, detail, help_dialog, quiz, restart, scenarios
from layouts.instruments_grid import grid
from layouts.instruments_status import EXPLAINED
from layouts.shell import Link, aria, icon_button, page_shell

PATH = "/instruments/"
TITLE = "Instruments"
INTERVAL = 500
"""ms between two updates."""

SORTS = (
    ("id", "Id"),
    ("name", "Name"),
    ("price", "Price, highest first"),
    ("change", "Change, highest first"),
    ("volatility", "Volatility, highest first"),
)
"""Orders of the rows: value, words."""

SPEEDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
"""Stops of the speed's slider: model seconds a second."""

LOST = (
    "No connection to the server. These are the last prices; the page goes on by itself as soon as the server answers."
)


def instruments_page(
    *, links: Sequence[Link] = (), bundled: Sequence[Mapping[str, Any]] = (), more: Sequence[Component] = ()
) -> Component:
    """The page.

    bundled: the scenarios that come with the program, each with its file's name, title, description, seconds (None:
    for ever). more: the page's stores.
    """
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=header(),
        main=html.Div([toolbar(), board()], id="instruments-page", className="ix", **data(state="connecting")),
        footer=html.Div(
            id="instruments-status", className="ix-status", title=EXPLAINED, **aria(label="State of the simulation")
        ),
        extras=[
            detail(),
            restart(),
            scenarios(bundled),
            quiz(),
            help_dialog(),
            dmc.NotificationContainer(id="instruments-toasts", position="bottom-left", zIndex=500),
            html.Div(
                className="ix-banner",
                role="alert",
                hidden=True,
                **data(stale=LOST, revive="instruments-interval instruments-card-interval"),
            ),
            dcc.Interval(id="instruments-interval", interval=INTERVAL),
            *more,
        ],
    )


def header() -> Component:
    """In the header: the quiz, theme, help."""
    return html.Div(
        [
            button(
                "Real or fake?",
                "instruments-open-quiz",
                keys="Q",
                title="A quiz: tell markets from models (Q)",
                className="ix-quiz-open",
            ),
            icon_button(
                "instruments-theme", "theme", "Dark or light", keys="N", **data(**{"theme-toggle": "", "hotkey": "N"})
            ),
            icon_button("instruments-open-help", "help", "Keyboard and definitions", keys="?", **data(hotkey="?")),
        ],
        className="ix-header",
    )


def toolbar() -> Component:
    """Search and order at the left, the simulation at the right."""
    return html.Div(
        className="ix-bar",
        children=[
            html.Div(
                [search(), order(), html.Span(id="instruments-count", role="status", **aria(live="polite"))],
                className="ix-find",
                role="search",
                **aria(label="Find instruments"),
            ),
            html.Div(
                [
                    html.Span(
                        [
                            html.I(className="ix-dot", **aria(hidden="true")),
                            html.Span("Connecting …", id="instruments-live", className="ix-live-text"),
                        ],
                        className="ix-live",
                        role="status",
                    ),
                    button(
                        "❚❚ Pause",
                        "instruments-run",
                        keys="P",
                        title="Pause or go on (P)",
                        className="ix-run",
                        **aria(pressed="false"),
                    ),
                    speed(),
                    button("Restart …", "instruments-open-restart", title="Begin anew, with another seed if you like"),
                    button(
                        "Scenario …",
                        "instruments-open-scenario",
                        keys="S",
                        title="Shocks, halts, crashes (S)",
                        className="ix-scenario-open",
                    ),
                ],
                className="ix-steer",
                role="group",
                **aria(label="Simulation"),
            ),
        ],
    )


def search() -> Component:
    """The field that finds rows by id, name or model."""
    return dmc.TextInput(
        id="instruments-search",
        placeholder="Search id, name, model",
        debounce=150,
        size="sm",
        className="ix-search",
        spellCheck=False,
        autoComplete="off",
        leftSection=html.Span(className="ix-glass", **aria(hidden="true")),
        rightSection=html.Kbd("/", className="ix-key", **aria(hidden="true")),
        inputProps={"type": "search", "enterKeyHint": "search", "aria-label": "Search by id, name or model"},
        **data(hotkey="/"),
    )


def order() -> Component:
    """The order of the rows, kept for the next visit."""
    return dmc.Select(
        id="instruments-sort",
        data=[{"value": value, "label": words} for value, words in SORTS],
        value=SORTS[0][0],
        allowDeselect=False,
        checkIconPosition="right",
        size="sm",
        className="ix-sort",
        persistence=True,
        inputProps=aria(label="Sort"),
        comboboxProps={"withinPortal": True},
    )


def speed() -> Component:
    """Model seconds a second: a slider with named stops, and a button at each end of it."""
    return html.Div(
        [
            html.Span("Speed", className="ix-label", **aria(hidden="true")),
            button(
                "−", "instruments-slower", keys="-", title="Slower (-)", className="ix-step", **aria(label="Slower")
            ),
            dmc.Slider(
                id="instruments-speed",
                min=0,
                max=len(SPEEDS) - 1,
                step=1,
                value=SPEEDS.index(1),
                label=None,
                size="sm",
                updatemode="mouseup",
                thumbLabel="Speed: 1 times real time",
                className="ix-slider",
            ),
            button(
                "+", "instruments-faster", keys="+ =", title="Faster (+)", className="ix-step", **aria(label="Faster")
            ),
            html.Span("1×", id="instruments-speed-text", className="ix-speed-text"),
        ],
        className="ix-speed",
    )


def board() -> Component:
    """The table, and what stands in its place while there are no rows."""
    return html.Div(
        className="ix-board",
        children=[
            html.P(
                "Up and down move between the instruments, Enter opens one. After the last row comes the next page.",
                id="instruments-keys",
                className="of-visually-hidden",
            ),
            html.Section(
                [grid(), pager()],
                id="instruments-list",
                className="ix-list",
                **aria(label="Instruments", describedby="instruments-keys"),
            ),
            none(),
            nothing(),
        ],
    )


def pager() -> Component:
    """Pages of the table, and which rows are shown."""
    return html.Div(
        [
            html.Span(id="instruments-range", className="ix-range"),
            dmc.Pagination(
                id="instruments-pages", total=1, value=1, size="sm", siblings=1, withEdges=False, hideWithOnePage=True
            ),
        ],
        id="instruments-pager",
        className="ix-pager",
    )


def none() -> Component:
    """In the place of the table when the server has no instruments."""
    return _instead(
        "instruments-none",
        "There are no simulated instruments",
        html.P("This server was started without any. Start it with some, and they appear here:"),
        html.Pre(html.Code("TICKER_COUNT=12 orderflow serve")),
        html.P(
            [
                "Single ones, each with its own model, are written as tables ",
                html.Code("[simulated.NAME]"),
                " in orderflow.toml.",
            ]
        ),
    )


def nothing() -> Component:
    """In the place of the table when a search finds nothing."""
    words, all_ = html.P(id="instruments-nothing-words"), button("Show all", "instruments-clear")
    return _instead("instruments-nothing", "Nothing found", words, all_)


def _instead(id_: str, title: str, *rest: Component) -> Component:
    return html.Section([html.H2(title), *rest], id=id_, className="ix-empty", hidden=True)
